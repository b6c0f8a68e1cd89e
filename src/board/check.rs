//! From a board file as written to a [`Board`]: which keys go together, and which values make sense.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::raw::{RawBoard, RawPhantom, RawScreen, RawSerial, RawSource};
use super::{Board, BoardError, CaptureConfig, CaptureDevice, ModelConfig, PhantomConfig, Place};
use super::{ScreenConfig, SerialConfig, SourceConfig};
use crate::units::{Percent, PixelSize};

/// A board's name goes into a serial line, which is short.
const NAME_CHARACTERS_MAX: usize = 32;
/// A description is one sentence on a screen.
const DESCRIPTION_CHARACTERS_MAX: usize = 300;
/// Paths of Linux end at 4,096 bytes; names of capture cards at 32.
const TEXT_BYTES_MAX: usize = 4_096;
/// A round of phantoms is a demonstration or a soak test.
const PHANTOMS_MAX: usize = 1_000;
/// From a frame a fifth of a second on to a wait that still leaves a watchdog time.
const TIMEOUT_MS: [i64; 2] = [200, 10_000];
/// From the smallest frame that is read to the largest that capture devices give.
const CAPTURE_SIDE_PX: [i64; 2] = [64, 8_192];
/// From the smallest panel that text fits on to 4K.
const SCREEN_SIDE_PX: [i64; 2] = [240, 4_096];
/// From the slowest rate in use to the fastest that UARTs of small boards hold.
const BAUD_RATE: [i64; 2] = [1_200, 4_000_000];
/// The usual rate of serial consoles.
const BAUD_RATE_DEFAULT: u32 = 115_200;

/// Checks a board file with the text that errors point into.
pub struct Checker<'a> {
    pub text: &'a str,
    pub path: &'a Path,
}

