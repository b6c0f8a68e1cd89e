//! Readings that can be looked at again: those of this start, and the newest of those before.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::archive::{Line, Past};
use crate::grade::Grade;
use crate::person::{Identifier, Person};
use crate::pipeline::Study;
use crate::preprocess::{Display, Letterbox};
use crate::render::{Earlier, ListEntry, Listed, Order, thumbnail};
use crate::station::Filed;
use crate::units::PixelSize;

/// Readings that are kept: a day's round.
const STUDIES_MAX: usize = 64;
/// Memory for all of them; the smallest boards have 512 MB.
const BYTES_MAX: usize = 64 << 20;
/// Longer side of an earlier reading's radiograph: no screen shows more of it.
const SIDE_MAX: u32 = 1_280;
/// A triage list is of the last day. Nobody knows how old a reading is that was made without a trusted clock before
/// this start: it stays in the list rather than be overlooked.
const TODAY: Duration = Duration::from_secs(24 * 3_600);

/// One reading with all that is needed to show it.
#[derive(Clone)]
pub struct Shelved {
    /// In the order in which they were made: from 1 those of this start, to 0 those before.
    pub number: i64,
    pub study: Study,
    /// How old it was when it came here; `None`: not known.
    age: Option<Duration>,
    /// When it came here, in the desk's time.
    came: Duration,
    pub entry: ListEntry,
    /// Who was examined, where the radiograph's file says so surely.
    pub person: Option<Person>,
    /// Who was examined, as the operator said, where the file does not say it.
    pub named: Option<Person>,
    /// What the operator typed, in this start.
    pub identifier: Option<Identifier>,
}

impl Shelved {
    /// Who was examined, where that is sure.
    pub fn who(&self) -> Option<Person> {
        self.person.or(self.named)
    }

    /// How old it is; `None`: not known.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        self.age.map(|age| age.saturating_add(now.saturating_sub(self.came)))
    }

    /// Its grade without its pictures; `None` where it has none, or nobody knows of whom it is.
    fn line(&self) -> Option<Line> {
        Some(Line { person: self.who()?, reading: self.earlier()? })
    }

    /// `None` of a reading that was not graded.
    fn earlier(&self) -> Option<Earlier> {
        let reading = &self.study.reading;
        let found = reading.outcome.as_ref().ok()?;
        let (share, interval90) = (found.infected.total, found.interval90);
        let warned = !reading.warnings.is_empty();
        Some(Earlier { time: self.entry.time.clone(), share, interval90, warned })
    }

    fn bytes(&self) -> usize {
        let side = self.study.letterbox.side as usize;
        // Per pixel of the square a probability of four bytes and the field's zone, heart and lung.
        self.study.display.pixels.len() + side * side * 8
    }

    /// How urgent: what was refused may be anything, so it stands first among the most severe.
    fn urgency(&self) -> impl Ord + use<> {
        let (rank, refused, share) = match &self.study.reading.outcome {
            Ok(found) => {
                let rank = Grade::ALL.iter().position(|g| *g == found.severity.grade);
                (rank.unwrap_or(0), false, found.infected.total.get().to_bits())
            }
            Err(_) => (Grade::ALL.len() - 1, true, 0),
        };
        // Shares are not negative, so their bits are in their order.
        (Reverse(rank), Reverse(refused), Reverse(share), Reverse(self.number))
    }
}

/// The readings, the oldest first. A clone shares them.
#[derive(Clone, Default)]
pub struct Shelf {
    shelved: VecDeque<Arc<Shelved>>,
    count: i64,
    /// It was full once: what was made before all here went elsewhere since, so nothing is put back any more.
    was_full: bool,
}

impl Shelf {
    /// Adds a new reading, made `now`, at `time` in words.
    ///
    /// The oldest go where there are too many; returns the grades of those of known persons, the oldest first.
    pub fn add(&mut self, study: &Study, filed: Filed, time: Option<String>, now: Duration) -> Vec<Line> {
        if let Some(before) = self.shelved.back_mut() {
            // Where somebody is looking at it, they keep theirs as it was.
            shrink(&mut Arc::make_mut(before).study);
        }
        self.count += 1;
        let entry = entry(self.count, study, filed.record, time);
        let (number, study, age) = (self.count, study.clone(), Some(Duration::ZERO));
        let shelved = Shelved {
            number,
            study,
            age,
            came: now,
            entry,
            person: filed.person,
            named: None,
            identifier: None,
        };
        self.shelved.push_back(Arc::new(shelved));
        self.was_full |= self.is_full();
        let mut gone = Vec::new();
        while self.shelved.len() > 1 && (self.shelved.len() > STUDIES_MAX || self.bytes() > BYTES_MAX) {
            gone.extend(self.shelved.pop_front().and_then(|shelved| shelved.line()));
        }
        gone
    }

