//! Kept readings sent to an archive by C-STORE: the queue is the record itself, and a cursor beside it.
//!
//! A thread of its own looks through the record for what has not been sent, so neither a restart nor a network that
//! is away for weeks loses anything but by the record's own rule; capture and reading never wait for it. One
//! association at a time carries the objects of one reading. What fails is tried again after growing waits, for ever;
//! a reading that may itself be at fault is given up once a later one is taken.
//! An object that is sent twice, since the power went between the archive's answer and the note of it, has the same
//! UID both times. No patient's data is added, and none goes to a log.
//! This module does not know how a reading is made, or what an object says of it.

mod association;
mod cursor;
mod error;
mod pass;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use self::association::Association;
use self::cursor::Cursor;
pub use self::error::SendError;
use self::pass::Pass;
use crate::board::DicomSendConfig;
use crate::clock::Clock;
use crate::record::{Access, DiskStorage, Journal, RecordPlace};
use crate::station::{Dispatch, DispatchState};

/// Waits after failures in a row: the first, doubled each time, up to the last.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(10 * 60)];
/// The record is looked into so often even where nobody says that a reading was kept.
const LOOK: Duration = Duration::from_secs(60);
/// An empty association asks for this: an archive that takes anything takes captures.
const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";

/// What the thread tells of itself.
struct Shared {
    state: Mutex<DispatchState>,
    /// It is to end once nothing is left, or at the first failure.
    ending: AtomicBool,
}

impl Shared {
    fn tell(&self, cursor: &Cursor, waiting: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.waiting, state.sent, state.refused) = (waiting, cursor.sent, cursor.refused);
    }

    /// What stands in the way now; whether it is something else than before.
    fn code(&self, code: Option<&'static str>) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut state.code, code) != code
    }
}

/// The thread that sends.
pub struct Sender {
    shared: Arc<Shared>,
    wake: SyncSender<()>,
    ended: Receiver<()>,
}

impl Sender {
    /// Begins to send what is in the record, and whatever will be.
    pub fn start(
        config: &DicomSendConfig,
        place: RecordPlace,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        Self::start_with(config, place, clock, BACK_OFF)
    }

    /// The same with other waits after failures.
    pub fn start_with(
        config: &DicomSendConfig,
        place: RecordPlace,
        clock: Arc<dyn Clock>,
        back_off: [Duration; 2],
    ) -> std::io::Result<Self> {
        let cursor = Cursor::load(&place.folder, &peer(config));
        let state = DispatchState { waiting: 0, sent: cursor.sent, refused: cursor.refused, code: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), ending: AtomicBool::new(false) });
        // One is enough: whoever wakes up looks at the whole record.
        let (wake, woken) = sync_channel(1);
        let (end, ended) = sync_channel(1);
        let pass =
            Pass { config: config.clone(), place, key: None, clock, cursor, shared: Arc::clone(&shared) };
        let work = move || {
            work(pass, &woken, back_off);
            _ = end.try_send(());
        };
        thread::Builder::new().name("dicom-send".into()).spawn(work)?;
        Ok(Self { shared, wake, ended })
    }

    /// Gives it `time` to send what is left; what is not sent then waits for the next start.
    pub fn finish(self, time: Duration) {
        self.shared.ending.store(true, Ordering::Relaxed);
        self.kept();
        _ = self.ended.recv_timeout(time);
    }
}

impl Dispatch for Sender {
    fn kept(&self) {
        // Where it has been woken already, it will see this one too.
        _ = self.wake.try_send(());
    }

    fn state(&self) -> DispatchState {
        *self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn work(mut pass: Pass, woken: &Receiver<()>, back_off: [Duration; 2]) {
    let mut failures = 0;
    loop {
        let ending = pass.shared.ending.load(Ordering::Relaxed);
        let result = pass.run();
        failures = if result.is_ok() { 0 } else { failures + 1 };
        let code = result.as_ref().err().map(SendError::code);
        if pass.shared.code(code) {
            match &result {
                Ok(()) => log::info!("the archive takes readings again"),
                Err(e) => log::warn!("{}: {e}; readings wait in the record", e.code()),
            }
        }
        let wait = if failures == 0 { LOOK } else { wait_after(failures, back_off) };
        if ending || !is_woken(woken, wait, failures == 0, &pass.shared.ending) {
            return;
        }
    }
}

/// Waits for `time`, or less where a reading may be sent `at_once`; false when nobody is there any more.
fn is_woken(woken: &Receiver<()>, time: Duration, at_once: bool, ending: &AtomicBool) -> bool {
    let until = Instant::now() + time;
    loop {
        match woken.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(()) if at_once || ending.load(Ordering::Relaxed) => return true,
            Ok(()) => {}
        }
    }
}

fn wait_after(failures: u32, [first, last]: [Duration; 2]) -> Duration {
    first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(last)
}

/// Tells one peer from another.
fn peer(config: &DicomSendConfig) -> String {
    format!("{} {}", config.address, config.called)
}

/// How far a record has been sent, as it lies on the disk, beside a station that may send.
pub fn look(config: &DicomSendConfig, place: &RecordPlace) -> Result<DispatchState, SendError> {
    let cursor = Cursor::load(&place.folder, &peer(config));
    let waiting = if place.folder.exists() {
        let journal = Journal::open(Box::new(DiskStorage::open(&place.folder, Access::Read)?))?;
        journal.readings().filter(|e| e.sequence > cursor.through).count() as u64
    } else {
        0
    };
    Ok(DispatchState { waiting, sent: cursor.sent, refused: cursor.refused, code: None })
}

/// Whether the archive answers and takes the station for a caller.
pub fn reach(config: &DicomSendConfig) -> Result<(), SendError> {
    Association::open(config, vec![SECONDARY_CAPTURE]).map(Association::release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound() {
        let waits: Vec<u64> = [1, 2, 3, 7, 8, 1_000].map(|n| wait_after(n, BACK_OFF).as_secs()).into();
        assert_eq!(waits, [5, 10, 20, 320, 600, 600]);
    }
}
