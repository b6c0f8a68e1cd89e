//! Where results are shown, checked.

use toml::Spanned;

use super::{Checker, Key, span_of};
use crate::board::raw::RawScreen;
use crate::board::{BoardError, DrmConfig, Keyboard, LANGUAGES, PanelModel, ScreenConfig, SpiConfig};
use crate::units::{PixelSize, Turn};

/// From the smallest panel that text fits on to 4K.
pub const SCREEN_SIDE_PX: [i64; 2] = [240, 4_096];
/// From a rate at which a picture takes seconds to the fastest that SPI controllers of small boards have.
pub const CLOCK_HZ: [i64; 2] = [100_000, 125_000_000];
/// Small panels are specified for about this rate.
const CLOCK_HZ_DEFAULT: u32 = 32_000_000;
/// What the common panels of boards have, and a part of every desktop.
const WINDOW_DEFAULT: PixelSize = PixelSize::new(800, 480);
/// Lines of a GPIO chip.
pub const PIN: [i64; 2] = [0, 1_023];
/// What a keyboard's layout may be.
const KEYBOARDS: &str = "us, gb, fr, be, de, ch, es, latam, pt, it or br";
/// Names of connectors are short: `HDMI-A-1`.
const CONNECTOR_BYTES_MAX: usize = 32;

