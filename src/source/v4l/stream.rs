//! A V4L2 device as a [`Stream`]: the only file that names the crate v4l.
//!
//! What has to be known of v4l 0.14.0, and is kept inside this file:
//! - It waits for ever unless given a timeout.
//! - It unwraps what drivers say (names that are not UTF-8, colour spaces that it does not know): every call
//!   is guarded against unwinding. A build with `panic = "abort"` would lose that guard.
//! - Its destructors panic on any errno but ENODEV, and two panics at once end the process: see `Drop`.
//! - `next` of a stalled stream fails for ever: see [`Stream::next`].
//!
//! Single-planar capture only. This module must not know of retries.

use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use ::v4l::buffer::{Flags as BufferFlags, Type};
use ::v4l::capability::Flags as Capability;
use ::v4l::format::FieldOrder;
use ::v4l::io::mmap::Stream as MmapStream;
use ::v4l::io::traits::{CaptureStream, Stream as _};
use ::v4l::video::Capture as _;
use ::v4l::{Device, Format, FourCC};

use super::capture::{Buffer, ENODEV, Stream};
use super::device::{DeviceInfo, DeviceName, Unusable};
use super::error::{Doing, V4lError};
use super::pixels::{FourCc, Layout, PixelFormat};
use crate::frame;
use crate::units::PixelSize;

/// Buffers in turn: one being read, one being filled, and two for a reader that is late.
const BUFFERS: u32 = 4;
/// Answers that v4l cannot read come as this. Linux: errno.h, EPROTO.
const EPROTO: i32 = 71;
/// No device behind the node. Linux: errno-base.h.
const ENXIO: i32 = 6;
/// A file that knows nothing of V4L2. Linux: errno-base.h.
const ENOTTY: i32 = 25;

/// What is asked of a device.
pub(super) struct Wish<'a> {
    /// `None`: what it is set to.
    pub size: Option<PixelSize>,
    /// The first that it offers is taken.
    pub formats: &'a [PixelFormat],
    pub timeout: Duration,
}

/// A device that streams.
pub(super) struct Camera {
    layout: Layout,
    /// `None` only while it is dropped.
    stream: Option<MmapStream<'static>>,
    /// Holds the file open until the stream is gone; `None` only while it is dropped.
    device: Option<Device>,
}

impl Camera {
    /// Opens `path`, sets the format and maps buffers; the first wait starts the device.
    ///
    /// A device that cannot give the size asked for gives its nearest, and a warning is logged.
    pub fn open(path: &Path, wish: &Wish) -> Result<Self, V4lError> {
        let failure = |doing, error| failure(path, doing, error);
        let device = guarded(|| Device::with_path(path)).map_err(|e| failure(Doing::Open, e))?;
        let info = describe(path, &device).map_err(|e| failure(Doing::Open, e))?;
        let usable = info.unusable.filter(|&why| why != Unusable::NoFormat);
        if let Some(why) = usable {
            return Err(V4lError::Unusable { path: path.into(), why });
        }
        let layout = set_layout(path, &device, &info.formats, wish)?;
        let stream = guarded(|| {
            let mut stream = MmapStream::with_buffers(&device, Type::VideoCapture, BUFFERS)?;
            stream.set_timeout(wish.timeout);
            Ok(stream)
        });
        let stream = Some(stream.map_err(|e| failure(Doing::Buffers, e))?);
        log::info!("{} \"{}\" opened: {} at {}", path.display(), info.card, layout.format, layout.size);
        Ok(Self { layout, stream, device: Some(device) })
    }
}

impl Stream for Camera {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn next(&mut self) -> io::Result<Buffer<'_>> {
        let stream = self.stream.as_mut().ok_or_else(gone)?;
        let (bytes, meta) = guarded(|| CaptureStream::next(stream))?;
        let used = bytes.len().min(meta.bytesused as usize);
        Ok(Buffer { bytes: &bytes[..used], flagged: meta.flags.contains(BufferFlags::ERROR) })
    }

    fn drain(&mut self) -> io::Result<()> {
        let stream = self.stream.as_mut().ok_or_else(gone)?;
        guarded(|| CaptureStream::dequeue(stream)).map(|_| ())
    }
}

impl Drop for Camera {
    /// Stops and unmaps without ever panicking.
    ///
    /// The crate's destructors panic, first over stopping, then over unmapping; while the first panic unwinds,
    /// the second would abort the process. So the device is stopped here, where it may fail: a stream that
    /// cannot be stopped is leaked (its buffers and one file descriptor), which keeps the device busy and is
    /// told so by the next attempt to open it. Then one panic at a time is left to catch.
    fn drop(&mut self) {
        let Some(mut stream) = self.stream.take() else { return };
        match guarded(|| stream.stop()) {
            Err(error) if error.raw_os_error() != Some(ENODEV) => {
                log::warn!(
                    "a capture device could not be stopped ({error}) and stays busy until the program ends"
                );
                mem::forget(stream);
            }
            _ => drop_guarded(stream, "buffers"),
        }
        drop_guarded(self.device.take(), "file");
    }
}

