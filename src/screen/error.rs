//! Why a picture is not shown.

use std::io;
use std::path::PathBuf;

use crate::units::PixelSize;

/// Why a picture is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// a picture of another size than the screen's
    #[error("a picture of {picture} pixels does not fit a screen of {screen}")]
    Size { picture: PixelSize, screen: PixelSize },
    /// the picture's folder cannot be made
    #[error("the folder {} cannot be made", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// the picture's file cannot be written
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// the picture cannot be turned into PNG
    #[error("{} cannot be written as PNG", .0.display())]
    Encode(PathBuf, #[source] image::ImageError),
    /// the written file cannot take its place
    #[error("{} cannot be replaced", .0.display())]
    Replace(PathBuf, #[source] io::Error),
    /// no graphics card with a display
    #[error("no display is connected to {what}; connect one, or name another in the board file")]
    Absent { what: String },
    /// the device's node cannot be opened
    #[error("the screen {} cannot be opened: {source}", .path.display())]
    Open { path: PathBuf, source: io::Error },
    /// the device refused
    #[error("the screen {} failed at {doing}: {source}", .path.display())]
    Device { path: PathBuf, doing: &'static str, source: io::Error },
    /// pixels that are not written
    #[error("the screen {} has {bits} bits a pixel in a form that is not written here; 16, 24 and 32 bits of true colour are", .path.display())]
    Pixels { path: PathBuf, bits: u32 },
    /// the display has no such mode
    #[error("the display on {connector} has no mode of {mode}; leave width and height out of the board file")]
    Mode { connector: String, mode: PixelSize },
    /// unplugged, or another display
    #[error("the display on {connector} was taken away or exchanged")]
    Exchanged { connector: String },
    /// the picture on show was not replaced in time
    #[error("the display did not take the picture within {wait_ms} ms")]
    Flip { wait_ms: u128 },
    /// a panel on the SPI bus that refused
    #[error("the panel on {} failed at {doing}: {detail}", .path.display())]
    Panel { path: PathBuf, doing: &'static str, detail: String },
    /// the program has no windows in it
    #[error("this program was built without windows (feature window)")]
    WindowLeftOut,
    /// no desktop
    #[error(
        "no desktop answers for a window (WAYLAND_DISPLAY is \"{wayland}\", DISPLAY is \"{x11}\"); start raymap on a desktop"
    )]
    Desktop { wayland: String, x11: String },
    /// a desktop that refused
    #[error("the window on the desktop failed at {doing}: {detail}")]
    Window { doing: &'static str, detail: String },
}

impl ScreenError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Size { .. } => "screen_size",
            Self::Folder(..) => "picture_folder",
            Self::Write(..) => "picture_write",
            Self::Encode(..) => "picture_encode",
            Self::Replace(..) => "picture_replace",
            Self::Absent { .. } => "screen_absent",
            Self::Open { .. } => "screen_open",
            Self::Device { .. } => "screen_device",
            Self::Pixels { .. } => "screen_pixels",
            Self::Mode { .. } => "screen_mode",
            Self::Exchanged { .. } => "screen_exchanged",
            Self::Flip { .. } => "screen_flip",
            Self::Panel { .. } => "screen_panel",
            Self::WindowLeftOut => "window_absent",
            Self::Desktop { .. } => "screen_desktop",
            Self::Window { .. } => "screen_window",
        }
    }
}
