//! A capture device to which everything happens that can happen to one, in simulated time.
//!
//! Troubles come one after another; each stream holds a real descriptor, so that one that is not let go is counted.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::capture::{Buffer, Capture, ENODEV, ENOSPC, Opener, Stream};
use super::device::DeviceName;
use super::error::V4lError;
use super::pixels::{Layout, PixelFormat};
use crate::clock::{Clock, SimulatedClock};
use crate::frame::SIDE_MIN_PX;
use crate::source::{FrameSource, Sourced};
use crate::units::PixelSize;

const SIZE: PixelSize = PixelSize::new(SIDE_MIN_PX, SIDE_MIN_PX);
/// From one frame to the next.
pub(crate) const FRAME: Duration = Duration::from_millis(100);
/// What it takes to open the device.
const OPENING: Duration = Duration::from_millis(150);
/// Linux: errno-base.h.
const EIO: i32 = 5;
const EINVAL: i32 = 22;

/// What is wrong for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The cable is out: the stream is dead, and there is no device.
    Unplugged,
    /// No frames come.
    NoSignal,
    /// Frames have the error flag.
    Flagged,
    /// Frames lack their end.
    Short,
    /// The stream fails for ever; another one too, until the trouble is over.
    Broken,
    /// The same, because the bus is full.
    BusFull,
    /// Waits are cut short by signals.
    Interrupted,
}

impl Wrong {
    pub const ALL: [Self; 7] = [
        Self::Unplugged,
        Self::NoSignal,
        Self::Flagged,
        Self::Short,
        Self::Broken,
        Self::BusFull,
        Self::Interrupted,
    ];

    fn ends_streams(self) -> bool {
        matches!(self, Self::Unplugged | Self::Broken | Self::BusFull)
    }
}

/// One fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    pub wrong: Wrong,
    pub from: Duration,
    pub until: Duration,
}

/// The device, whoever looks at it.
#[derive(Clone)]
struct Device {
    clock: Arc<SimulatedClock>,
    /// In order; none begins before the one before it has ended.
    troubles: Rc<Vec<Trouble>>,
    timeout: Duration,
    /// When whole frames were handed over.
    frames: Rc<RefCell<Vec<Duration>>>,
    /// Set when the last trouble is long over.
    end: Arc<AtomicBool>,
    marker: Rc<Marker>,
    most_open: Rc<Cell<usize>>,
}

/// A file of its own, so that descriptors of other tests are not counted.
struct Marker(PathBuf);

impl Drop for Marker {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

impl Device {
    fn trouble(&self) -> Option<Trouble> {
        let now = self.clock.uptime();
        let next = self.troubles.partition_point(|trouble| trouble.until <= now);
        if next == self.troubles.len()
            && self.troubles.last().is_none_or(|last| now > last.until + 40 * FRAME)
        {
            self.end.store(true, Ordering::Relaxed);
        }
        self.troubles.get(next).copied().filter(|trouble| trouble.from <= now)
    }

    /// Whether a trouble that ends streams was there since `opened`, and which.
    fn ended_since(&self, opened: Duration) -> Option<Wrong> {
        let now = self.clock.uptime();
        let since = self.troubles.partition_point(|trouble| trouble.until <= opened);
        let were = self.troubles.iter().skip(since).take_while(|trouble| trouble.from <= now);
        were.map(|trouble| trouble.wrong).find(|wrong| wrong.ends_streams())
    }

