//! What the crate v4l lacks of V4L2: buffers in planes, changes of the source, timings of digital video, what an input
//! says of its signal. The only file with `unsafe`.
//!
//! Every call hands the kernel one structure of the size that its number was made from ([`Call`]), so the kernel writes
//! nowhere else; the one pointer inside a structure, to a buffer's planes, outlives its call.
//! Of several planes only the first is mapped: it holds the luma.
//! This module must not know of retries.

#![allow(unsafe_code)]

use std::io;
use std::mem::{self, size_of};
use std::os::raw::{c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use ::v4l::device::Handle;
use ::v4l::v4l_sys as sys;
use ::v4l::v4l2::{self, vidioc};

use super::format::FourCc;
use super::timings::DigitalInput;
use crate::units::PixelSize;

/// Planes that a buffer may have. Linux: videodev2.h, VIDEO_MAX_PLANES.
const PLANES_MAX: usize = 8;
/// Formats asked for; devices have a dozen.
const FORMATS_MAX: u32 = 128;
/// Events taken at once; the kernel keeps one of each kind.
const EVENTS_MAX: u32 = 16;
/// Buffers that a driver may give where four are asked for.
const BUFFERS_MAX: u32 = 32;
/// Capture in planes, and in one buffer. Linux: videodev2.h, enum v4l2_buf_type.
const PLANES: u32 = 9;
const SINGLE: u32 = 1;
/// Memory of the driver's, mapped. Linux: videodev2.h, enum v4l2_memory.
const MAPPED: u32 = 1;
/// Linux: asm-generic/mman-common.h and mman.h; the same on every processor that is built for.
const PROT_READ: c_int = 1;
const MAP_SHARED: c_int = 1;
/// Linux: asm-generic/poll.h.
const POLLIN: i16 = 1;
/// Another program has the device. Linux: errno-base.h.
const EBUSY: i32 = 16;
/// Whole lines, none between. Linux: videodev2.h, enum v4l2_field.
const FIELD_NONE: u32 = 1;
/// No cable, no power, no lock. Linux: videodev2.h, V4L2_IN_ST_*.
const NO_SIGNAL: u32 = sys::V4L2_IN_ST_NO_POWER
    | sys::V4L2_IN_ST_NO_SIGNAL
    | sys::V4L2_IN_ST_NO_H_LOCK
    | sys::V4L2_IN_ST_NO_SYNC;

/// A call's number and the structure that goes with it.
struct Call<T>(vidioc::_IOC_TYPE, std::marker::PhantomData<T>);

/// From and to the kernel, as seen from the program. Linux: asm-generic/ioctl.h.
const READ: u32 = 2;
const WRITE: u32 = 1;

impl<T> Call<T> {
    const fn new(direction: u32, number: u32) -> Self {
        let letter = (b'V' as u32) << 8;
        let size = (size_of::<T>() as u32) << 16;
        Self((direction << 30 | size | letter | number) as vidioc::_IOC_TYPE, std::marker::PhantomData)
    }

    /// Lets the kernel read `argument` and write into it.
    fn on(&self, file: &Handle, argument: &mut T) -> io::Result<()> {
        let argument = ptr::from_mut(argument).cast::<c_void>();
        // SAFETY: the call's number carries the size of `T`, so the kernel reads and writes no more than `argument`,
        // which is borrowed for as long as the call takes. Pointers inside it are their makers' to keep alive.
        unsafe { v4l2::ioctl(file.fd(), self.0, argument) }
    }
}

const ENUM_FORMATS: Call<sys::v4l2_fmtdesc> = Call::new(READ | WRITE, 2);
const GET_FORMAT: Call<sys::v4l2_format> = Call::new(READ | WRITE, 4);
const SET_FORMAT: Call<sys::v4l2_format> = Call::new(READ | WRITE, 5);
const REQUEST_BUFFERS: Call<sys::v4l2_requestbuffers> = Call::new(READ | WRITE, 8);
const QUERY_BUFFER: Call<sys::v4l2_buffer> = Call::new(READ | WRITE, 9);
const QUEUE: Call<sys::v4l2_buffer> = Call::new(READ | WRITE, 15);
const DEQUEUE: Call<sys::v4l2_buffer> = Call::new(READ | WRITE, 17);
const START: Call<c_int> = Call::new(WRITE, 18);
const STOP: Call<c_int> = Call::new(WRITE, 19);
const ENUM_INPUT: Call<sys::v4l2_input> = Call::new(READ | WRITE, 26);
const GET_INPUT: Call<c_int> = Call::new(READ, 38);
const SET_TIMINGS: Call<sys::v4l2_dv_timings> = Call::new(READ | WRITE, 87);
const TAKE_EVENT: Call<sys::v4l2_event> = Call::new(READ, 89);
const SUBSCRIBE: Call<sys::v4l2_event_subscription> = Call::new(WRITE, 90);
const QUERY_TIMINGS: Call<sys::v4l2_dv_timings> = Call::new(READ, 99);

/// A kernel structure without anything in it.
fn empty<T: Copy>() -> T {
    // SAFETY: only used for the kernel's plain structures: integers, arrays and unions of them, and pointers that may
    // be null. All bits zero is a value of each.
    unsafe { mem::zeroed() }
}

/// Whether another program streams from the device.
pub fn is_busy(file: &Handle, in_planes: bool) -> bool {
    let mut none: sys::v4l2_requestbuffers = empty();
    (none.type_, none.memory) = (if in_planes { PLANES } else { SINGLE }, MAPPED);
    REQUEST_BUFFERS.on(file, &mut none).is_err_and(|e| e.raw_os_error() == Some(EBUSY))
}

/// Whether the input that is chosen says that nothing comes; `false` also where it cannot tell.
pub fn has_no_signal(file: &Handle) -> bool {
    let Some(number) = chosen_input(file) else { return false };
    let mut input: sys::v4l2_input = empty();
    input.index = number;
    ENUM_INPUT.on(file, &mut input).is_ok() && input.status & NO_SIGNAL != 0
}

/// The number of the input that is chosen; `None` where there are none to choose from.
fn chosen_input(file: &Handle) -> Option<u32> {
    let mut number: c_int = 0;
    GET_INPUT.on(file, &mut number).ok()?;
    u32::try_from(number).ok()
}

/// An open device whose input may be one of digital video.
impl DigitalInput for Handle {
    type Timings = sys::v4l2_dv_timings;

    fn query(&self) -> io::Result<Self::Timings> {
        let mut timings = empty();
        QUERY_TIMINGS.on(self, &mut timings).map(|()| timings)
    }

    fn set(&self, timings: &mut Self::Timings) -> io::Result<()> {
        SET_TIMINGS.on(self, timings)
    }

    fn size(timings: &Self::Timings) -> PixelSize {
        // SAFETY: the union's members are plain integers, so whichever the kernel wrote can be read as either.
        let bt = unsafe { timings.__bindgen_anon_1.bt };
        PixelSize::new(bt.width, bt.height)
    }

    fn has_changed(&self) -> bool {
        source_has_changed(self)
    }
}

/// Asks to be told when the source at the chosen input changes; whether the device can.
pub fn watch_source(file: &Handle) -> bool {
    let mut wish: sys::v4l2_event_subscription = empty();
    // An event's id is the number of its input. Linux: vidioc-dqevent.rst, V4L2_EVENT_SOURCE_CHANGE.
    (wish.type_, wish.id) = (sys::V4L2_EVENT_SOURCE_CHANGE, chosen_input(file).unwrap_or(0));
    SUBSCRIBE.on(file, &mut wish).is_ok()
}

/// Whether the source has changed in size since this was last asked; never waits.
pub fn source_has_changed(file: &Handle) -> bool {
    let mut changed = false;
    for _ in 0..EVENTS_MAX {
        let mut event: sys::v4l2_event = empty();
        if TAKE_EVENT.on(file, &mut event).is_err() {
            break;
        }
        // SAFETY: the union's members are plain integers, so whichever the kernel wrote can be read as any.
        let changes = unsafe { event.u.src_change.changes };
        changed |=
            event.type_ == sys::V4L2_EVENT_SOURCE_CHANGE && changes & sys::V4L2_EVENT_SRC_CH_RESOLUTION != 0;
    }
    changed
}

/// What a device that captures in planes has settled on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaneFormat {
    pub size: PixelSize,
    pub fourcc: FourCc,
    /// Of the first plane.
    pub stride_bytes: u32,
    /// The kernel's number for how lines are interlaced.
    pub field: u32,
}

