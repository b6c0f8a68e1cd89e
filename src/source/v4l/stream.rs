//! A V4L2 device as a [`Stream`], on the crate v4l; `kernel` has what that lacks.
//!
//! What has to be known of v4l 0.14.0, and is kept inside this file:
//! - It waits for ever unless given a timeout.
//! - It unwraps what drivers say (names that are not UTF-8, colour spaces that it does not know): every call
//!   is guarded against unwinding. A build with `panic = "abort"` would lose that guard.
//! - Its destructors panic on any errno but ENODEV, and two panics at once end the process: see `Drop`.
//! - `next` of a stalled stream fails for ever: see [`Stream::next`].
//!
//! This module must not know of retries.

use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::Duration;

use ::v4l::buffer::{Flags as BufferFlags, Type};
use ::v4l::capability::Flags as Capability;
use ::v4l::format::FieldOrder;
use ::v4l::io::mmap::Stream as MmapStream;
use ::v4l::io::traits::{CaptureStream, Stream as _};
use ::v4l::video::Capture as _;
use ::v4l::{Device, Format, FourCC};

use super::capture::{Buffer, ENODEV, ESTALE, Stream};
use super::device::{DeviceInfo, DeviceName, Unusable};
use super::error::{BadSignal, Doing, V4lError};
use super::format::{FourCc, PixelFormat};
use super::kernel::{self, Planes};
use super::pixels::Layout;
use super::timings;
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
/// How long a device that is gone is still held. Linux's uvcvideo does not guard its calls against a disconnect that is
/// under way (linux-media, "media: uvcvideo: Fix race conditions", 30 August 2020): stopping the stream meanwhile was
/// seen to take the kernel down, 6.1 on an emulated machine. Afterwards the calls fail early.
const DISCONNECT_PAUSE: Duration = Duration::from_millis(300);

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
    buffers: Option<Buffers>,
    /// The device tells when its source changes.
    watched: bool,
    /// The device said so: see [`DISCONNECT_PAUSE`].
    lost: bool,
    /// Holds the file open until the stream is gone; `None` only while it is dropped.
    device: Option<Device>,
}

/// Where the frames come in.
enum Buffers {
    Single(MmapStream<'static>),
    Planes(Planes),
}

impl Camera {
    /// Opens `path`, sets a digital input to what arrives at it, sets the format and maps buffers.
    ///
    /// A device that cannot give the size asked for gives its nearest, and a warning is logged.
    pub fn open(path: &Path, wish: &Wish) -> Result<Self, V4lError> {
        let failure = |doing, error| failure(path, doing, error);
        let device = guarded(|| Device::with_path(path)).map_err(|e| failure(Doing::Open, e))?;
        let info = describe(path, &device).map_err(|e| failure(Doing::Open, e))?;
        match info.unusable.filter(|&why| why != Unusable::NoFormat) {
            Some(Unusable::Busy) => return Err(V4lError::Busy(path.into())),
            Some(why) => return Err(V4lError::Unusable { path: path.into(), why }),
            None => {}
        }
        let file = device.handle();
        let watched = kernel::watch_source(&file);
        match timings::adopt(&*file) {
            Ok(Some(size)) => log::info!("{}: a picture of {size} arrives", path.display()),
            Ok(None) => {}
            Err(error) => match BadSignal::of(&error) {
                // Some devices send frames all the same: noise, or a colour of their own.
                Some(signal) => {
                    return Err(V4lError::NoPicture { device: DeviceName::Path(path.into()), signal });
                }
                None if error.raw_os_error() == Some(ESTALE) => return Err(failure(Doing::Format, error)),
                None => log::info!("{}: no picture arrives yet ({error})", path.display()),
            },
        }
        let layout = set_layout(path, &device, &info, wish)?;
        let buffers = match info.in_planes {
            true => Planes::start(file, BUFFERS, wish.timeout).map(Buffers::Planes),
            false => guarded(|| {
                let mut stream = MmapStream::with_buffers(&device, Type::VideoCapture, BUFFERS)?;
                stream.set_timeout(wish.timeout);
                Ok(Buffers::Single(stream))
            }),
        };
        let buffers = Some(buffers.map_err(|e| failure(Doing::Buffers, e))?);
        log::info!("{} \"{}\" opened: {} at {}", path.display(), info.card, layout.format, layout.size);
        Ok(Self { layout, buffers, watched, lost: false, device: Some(device) })
    }

    /// Fails where the source has changed since the format was set: its frames would be cut or torn.
    fn check_source(&self) -> io::Result<()> {
        match &self.device {
            Some(device) if self.watched && kernel::source_has_changed(&device.handle()) => {
                Err(io::Error::from_raw_os_error(ESTALE))
            }
            _ => Ok(()),
        }
    }
}

impl Stream for Camera {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn next(&mut self) -> io::Result<Buffer<'_>> {
        self.check_source()?;
        let buffer = match self.buffers.as_mut().ok_or_else(gone)? {
            Buffers::Single(stream) => guarded(|| CaptureStream::next(stream)).map(|(bytes, meta)| {
                let used = bytes.len().min(meta.bytesused as usize);
                Buffer { bytes: &bytes[..used], flagged: meta.flags.contains(BufferFlags::ERROR) }
            }),
            Buffers::Planes(planes) => {
                planes.next().map(|filled| Buffer { bytes: filled.bytes, flagged: filled.flagged })
            }
        };
        self.lost = buffer.as_ref().is_err_and(is_gone);
        buffer
    }