    /// Whether a reading that was made before all others here would find room.
    pub fn has_room(&self) -> bool {
        !self.was_full
    }

    fn is_full(&self) -> bool {
        self.shelved.len() >= STUDIES_MAX || self.bytes() >= BYTES_MAX
    }

    /// Adds a reading that was made before all others here.
    pub fn put_back(&mut self, past: Past, now: Duration) {
        let Past { record, person, named, mut study, time, age } = past;
        shrink(&mut study);
        let number = self.shelved.front().map_or(0, |s| (s.number - 1).min(0));
        let entry = entry(number, &study, Some(record), time);
        let identifier = None;
        let shelved = Shelved { number, study, age, came: now, entry, person, named, identifier };
        self.shelved.push_front(Arc::new(shelved));
        self.was_full |= self.is_full();
    }

    /// The grades of `person` from before reading `number`, the oldest first.
    pub fn of(&self, person: Person, number: i64) -> impl Iterator<Item = Earlier> {
        let theirs = self.shelved.iter().filter(move |s| s.who() == Some(person) && s.number < number);
        theirs.filter_map(|s| s.earlier())
    }

    /// Says of whom reading `number` is, as the operator typed it; its number in the record.
    pub fn name(&mut self, number: i64, person: Option<Person>, typed: Identifier) -> Option<u64> {
        let shelved = self.shelved.iter_mut().find(|s| s.number == number)?;
        // Where somebody is looking at it, they keep theirs as it was.
        let shelved = Arc::make_mut(shelved);
        (shelved.named, shelved.identifier) = (person, person.map(|_| typed));
        shelved.entry.record
    }

    pub fn get(&self, number: i64) -> Option<&Shelved> {
        self.all().find(|s| s.number == number)
    }

    /// The reading with this number in the record.
    pub fn kept(&self, record: u64) -> Option<&Shelved> {
        self.all().find(|s| s.entry.record == Some(record))
    }

    /// The newest of this start.
    pub fn latest(&self) -> Option<&Shelved> {
        self.newest().filter(|s| s.number > 0)
    }

    /// The newest of all.
    pub fn newest(&self) -> Option<&Shelved> {
        self.shelved.back().map(|s| &**s)
    }

    /// The one that came before `number`.
    pub fn earlier(&self, number: i64) -> Option<i64> {
        self.shelved.iter().rev().map(|s| s.number).find(|&n| n < number)
    }

    /// The one that came after `number`.
    pub fn later(&self, number: i64) -> Option<i64> {
        self.shelved.iter().map(|s| s.number).find(|&n| n > number)
    }

    /// All of them in this order; by severity those of the last day.
    pub fn by(&self, order: Order, now: Duration) -> Vec<&Shelved> {
        let mut listed: Vec<&Shelved> = self.all().rev().collect();
        if order == Order::Severity {
            listed.retain(|s| s.age(now).is_none_or(|age| age < TODAY));
            listed.sort_by_key(|s| s.urgency());
        }
        listed
    }

    fn bytes(&self) -> usize {
        self.all().map(Shelved::bytes).sum()
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = &Shelved> {
        self.shelved.iter().map(|s| &**s)
    }
}

fn entry(id: i64, study: &Study, record: Option<u64>, time: Option<String>) -> ListEntry {
    ListEntry { id, record, time, outcome: listed(study), thumbnail: Some(thumbnail(study)) }
}

fn listed(study: &Study) -> Listed {
    match &study.reading.outcome {
        Ok(found) => Listed::Graded {
            grade: found.severity.grade,
            share: found.infected.total,
            interval90: found.interval90,
            warned: !study.reading.warnings.is_empty(),
        },
        Err(refusal) => Listed::Refused { code: refusal.code.to_owned() },
    }
}

/// Reduces a radiograph that is larger than any screen by whole steps, each pixel the mean of those that it replaces.
fn shrink(study: &mut Study) {
    let PixelSize { width, height } = study.display.size;
    let step = width.max(height).div_ceil(SIDE_MAX);
    let size = PixelSize::new(width / step.max(1), height / step.max(1));
    if step <= 1 || size.area() == 0 {
        return;
    }
    let pixels = &study.display.pixels;
    let mean = |x: u32, y: u32| {
        let row = |r: u32| ((y * step + r) * width + x * step) as usize;
        let sum: u32 = (0..step)
            .filter_map(|r| pixels.get(row(r)..row(r) + step as usize))
            .flat_map(|run| run.iter().map(|&v| u32::from(v)))
            .sum();
        (sum / (step * step)) as u8
    };
    let reduced =
        (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y))).map(|(x, y)| mean(x, y));
    study.display = Display { size, pixels: reduced.collect() };
    study.letterbox = Letterbox::new(size, study.letterbox.side);
}

#[cfg(test)]
mod tests {
    use super::super::simulated::{graded, refused};
    use super::*;

