//! Where results are shown.

use std::path::PathBuf;

use crate::units::{PixelSize, Turn};

/// Languages of the screen by their codes in ISO 639-1; the first is taken unless another is given.
pub const LANGUAGES: [&str; 7] = ["en", "fr", "es", "pt", "sw", "hi", "ar"];

/// Which screen, and how it is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenConfig {
    /// A picture file, written anew for each picture.
    Png { path: PathBuf, size: PixelSize },
    /// A display through the kernel's mode setting.
    Drm(DrmConfig),
    /// The kernel's framebuffer; `None`: the first.
    Framebuffer { device: Option<PathBuf>, turn: Turn },
    /// Mode setting where it works, else the framebuffer.
    Auto { turn: Turn },
    /// A small panel on the SPI bus.
    Spi(SpiConfig),
    /// A window on a desktop.
    Window { size: PixelSize },
}

impl ScreenConfig {
    /// How much the panel is turned.
    pub fn turn(&self) -> Turn {
        match self {
            Self::Png { .. } | Self::Window { .. } => Turn::None,
            Self::Drm(DrmConfig { turn, .. })
            | Self::Framebuffer { turn, .. }
            | Self::Auto { turn }
            | Self::Spi(SpiConfig { turn, .. }) => *turn,
        }
    }
}

/// A display of a graphics card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrmConfig {
    /// The card's node; `None`: the first with a display.
    pub device: Option<PathBuf>,
    /// The connector's name, such as `HDMI-A-1`; `None`: the first with a display.
    pub connector: Option<String>,
    /// The mode's size; `None`: the display's own choice up to full HD.
    pub mode: Option<PixelSize>,
    pub turn: Turn,
}

/// A panel on the SPI bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpiConfig {
    pub panel: PanelModel,
    pub device: PathBuf,
    pub clock_hz: u32,
    /// The pins' controller, such as `/dev/gpiochip0`; pins are its lines.
    pub gpio_chip: PathBuf,
    /// Tells commands from data.
    pub data_pin: u32,
    pub reset_pin: Option<u32>,
    pub backlight_pin: Option<u32>,
    /// As the panel is wired, before it is turned.
    pub size: PixelSize,
    /// The panel shows negative colours unless it is told to invert them.
    pub inverted: bool,
    /// The panel has blue where others have red.
    pub blue_first: bool,
    pub turn: Turn,
}

/// The controller of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelModel {
    Ili9341,
    St7789,
}

impl PanelModel {
    pub const NAMES: [&'static str; 2] = ["ili9341", "st7789"];
    /// What the controllers have memory for.
    pub const SIZE: PixelSize = PixelSize::new(240, 320);

    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ili9341" => Some(Self::Ili9341),
            "st7789" => Some(Self::St7789),
            _ => None,
        }
    }
}
