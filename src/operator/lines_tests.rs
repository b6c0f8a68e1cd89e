//! One patient's earlier readings, however many others came since.

use std::time::Duration;

use super::archive::{Line, Past};
use super::desk::Desk;
use super::page::Page;
use super::simulated::graded;
use super::tests::{key, press, s, start};
use crate::input::Key;
use crate::person::Person;
use crate::reading::Warning;
use crate::render::{Action, Earlier, View};
use crate::station::Filed;
use crate::units::Fraction;

/// The earlier readings beside the newest, in percent, and whether more may come.
fn compared(desk: &mut Desk) -> (Vec<u32>, bool) {
    press(desk, key(Key::Menu), 100);
    desk.perform(Action::Compare, s(100));
    desk.seen(s(100), |view, _| match view {
        View::Compared { earlier, more, .. } => {
            let percent = |e: &Earlier| (e.share.get() * 100.0).round() as u32;
            (earlier.unwrap_or_default().iter().map(percent).collect(), *more)
        }
        other => panic!("{other:?}"),
    })
}

fn person(n: u8) -> Person {
    Person::from_digest([n; Person::BYTES])
}

fn line(n: u8, percent: u8) -> Line {
    let share = Fraction::clamped(f32::from(percent) / 100.0);
    Line { person: person(n), reading: Earlier { time: None, share, interval90: [share; 2], warned: false } }
}

fn read(desk: &mut Desk, n: u8, percent: u8) {
    let filed = Filed { record: None, person: Some(person(n)) };
    desk.reading(&graded(percent), filed, None, Duration::ZERO);
}

#[test]
fn what_had_to_go_from_the_shelf_is_compared_still_and_in_its_place() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    let past =
        Past { record: 7, person: Some(person(1)), named: None, study: graded(20), time: None, age: None };
    desk.past(past, Duration::ZERO);
    read(&mut desk, 1, 30);
    (0..62).for_each(|_| read(&mut desk, 2, 90));
    assert!(!desk.has_room());
    // From before all that is on the shelf, then both of the shelf's go, the older one first.
    desk.line(line(1, 10));
    (0..2).for_each(|_| read(&mut desk, 2, 90));
    read(&mut desk, 1, 40);
    assert_eq!(compared(&mut desk), (vec![10, 20, 30], false));
    assert!(!desk.has_room(), "an older one would stand after what went");
}

#[test]
fn a_warned_reading_is_warned_of_still_when_it_has_gone_from_the_shelf() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    let mut warned = graded(30);
    warned.reading.warnings = vec![Warning { code: "mirrored", text: String::new() }];
    let filed = Filed { record: None, person: Some(person(1)) };
    desk.reading(&warned, filed, None, Duration::ZERO);
    (0..64).for_each(|_| read(&mut desk, 2, 90));
    read(&mut desk, 1, 40);
    compared(&mut desk);
    let Page::Compared(_, Some(earlier)) = &desk.page else { panic!("{:?}", desk.page) };
    assert_eq!(earlier.iter().map(|e| e.warned).collect::<Vec<_>>(), [true]);
}

#[test]
fn while_the_record_is_read_more_may_come_and_what_came_is_shown_when_it_has_been_read() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    read(&mut desk, 1, 40);
    desk.looking_back(true);
    assert_eq!(compared(&mut desk), (vec![], true));
    desk.line(line(1, 10));
    let content = desk.content();
    desk.looking_back(false);
    assert_ne!(desk.content(), content);
    let Page::Compared(_, Some(earlier)) = &desk.page else { panic!("{:?}", desk.page) };
    assert_eq!(earlier.len(), 1);
}