    fn drain(&mut self) -> io::Result<()> {
        self.check_source()?;
        let drained = match self.buffers.as_mut().ok_or_else(gone)? {
            Buffers::Single(stream) => guarded(|| CaptureStream::dequeue(stream)).map(|_| ()),
            // Nothing is out after a wait that gave nothing: the next one waits just so.
            Buffers::Planes(_) => Ok(()),
        };
        self.lost = drained.as_ref().is_err_and(is_gone);
        drained
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
        if self.lost {
            thread::sleep(DISCONNECT_PAUSE);
        }
        match self.buffers.take() {
            Some(Buffers::Single(mut stream)) => match guarded(|| stream.stop()) {
                Err(error) if !is_gone(&error) => {
                    log::warn!(
                        "a capture device could not be stopped ({error}) and stays busy until the program ends"
                    );
                    mem::forget(stream);
                }
                _ => drop_guarded(stream, "buffers"),
            },
            Some(Buffers::Planes(planes)) => drop_guarded(planes, "buffers"),
            None => {}
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
    let file = device.handle();
    // A device that can do both gives single buffers: they are the simpler way.
    let in_planes = can(Capability::VIDEO_CAPTURE_MPLANE) && !can(Capability::VIDEO_CAPTURE);
    let formats = match () {
        _ if in_planes => kernel::plane_formats(&file),
        _ if can(Capability::VIDEO_CAPTURE) => {
            guarded(|| device.enum_formats())?.iter().map(|format| FourCc(format.fourcc.repr)).collect()
        }
        _ => Vec::new(),
    };
    let unusable = match () {
        _ if !in_planes && !can(Capability::VIDEO_CAPTURE) => Some(Unusable::NoCapture),
        _ if !can(Capability::STREAMING) => Some(Unusable::NoStreaming),
        _ if !PixelFormat::PREFERRED.iter().any(|f| formats.contains(&f.fourcc())) => {
            Some(Unusable::NoFormat)
        }
        _ if kernel::is_busy(&file, in_planes) => Some(Unusable::Busy),
        _ => None,
    };
    let no_signal = unusable.is_none() && kernel::has_no_signal(&file);
    let (card, driver) = (caps.card, caps.driver);
    Ok(DeviceInfo { path: path.into(), card, driver, formats, in_planes, no_signal, unusable })
}

/// What a device has been set to, in either way.
struct Settled {
    size: PixelSize,
    fourcc: FourCc,
    stride_bytes: u32,
    whole_pictures: bool,
}

impl Settled {
    fn now(device: &Device, in_planes: bool) -> io::Result<Self> {
        match in_planes {
            true => kernel::plane_format(&device.handle()).map(Self::of_planes),
            false => guarded(|| device.format()).map(Self::of_single),
        }
    }

    fn ask(device: &Device, in_planes: bool, size: PixelSize, fourcc: FourCc) -> io::Result<Self> {
        if in_planes {
            return kernel::set_plane_format(&device.handle(), size, fourcc).map(Self::of_planes);
        }
        let mut asked = Format::new(size.width, size.height, FourCC { repr: fourcc.0 });
        asked.field_order = FieldOrder::Progressive;
        guarded(|| device.set_format(&asked)).map(Self::of_single)
    }

    fn of_planes(got: kernel::PlaneFormat) -> Self {
        let kernel::PlaneFormat { size, fourcc, stride_bytes, field } = got;
        // Linux: videodev2.h, V4L2_FIELD_TOP, BOTTOM, SEQ_TB, SEQ_BT, ALTERNATE.
        let whole_pictures = ![2, 3, 5, 6, 7].contains(&field);
        Self { size, fourcc, stride_bytes, whole_pictures }
    }

    fn of_single(got: Format) -> Self {
        use FieldOrder::{Alternate, Bottom, SequentialBT, SequentialTB, Top};
        Self {
            size: PixelSize::new(got.width, got.height),
            fourcc: FourCc(got.fourcc.repr),
            stride_bytes: got.stride,
            whole_pictures: !matches!(
                got.field_order,
                Top | Bottom | SequentialTB | SequentialBT | Alternate
            ),
        }
    }
}

/// Sets the first wished format that is on offer and that the device then really has.
fn set_layout(path: &Path, device: &Device, info: &DeviceInfo, wish: &Wish) -> Result<Layout, V4lError> {
    let failure = |error| failure(path, Doing::Format, error);
    let now = Settled::now(device, info.in_planes).map_err(failure)?;
    let size = wish.size.unwrap_or(now.size);
    for &format in wish.formats.iter().filter(|f| info.formats.contains(&f.fourcc())) {
        let got = Settled::ask(device, info.in_planes, size, format.fourcc()).map_err(failure)?;
        if got.fourcc == format.fourcc() {
            return layout(path, format, size, &got);
        }
    }
    Err(V4lError::NoFormat { path: path.into(), wanted: wish.formats.into(), offered: info.formats.clone() })
}

/// The layout that the device has settled on, when a radiograph can have it.
fn layout(path: &Path, format: PixelFormat, asked: PixelSize, got: &Settled) -> Result<Layout, V4lError> {
    if !got.whole_pictures {
        return Err(V4lError::Fields(path.into()));
    }
    let size = got.size;
    let device = DeviceName::Path(path.into());
    frame::check_size(size).map_err(|source| V4lError::Frame { device, source })?;
    if size != asked {
        log::warn!("{} gives {size} pixels, not the {asked} asked for", path.display());
    }
    Ok(Layout { size, stride_bytes: got.stride_bytes, format })
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

fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ENODEV)
}
