//! One frame after another from a device that may stall, send damage, or vanish.
//!
//! Decides what a wait's outcome means: take the frame, skip it, say that nothing comes, or open the device
//! anew. Terms: a stream is *stalled* after a wait that ended without a buffer. Every call of
//! [`Capture::frame`] is bounded; what it cannot mend it reports, and the next call goes on from there.
//! This module must not know of V4L2: it sees a device through [`Stream`] and [`Opener`] only.

use std::io;
use std::time::Duration;

use super::device::DeviceName;
use super::error::{Doing, V4lError};
use super::pixels::{self, Layout, PixelError};
use crate::frame::{Frame, Photometric};

/// Damaged frames in a row that one call skips; a cheap grabber sends up to 3 or so after it starts.
pub const DAMAGED_MAX: u32 = 8;
/// Timeouts in a row after which the stream is rebuilt: a device may need it once its input changed.
pub const TIMEOUTS_MAX: u32 = 3;
/// Attempts of one call to open a device that failed; longer outages last over several calls.
pub const REOPENS_MAX: u32 = 3;
/// Failures of a stream that one call mends.
const BREAKS_MAX: u32 = 1;
/// Waits cut short by a signal that one call takes up again.
const INTERRUPTS_MAX: u32 = 16;
/// Pause before the first attempt; it doubles with each that fails.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// Longest pause: what is plugged in again gives its picture within two seconds.
const BACKOFF_MAX: Duration = Duration::from_millis(500);
/// The kernel's number for a device that is gone; std has no kind for it. Linux: errno-base.h.
pub(super) const ENODEV: i32 = 19;
/// Stands for a source whose picture has another size than before. Linux: errno.h.
pub(super) const ESTALE: i32 = 116;
/// What a USB device answers that finds the bus full; std would call it a full disk. Linux: errno-base.h.
pub(super) const ENOSPC: i32 = 28;

/// A device's buffer, as filled.
pub(super) struct Buffer<'a> {
    pub bytes: &'a [u8],
    /// The device says that the content is damaged.
    pub flagged: bool,
}

/// A running stream of buffers, each of whose waits has a bound.
pub(super) trait Stream {
    /// How its buffers are to be read.
    fn layout(&self) -> Layout;

    /// Hands the last buffer back and waits for the next.
    ///
    /// After a wait that ended without a buffer it fails for ever, unless [`Stream::drain`] succeeds first:
    /// there is then no buffer to hand back.
    fn next(&mut self) -> io::Result<Buffer<'_>>;

    /// Waits for a buffer without handing one back; the next [`Stream::next`] hands it back unseen.
    fn drain(&mut self) -> io::Result<()>;
}

/// Opens a stream, as often as it is needed.
pub(super) trait Opener {
    type Stream: Stream;

    /// The name under which the device is reported.
    fn device(&self) -> &DeviceName;

    /// The longest that a wait of the stream takes.
    fn timeout(&self) -> Duration;

    fn open(&mut self) -> Result<Self::Stream, V4lError>;

    /// Lets time pass before another attempt.
    fn pause(&mut self, wait: Duration);
}

/// What a device has given so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    pub frames: u64,
    /// Frames skipped because they were damaged.
    pub damaged: u64,
    /// Waits in which nothing came.
    pub timeouts: u64,
    /// Times that the device was opened again.
    pub reopened: u64,
}

/// Why a wait gave no frame.
enum Loss {
    Damaged(PixelError),
    Timeout,
    /// A signal came in between.
    CutShort(io::Error),
    Broken(io::Error),
    Unusable(V4lError),
}

pub(super) struct Capture<O: Opener> {
    opener: O,
    stream: Option<O::Stream>,
    stalled: bool,
    timeouts_in_row: u32,
    failures_in_row: u32,
    counters: Counters,
}

impl<O: Opener> Capture<O> {
    /// Opens the device; one attempt, so that a wrong board file is told at once.
    ///
    /// A device that is there without a picture is no error yet: the first frame is waited for.
    pub fn open(mut opener: O) -> Result<Self, V4lError> {
        let stream = match opener.open() {
            Err(V4lError::NoPicture { .. }) => None,
            opened => Some(opened?),
        };
        let counters = Counters::default();
        Ok(Self { opener, stream, stalled: false, timeouts_in_row: 0, failures_in_row: 0, counters })
    }

