//! What can go wrong between a capture device and a frame, and what to do about each.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::device::{DeviceInfo, DeviceName, PERMISSION_ADVICE, Unusable};
use super::pixels::{FourCc, PixelError, PixelFormat};
use crate::frame::FrameError;

/// Why a device gives no frame.
#[derive(Debug, thiserror::Error)]
pub enum V4lError {
    /// nothing of that name is plugged in
    #[error("no video device \"{wanted}\": {}", present_text(.present))]
    NoSuchDevice { wanted: DeviceName, present: Vec<DeviceInfo> },
    /// the name does not tell which
    #[error(
        "{} video devices are called \"{card}\": {}; name one by its place, /dev/v4l/by-path/…",
        .paths.len(),
        paths_text(.paths)
    )]
    Ambiguous { card: String, paths: Vec<PathBuf> },
    /// no right to open it
    #[error("no permission to open {0}: {PERMISSION_ADVICE}")]
    Permission(PathBuf),
    /// held by another program
    #[error("{0} is in use: close the other program (`fuser -v {0}` names it)")]
    Busy(PathBuf),
    /// no capture device
    #[error("{path} cannot be used: {why}; `raymap devices` lists those that can")]
    Unusable { path: PathBuf, why: Unusable },
    /// nothing readable on offer
    #[error(
        "{path} offers {}, but {} is needed: choose another format in the board file, or another grabber",
        offered_text(.offered),
        list_text(.wanted)
    )]
    NoFormat { path: PathBuf, wanted: Vec<PixelFormat>, offered: Vec<FourCc> },
    /// one field at a time
    #[error("{0} sends half pictures (single fields): set the X-ray unit's video output to progressive")]
    Fields(PathBuf),
    /// the USB bus is full
    #[error("{0} needs more of the USB bus than is left: use another port, a smaller size, or MJPG")]
    Bandwidth(DeviceName),
    /// nothing came in time
    #[error(
        "no frame from {device} for {:.1} s: check that the X-ray unit's video output is on and its cable is in",
        .waited.as_secs_f32()
    )]
    NoSignal { device: DeviceName, waited: Duration },
    /// a digital input without a picture
    #[error(
        "{device} gets {signal}: check that the X-ray unit's video output is on, its cable is in, and its picture is of a \
         usual size"
    )]
    NoPicture { device: DeviceName, signal: BadSignal },
    /// frames came, none whole
    #[error("{count} frames in a row from {device} were damaged, the last because {last}: check the cable")]
    Damaged { device: DeviceName, count: u32, last: PixelError },
    /// unplugged
    #[error("{0} was unplugged: plug it in again")]
    Unplugged(DeviceName),
    /// the kernel's word for what failed
    #[error("{doing} failed on {device}: unplug the device and plug it in again if this stays")]
    Device {
        device: DeviceName,
        doing: Doing,
        #[source]
        source: io::Error,
    },
    /// a size that no radiograph has
    #[error("{device} gives frames that cannot be used: {source}")]
    Frame {
        device: DeviceName,
        #[source]
        source: FrameError,
    },
    /// a wait without bound, or none
    #[error("a wait of {asked:?} is not supported: {min:?} to {max:?} is")]
    Timeout { asked: Duration, min: Duration, max: Duration },
}

/// What a digital input says of a signal that gives no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignal {
    /// nothing is sent
    #[error("no signal")]
    Absent,
    /// something is sent, yet nothing steady
    #[error("a signal that it cannot lock to")]
    Unsteady,
    /// a picture that the device cannot take
    #[error("a picture of a size or rate that it cannot take")]
    OutOfRange,
}

impl BadSignal {
    /// `None` for what says nothing of the signal.
    ///
    /// Source: Linux, Documentation/userspace-api/media/v4l/vidioc-query-dv-timings.rst: ENOLINK, ENOLCK, ERANGE.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        match error.raw_os_error()? {
            67 => Some(Self::Absent),
            37 => Some(Self::Unsteady),
            34 => Some(Self::OutOfRange),
            _ => None,
        }
    }
}

