//! The readings of this session, so that an earlier one can be looked at again.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::Duration;

use crate::grade::Grade;
use crate::pipeline::Study;
use crate::preprocess::{Display, Letterbox};
use crate::render::{ListEntry, Listed, Order, thumbnail};
use crate::units::PixelSize;

/// Readings that are kept: a day's round.
const STUDIES_MAX: usize = 64;
/// Memory for all of them; the smallest boards have 512 MB.
const BYTES_MAX: usize = 64 << 20;
/// Longer side of an earlier reading's radiograph: no screen shows more of it.
const SIDE_MAX: u32 = 1_280;
/// A triage list is of the last day.
const TODAY: Duration = Duration::from_secs(24 * 3_600);

/// One reading with all that is needed to show it.
pub struct Shelved {
    /// From 1, in the order in which they came.
    pub number: u64,
    pub study: Study,
    /// When it came, in the desk's time.
    pub at: Duration,
    pub entry: ListEntry,
}

impl Shelved {
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

/// The readings, the oldest first.
#[derive(Default)]
pub struct Shelf {
    shelved: VecDeque<Shelved>,
    count: u64,
}

impl Shelf {
    /// Adds a reading that came `at`, at `time` in words; returns its number. The oldest go where there are too many.
    pub fn add(&mut self, study: &Study, at: Duration, time: Option<String>) -> u64 {
        if let Some(before) = self.shelved.back_mut() {
            shrink(&mut before.study);
        }
        self.count += 1;
        let thumbnail = Some(thumbnail(study));
        let entry = ListEntry { id: self.count, time, outcome: listed(study), thumbnail };
        self.shelved.push_back(Shelved { number: self.count, study: study.clone(), at, entry });
        while self.shelved.len() > 1 && (self.shelved.len() > STUDIES_MAX || self.bytes() > BYTES_MAX) {
            self.shelved.pop_front();
        }
        self.count
    }

    pub fn get(&self, number: u64) -> Option<&Shelved> {
        self.shelved.iter().find(|s| s.number == number)
    }

    pub fn latest(&self) -> Option<&Shelved> {
        self.shelved.back()
    }

    /// The one that came before `number`.
    pub fn earlier(&self, number: u64) -> Option<u64> {
        self.shelved.iter().rev().map(|s| s.number).find(|&n| n < number)
    }

    /// The one that came after `number`.
    pub fn later(&self, number: u64) -> Option<u64> {
        self.shelved.iter().map(|s| s.number).find(|&n| n > number)
    }

    /// All of them in this order; by severity those of the last day.
    pub fn by(&self, order: Order, now: Duration) -> Vec<&Shelved> {
        let mut listed: Vec<&Shelved> = self.shelved.iter().rev().collect();
        if order == Order::Severity {
            listed.retain(|s| now.saturating_sub(s.at) < TODAY);
            listed.sort_by_key(|s| s.urgency());
        }
        listed
    }

    fn bytes(&self) -> usize {
        self.shelved.iter().map(Shelved::bytes).sum()
    }
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

    fn numbers(shelf: &Shelf, order: Order, now: u64) -> Vec<u64> {
        shelf.by(order, Duration::from_secs(now)).iter().map(|s| s.number).collect()
    }

    #[test]
    fn the_most_severe_come_first_and_refused_ones_before_them() {
        let mut shelf = Shelf::default();
        for study in [graded(10), refused(), graded(90), graded(95), graded(10)] {
            shelf.add(&study, Duration::ZERO, None);
        }
        assert_eq!(numbers(&shelf, Order::Severity, 0), [2, 4, 3, 5, 1]);
        assert_eq!(numbers(&shelf, Order::Time, 0), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn triage_is_of_today() {
        let mut shelf = Shelf::default();
        shelf.add(&graded(90), Duration::ZERO, None);
        shelf.add(&graded(10), Duration::from_secs(3_600), None);
        assert_eq!(numbers(&shelf, Order::Severity, 86_400), [2]);
        assert_eq!(numbers(&shelf, Order::Time, 86_400), [2, 1]);
    }

    #[test]
    fn the_shelf_is_bounded_and_the_oldest_go() {
        let mut shelf = Shelf::default();
        for _ in 0..100 {
            shelf.add(&refused(), Duration::ZERO, None);
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
        shelf.add(&study, Duration::ZERO, None);
        assert_eq!(shelf.latest().unwrap().study.display.size, size, "the latest stays whole");
        shelf.add(&refused(), Duration::ZERO, None);
        let kept = &shelf.get(1).unwrap().study;
        assert_eq!(kept.display.size, PixelSize::new(1_000, 666));
        assert!(kept.display.pixels.iter().all(|&v| v == 100));
        assert_eq!(kept.letterbox.frame, kept.display.size);
    }
}