    fn numbers(shelf: &Shelf, order: Order, now: u64) -> Vec<i64> {
        shelf.by(order, Duration::from_secs(now)).iter().map(|s| s.number).collect()
    }

    #[test]
    fn the_most_severe_come_first_and_refused_ones_before_them() {
        let mut shelf = Shelf::default();
        for study in [graded(10), refused(), graded(90), graded(95), graded(10)] {
            shelf.add(&study, Filed::default(), None, Duration::ZERO);
        }
        assert_eq!(numbers(&shelf, Order::Severity, 0), [2, 4, 3, 5, 1]);
        assert_eq!(numbers(&shelf, Order::Time, 0), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn triage_is_of_today() {
        let mut shelf = Shelf::default();
        shelf.add(&graded(90), Filed::default(), None, Duration::ZERO);
        shelf.add(&graded(10), Filed::default(), None, Duration::from_secs(3_600));
        assert_eq!(numbers(&shelf, Order::Severity, 86_400), [2]);
        assert_eq!(numbers(&shelf, Order::Time, 86_400), [2, 1]);
    }

    fn past(record: u64, age: Option<u64>) -> Past {
        Past {
            record,
            person: None,
            named: None,
            study: graded(90),
            time: None,
            age: age.map(Duration::from_secs),
        }
    }

    #[test]
    fn readings_from_before_come_before_all_others_and_are_never_the_latest() {
        let mut shelf = Shelf::default();
        shelf.put_back(past(12, None), Duration::ZERO);
        shelf.add(&graded(10), Filed { record: Some(13), person: None }, None, Duration::ZERO);
        shelf.put_back(past(11, None), Duration::ZERO);
        assert_eq!(numbers(&shelf, Order::Time, 0), [1, 0, -1]);
        let kept: Vec<_> = shelf.by(Order::Time, Duration::ZERO).iter().map(|s| s.entry.record).collect();
        assert_eq!(kept, [Some(13), Some(12), Some(11)]);
        assert_eq!((shelf.earlier(1), shelf.earlier(-1), shelf.later(0)), (Some(0), None, Some(1)));
        let mut old = Shelf::default();
        old.put_back(past(12, None), Duration::ZERO);
        assert!(old.latest().is_none() && old.newest().is_some());
    }

    #[test]
    fn triage_holds_those_of_the_last_day_and_those_whose_age_nobody_knows() {
        let mut shelf = Shelf::default();
        for (record, age) in [(3, Some(3_600)), (2, None), (1, Some(80_000))] {
            shelf.put_back(past(record, age), Duration::ZERO);
        }
        let kept = |now| -> Vec<_> {
            shelf
                .by(Order::Severity, Duration::from_secs(now))
                .iter()
                .filter_map(|s| s.entry.record)
                .collect()
        };
        assert_eq!((kept(0), kept(10_000)), (vec![3, 2, 1], vec![3, 2]));
    }

    #[test]
    fn a_full_shelf_takes_no_more_from_before() {
        let mut shelf = Shelf::default();
        let mut record = 200;
        while shelf.has_room() {
            shelf.put_back(past(record, None), Duration::ZERO);
            record -= 1;
        }
        assert_eq!(shelf.shelved.len(), STUDIES_MAX);
        assert_eq!(shelf.newest().unwrap().entry.record, Some(200));
    }

    #[test]
    fn the_shelf_is_bounded_and_the_oldest_go() {
        let mut shelf = Shelf::default();
        for _ in 0..100 {
            shelf.add(&refused(), Filed::default(), None, Duration::ZERO);
        }
        assert_eq!(shelf.shelved.len(), STUDIES_MAX);
        assert!(shelf.get(36).is_none() && shelf.get(37).is_some());
        assert_eq!((shelf.earlier(37), shelf.later(37), shelf.later(100)), (None, Some(38), None));
    }

    #[test]
    fn an_earlier_radiograph_is_no_larger_than_screens_and_keeps_its_shape() {
        let mut study = refused();
        let size = PixelSize::new(3_000, 2_000);
        study.display = Display { size, pixels: vec![100; size.area()] };
        study.letterbox = Letterbox::new(size, 256);
        let mut shelf = Shelf::default();
        shelf.add(&study, Filed::default(), None, Duration::ZERO);
        assert_eq!(shelf.latest().unwrap().study.display.size, size, "the latest stays whole");
        let looked_at = shelf.clone();
        shelf.add(&refused(), Filed::default(), None, Duration::ZERO);
        assert_eq!(looked_at.latest().unwrap().study.display.size, size, "who looks at it keeps it");
        let kept = &shelf.get(1).unwrap().study;
        assert_eq!(kept.display.size, PixelSize::new(1_000, 666));
        assert!(kept.display.pixels.iter().all(|&v| v == 100));
        assert_eq!(kept.letterbox.frame, kept.display.size);
    }
}