/// Which step the kernel refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    Open,
    Format,
    Buffers,
    Capture,
}

/// The step in words.
impl std::fmt::Display for Doing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "opening",
            Self::Format => "setting the format",
            Self::Buffers => "setting up buffers",
            Self::Capture => "capturing",
        })
    }
}

impl V4lError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchDevice { .. } => "capture_no_device",
            Self::Ambiguous { .. } => "capture_ambiguous",
            Self::Permission(_) => "capture_permission",
            Self::Busy(_) => "capture_busy",
            Self::Unusable { .. } => "capture_unusable",
            Self::NoFormat { .. } => "capture_format",
            Self::Fields(_) => "capture_fields",
            Self::Bandwidth(_) => "capture_bandwidth",
            Self::NoSignal { .. } | Self::NoPicture { .. } => "capture_no_signal",
            Self::Damaged { .. } => "capture_damaged",
            Self::Unplugged(_) => "capture_unplugged",
            Self::Device { .. } => "capture_device",
            Self::Frame { source, .. } => source.code(),
            Self::Timeout { .. } => "capture_timeout_range",
        }
    }
}

fn present_text(present: &[DeviceInfo]) -> String {
    if present.is_empty() {
        return "this machine has none; plug the grabber in, and see `lsusb` and `dmesg` if it stays away"
            .into();
    }
    let lines: Vec<_> = present.iter().map(|info| format!("\n  {info}")).collect();
    format!("there are these; put the right one's name into the board file:{}", lines.concat())
}

fn paths_text(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn offered_text(offered: &[FourCc]) -> String {
    if offered.is_empty() { "no format".into() } else { list_text(offered) }
}

fn list_text<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: V4lError, parts: &[&str]) {
        let text = error.to_string();
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }

    #[test]
    fn an_empty_machine_says_so_and_what_to_do() {
        let error = V4lError::NoSuchDevice { wanted: DeviceName::parse("/dev/video0"), present: Vec::new() };
        check(error, &["no video device \"/dev/video0\"", "has none", "plug"]);
    }

    #[test]
    fn a_wrong_name_lists_the_devices_there_are() {
        let mut there = DeviceInfo::unknown("/dev/video3".as_ref(), Unusable::NoCapture);
        there.card = "XR grabber".into();
        let error = V4lError::NoSuchDevice { wanted: DeviceName::parse("YR grabber"), present: vec![there] };
        check(error, &["\"YR grabber\"", "/dev/video3 \"XR grabber\"", "does not capture"]);
    }

    #[test]
    fn a_refused_device_names_the_group_and_the_udev_rule() {
        check(V4lError::Permission("/dev/video0".into()), &["/dev/video0", "usermod -aG video", "udev"]);
        check(V4lError::Busy("/dev/video0".into()), &["fuser -v /dev/video0"]);
    }

    #[test]
    fn an_unreadable_format_lists_what_is_on_offer() {
        let wanted = PixelFormat::PREFERRED.to_vec();
        let offered = vec![FourCc(*b"BA81"), FourCc(*b"H264")];
        let error = V4lError::NoFormat { path: "/dev/video0".into(), wanted, offered };
        check(error, &["offers BA81, H264", "RGB3, MJPG is needed"]);
    }

    #[test]
    fn an_input_without_a_picture_says_what_it_gets() {
        let of = |errno| BadSignal::of(&io::Error::from_raw_os_error(errno));
        for (errno, words) in [(67, "gets no signal"), (37, "cannot lock"), (34, "size or rate")] {
            let signal = of(errno).unwrap();
            let error = V4lError::NoPicture { device: DeviceName::parse("XR"), signal };
            assert_eq!(error.code(), "capture_no_signal");
            check(error, &["XR gets", words, "cable"]);
        }
        assert_eq!([5, 19, 22, 61].map(of), [None; 4], "nothing of the signal");
    }

    #[test]
    fn a_silent_device_says_for_how_many_seconds() {
        let error =
            V4lError::NoSignal { device: DeviceName::parse("XR"), waited: Duration::from_millis(2500) };
        check(error, &["2.5 s", "XR", "cable"]);
    }
}
