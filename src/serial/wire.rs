//! The thread's side of a port: takes lines out of the queue, writes them, and opens the port anew when it fails.
//!
//! Terms: a line is torn when a part of it went out and the rest did not; the next line then begins with a line
//! end, so that the peer loses one line and not two.

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::ear::Ear;
use super::line::Line;
use super::link::LinkCounts;

/// Bytes to a write. After the kernel has said that there is room, one byte never waits, while the rest of a
/// longer write may wait for as long as the peer does not read.
const CHUNK_BYTES: usize = 1;
/// How long a peer may take no byte before the line is given up.
const STALL_MAX: Duration = Duration::from_secs(1);
/// First wait before the port is opened anew; doubles up to [`BACK_OFF_MAX`].
const BACK_OFF_MIN: Duration = Duration::from_millis(250);
/// Longest wait: a cable that is put back works again within it.
const BACK_OFF_MAX: Duration = Duration::from_secs(15);
/// An opening that lasted so long is none of a port that flaps.
const STEADY: Duration = Duration::from_secs(1);
/// Waits are cut into these, so that the end is noticed.
const WAIT_SLICE: Duration = Duration::from_millis(50);
/// How often a wire with nothing to write looks after its port, so that questions are heard in silence too.
const IDLE_LOOK: Duration = Duration::from_millis(100);
/// Ears that may be open: one listens, and those of earlier openings end within a read's timeout, unless the driver
/// hangs.
const EARS_MAX: u64 = 4;

/// A port that was opened: its two directions.
pub struct Opened {
    pub out: Box<dyn Write + Send>,
    /// `None` where nothing can be heard.
    pub input: Option<Box<dyn Read + Send>>,
}

/// Opens what a wire writes to.
pub trait Dial: Send {
    /// One attempt; writes and reads of what it gives come back within a fraction of a second.
    fn open(&self) -> std::io::Result<Opened>;

    /// For the log.
    fn name(&self) -> String;
}

/// What the thread and the link's owner both see.
#[derive(Debug, Default)]
pub struct Shared {
    written: AtomicU64,
    dropped: AtomicU64,
    opened: AtomicU64,
    connected: AtomicBool,
    /// Number of the opening that is in use; one more for each that ended.
    opening: AtomicU64,
    /// Ears that listen.
    ears: AtomicU64,
    hung_up: AtomicBool,
    noise: AtomicU64,
    unheard: AtomicU64,
    deadline: Mutex<Option<Instant>>,
}

impl Shared {
    pub fn counts(&self) -> LinkCounts {
        LinkCounts {
            written: self.written.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            reconnects: self.opened.load(Ordering::Relaxed).saturating_sub(1),
            noise: self.noise.load(Ordering::Relaxed),
            unheard: self.unheard.load(Ordering::Relaxed),
        }
    }

    /// Whether opening number `opening` is still in use.
    pub fn is_opening(&self, opening: u64) -> bool {
        self.opening.load(Ordering::Relaxed) == opening && !self.is_over()
    }

    /// The ear of opening number `opening` has heard the end of it.
    pub fn hang_up(&self, opening: u64) {
        if self.opening.load(Ordering::Relaxed) == opening {
            self.hung_up.store(true, Ordering::Relaxed);
        }
    }

    /// A line came that is none, or is nothing for the station.
    pub fn count_noise(&self) {
        self.noise.fetch_add(1, Ordering::Relaxed);
    }

    /// A question came too soon after others.
    pub fn count_unheard(&self) {
        self.unheard.fetch_add(1, Ordering::Relaxed);
    }

    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// What is not written within `time` is given up.
    pub fn end_within(&self, time: Duration) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + time);
    }

    fn is_over(&self) -> bool {
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.is_some_and(|d| Instant::now() >= d)
    }
}

/// What became of one line on an open port.
enum Sent {
    Whole,
    Stalled,
    Broken(std::io::Error),
}

/// Writes lines to a port that comes and goes.
pub struct Wire<D> {
    dial: D,
    shared: Arc<Shared>,
    /// Where questions go; `None`: nobody listens.
    asks: Option<SyncSender<Line>>,
    port: Option<Box<dyn Write + Send>>,
    torn: bool,
    back_off: Duration,
    /// While there is nothing to write, the port is not opened before this.
    not_before: Instant,
    opened: Instant,
    told: bool,
}

