//! A capture device made of a script, which behaves like the crate v4l where that crate is odd.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::capture::{Buffer, ENODEV, Opener, Stream};
use super::device::DeviceName;
use super::error::{BadSignal, V4lError};
use super::pixels::{Layout, PixelFormat};
use crate::frame::SIDE_MIN_PX;
use crate::units::PixelSize;

/// The fake's frames unless told otherwise: the smallest that pass.
pub const SIZE: PixelSize = PixelSize::new(SIDE_MIN_PX, SIDE_MIN_PX);
/// A queue that is given a buffer which it has already. Linux: errno-base.h.
const EINVAL: i32 = 22;

/// What one wait gives.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// A whole frame of one grey value.
    Grey(u8),
    /// A frame with the ERROR flag.
    Flagged,
    /// A frame that lacks its last byte.
    Short,
    Timeout,
    Interrupted,
    Errno(i32),
}

/// Why one attempt to open fails.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    /// No device is there.
    Gone,
    /// It is there, and nothing comes to its input.
    NoPicture,
}

/// What one attempt to open gives: the stream's script, or none.
pub type Session = Result<Vec<Event>, Refusal>;

pub struct FakeStream {
    size: PixelSize,
    script: VecDeque<Event>,
    bytes: Vec<u8>,
    /// A buffer is out, so that one can be handed back; true at first, when all are handed over.
    holds: bool,
    open: Rc<Cell<bool>>,
}

impl FakeStream {
    /// One wait: true when the buffer is flagged. At the script's end the device is unplugged.
    fn wait(&mut self) -> io::Result<bool> {
        let (grey, cut, flagged) = match self.script.pop_front().unwrap_or(Event::Errno(ENODEV)) {
            Event::Grey(grey) => (grey, 0, false),
            Event::Flagged => (0, 0, true),
            Event::Short => (0, 1, false),
            Event::Timeout => return Err(io::ErrorKind::TimedOut.into()),
            Event::Interrupted => return Err(io::ErrorKind::Interrupted.into()),
            Event::Errno(errno) => return Err(io::Error::from_raw_os_error(errno)),
        };
        self.bytes = vec![grey; self.size.area() - cut];
        self.holds = true;
        Ok(flagged)
    }
}

impl Stream for FakeStream {
    fn layout(&self) -> Layout {
        Layout { size: self.size, stride_bytes: self.size.width, format: PixelFormat::Grey }
    }

    fn next(&mut self) -> io::Result<Buffer<'_>> {
        if !std::mem::take(&mut self.holds) {
            return Err(io::Error::from_raw_os_error(EINVAL));
        }
        let flagged = self.wait()?;
        Ok(Buffer { bytes: &self.bytes, flagged })
    }

    fn drain(&mut self) -> io::Result<()> {
        assert!(!self.holds, "nothing to drain: a buffer is out");
        self.wait().map(|_| ())
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        self.open.set(false);
    }
}

pub struct FakeOpener {
    pub size: PixelSize,
    pub pauses: Vec<Duration>,
    /// Whether a stream was still open when another was asked for.
    pub opened_while_open: bool,
    device: DeviceName,
    sessions: VecDeque<Session>,
    open: Rc<Cell<bool>>,
}

impl FakeOpener {
    /// Gives `sessions` one after another, and nothing after the last.
    pub fn new(sessions: Vec<Session>) -> Self {
        Self {
            size: SIZE,
            pauses: Vec::new(),
            opened_while_open: false,
            device: DeviceName::Card("fake".into()),
            sessions: sessions.into(),
            open: Rc::default(),
        }
    }
}

impl Opener for FakeOpener {
    type Stream = FakeStream;

    fn device(&self) -> &DeviceName {
        &self.device
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn open(&mut self) -> Result<FakeStream, V4lError> {
        self.opened_while_open |= self.open.get();
        let device = self.device.clone();
        let script =
            self.sessions.pop_front().unwrap_or(Err(Refusal::Gone)).map_err(|refusal| match refusal {
                Refusal::Gone => V4lError::NoSuchDevice { wanted: device, present: Vec::new() },
                Refusal::NoPicture => V4lError::NoPicture { device, signal: BadSignal::Absent },
            })?;
        self.open.set(true);
        let open = Rc::clone(&self.open);
        Ok(FakeStream { size: self.size, script: script.into(), bytes: Vec::new(), holds: true, open })
    }

    fn pause(&mut self, wait: Duration) {
        self.pauses.push(wait);
    }
}