impl Checker<'_> {
    pub fn board(&self, raw: RawBoard) -> Result<Board, BoardError> {
        Ok(Board {
            name: self.name(&raw.name)?,
            description: self.description(&raw.description)?,
            source: self.source(&raw.source)?,
            screen: self.screen(raw.screen.get_ref())?,
            serial: self.serial(&raw.serial)?,
            model: self.model(raw.model.as_ref())?,
        })
    }

    fn name(&self, name: &Spanned<String>) -> Result<String, BoardError> {
        let form = "1 to 32 lower-case letters, digits and dashes";
        let fits = |s: &str| {
            (1..=NAME_CHARACTERS_MAX).contains(&s.len())
                && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        self.form("name", name, form, fits)
    }

    fn description(&self, text: &Spanned<String>) -> Result<String, BoardError> {
        let fits = |s: &str| (1..=DESCRIPTION_CHARACTERS_MAX).contains(&s.chars().count());
        self.form("description", text, "1 to 300 characters", fits)
    }

    fn source(&self, raw: &Spanned<RawSource>) -> Result<SourceConfig, BoardError> {
        let source = raw.get_ref();
        match source.kind.get_ref().as_str() {
            "phantom" => {
                self.refuse("a phantom source", &[&path_of(source)[..], &capture_keys(source)].concat())?;
                let missing = self.missing(raw, "a phantom source", "phantoms");
                self.phantoms(source.phantoms.as_ref().ok_or(missing)?)
            }
            "v4l" => {
                self.refuse("a v4l source", &[path_of(source), phantoms_of(source)].concat())?;
                self.capture(raw).map(SourceConfig::Capture)
            }
            "folder" => {
                self.refuse("a folder source", &[&phantoms_of(source)[..], &capture_keys(source)].concat())?;
                let missing = self.missing(raw, "a folder source", "path");
                Ok(SourceConfig::Folder(self.file("path", source.path.as_ref().ok_or(missing)?)?))
            }
            _ => Err(self.kind("source", &source.kind, "phantom, v4l, folder")),
        }
    }

    fn phantoms(&self, raw: &Spanned<Vec<RawPhantom>>) -> Result<SourceConfig, BoardError> {
        let count = raw.get_ref().len();
        if !(1..=PHANTOMS_MAX).contains(&count) {
            return Err(BoardError::PhantomCount { place: self.place(raw), count, max: PHANTOMS_MAX });
        }
        let phantoms: Result<Vec<_>, _> = raw.get_ref().iter().map(|p| self.phantom(p)).collect();
        phantoms.map(SourceConfig::Phantom)
    }

    fn phantom(&self, raw: &RawPhantom) -> Result<PhantomConfig, BoardError> {
        let seed = self.range("seed", &raw.seed, [0, i64::MAX])?;
        let value = *raw.infected.get_ref();
        let infected = Percent::new(value as f32).map_err(|_| BoardError::Range {
            place: self.place(&raw.infected),
            key: "infected",
            value,
            min: 0.0,
            max: 100.0,
        })?;
        Ok(PhantomConfig { seed: seed as u64, infected })
    }

    fn capture(&self, raw: &Spanned<RawSource>) -> Result<CaptureConfig, BoardError> {
        let source = raw.get_ref();
        let device = match (&source.device, &source.card) {
            (Some(device), None) => CaptureDevice::Path(self.file("device", device)?),
            (None, Some(card)) => CaptureDevice::Card(self.text("card", card)?),
            (Some(_), Some(card)) => {
                let (place, what) = (self.place(card), "a v4l source with a device");
                return Err(BoardError::Surplus { place, what, key: "card" });
            }
            (None, None) => return Err(self.missing(raw, "a v4l source", "device or card")),
        };
        let size = match (&source.width, &source.height) {
            (Some(width), Some(height)) => Some(self.size(width, height, CAPTURE_SIDE_PX)?),
            (None, None) => None,
            _ => return Err(self.missing(raw, "a v4l source with a size", "both width and height")),
        };
        let timeout =
            source.timeout_ms.as_ref().map(|t| self.range("timeout_ms", t, TIMEOUT_MS)).transpose()?;
        Ok(CaptureConfig {
            device,
            size,
            format: source.format.as_ref().map(|f| self.four_characters(f)).transpose()?,
            timeout: timeout.map(|ms| Duration::from_millis(ms as u64)),
        })
    }

    fn four_characters(&self, raw: &Spanned<String>) -> Result<[u8; 4], BoardError> {
        let form = "a format's code of 1 to 4 capital letters and digits, such as GREY";
        let fits = |s: &str| {
            (1..=4).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let text = self.form("format", raw, form, fits)?;
        let mut code = [b' '; 4];
        code.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Ok(code)
    }

    fn screen(&self, raw: &RawScreen) -> Result<ScreenConfig, BoardError> {
        if raw.kind.get_ref() != "png" {
            return Err(self.kind("screen", &raw.kind, "png"));
        }
        let size = self.size(&raw.width, &raw.height, SCREEN_SIDE_PX)?;
        Ok(ScreenConfig::Png { path: self.file("path", &raw.path)?, size })
    }

    fn serial(&self, raw: &Spanned<RawSerial>) -> Result<SerialConfig, BoardError> {
        let serial = raw.get_ref();
        match (&serial.file, &serial.port) {
            (Some(file), None) => {
                self.refuse("a serial log file", &[("baud_rate", span_of(&serial.baud_rate))])?;
                Ok(SerialConfig::File(self.file("file", file)?))
            }
            (None, Some(port)) => {
                let baud_rate = serial.baud_rate.as_ref().map(|b| self.range("baud_rate", b, BAUD_RATE));
                let baud_rate = baud_rate.transpose()?.map_or(BAUD_RATE_DEFAULT, |b| b as u32);
                Ok(SerialConfig::Port { path: self.file("port", port)?, baud_rate })
            }
            (Some(_), Some(port)) => {
                let (place, what) = (self.place(port), "a serial table with a file");
                Err(BoardError::Surplus { place, what, key: "port" })
            }
            (None, None) => Err(self.missing(raw, "serial", "file or port")),
        }
    }

    fn model(&self, raw: Option<&Spanned<String>>) -> Result<ModelConfig, BoardError> {
        match raw {
            Some(model) if model.get_ref() != "embedded" => {
                Ok(ModelConfig::Folder(self.file("model", model)?))
            }
            _ => Ok(ModelConfig::Embedded),
        }
    }

    fn size(
        &self,
        width: &Spanned<i64>,
        height: &Spanned<i64>,
        sides: [i64; 2],
    ) -> Result<PixelSize, BoardError> {
        let width = self.range("width", width, sides)?;
        let height = self.range("height", height, sides)?;
        Ok(PixelSize::new(width as u32, height as u32))
    }

    fn file(&self, key: &'static str, raw: &Spanned<String>) -> Result<PathBuf, BoardError> {
        self.text(key, raw).map(PathBuf::from)
    }

    fn text(&self, key: &'static str, raw: &Spanned<String>) -> Result<String, BoardError> {
        let fits = |s: &str| (1..=TEXT_BYTES_MAX).contains(&s.len()) && !s.contains('\0');
        self.form(key, raw, "1 to 4,096 bytes", fits)
    }

    fn form(
        &self,
        key: &'static str,
        raw: &Spanned<String>,
        form: &'static str,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String, BoardError> {
        let value = raw.get_ref().clone();
        if fits(&value) {
            Ok(value)
        } else {
            Err(BoardError::Form { place: self.place(raw), key, value, form })
        }
    }

    fn range(&self, key: &'static str, raw: &Spanned<i64>, [min, max]: [i64; 2]) -> Result<i64, BoardError> {
        let value = *raw.get_ref();
        if (min..=max).contains(&value) {
            return Ok(value);
        }
        let place = self.place(raw);
        Err(BoardError::Range { place, key, value: value as f64, min: min as f64, max: max as f64 })
    }

    /// Refuses the first of `keys` that is there.
    fn refuse(&self, what: &'static str, keys: &[Key]) -> Result<(), BoardError> {
        match keys.iter().find_map(|(key, span)| Some((*key, span.as_ref()?))) {
            Some((key, span)) => {
                let place = Place::of(span.start, self.text, self.path);
                Err(BoardError::Surplus { place, what, key })
            }
            None => Ok(()),
        }
    }

    fn missing<T>(&self, table: &Spanned<T>, what: &'static str, key: &'static str) -> BoardError {
        BoardError::Missing { place: self.place(table), what, key }
    }

    fn kind(&self, what: &'static str, kind: &Spanned<String>, known: &'static str) -> BoardError {
        BoardError::Kind { place: self.place(kind), what, found: kind.get_ref().clone(), known }
    }

    fn place<T>(&self, value: &Spanned<T>) -> Place {
        Place::of(value.span().start, self.text, self.path)
    }
}

type Key = (&'static str, Option<Range<usize>>);

fn span_of<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
    value.as_ref().map(Spanned::span)
}

fn path_of(source: &RawSource) -> [Key; 1] {
    [("path", span_of(&source.path))]
}

fn phantoms_of(source: &RawSource) -> [Key; 1] {
    [("phantoms", span_of(&source.phantoms))]
}

/// The keys that only a capture device has.
fn capture_keys(source: &RawSource) -> [Key; 6] {
    [
        ("device", span_of(&source.device)),
        ("card", span_of(&source.card)),
        ("width", span_of(&source.width)),
        ("height", span_of(&source.height)),
        ("format", span_of(&source.format)),
        ("timeout_ms", span_of(&source.timeout_ms)),
    ]
}
