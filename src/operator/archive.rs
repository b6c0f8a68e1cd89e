//! Readings from before this start, taken from the record one at a time, the newest first.
//!
//! Opens the record to read, beside the station that writes into it. What cannot be read is passed over: the log says
//! which, and `raymap records verify` why.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{Clock, WallTime};
use crate::person::Person;
use crate::pipeline::Study;
use crate::record::{Entry, EntryKind, Journal, Moment, RecordError, Restored};
use crate::render::Earlier;
use crate::units::Fraction;

/// Entries that are looked at: some years' work of one unit.
const ENTRIES_MAX: usize = 20_000;
/// Lines that are looked at at a time: some milliseconds of work.
const LINES_MAX: usize = 16;

/// Opens the record; called once.
pub type OpenJournal = Box<dyn FnOnce() -> Result<Journal, RecordError> + Send>;

/// A reading that was kept before this start.
pub struct Past {
    /// Its number in the record.
    pub record: u64,
    /// Who was examined: as the radiograph's file says, and as the operator said.
    pub person: Option<Person>,
    pub named: Option<Person>,
    pub study: Study,
    /// When it was made, in words; `None`: the clock was not trusted.
    pub time: Option<String>,
    /// `None` where one of both clocks was not trusted.
    pub age: Option<Duration>,
}

/// An older reading of a known person, without its pictures.
pub struct Line {
    pub person: Person,
    pub reading: Earlier,
}

/// What is still to be taken from the record.
pub struct Archive(State);

enum State {
    Closed { open: OpenJournal, start: u32 },
    Open(Box<Open>),
    Empty,
}

struct Open {
    journal: Journal,
    /// The entries that are left, the newest last.
    entries: Vec<Entry>,
    /// What notes that have been met say of readings that have not: the newest of each.
    named: BTreeMap<u64, Option<Person>>,
}

impl Open {
    /// The newest reading that is left, and of whom it is said to be; looks at a few entries at most.
    fn pop(&mut self) -> Option<(Entry, Option<Person>)> {
        for _ in 0..LINES_MAX {
            let entry = self.entries.pop()?;
            if entry.kind == EntryKind::Reading {
                return Some((entry, self.named.remove(&entry.sequence).flatten()));
            }
            // A note is always newer than the reading that it speaks of.
            if let Some((reading, person)) = self.journal.named(&entry) {
                self.named.entry(reading).or_insert(person);
            }
        }
        None
    }
}

impl Archive {
    /// The readings that were kept before start number `start`; `open` is called when the first is asked for.
    pub fn new(open: OpenJournal, start: u32) -> Self {
        Self(State::Closed { open, start })
    }

    /// Nothing was kept.
    pub fn none() -> Self {
        Self(State::Empty)
    }

    pub fn is_empty(&self) -> bool {
        matches!(self.0, State::Empty)
    }

    /// Looks at one entry. `None` where there was none, or none that can be shown: see [`Archive::is_empty`].
    pub fn next(&mut self, clock: &dyn Clock) -> Option<Past> {
        let (journal, (entry, named)) = self.pop()?;
        let past = past(journal, &entry, named, clock);
        past.map_err(|e| log::warn!("reading {} cannot be shown again: {}", entry.sequence, e.code())).ok()
    }

    /// Looks at some more entries, but at no pictures: the grades of persons that are known.
    pub fn next_lines(&mut self) -> Vec<Line> {
        let look = |_| {
            let (journal, (entry, named)) = self.pop()?;
            line(&Restored::load(journal, &entry).ok()?, named)
        };
        (0..LINES_MAX).filter_map(look).collect()
    }

    fn pop(&mut self) -> Option<(&Journal, (Entry, Option<Person>))> {
        self.0 = match std::mem::replace(&mut self.0, State::Empty) {
            State::Closed { open, start } => opened(open, start),
            State::Open(open) if open.entries.is_empty() => State::Empty,
            state => state,
        };
        match &mut self.0 {
            State::Open(open) => open.pop().map(|popped| (&open.journal, popped)),
            _ => None,
        }
    }
}

fn opened(open: OpenJournal, start: u32) -> State {
    let journal = match open() {
        Ok(journal) => journal,
        Err(error) => {
            log::warn!("earlier readings cannot be shown: {}", error.code());
            return State::Empty;
        }
    };
    // The newest are this start's; behind them no head has to be looked at.
    let is_new = |entry: &&Entry| journal.header(entry).map_or(true, |head| head.moment.start >= start);
    let mut entries: Vec<Entry> =
        journal.entries().iter().rev().skip_while(is_new).take(ENTRIES_MAX).copied().collect();
    entries.reverse();
    State::Open(Box::new(Open { journal, entries, named: BTreeMap::new() }))
}

fn past(
    journal: &Journal,
    entry: &Entry,
    named: Option<Person>,
    clock: &dyn Clock,
) -> Result<Past, RecordError> {
    let restored = Restored::load(journal, entry)?;
    let frame = restored.frame(journal, entry)?;
    let study = restored.study(&frame, journal, entry)?;
    let Moment { wall_time, .. } = restored.moment;
    let age = clock.wall_time().zip(wall_time).map(|(now, then)| age(now, then));
    let person = restored.person();
    Ok(Past { record: restored.id, person, named, study, time: wall_time.map(WallTime::to_minute), age })
}