impl<D: Dial> Wire<D> {
    pub fn new(dial: D, shared: Arc<Shared>, asks: Option<SyncSender<Line>>) -> Self {
        let (not_before, opened) = (Instant::now(), Instant::now());
        let back_off = BACK_OFF_MIN;
        Self { dial, shared, asks, port: None, torn: true, back_off, not_before, opened, told: false }
    }

    /// Writes what comes, until the queue's other end is gone and it is empty.
    pub fn run(mut self, lines: &Receiver<String>) {
        loop {
            match lines.recv_timeout(IDLE_LOOK) {
                Ok(line) => {
                    let counter =
                        if self.deliver(&line) { &self.shared.written } else { &self.shared.dropped };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                Err(RecvTimeoutError::Timeout) => self.look_after(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // The ear, if any, ends with the opening.
        self.disconnect();
    }

    /// Nothing is to be written: notice a hang-up, and open the port so that questions are heard.
    fn look_after(&mut self) {
        if self.shared.hung_up.load(Ordering::Relaxed) {
            self.disconnect();
        }
        if self.port.is_none() && Instant::now() >= self.not_before && !self.connect() {
            self.not_before = Instant::now() + self.back_off;
            self.back_off = (2 * self.back_off).min(BACK_OFF_MAX);
        }
    }

    /// Whether the line went out whole. Keeps it for as long as there is no port; meanwhile the queue fills.
    fn deliver(&mut self, line: &str) -> bool {
        while !self.shared.is_over() {
            if self.shared.hung_up.load(Ordering::Relaxed) {
                self.disconnect();
            }
            if self.port.is_none() && !self.connect() {
                self.wait();
                continue;
            }
            match self.send(line) {
                Sent::Whole => {
                    self.back_off = BACK_OFF_MIN;
                    return true;
                }
                Sent::Stalled => return false,
                Sent::Broken(error) => {
                    log::warn!("the serial port {} failed: {error}", self.dial.name());
                    self.disconnect();
                    self.wait();
                }
            }
        }
        false
    }

    fn connect(&mut self) -> bool {
        match self.dial.open() {
            Ok(opened) => {
                self.port = Some(opened.out);
                self.opened = Instant::now();
                if let Some(input) = opened.input {
                    self.listen(input);
                }
                // Whatever the peer has seen before, it begins a new line.
                self.torn = true;
                self.told = false;
                self.shared.opened.fetch_add(1, Ordering::Relaxed);
                self.shared.connected.store(true, Ordering::Relaxed);
                true
            }
            Err(error) => {
                if !self.told {
                    log::warn!(
                        "the serial port {} could not be opened: {error}; it is tried again",
                        self.dial.name()
                    );
                    self.told = true;
                }
                false
            }
        }
    }

    /// Lets an ear of its own hear what comes from this opening.
    fn listen(&self, input: Box<dyn Read + Send>) {
        let Some(asks) = &self.asks else { return };
        if self.shared.ears.fetch_add(1, Ordering::Relaxed) >= EARS_MAX {
            self.shared.ears.fetch_sub(1, Ordering::Relaxed);
            log::warn!("reads of the serial port {} hang: it is not listened to", self.dial.name());
            return;
        }
        let (ear, shared) = (Ear::new(asks.clone(), Arc::clone(&self.shared)), Arc::clone(&self.shared));
        let opening = self.shared.opening.load(Ordering::Relaxed);
        let heard = thread::Builder::new().name("serial-in".into()).spawn(move || {
            ear.listen(input, opening);
            shared.ears.fetch_sub(1, Ordering::Relaxed);
        });
        if let Err(e) = heard {
            self.shared.ears.fetch_sub(1, Ordering::Relaxed);
            log::warn!("the serial port {} is not listened to: {e}", self.dial.name());
        }
    }

    fn disconnect(&mut self) {
        // A port that held for long is no port that comes and goes: it is looked for soon.
        if self.port.is_some() && self.opened.elapsed() > STEADY {
            self.back_off = BACK_OFF_MIN;
        }
        self.port = None;
        self.shared.opening.fetch_add(1, Ordering::Relaxed);
        self.shared.hung_up.store(false, Ordering::Relaxed);
        self.shared.connected.store(false, Ordering::Relaxed);
    }

    /// Lets the back-off go by and doubles it.
    fn wait(&mut self) {
        let until = Instant::now() + self.back_off;
        self.back_off = (2 * self.back_off).min(BACK_OFF_MAX);
        while Instant::now() < until && !self.shared.is_over() {
            thread::sleep(WAIT_SLICE);
        }
    }

    fn send(&mut self, line: &str) -> Sent {
        let Some(port) = &mut self.port else { return Sent::Stalled };
        let text = format!("{}{line}\r\n", if self.torn { "\r\n" } else { "" });
        let (mut rest, mut moved) = (text.as_bytes(), Instant::now());
        while !rest.is_empty() {
            match port.write(&rest[..CHUNK_BYTES.min(rest.len())]) {
                Ok(0) => return Sent::Broken(ErrorKind::WriteZero.into()),
                Ok(bytes) => {
                    rest = &rest[bytes..];
                    moved = Instant::now();
                }
                Err(error) if is_pause(error.kind()) => {}
                Err(error) => return Sent::Broken(error),
            }
            if !rest.is_empty() && (moved.elapsed() > STALL_MAX || self.shared.is_over()) {
                self.torn = self.torn || rest.len() < text.len();
                return Sent::Stalled;
            }
        }
        self.torn = false;
        Sent::Whole
    }
}

/// Errors after which the same byte is written again.
fn is_pause(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    /// What each opening gives: an error, or bytes until a write fails.
    #[derive(Clone)]
    struct Script {
        openings: Arc<Mutex<Vec<Option<usize>>>>,
        received: Arc<Mutex<Vec<u8>>>,
    }

    struct Cable {
        left: usize,
        received: Arc<Mutex<Vec<u8>>>,
    }

    impl Dial for Script {
        fn open(&self) -> std::io::Result<Opened> {
            let mut openings = self.openings.lock().unwrap();
            let left = if openings.is_empty() { None } else { openings.remove(0) };
            let left = left.ok_or(ErrorKind::NotFound)?;
            let out = Box::new(Cable { left, received: Arc::clone(&self.received) });
            Ok(Opened { out, input: None })
        }

        fn name(&self) -> String {
            "script".into()
        }
    }

    impl Write for Cable {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.left == 0 {
                return Err(ErrorKind::BrokenPipe.into());
            }
            self.left -= 1;
            self.received.lock().unwrap().push(bytes[0]);
            Ok(1)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Sends `lines` over ports that open as `openings` say; gives what came and the counts.
    fn check(openings: &[Option<usize>], lines: &[&str], within: Duration) -> (String, LinkCounts) {
        let script = Script { openings: Arc::new(Mutex::new(openings.to_vec())), received: Arc::default() };
        let shared = Arc::new(Shared::default());
        let (queue, out) = sync_channel(lines.len());
        lines.iter().for_each(|l| queue.send((*l).into()).unwrap());
        drop(queue);
        shared.end_within(within);
        Wire::new(script.clone(), Arc::clone(&shared), None).run(&out);
        let received = String::from_utf8(script.received.lock().unwrap().clone()).unwrap();
        (received, shared.counts())
    }

    #[test]
    fn a_line_that_broke_off_is_sent_whole_after_reconnecting() {
        let (received, counts) = check(&[Some(4), None, Some(99)], &["abc", "def"], Duration::from_secs(20));
        assert_eq!(received, "\r\nab\r\nabc\r\ndef\r\n");
        assert_eq!(counts, LinkCounts { written: 2, reconnects: 1, ..LinkCounts::default() });
    }

    #[test]
    fn without_a_port_the_end_comes_in_time_and_all_lines_are_counted() {
        let start = Instant::now();
        let (received, counts) = check(&[None], &["abc", "def"], Duration::from_millis(300));
        assert_eq!((received.as_str(), counts.dropped), ("", 2));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
