//! The reading side of a port: bytes to lines, lines to questions, within bounds.
//!
//! Whatever a peer sends, it costs a bounded time and a bounded memory: a line that is too long is skipped, one that
//! is none is counted, and of questions more than [`ASKS_A_SECOND`] are dropped and counted.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use super::line::{Kind, LINE_BYTES_MAX, Line};
use super::wire::Shared;

/// Questions that are taken in a second: a peer that acknowledges each of many readings stays below it.
const ASKS_A_SECOND: u32 = 50;
/// Bytes that are taken in one [`SLICE`]: more than 4,000,000 baud carry, so only a pseudo-terminal can send more.
const SLICE_BYTES_MAX: usize = 64 * 1024;
const SLICE: Duration = Duration::from_millis(100);
/// Bytes to a read.
const CHUNK_BYTES: usize = 1024;

/// Cuts bytes into lines.
#[derive(Debug, Default)]
struct Cutter {
    line: Vec<u8>,
    /// The line at hand is too long: skip to its end.
    skipping: bool,
}

impl Cutter {
    /// Takes one byte; the line that ends with it. Nothing for an empty one; an error for one that is too long.
    fn take(&mut self, byte: u8) -> Option<Result<String, ()>> {
        if !matches!(byte, b'\r' | b'\n') {
            if self.line.len() < LINE_BYTES_MAX {
                self.line.push(byte);
            } else {
                self.skipping = true;
            }
            return None;
        }
        let (line, skipped) = (std::mem::take(&mut self.line), std::mem::take(&mut self.skipping));
        match (line.is_empty(), skipped) {
            (_, true) => Some(Err(())),
            (true, false) => None,
            (false, false) => Some(String::from_utf8(line).map_err(|_| ())),
        }
    }
}

/// Listens to one opening of a port.
pub struct Ear {
    asks: SyncSender<Line>,
    shared: Arc<Shared>,
    cutter: Cutter,
    second: Instant,
    asks_this_second: u32,
}

impl Ear {
    /// Questions go into `asks`; while that is full they are dropped and counted.
    pub fn new(asks: SyncSender<Line>, shared: Arc<Shared>) -> Self {
        Self { asks, shared, cutter: Cutter::default(), second: Instant::now(), asks_this_second: 0 }
    }

    /// Listens until the port fails, or `opening` is no longer the port's opening.
    pub fn listen(mut self, mut port: Box<dyn Read + Send>, opening: u64) {
        let (mut bytes, mut slice, mut in_slice) = ([0; CHUNK_BYTES], Instant::now(), 0);
        while self.shared.is_opening(opening) {
            match port.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => {
                    bytes.iter().take(read).for_each(|&byte| self.hear(byte));
                    in_slice += read;
                }
                Err(e)
                    if matches!(
                        e.kind(),
                        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
                    ) => {}
                Err(_) => break,
            }
            if in_slice > SLICE_BYTES_MAX {
                thread::sleep(SLICE.saturating_sub(slice.elapsed()));
            }
            if slice.elapsed() >= SLICE {
                (slice, in_slice) = (Instant::now(), 0);
            }
        }
        self.shared.hang_up(opening);
    }

    fn hear(&mut self, byte: u8) {
        match self.cutter.take(byte) {
            None => {}
            Some(Ok(text)) => match Line::parse(&text) {
                Ok(line) if line.kind() == Kind::Ask => self.ask(line),
                // Also what the station sent itself, where a terminal gives it back.
                _ => self.shared.count_noise(),
            },
            Some(Err(())) => self.shared.count_noise(),
        }
    }

    fn ask(&mut self, line: Line) {
        if self.second.elapsed() >= Duration::from_secs(1) {
            (self.second, self.asks_this_second) = (Instant::now(), 0);
        }
        self.asks_this_second = self.asks_this_second.saturating_add(1);
        if self.asks_this_second > ASKS_A_SECOND || self.asks.try_send(line).is_err() {
            self.shared.count_unheard();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use std::sync::mpsc::sync_channel;

    fn ask(sequence: u32) -> String {
        Line::new(Kind::Ask, sequence, Duration::ZERO).text("do", "status").encode()
    }

    /// Sends `text`; the numbers of the questions that were heard, and the counts of noise and of dropped questions.
    fn check(text: Vec<u8>) -> (Vec<u32>, u64, u64) {
        let shared = Arc::new(Shared::default());
        let (asks, heard) = sync_channel(1_000);
        Ear::new(asks, Arc::clone(&shared)).listen(Box::new(Cursor::new(text)), 0);
        let counts = shared.counts();
        (heard.try_iter().map(|l| l.sequence()).collect(), counts.noise, counts.unheard)
    }

    #[test]
    fn questions_are_heard_between_rubbish() {
        let alive = Line::new(Kind::Alive, 9, Duration::ZERO).encode();
        let long = "x".repeat(10_000);
        let text = format!("\r\n{}\r\nrubbish\n{alive}\r\n{long}\r\n{}\n", ask(1), ask(2));
        assert_eq!(check(text.into_bytes()), (vec![1, 2], 3, 0));
        let mut damaged = ask(3).into_bytes();
        damaged[5] ^= 1;
        damaged.extend(b"\n\xFF\xFE\n");
        assert_eq!(check(damaged), (vec![], 2, 0));
    }

    #[test]
    fn a_flood_of_questions_is_dropped_and_counted() {
        let text: String = (0..500).map(|n| ask(n) + "\n").collect();
        let (heard, noise, unheard) = check(text.into_bytes());
        assert_eq!((heard.len() as u64 + unheard, noise), (500, 0));
        assert!(heard.len() < 200, "{} in less than a moment", heard.len());
    }

    #[test]
    fn a_line_without_end_needs_no_memory() {
        let mut cutter = Cutter::default();
        assert!((0..1_000_000).all(|_| cutter.take(b'x').is_none()));
        assert_eq!((cutter.line.len(), cutter.take(b'\n')), (LINE_BYTES_MAX, Some(Err(()))));
        assert!(cutter.line.is_empty());
    }
}
