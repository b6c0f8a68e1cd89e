//! Frames from a V4L2 capture device: a grabber on the X-ray unit's video output.
//!
//! [`V4lSource`] opens the device that a board file names and gives its frames as grey. It skips frames that
//! came damaged, says when none come, and opens a device anew that failed or was unplugged. Every wait, and
//! so every call, is bounded; the longest are those with [`DAMAGED_MAX`] damaged frames that each
//! take almost the whole timeout.
//! Opening and starting a device is not in that bound: the kernel waits for the device itself, for some
//! seconds with USB grabbers.
//! This module must not know of exposure: whether a frame shows a radiograph is for others to say.

mod format;
mod pixels;
mod mjpg;
mod device;
mod error;
mod capture;
mod timings;
#[cfg(test)]
mod fake;
#[cfg(test)]
pub(crate) mod faulty;
mod kernel;
mod stream;
mod lookup;

pub use self::capture::{Counters, DAMAGED_MAX};
pub use self::device::{DeviceInfo, DeviceName, Unusable};
pub use self::error::{BadSignal, Doing, V4lError};
pub use self::format::{FourCc, PixelFormat};
pub use self::lookup::devices;
pub use self::pixels::PixelError;

use std::thread;
use std::time::Duration;

use self::capture::{Capture, Opener};
use self::stream::{Camera, Wish};
use super::{FrameSource, Sourced};
use crate::frame::SIDE_MIN_PX;
use crate::units::PixelSize;

/// How long to wait for a frame unless told otherwise: the slowest grabbers send one a second, and an operator is to know
/// within two that none comes.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_millis(1_500);
/// Shortest wait: five frames a second are in time.
pub const TIMEOUT_MIN: Duration = Duration::from_millis(200);
/// Longest wait: a third of a watchdog's 30 s.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(10);

/// What a board file says of the capture device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V4lConfig {
    pub device: DeviceName,
    /// The size to ask for; `None`: what the device is set to.
    pub size: Option<PixelSize>,
    /// The one format to take; `None`: the first of [`PixelFormat::PREFERRED`] that is on offer.
    pub format: Option<PixelFormat>,
    /// Longest wait for one frame, [`TIMEOUT_MIN`]..=[`TIMEOUT_MAX`].
    pub timeout: Duration,
}

impl V4lConfig {
    /// `device` as it is set, any format, the usual timeout.
    pub fn new(device: DeviceName) -> Self {
        Self { device, size: None, format: None, timeout: TIMEOUT_DEFAULT }
    }
}

/// Live frames of a capture device; never ends.
pub struct V4lSource {
    capture: Capture<CameraOpener>,
}

impl V4lSource {
    /// Opens the device; one attempt, so that a wrong name or a missing right is told at once.
    pub fn open(config: V4lConfig) -> Result<Self, V4lError> {
        if !(TIMEOUT_MIN..=TIMEOUT_MAX).contains(&config.timeout) {
            let (asked, min, max) = (config.timeout, TIMEOUT_MIN, TIMEOUT_MAX);
            return Err(V4lError::Timeout { asked, min, max });
        }
        Ok(Self { capture: Capture::open(CameraOpener { config })? })
    }

    /// What the device has given so far.
    pub fn counters(&self) -> Counters {
        self.capture.counters()
    }
}

impl FrameSource for V4lSource {
    type Error = V4lError;

    /// The next whole frame, under the device's name. After an error, the next call tries again.
    fn next_frame(&mut self) -> Option<Result<Sourced, V4lError>> {
        let name = self.capture.device().to_string();
        Some(self.capture.frame().map(|frame| Sourced { name, frame }))
    }
}

/// A frame of any layout, for fuzzing: the first four bytes say its format, width, height and stride.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) {
    let Some(([format, width, height, stride], pixels)) = bytes.split_first_chunk() else { return };
    let formats = PixelFormat::PREFERRED;
    let layout = pixels::Layout {
        size: PixelSize::new(SIDE_MIN_PX + u32::from(*width) * 3, SIDE_MIN_PX + u32::from(*height) * 3),
        stride_bytes: u32::from(*stride) * 8,
        format: formats[usize::from(*format) % formats.len()],
    };
    if let Ok(grey) = pixels::luma(&layout, pixels) {
        assert_eq!(grey.len(), layout.size.area());
    }
}

/// Opens the device that the configuration means at that moment: its node may be another each time.
struct CameraOpener {
    config: V4lConfig,
}

impl Opener for CameraOpener {
    type Stream = Camera;

    fn device(&self) -> &DeviceName {
        &self.config.device
    }

    fn timeout(&self) -> Duration {
        self.config.timeout
    }

    fn open(&mut self) -> Result<Camera, V4lError> {
        let V4lConfig { device, size, format, timeout } = &self.config;
        let present = match device {
            DeviceName::Path(_) => Vec::new(),
            DeviceName::Card(_) => devices(),
        };
        let path = lookup::choose(device, present)?;
        let formats = format.as_ref().map_or(&PixelFormat::PREFERRED[..], std::slice::from_ref);
        Camera::open(&path, &Wish { size: *size, formats, timeout: *timeout }).map_err(|error| match error {
            V4lError::NoSuchDevice { wanted, .. } => V4lError::NoSuchDevice { wanted, present: devices() },
            other => other,
        })
    }

    fn pause(&mut self, wait: Duration) {
        thread::sleep(wait);
    }
}
