//! From a board's screen to a screen.

use std::path::Path;

use super::framebuffer::{DEVICE_DEFAULT, FramebufferScreen};
use super::kms::{CardScanout, KmsScreen};
use super::png::PngScreen;
use super::{Attached, Screen, ScreenError, spi};
use crate::board::{DrmConfig, ScreenConfig};
use crate::units::{PixelSize, Turn};

/// The screen that `config` describes; it is opened later, and again when it was away.
pub fn open(config: &ScreenConfig) -> Attached {
    let config = config.clone();
    Attached::new(Box::new(move || now(&config)))
}

fn now(config: &ScreenConfig) -> Result<Box<dyn Screen>, ScreenError> {
    Ok(match config {
        ScreenConfig::Png { path, size } => Box::new(PngScreen::new(path.clone(), *size)),
        ScreenConfig::Drm(config) => drm(config)?,
        ScreenConfig::Framebuffer { device, turn } => {
            framebuffer(device.as_deref().unwrap_or(Path::new(DEVICE_DEFAULT)), *turn)?
        }
        ScreenConfig::Auto { turn } => any(*turn)?,
        ScreenConfig::Spi(config) => spi::open(config)?,
        ScreenConfig::Window { size } => window(*size)?,
    })
}

#[cfg(feature = "window")]
fn window(size: PixelSize) -> Result<Box<dyn Screen>, ScreenError> {
    Ok(Box::new(super::window::WindowScreen::open(size)?))
}

#[cfg(not(feature = "window"))]
fn window(_: PixelSize) -> Result<Box<dyn Screen>, ScreenError> {
    Err(ScreenError::WindowLeftOut)
}

fn drm(config: &DrmConfig) -> Result<Box<dyn Screen>, ScreenError> {
    Ok(Box::new(KmsScreen::new(CardScanout::open(config)?, config.turn)))
}

fn framebuffer(path: &Path, turn: Turn) -> Result<Box<dyn Screen>, ScreenError> {
    Ok(Box::new(FramebufferScreen::open(path, turn)?))
}

/// Mode setting first: it tells when a display comes and goes.
fn any(turn: Turn) -> Result<Box<dyn Screen>, ScreenError> {
    drm(&DrmConfig { turn, ..DrmConfig::default() }).or_else(|error| {
        // With a card but no display, a framebuffer would swallow pictures that nobody sees.
        if matches!(error, ScreenError::Absent { .. }) && Path::new("/dev/dri").exists() {
            return Err(error);
        }
        framebuffer(Path::new(DEVICE_DEFAULT), turn).map_err(|_| error)
    })
}