/// The formats that a device offers in planes.
pub fn plane_formats(file: &Handle) -> Vec<FourCc> {
    let offered = (0..FORMATS_MAX).map_while(|index| {
        let mut format: sys::v4l2_fmtdesc = empty();
        (format.index, format.type_) = (index, PLANES);
        ENUM_FORMATS.on(file, &mut format).ok().map(|()| FourCc(format.pixelformat.to_le_bytes()))
    });
    offered.collect()
}

/// What the device is set to, in planes.
pub fn plane_format(file: &Handle) -> io::Result<PlaneFormat> {
    let mut format: sys::v4l2_format = empty();
    format.type_ = PLANES;
    GET_FORMAT.on(file, &mut format)?;
    Ok(settled(&format))
}

/// Asks for a format in planes, whole lines; what the device makes of it.
pub fn set_plane_format(file: &Handle, size: PixelSize, fourcc: FourCc) -> io::Result<PlaneFormat> {
    let mut format: sys::v4l2_format = empty();
    format.type_ = PLANES;
    let mut asked: sys::v4l2_pix_format_mplane = empty();
    (asked.width, asked.height) = (size.width, size.height);
    (asked.pixelformat, asked.field) = (u32::from_le_bytes(fourcc.0), FIELD_NONE);
    format.fmt.pix_mp = asked;
    SET_FORMAT.on(file, &mut format)?;
    Ok(settled(&format))
}

