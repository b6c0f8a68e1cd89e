//! How much is kept: the oldest segments go first, and the journal says so before they do.

use super::error::RecordError;
use super::header::EntryKind;
use super::moment::Moment;
use super::note::Note;
use super::segment::{SEGMENT_HEADER_BYTES, name_of};
use super::store::Store;
use crate::clock::Clock;

/// Entries of one record: bounds memory at 40 bytes each, and the time to open it.
pub const ENTRIES_MAX: usize = 250_000;
/// The smallest record: a few readings with small radiographs.
pub const BYTES_MAX_LEAST: u64 = 1024 * 1024;
/// Room kept for the note that says what was dropped, and for a segment's head.
const RESERVE_BYTES: u64 = 1024 + SEGMENT_HEADER_BYTES as u64;
/// A full record is this many segments, so that a sixteenth of it goes at once.
const SEGMENTS: u64 = 16;
/// The largest segment: what is lost together when the oldest goes.
const SEGMENT_BYTES_MOST: u64 = 64 * 1024 * 1024;

/// How large a record may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// All files together.
    pub bytes_max: u64,
    /// After which another segment is begun; a larger entry has one to itself.
    pub segment_bytes_max: u64,
    pub entries_max: usize,
}

impl Rule {
    /// The rule for a record of at most `bytes_max`, which is raised to [`BYTES_MAX_LEAST`].
    pub fn of(bytes_max: u64) -> Self {
        let bytes_max = bytes_max.max(BYTES_MAX_LEAST);
        Self {
            bytes_max,
            segment_bytes_max: (bytes_max / SEGMENTS).min(SEGMENT_BYTES_MOST),
            entries_max: ENTRIES_MAX,
        }
    }
}

/// What the rule has removed so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dropped {
    pub readings: u64,
    /// The last sequence number that was removed.
    pub through: u64,
    /// When the first reading of all was removed.
    pub since: Option<Moment>,
}

impl Store {
    /// Removes the oldest segments until `bytes` more fit; how many readings went.
    ///
    /// The note comes first and is on the disk before anything is removed, so what is missing is always accounted for.
    pub(super) fn make_room(&mut self, bytes: u64, clock: &dyn Clock) -> Result<u64, RecordError> {
        let needed = bytes + RESERVE_BYTES;
        let max = self.rule.bytes_max;
        if needed > max {
            return Err(RecordError::TooLarge { bytes, max });
        }
        let victims = self.victims(max - needed);
        let Some(through) = victims.last().map(|number| self.last_sequence_of(*number)) else { return Ok(0) };
        if self.end_segment().is_some_and(|s| victims.contains(&s)) {
            self.close_segment();
        }
        let gone = self.journal.entries().iter().filter(|e| e.sequence <= through);
        let fresh =
            gone.filter(|e| e.kind == EntryKind::Reading && e.sequence > self.journal.dropped().through);
        let readings = fresh.count() as u64;
        self.say_dropped(readings, through, clock)?;
        self.remove(&victims)?;
        Ok(readings)
    }

    /// The oldest segments that have to go so that the rest is no larger than `bytes` and has not too many entries.
    fn victims(&self, bytes: u64) -> Vec<u64> {
        let (mut used, mut entries) = (self.bytes(), self.journal.entries().len());
        let mut victims = Vec::new();
        for segment in self.journal.segments() {
            if used <= bytes && entries < self.rule.entries_max {
                break;
            }
            used -= segment.bytes;
            let of_it = |e: &&super::journal::Entry| e.segment == segment.number;
            entries -= self.journal.entries().iter().filter(of_it).count();
            victims.push(segment.number);
        }
        victims
    }

    fn say_dropped(&mut self, readings: u64, through: u64, clock: &dyn Clock) -> Result<(), RecordError> {
        let before = self.journal.dropped();
        let since = before.since.clone().unwrap_or_else(|| Moment::now(clock, self.start()));
        let dropped = Dropped {
            readings: before.readings + readings,
            through: through.max(before.through),
            since: Some(since.clone()),
        };
        let note = Note::Dropped {
            readings,
            readings_total: dropped.readings,
            through: dropped.through,
            since: since.written(),
        };
        self.append_note(&note, clock)?;
        self.journal.set_dropped(dropped);
        Ok(())
    }

    /// Removes segments, each for good before the next: so what is left is always one piece.
    fn remove(&mut self, victims: &[u64]) -> Result<(), RecordError> {
        for &segment in victims {
            let failed = |source| RecordError::Drop { segment, source };
            match self.journal.storage_mut().remove(&name_of(segment)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
                _ => {}
            }
            self.journal.forget_segment(segment);
            self.journal.storage_mut().sync_folder().map_err(failed)?;
        }
        Ok(())
    }
}
