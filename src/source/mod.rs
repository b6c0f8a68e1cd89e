//! Where radiographs come from: files, DICOM, a capture device, or geometry.
//!
//! Every source gives [`Frame`]s and says by name what could not be read; none decides whether a frame is
//! worth reading, and none knows of exposure, network or screen.

pub mod raster;
pub mod dicom;
pub mod worker;
pub mod file;
mod under_way;
pub mod folder;
#[cfg(feature = "dicom-net")]
pub mod dicom_net;
pub mod phantom;
pub mod console;
pub mod replay;
#[cfg(feature = "v4l")]
pub mod v4l;

use std::time::Duration;

use crate::frame::Frame;

/// A frame and the name under which its source knows it (a file's path, a phantom's seed, a device).
#[derive(Debug)]
pub struct Sourced {
    pub name: String,
    pub frame: Frame,
}

/// Gives frames one after another.
pub trait FrameSource {
    /// What can go wrong with one frame; the source goes on with the next.
    type Error: std::error::Error;

    /// The next frame, an error in its place, or `None` when the source has ended.
    fn next_frame(&mut self) -> Option<Result<Sourced, Self::Error>>;

    /// When the last frame was taken, from any start; `None` where the source does not know better than who asks.
    fn time_of_last(&self) -> Option<Duration> {
        None
    }
}
