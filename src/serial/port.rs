//! A link over a serial port that never makes anybody wait.
//!
//! Lines go into a bounded queue; a thread of its own takes them out (`wire`) and writes them. A write to a peer
//! that does not read can hang in the operating system far past its timeout, so only that thread may hang, and
//! at the end it is waited for no longer than [`FLUSH_MAX`]. What the peer asks comes in by a thread of its own
//! (`ear`) into another bounded queue.
//! This file alone names the crate `serialport`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::thread;
use std::time::Duration;

use super::line::Line;
use super::link::{LinkCounts, SerialError, SerialLink};
use super::wire::{Dial, Opened, Shared, Wire};

/// Lines that may wait: several minutes of radiographs, at most 16 KiB.
pub const QUEUE_LINES_MAX: usize = 64;
/// Questions that may wait: the run loop takes them at least four times a second while it waits.
const ASKS_MAX: usize = 32;
/// How long the end waits for lines that are still queued: two seconds carry a full queue at 115,200 baud.
pub const FLUSH_MAX: Duration = Duration::from_secs(2);
/// What the thread may take longer than [`FLUSH_MAX`] for its last write.
const FLUSH_SLACK: Duration = Duration::from_millis(500);
/// How long one write may wait for room; the end is noticed within it.
const WRITE_WAIT: Duration = Duration::from_millis(100);

/// A serial port and the thread that writes to it.
#[derive(Debug)]
pub struct PortLink {
    /// `None` once the link has ended.
    queue: Option<SyncSender<String>>,
    asks: Receiver<Line>,
    ended: Receiver<()>,
    shared: Arc<Shared>,
    taken: u64,
    refused: u64,
}

impl PortLink {
    /// A link to the port at `path`, 8 data bits, no parity, 1 stop bit, no flow control.
    ///
    /// The port need not be there yet: the link tries again for as long as it lives. Fails only when no thread
    /// can be started.
    pub fn start(path: &Path, baud_rate: u32) -> Result<Self, SerialError> {
        let (queue, lines) = sync_channel(QUEUE_LINES_MAX);
        let (asked, asks) = sync_channel(ASKS_MAX);
        let (end, ended) = channel();
        let shared = Arc::new(Shared::default());
        let wire = Wire::new(Port { path: path.into(), baud_rate }, Arc::clone(&shared), Some(asked));
        thread::Builder::new()
            .name("serial".into())
            .spawn(move || {
                wire.run(&lines);
                // Nobody listens when the link was given up at its end.
                let _ = end.send(());
            })
            .map_err(|source| SerialError::Thread { source })?;
        Ok(Self { queue: Some(queue), asks, ended, shared, taken: 0, refused: 0 })
    }

    /// Whether the port at `path` can be opened now; it is closed again.
    pub fn probe(path: &Path, baud_rate: u32) -> Result<(), SerialError> {
        let port = Port { path: path.into(), baud_rate };
        port.open().map(drop).map_err(|source| SerialError::Port { path: path.into(), source })
    }

    /// Whether the port is open at the moment.
    pub fn is_connected(&self) -> bool {
        self.shared.is_connected()
    }
}

impl SerialLink for PortLink {
    fn write_line(&mut self, line: &Line) -> Result<(), SerialError> {
        let Some(queue) = &self.queue else {
            self.refused += 1;
            return Err(SerialError::Ended);
        };
        match queue.try_send(line.encode()) {
            Ok(()) => {
                self.taken += 1;
                Ok(())
            }
            Err(TrySendError::Full(_)) => {
                self.refused += 1;
                Err(SerialError::QueueFull { queued: QUEUE_LINES_MAX })
            }
            Err(TrySendError::Disconnected(_)) => {
                self.refused += 1;
                Err(SerialError::Ended)
            }
        }
    }

    fn counts(&self) -> LinkCounts {
        let mut counts = self.shared.counts();
        counts.dropped += self.refused;
        counts
    }

    fn next_ask(&mut self) -> Option<Line> {
        self.asks.try_recv().ok()
    }

    fn is_idle(&self) -> bool {
        let counts = self.shared.counts();
        self.shared.is_connected() && counts.written + counts.dropped >= self.taken
    }

    fn finish(&mut self) -> LinkCounts {
        if self.queue.take().is_some() {
            self.shared.end_within(FLUSH_MAX);
            if self.ended.recv_timeout(FLUSH_MAX + FLUSH_SLACK) == Err(RecvTimeoutError::Timeout) {
                log::warn!("the serial port hangs in a write; it was left behind");
            }
        }
        let mut counts = self.shared.counts();
        counts.dropped = self.refused + self.taken.saturating_sub(counts.written);
        counts
    }
}

impl Drop for PortLink {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Opens the port.
#[derive(Debug)]
struct Port {
    path: PathBuf,
    baud_rate: u32,
}

impl Dial for Port {
    fn open(&self) -> io::Result<Opened> {
        // Eight data bits, no parity, one stop bit and no flow control are the crate's defaults.
        let port = serialport::new(self.path.to_string_lossy(), self.baud_rate).timeout(WRITE_WAIT).open();
        let port = port.map_err(io::Error::from)?;
        // A port that cannot be read as well is still good for telling.
        let input = port.try_clone().map(|input| Box::new(input) as Box<dyn io::Read + Send>).ok();
        Ok(Opened { out: Box::new(port), input })
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}