    pub fn device(&self) -> &DeviceName {
        self.opener.device()
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The next whole frame.
    ///
    /// Skips damaged frames, opens a failed device anew, and gives up after [`DAMAGED_MAX`], one timeout, or
    /// [`REOPENS_MAX`]; what it gave up on, the next call tries again.
    pub fn frame(&mut self) -> Result<Frame, V4lError> {
        let (mut damaged, mut breaks, mut cut_short) = (0, 0, 0);
        // Every turn that does not return counts up towards one of the three bounds.
        loop {
            self.reopen()?;
            match self.wait() {
                Ok(frame) => return Ok(self.succeeded(frame)),
                Err(Loss::Timeout) => return Err(self.timed_out()),
                Err(Loss::Unusable(error)) => return Err(error),
                Err(Loss::Damaged(last)) => {
                    self.counters.damaged += 1;
                    damaged += 1;
                    log::debug!("frame skipped: {last}");
                    if damaged == DAMAGED_MAX {
                        return Err(V4lError::Damaged {
                            device: self.device().clone(),
                            count: damaged,
                            last,
                        });
                    }
                }
                Err(Loss::CutShort(source)) => {
                    cut_short += 1;
                    if cut_short > INTERRUPTS_MAX {
                        return Err(self.failure(source));
                    }
                }
                Err(Loss::Broken(source)) => {
                    match source.raw_os_error() {
                        Some(ESTALE) => log::info!("the picture at {} changed its size", self.device()),
                        _ => log::warn!("capture from {} broke: {source}", self.device()),
                    }
                    self.broke();
                    breaks += 1;
                    if breaks > BREAKS_MAX {
                        return Err(self.failure(source));
                    }
                }
            }
        }
    }

    /// Makes sure that there is a stream: tries [`REOPENS_MAX`] times, each after a longer pause.
    fn reopen(&mut self) -> Result<(), V4lError> {
        let mut last = None;
        for _ in 0..REOPENS_MAX {
            if self.stream.is_some() {
                return Ok(());
            }
            self.opener.pause(backoff(self.failures_in_row));
            match self.opener.open() {
                Ok(stream) => {
                    self.stream = Some(stream);
                    self.counters.reopened += 1;
                    log::info!("{} opened again", self.device());
                }
                Err(error) => {
                    log::debug!("{} did not open: {}", self.device(), error.code());
                    self.failures_in_row = self.failures_in_row.saturating_add(1);
                    last = Some(error);
                }
            }
        }
        match (&self.stream, last) {
            (None, Some(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// One buffer's worth of waiting.
    fn wait(&mut self) -> Result<Frame, Loss> {
        let Some(stream) = &mut self.stream else {
            return Err(Loss::Timeout);
        };
        let layout = stream.layout();
        let luma = match next(stream, &mut self.stalled) {
            Ok(buffer) if buffer.flagged => return Err(Loss::Damaged(PixelError::Flagged)),
            Ok(buffer) => pixels::luma(&layout, buffer.bytes).map_err(Loss::Damaged)?,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(Loss::Timeout),
            Err(error) if cut_short(&error) => return Err(Loss::CutShort(error)),
            Err(error) => return Err(Loss::Broken(error)),
        };
        let (size, bits) = (layout.size, layout.format.bits());
        Frame::new(size, luma, bits, Photometric::Monochrome2).map_err(|source| {
            Loss::Unusable(V4lError::Frame { device: self.opener.device().clone(), source })
        })
    }

    fn succeeded(&mut self, frame: Frame) -> Frame {
        self.timeouts_in_row = 0;
        self.failures_in_row = 0;
        self.counters.frames += 1;
        frame
    }

    fn timed_out(&mut self) -> V4lError {
        self.counters.timeouts += 1;
        self.timeouts_in_row += 1;
        if self.timeouts_in_row >= TIMEOUTS_MAX {
            log::warn!("nothing from {} in {TIMEOUTS_MAX} waits: the stream is rebuilt", self.device());
            self.broke();
        }
        V4lError::NoSignal { device: self.device().clone(), waited: self.opener.timeout() }
    }

    /// Lets go of the stream: the device must be closed before it can be opened again.
    fn broke(&mut self) {
        self.stream = None;
        self.stalled = false;
        self.timeouts_in_row = 0;
        self.failures_in_row = self.failures_in_row.saturating_add(1);
    }

    fn failure(&self, source: io::Error) -> V4lError {
        let device = self.device().clone();
        match source.raw_os_error() {
            Some(ENODEV) => V4lError::Unplugged(device),
            Some(ENOSPC) => V4lError::Bandwidth(device),
            _ => V4lError::Device { device, doing: Doing::Capture, source },
        }
    }
}

/// The next buffer; a stalled stream is drained first.
fn next<'a, S: Stream>(stream: &'a mut S, stalled: &mut bool) -> io::Result<Buffer<'a>> {
    if *stalled {
        stream.drain()?;
    }
    let buffer = stream.next();
    *stalled = matches!(&buffer, Err(error) if cut_short(error) || error.kind() == io::ErrorKind::TimedOut);
    buffer
}

/// Whether a signal ended a wait, or a wait ended with nothing to take after all.
fn cut_short(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

/// The pause before an attempt that follows `failures` in a row.
fn backoff(failures: u32) -> Duration {
    let doubled = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    BACKOFF_MIN.saturating_mul(doubled).min(BACKOFF_MAX)
}

#[cfg(test)]
mod tests;
