//! How a capture device is named in a board file, and what is known of one that is plugged in.
//!
//! This module must not know how a device is asked.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::pixels::FourCc;

/// Which device to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceName {
    /// `/dev/video0`, or a lasting link such as `/dev/v4l/by-path/…`.
    Path(PathBuf),
    /// The name that the device gives itself; node numbers change from boot to boot, this does not.
    Card(String),
}

impl DeviceName {
    /// `text` as a path when it begins with a slash, else as a card's name.
    pub fn parse(text: &str) -> Self {
        if text.starts_with('/') { Self::Path(text.into()) } else { Self::Card(text.trim().into()) }
    }
}

/// The path, or the card's name.
impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Card(card) => card.fmt(f),
        }
    }
}

/// Why a device cannot be captured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// no right to open it
    #[error("no permission to open it")]
    Permission,
    /// held by another program
    #[error("another program uses it")]
    Busy,
    /// a file of another kind
    #[error("it is no video device")]
    NoVideo,
    /// an output, a codec, or a node for metadata
    #[error("it does not capture pictures")]
    NoCapture,
    /// planes in separate buffers, as many camera ports on system chips have them
    #[error("it captures in the multi-planar way only, which is not supported")]
    MultiPlanar,
    /// no buffers that can be mapped
    #[error("it does not stream")]
    NoStreaming,
    /// none of GREY, YUYV, MJPG
    #[error("it offers none of GREY, YUYV, MJPG")]
    NoFormat,
    /// the device did not answer
    #[error("it does not answer ({0})")]
    Silent(io::ErrorKind),
}

/// One video device node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    pub path: PathBuf,
    /// The name that the device gives itself; empty when it cannot be learnt.
    pub card: String,
    /// The kernel driver; empty when it cannot be learnt.
    pub driver: String,
    /// What it offers, in its order, readable here or not.
    pub formats: Vec<FourCc>,
    /// Why it cannot be used, or `None`.
    pub unusable: Option<Unusable>,
}

impl DeviceInfo {
    /// The device at `path`, of which nothing but the reason is known.
    pub fn unknown(path: &Path, unusable: Unusable) -> Self {
        let (card, driver) = Default::default();
        Self { path: path.into(), card, driver, formats: Vec::new(), unusable: Some(unusable) }
    }
}

/// `/dev/video0 "USB Video" (uvcvideo): YUYV MJPG`, or the reason in place of the formats.
impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = if self.driver.is_empty() { "driver unknown" } else { &self.driver };
        write!(f, "{} \"{}\" ({driver}):", self.path.display(), self.card)?;
        match self.unusable {
            Some(reason) => write!(f, " {reason}"),
            None => self.formats.iter().try_for_each(|format| write!(f, " {format}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_slash_in_front_is_a_path() {
        assert_eq!(DeviceName::parse("/dev/video2"), DeviceName::Path("/dev/video2".into()));
        assert_eq!(DeviceName::parse(" USB Video "), DeviceName::Card("USB Video".into()));
    }

    #[test]
    fn a_device_prints_on_one_line() {
        let mut info = DeviceInfo {
            path: "/dev/video0".into(),
            card: "USB Video".into(),
            driver: "uvcvideo".into(),
            formats: vec![FourCc(*b"MJPG"), FourCc(*b"YUYV")],
            unusable: None,
        };
        assert_eq!(info.to_string(), "/dev/video0 \"USB Video\" (uvcvideo): MJPG YUYV");
        info.unusable = Some(Unusable::MultiPlanar);
        assert!(
            info.to_string().ends_with(": it captures in the multi-planar way only, which is not supported")
        );
    }
}