/// `None` of a reading that was not graded, or of nobody knows whom.
fn line(restored: &Restored, named: Option<Person>) -> Option<Line> {
    let (person, share) = (restored.person().or(named)?, fraction(restored.share()?)?);
    let [low, high] = restored.interval90()?;
    let interval90 = [fraction(low)?, fraction(high)?];
    let time = restored.moment.wall_time.map(WallTime::to_minute);
    let warned = restored.warnings().next().is_some();
    Some(Line { person, reading: Earlier { time, share, interval90, warned } })
}

fn fraction(value: f64) -> Option<Fraction> {
    Fraction::new(value as f32).ok()
}

/// Nothing is younger than new, whatever clocks say.
fn age(now: WallTime, then: WallTime) -> Duration {
    Duration::from_secs(u64::try_from(now.unix_s().saturating_sub(then.unix_s())).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::simulated::{graded, refused};
    use super::*;
    use crate::clock::{BootId, SimulatedClock};
    use crate::frame::Frame;
    use crate::record::{Recorder, Rule, SimulatedStorage};
    use crate::units::PixelSize;

    const FIRST: i64 = 1_795_000_000;

    fn keep(disk: &SimulatedStorage, studies: &[Study], clock: &SimulatedClock) -> u32 {
        let again = disk.clone();
        let rule = Rule::of(1 << 20);
        let mut record = Recorder::new("test".into(), rule, Box::new(move || Ok(Box::new(again.clone()))));
        let frame = Frame::from_grey8(PixelSize::new(64, 64), &[7; 4096]).unwrap();
        for study in studies {
            record.keep(&frame, study, clock).unwrap();
        }
        record.open(clock).unwrap().start()
    }

    fn archive(disk: &SimulatedStorage, start: u32) -> Archive {
        let disk = disk.clone();
        Archive::new(Box::new(move || Journal::open(Box::new(disk))), start)
    }

    #[test]
    fn what_was_kept_before_this_start_comes_newest_first_and_with_its_age() {
        let (disk, clock) = (SimulatedStorage::default(), SimulatedClock::new(BootId::unknown()));
        clock.set_wall_time(WallTime::trusted(FIRST, true));
        keep(&disk, &[refused(), refused()], &clock);
        clock.set_wall_time(None);
        keep(&disk, &[refused()], &clock);
        clock.set_wall_time(WallTime::trusted(FIRST + 3_600, true));
        let start = keep(&disk, &[refused()], &clock);
        let mut archive = archive(&disk, start);
        let mut all = Vec::new();
        while !archive.is_empty() {
            all.extend(
                archive.next(&clock).map(|p| (p.record, p.age.map(|a| a.as_secs()), p.time.is_some())),
            );
        }
        let hour = Some(3_600);
        assert_eq!(all.len(), 3, "not the one of this start");
        assert!(all.windows(2).all(|w| w[0].0 > w[1].0), "{all:?}");
        assert_eq!(
            all.iter().map(|p| (p.1, p.2)).collect::<Vec<_>>(),
            [(None, false), (hour, true), (hour, true)]
        );
    }

    #[test]
    fn of_whom_a_reading_is_comes_with_it_as_it_was_said_last() {
        let (disk, clock) = (SimulatedStorage::default(), SimulatedClock::new(BootId::unknown()));
        keep(&disk, &[refused(), refused(), refused()], &clock);
        let [one, other] = [1, 2].map(|n| Person::from_digest([n; Person::BYTES]));
        let again = disk.clone();
        let open = Box::new(move || Ok(Box::new(again.clone()) as Box<dyn crate::record::Storage>));
        let mut record = Recorder::new("test".into(), Rule::of(1 << 20), open);
        for (reading, person) in [(1, Some(one)), (2, Some(one)), (2, Some(other)), (3, Some(one)), (3, None)]
        {
            record.name(reading, person, &clock).unwrap();
        }
        assert_eq!(record.name(99, Some(one), &clock).map_err(|e| e.code()), Err("record_unknown"));
        drop(record);
        let start = keep(&disk, &[], &clock);
        let mut archive = archive(&disk, start);
        let mut all = Vec::new();
        while !archive.is_empty() {
            all.extend(archive.next(&clock).map(|p| (p.record, p.person, p.named)));
        }
        assert_eq!(all, [(3, None, None), (2, None, Some(other)), (1, None, Some(one))]);
    }

    #[test]
    fn what_cannot_be_shown_is_passed_over() {
        let (disk, clock) = (SimulatedStorage::default(), SimulatedClock::new(BootId::unknown()));
        // A grade without a map cannot be drawn.
        keep(&disk, &[refused(), graded(30)], &clock);
        let mut archive = archive(&disk, 2);
        assert!(archive.next(&clock).is_none() && !archive.is_empty());
        assert!(archive.next(&clock).is_some());
        assert!(archive.next(&clock).is_none() && archive.is_empty());
    }

    #[test]
    fn a_record_that_does_not_open_has_no_past() {
        let clock = SimulatedClock::new(BootId::unknown());
        let mut archive = Archive::new(Box::new(|| Err(RecordError::Form { id: 1 })), 9);
        assert!(archive.next(&clock).is_none() && archive.is_empty());
    }
}