impl Checker<'_> {
    pub(super) fn screen(&self, raw: &Spanned<RawScreen>) -> Result<ScreenConfig, BoardError> {
        let screen = raw.get_ref();
        let refuse = |what: &'static str, takes: &[&str]| {
            let keys: Vec<Key> = keys(screen).into_iter().filter(|(key, _)| !takes.contains(key)).collect();
            self.refuse(what, &keys)
        };
        match screen.kind.get_ref().as_str() {
            "png" => {
                refuse("a png screen", &["path", "width", "height"])?;
                self.png(raw)
            }
            "drm" => {
                refuse("a drm screen", &["device", "connector", "width", "height", "rotate"])?;
                self.drm(raw).map(ScreenConfig::Drm)
            }
            "framebuffer" => {
                refuse("a framebuffer screen", &["device", "rotate"])?;
                let device = screen.device.as_ref().map(|d| self.file("device", d)).transpose()?;
                Ok(ScreenConfig::Framebuffer { device, turn: self.turn(screen)? })
            }
            "auto" => {
                refuse("an auto screen", &["rotate"])?;
                Ok(ScreenConfig::Auto { turn: self.turn(screen)? })
            }
            "spi" => {
                refuse("an spi screen", &SPI_KEYS)?;
                self.spi(raw).map(ScreenConfig::Spi)
            }
            "window" => {
                refuse("a window", &["width", "height"])?;
                Ok(ScreenConfig::Window { size: self.screen_size(raw)?.unwrap_or(WINDOW_DEFAULT) })
            }
            _ => Err(self.kind("screen", &screen.kind, "png, drm, framebuffer, auto, spi, window")),
        }
    }

    pub(super) fn language(&self, raw: Option<&Spanned<String>>) -> Result<String, BoardError> {
        let Some(raw) = raw else { return Ok(LANGUAGES[0].to_owned()) };
        self.form("language", raw, "en, fr, es, pt, sw, hi or ar", |code| LANGUAGES.contains(&code))
    }

    pub(super) fn keyboard(&self, raw: Option<&Spanned<String>>) -> Result<Keyboard, BoardError> {
        self.one_of("keyboard", raw, KEYBOARDS, &Keyboard::KNOWN)
    }

    fn png(&self, raw: &Spanned<RawScreen>) -> Result<ScreenConfig, BoardError> {
        let missing = |key| self.missing(raw, "a png screen", key);
        let path = raw.get_ref().path.as_ref().ok_or_else(|| missing("path"))?;
        let size = self.screen_size(raw)?.ok_or_else(|| missing("both width and height"))?;
        Ok(ScreenConfig::Png { path: self.file("path", path)?, size })
    }

    fn drm(&self, raw: &Spanned<RawScreen>) -> Result<DrmConfig, BoardError> {
        let screen = raw.get_ref();
        let fits = |s: &str| (1..=CONNECTOR_BYTES_MAX).contains(&s.len()) && s.is_ascii();
        let connector = screen.connector.as_ref();
        Ok(DrmConfig {
            device: screen.device.as_ref().map(|d| self.file("device", d)).transpose()?,
            connector: connector
                .map(|c| self.form("connector", c, "a connector's name, such as HDMI-A-1", fits))
                .transpose()?,
            mode: self.screen_size(raw)?,
            turn: self.turn(screen)?,
        })
    }

    fn spi(&self, raw: &Spanned<RawScreen>) -> Result<SpiConfig, BoardError> {
        let screen = raw.get_ref();
        let missing = |key| self.missing(raw, "an spi screen", key);
        let panel = screen.panel.as_ref().ok_or_else(|| missing("panel"))?;
        let panel = self.form("panel", panel, "ili9341 or st7789", |s| PanelModel::parse(s).is_some())?;
        let device = screen.device.as_ref().ok_or_else(|| missing("device"))?;
        let chip = screen.gpio_chip.as_ref().ok_or_else(|| missing("gpio_chip"))?;
        let data = screen.data_pin.as_ref().ok_or_else(|| missing("data_pin"))?;
        let pin = |key, raw: &Spanned<i64>| self.range(key, raw, PIN).map(|pin| pin as u32);
        let clock = screen.clock_hz.as_ref().map(|c| self.range("clock_hz", c, CLOCK_HZ)).transpose()?;
        Ok(SpiConfig {
            panel: PanelModel::parse(&panel).unwrap_or(PanelModel::Ili9341),
            device: self.file("device", device)?,
            clock_hz: clock.map_or(CLOCK_HZ_DEFAULT, |hz| hz as u32),
            gpio_chip: self.file("gpio_chip", chip)?,
            data_pin: pin("data_pin", data)?,
            reset_pin: screen.reset_pin.as_ref().map(|p| pin("reset_pin", p)).transpose()?,
            backlight_pin: screen.backlight_pin.as_ref().map(|p| pin("backlight_pin", p)).transpose()?,
            size: self.panel_size(raw)?,
            inverted: screen.inverted.as_ref().is_some_and(|i| *i.get_ref()),
            blue_first: screen.blue_first.as_ref().is_some_and(|b| *b.get_ref()),
            turn: self.turn(screen)?,
        })
    }

    /// No larger than the controller's memory.
    fn panel_size(&self, raw: &Spanned<RawScreen>) -> Result<PixelSize, BoardError> {
        let Some(size) = self.screen_size(raw)? else { return Ok(PanelModel::SIZE) };
        let max = PanelModel::SIZE;
        for (key, value, max) in [("width", size.width, max.width), ("height", size.height, max.height)] {
            if value > max {
                let (place, min) = (self.place(raw), SCREEN_SIDE_PX[0] as f64);
                return Err(BoardError::Range { place, key, value: value.into(), min, max: max.into() });
            }
        }
        Ok(size)
    }

    fn screen_size(&self, raw: &Spanned<RawScreen>) -> Result<Option<PixelSize>, BoardError> {
        match (&raw.get_ref().width, &raw.get_ref().height) {
            (Some(width), Some(height)) => self.size(width, height, SCREEN_SIDE_PX).map(Some),
            (None, None) => Ok(None),
            _ => Err(self.missing(raw, "a screen with a size", "both width and height")),
        }
    }

    fn turn(&self, screen: &RawScreen) -> Result<Turn, BoardError> {
        let Some(raw) = &screen.rotate else { return Ok(Turn::None) };
        Turn::from_degrees(*raw.get_ref()).ok_or_else(|| BoardError::Form {
            place: self.place(raw),
            key: "rotate",
            value: raw.get_ref().to_string(),
            form: "0, 90, 180 or 270 degrees, clockwise",
        })
    }
}

/// All keys of a screen but its kind.
fn keys(s: &RawScreen) -> Vec<Key> {
    vec![
        ("path", span_of(&s.path)),
        ("width", span_of(&s.width)),
        ("height", span_of(&s.height)),
        ("rotate", span_of(&s.rotate)),
        ("device", span_of(&s.device)),
        ("connector", span_of(&s.connector)),
        ("panel", span_of(&s.panel)),
        ("clock_hz", span_of(&s.clock_hz)),
        ("gpio_chip", span_of(&s.gpio_chip)),
        ("data_pin", span_of(&s.data_pin)),
        ("reset_pin", span_of(&s.reset_pin)),
        ("backlight_pin", span_of(&s.backlight_pin)),
        ("inverted", span_of(&s.inverted)),
        ("blue_first", span_of(&s.blue_first)),
    ]
}

const SPI_KEYS: [&str; 12] = [
    "panel",
    "device",
    "clock_hz",
    "gpio_chip",
    "data_pin",
    "reset_pin",
    "backlight_pin",
    "width",
    "height",
    "inverted",
    "blue_first",
    "rotate",
];