/// What the device at `path` is and offers; a reason in place of what it does not tell.
pub(super) fn probe(path: &Path) -> DeviceInfo {
    let info = guarded(|| Device::with_path(path)).and_then(|device| {
        let info = describe(path, &device);
        drop_guarded(device, "file");
        info
    });
    info.unwrap_or_else(|error| {
        let why = match error.kind() {
            io::ErrorKind::PermissionDenied => Unusable::Permission,
            io::ErrorKind::ResourceBusy => Unusable::Busy,
            _ if error.raw_os_error() == Some(ENOTTY) => Unusable::NoVideo,
            kind => Unusable::Silent(kind),
        };
        DeviceInfo::unknown(path, why)
    })
}

/// What an open device is and offers.
fn describe(path: &Path, device: &Device) -> io::Result<DeviceInfo> {
    let caps = guarded(|| device.query_caps())?;
    let can = |flag| caps.capabilities.contains(flag);
    let formats = match can(Capability::VIDEO_CAPTURE) {
        true => guarded(|| device.enum_formats())?.iter().map(|format| FourCc(format.fourcc.repr)).collect(),
        false => Vec::new(),
    };
    let unusable = match () {
        _ if can(Capability::VIDEO_CAPTURE_MPLANE) && !can(Capability::VIDEO_CAPTURE) => {
            Some(Unusable::MultiPlanar)
        }
        _ if !can(Capability::VIDEO_CAPTURE) => Some(Unusable::NoCapture),
        _ if !can(Capability::STREAMING) => Some(Unusable::NoStreaming),
        _ if !PixelFormat::PREFERRED.iter().any(|f| formats.contains(&f.fourcc())) => {
            Some(Unusable::NoFormat)
        }
        _ => None,
    };
    Ok(DeviceInfo { path: path.into(), card: caps.card, driver: caps.driver, formats, unusable })
}

/// Sets the first wished format that is on offer and that the device then really has.
fn set_layout(path: &Path, device: &Device, offered: &[FourCc], wish: &Wish) -> Result<Layout, V4lError> {
    let failure = |error| failure(path, Doing::Format, error);
    let now = guarded(|| device.format()).map_err(failure)?;
    let size = wish.size.unwrap_or(PixelSize::new(now.width, now.height));
    for &format in wish.formats.iter().filter(|f| offered.contains(&f.fourcc())) {
        let mut asked = Format::new(size.width, size.height, FourCC { repr: format.fourcc().0 });
        asked.field_order = FieldOrder::Progressive;
        let got = guarded(|| device.set_format(&asked)).map_err(failure)?;
        if got.fourcc == asked.fourcc {
            return layout(path, format, size, &got);
        }
    }
    Err(V4lError::NoFormat { path: path.into(), wanted: wish.formats.into(), offered: offered.into() })
}

/// The layout that the device has settled on, when a radiograph can have it.
fn layout(path: &Path, format: PixelFormat, asked: PixelSize, got: &Format) -> Result<Layout, V4lError> {
    use FieldOrder::{Alternate, Bottom, SequentialBT, SequentialTB, Top};
    if matches!(got.field_order, Top | Bottom | SequentialTB | SequentialBT | Alternate) {
        return Err(V4lError::Fields(path.into()));
    }
    let size = PixelSize::new(got.width, got.height);
    let device = DeviceName::Path(path.into());
    frame::check_size(size).map_err(|source| V4lError::Frame { device, source })?;
    if size != asked {
        log::warn!("{} gives {size} pixels, not the {asked} asked for", path.display());
    }
    Ok(Layout { size, stride_bytes: got.stride, format })
}

/// The error for a step that the kernel refused.
fn failure(path: &Path, doing: Doing, source: io::Error) -> V4lError {
    let device = DeviceName::Path(path.into());
    match source.kind() {
        io::ErrorKind::PermissionDenied => V4lError::Permission(path.into()),
        io::ErrorKind::ResourceBusy => V4lError::Busy(path.into()),
        io::ErrorKind::NotFound => V4lError::NoSuchDevice { wanted: device, present: Vec::new() },
        _ if source.raw_os_error() == Some(ENOTTY) => {
            V4lError::Unusable { path: path.into(), why: Unusable::NoVideo }
        }
        _ if matches!(source.raw_os_error(), Some(ENODEV | ENXIO)) => V4lError::Unplugged(device),
        _ => V4lError::Device { device, doing, source },
    }
}

/// What `work` gives, or EPROTO where the crate v4l panics.
fn guarded<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(io::Error::from_raw_os_error(EPROTO)))
}

/// Drops `value`; a panic of its destructor becomes a warning.
fn drop_guarded<T>(value: T, what: &str) {
    if catch_unwind(AssertUnwindSafe(|| drop(value))).is_err() {
        log::warn!("a capture device's {what} could not be given back");
    }
}

fn gone() -> io::Error {
    io::Error::from_raw_os_error(ENODEV)
}