fn settled(format: &sys::v4l2_format) -> PlaneFormat {
    // SAFETY: the union's members are plain integers, so whichever was written can be read as this one.
    let got = unsafe { format.fmt.pix_mp };
    PlaneFormat {
        size: PixelSize::new(got.width, got.height),
        fourcc: FourCc(got.pixelformat.to_le_bytes()),
        stride_bytes: { got.plane_fmt }[0].bytesperline,
        field: got.field,
    }
}

/// The driver's memory for the first plane of one buffer.
struct Mapping {
    start: *const u8,
    bytes: usize,
}

/// What a wait has given.
pub struct Filled<'a> {
    pub bytes: &'a [u8],
    pub flagged: bool,
}

/// A stream of buffers in planes, stopped and given back when it is dropped.
pub struct Planes {
    file: Arc<Handle>,
    timeout: Duration,
    buffers: Vec<Mapping>,
    /// The buffer that the program has, and its planes.
    held: Option<u32>,
}

impl Planes {
    /// Maps `count` buffers or as many as the driver gives, hands them over, and starts the device.
    pub fn start(file: Arc<Handle>, count: u32, timeout: Duration) -> io::Result<Self> {
        let mut new = Self { file, timeout, buffers: Vec::new(), held: None };
        let mut wish: sys::v4l2_requestbuffers = empty();
        (wish.count, wish.type_, wish.memory) = (count, PLANES, MAPPED);
        REQUEST_BUFFERS.on(&new.file, &mut wish)?;
        for index in 0..wish.count.min(BUFFERS_MAX) {
            new.map(index)?;
            new.queue(index)?;
        }
        START.on(&new.file, &mut (PLANES as c_int))?;
        Ok(new)
    }

    fn map(&mut self, index: u32) -> io::Result<()> {
        let mut planes = [empty(); PLANES_MAX];
        let mut buffer = buffer(index, &mut planes);
        QUERY_BUFFER.on(&self.file, &mut buffer)?;
        let [plane, ..] = planes;
        let bytes = plane.length as usize;
        // SAFETY: with MMAP memory the kernel has filled in `mem_offset`, a plain integer.
        let offset = unsafe { plane.m.mem_offset };
        // SAFETY: a fresh mapping where the kernel likes, of a length and an offset that it has just named for this
        // file; it touches no memory of the program's. `Drop` unmaps it, and nothing refers to it then.
        let start =
            unsafe { v4l2::mmap(ptr::null_mut(), bytes, PROT_READ, MAP_SHARED, self.file.fd(), offset as _) };
        self.buffers.push(Mapping { start: start?.cast(), bytes });
        Ok(())
    }