    fn open_descriptors(&self) -> usize {
        let links = fs::read_dir("/proc/self/fd").unwrap().flatten();
        links.filter(|entry| fs::read_link(entry.path()).is_ok_and(|to| to == self.marker.0)).count()
    }
}

struct FaultyStream {
    device: Device,
    opened: Duration,
    bytes: Vec<u8>,
    /// A buffer is out, so that one can be handed back; true at first, when all are handed over.
    holds: bool,
    _descriptor: File,
}

impl FaultyStream {
    /// One wait: whether the buffer is flagged.
    fn wait(&mut self) -> io::Result<bool> {
        let clock = &self.device.clock;
        let deadline = clock.uptime() + self.device.timeout;
        clock.advance(FRAME);
        if let Some(wrong) = self.device.ended_since(self.opened) {
            let errno =
                [(Wrong::Unplugged, ENODEV), (Wrong::BusFull, ENOSPC)].iter().find(|(w, _)| *w == wrong);
            return Err(io::Error::from_raw_os_error(errno.map_or(EIO, |(_, errno)| *errno)));
        }
        let (mut cut, mut flagged) = (0, false);
        match self.device.trouble() {
            Some(Trouble { wrong: Wrong::NoSignal, until, .. }) => {
                let back = until + FRAME;
                clock.advance(back.min(deadline).saturating_sub(clock.uptime()));
                if back > deadline {
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
            Some(Trouble { wrong: Wrong::Interrupted, .. }) => return Err(io::ErrorKind::Interrupted.into()),
            Some(Trouble { wrong: Wrong::Flagged, .. }) => flagged = true,
            Some(Trouble { wrong: Wrong::Short, .. }) => cut = 1,
            _ => {}
        }
        self.bytes = vec![90; SIZE.area() - cut];
        self.holds = true;
        Ok(flagged)
    }
}

impl Stream for FaultyStream {
    fn layout(&self) -> Layout {
        Layout { size: SIZE, stride_bytes: SIZE.width, format: PixelFormat::Grey }
    }

    fn next(&mut self) -> io::Result<Buffer<'_>> {
        if !std::mem::take(&mut self.holds) {
            return Err(io::Error::from_raw_os_error(EINVAL));
        }
        let flagged = self.wait()?;
        Ok(Buffer { bytes: &self.bytes, flagged })
    }

    fn drain(&mut self) -> io::Result<()> {
        self.wait().map(|_| ())
    }
}

struct FaultyOpener {
    device: Device,
    name: DeviceName,
}

impl Opener for FaultyOpener {
    type Stream = FaultyStream;

    fn device(&self) -> &DeviceName {
        &self.name
    }

    fn timeout(&self) -> Duration {
        self.device.timeout
    }

    fn open(&mut self) -> Result<FaultyStream, V4lError> {
        let device = &self.device;
        device.clock.advance(OPENING);
        if device.trouble().is_some_and(|trouble| trouble.wrong == Wrong::Unplugged) {
            return Err(V4lError::NoSuchDevice { wanted: self.name.clone(), present: Vec::new() });
        }
        let descriptor = File::open(&device.marker.0).unwrap();
        device.most_open.set(device.most_open.get().max(device.open_descriptors()));
        let (opened, device) = (device.clock.uptime(), device.clone());
        Ok(FaultyStream { device, opened, bytes: Vec::new(), holds: true, _descriptor: descriptor })
    }

    fn pause(&mut self, wait: Duration) {
        self.device.clock.advance(wait);
    }
}

/// The device as a source.
pub(crate) struct FaultySource {
    capture: Capture<FaultyOpener>,
    device: Device,
}

impl FaultySource {
    /// `end` is set when all troubles are over.
    pub fn open(clock: Arc<SimulatedClock>, troubles: Vec<Trouble>, end: Arc<AtomicBool>) -> Self {
        let path = std::env::temp_dir().join(format!("raymap-faulty-{}", std::process::id()));
        fs::write(&path, "").unwrap();
        let device = Device {
            clock,
            troubles: Rc::new(troubles),
            timeout: super::TIMEOUT_DEFAULT,
            frames: Rc::default(),
            end,
            marker: Rc::new(Marker(path)),
            most_open: Rc::default(),
        };
        let name = DeviceName::Card("faulty".into());
        let capture = Capture::open(FaultyOpener { device: device.clone(), name }).unwrap();
        Self { capture, device }
    }

    /// Looks at the device while others use it.
    pub fn witness(&self) -> Witness {
        Witness(self.device.clone())
    }
}

impl FrameSource for FaultySource {
    type Error = V4lError;

    fn next_frame(&mut self) -> Option<Result<Sourced, V4lError>> {
        let frame = self.capture.frame();
        if frame.is_ok() {
            self.device.frames.borrow_mut().push(self.device.clock.uptime());
        }
        Some(frame.map(|frame| Sourced { name: "faulty".into(), frame }))
    }
}

/// What has become of a device.
pub(crate) struct Witness(Device);

impl Witness {
    /// When whole frames were handed over.
    pub fn frames(&self) -> Vec<Duration> {
        self.0.frames.borrow().clone()
    }

    /// Descriptors that were open at a time, at most, and those that are open now.
    pub fn descriptors(&self) -> [usize; 2] {
        [self.0.most_open.get(), self.0.open_descriptors()]
    }
}
