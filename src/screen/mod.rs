//! Where pictures go: a device that shows them, or a file.
//!
//! Terms: a *patch* is a rectangle that changed; a *raster* is how a device lays pixels out in its memory.
//! `attached` keeps a screen that comes and goes; `kms`, `framebuffer` and `spi` are devices, `png` is a file, `window`
//! lies on a desktop and hears what is done to it.
//! This module does not know what a picture says.

mod attached;
mod console;
mod damage;
mod error;
mod fb_ioctl;
mod framebuffer;
mod kms;
mod open;
pub mod png;
mod raster;
mod spi;
#[cfg(feature = "window")]
pub mod window;

pub use self::attached::{Attached, OpenScreen};
pub use self::damage::{Patch, changes};
pub use self::error::ScreenError;
pub use self::open::open;
pub use crate::render::RgbPicture as Canvas;

use crate::units::PixelSize;

/// Shows pictures one after another.
pub trait Screen: Send {
    /// The size of the pictures that it takes.
    fn size(&self) -> PixelSize;

    /// Shows `picture` in place of the one before; sends no more than what differs.
    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError>;

    /// Whether it is still there as it was opened; an error means that it is to be opened anew.
    fn check(&mut self) -> Result<(), ScreenError> {
        Ok(())
    }
}

/// Refuses a picture of another size than `screen`.
fn fitting(picture: &Canvas, screen: PixelSize) -> Result<(), ScreenError> {
    if picture.size() == screen {
        return Ok(());
    }
    Err(ScreenError::Size { picture: picture.size(), screen })
}