    fn queue(&self, index: u32) -> io::Result<()> {
        let mut planes = [empty(); PLANES_MAX];
        QUEUE.on(&self.file, &mut buffer(index, &mut planes))
    }

    /// Hands the last buffer back, if there is one, and waits for the next.
    pub fn next(&mut self) -> io::Result<Filled<'_>> {
        if let Some(index) = self.held.take() {
            self.queue(index)?;
        }
        if self.file.poll(POLLIN, self.timeout.as_millis() as i32)? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut planes = [empty(); PLANES_MAX];
        let mut buffer = buffer(0, &mut planes);
        DEQUEUE.on(&self.file, &mut buffer)?;
        let (index, flagged) = (buffer.index, buffer.flags & sys::V4L2_BUF_FLAG_ERROR != 0);
        self.held = Some(index);
        let [plane, ..] = planes;
        let gone = || io::Error::from(io::ErrorKind::InvalidData);
        let mapping = self.buffers.get(index as usize).ok_or_else(gone)?;
        // SAFETY: `start` is a mapping of `bytes` bytes that lives as long as `self`, which the slice borrows; the
        // driver does not write into it before `next` hands it back, which needs `self` whole.
        let whole = unsafe { std::slice::from_raw_parts(mapping.start, mapping.bytes) };
        let used = whole.get(plane.data_offset as usize..(plane.bytesused as usize).min(whole.len()));
        Ok(Filled { bytes: used.unwrap_or_default(), flagged })
    }
}

impl Drop for Planes {
    /// Stops the device, unmaps, and gives the buffers back; what fails is over all the same.
    fn drop(&mut self) {
        let _ = STOP.on(&self.file, &mut (PLANES as c_int));
        for Mapping { start, bytes } in self.buffers.drain(..) {
            // SAFETY: the mapping is this stream's own, was made with this length, and no slice of it is left: each
            // borrows `self`.
            let _ = unsafe { v4l2::munmap(start.cast_mut().cast(), bytes) };
        }
        let mut none: sys::v4l2_requestbuffers = empty();
        (none.type_, none.memory) = (PLANES, MAPPED);
        let _ = REQUEST_BUFFERS.on(&self.file, &mut none);
    }
}

/// A buffer of mapped memory whose planes are told in `planes`, which must outlive the call that it is for.
fn buffer(index: u32, planes: &mut [sys::v4l2_plane; PLANES_MAX]) -> sys::v4l2_buffer {
    let mut buffer: sys::v4l2_buffer = empty();
    (buffer.index, buffer.type_, buffer.memory) = (index, PLANES, MAPPED);
    buffer.length = PLANES_MAX as u32;
    buffer.m.planes = planes.as_mut_ptr();
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_calls_are_the_kernel_s() {
        // Those that the crate v4l has too.
        assert_eq!(ENUM_FORMATS.0, vidioc::VIDIOC_ENUM_FMT);
        assert_eq!(SET_FORMAT.0, vidioc::VIDIOC_S_FMT);
        assert_eq!(REQUEST_BUFFERS.0, vidioc::VIDIOC_REQBUFS);
        assert_eq!(QUEUE.0, vidioc::VIDIOC_QBUF);
        assert_eq!(DEQUEUE.0, vidioc::VIDIOC_DQBUF);
        assert_eq!(START.0, vidioc::VIDIOC_STREAMON);
        assert_eq!(GET_INPUT.0, vidioc::VIDIOC_G_INPUT);
        assert_eq!(ENUM_INPUT.0, vidioc::VIDIOC_ENUMINPUT);
        // Linux: videodev2.h; a timings structure has 132 bytes, an event subscription 32.
        assert_eq!(SET_TIMINGS.0, 0xC084_5657);
        assert_eq!(QUERY_TIMINGS.0, 0x8084_5663);
        assert_eq!(SUBSCRIBE.0, 0x4020_565A);
    }
}
