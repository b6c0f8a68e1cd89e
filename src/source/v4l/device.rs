//! How a capture device is named in a board file, and what is known of one that is plugged in.
//!
//! This module must not know how a device is asked.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::format::{FourCc, PixelFormat};

/// What gives a user the right to open a video device.
pub(super) const PERMISSION_ADVICE: &str = "add this user to the device's group (`sudo usermod -aG video $USER`, \
    then log in again), or install the udev rule SUBSYSTEM==\"video4linux\", GROUP=\"video\", MODE=\"0660\"";

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
    /// no buffers that can be mapped
    #[error("it does not stream")]
    NoStreaming,
    /// nothing that is read
    #[error("it offers none of {}", PixelFormat::PREFERRED.map(|f| f.to_string()).join(", "))]
    NoFormat,
    /// the device did not answer
    #[error("it does not answer ({0})")]
    Silent(io::ErrorKind),
}

impl Unusable {
    /// What to do about it; `None` where the device is simply another one.
    pub fn advice(self) -> Option<&'static str> {
        match self {
            Self::Permission => Some(PERMISSION_ADVICE),
            Self::Busy => Some("close the other program (`fuser -v` names it)"),
            Self::NoFormat => Some("set the device to one of these formats, or use another grabber"),
            Self::Silent(_) => Some("unplug it and plug it in again; `dmesg` may say more"),
            Self::NoVideo | Self::NoCapture | Self::NoStreaming => None,
        }
    }
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
    /// It captures in planes, as many camera ports on system chips do.
    pub in_planes: bool,
    /// Its input says that nothing comes; it can be used all the same.
    pub no_signal: bool,
    /// Why it cannot be used, or `None`.
    pub unusable: Option<Unusable>,
}

impl DeviceInfo {
    /// The device at `path`, of which nothing but the reason is known.
    pub fn unknown(path: &Path, unusable: Unusable) -> Self {
        let (card, driver) = Default::default();
        let (in_planes, no_signal, unusable) = (false, false, Some(unusable));
        Self { path: path.into(), card, driver, formats: Vec::new(), in_planes, no_signal, unusable }
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
        }?;
        match self.no_signal {
            true => write!(f, "; no signal at its input"),
            false => Ok(()),
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
            in_planes: false,
            no_signal: false,
            unusable: None,
        };
        assert_eq!(info.to_string(), "/dev/video0 \"USB Video\" (uvcvideo): MJPG YUYV");
        info.no_signal = true;
        assert!(info.to_string().ends_with(": MJPG YUYV; no signal at its input"));
        info.no_signal = false;
        info.unusable = Some(Unusable::NoFormat);
        assert!(info.to_string().contains(": it offers none of Y16, "), "{info}");
    }
}
