//! The operator sets the time of day.

use std::time::Duration;

use super::IDLE_MAX;
use super::desk::Desk;
use super::page::{MENU, Touched};
use super::tests::{button, key, press, s, seen, start};
use crate::clock::WallTime;
use crate::input::{Control, Key, Press, Spot, Typed};
use crate::render::Action;

/// A desk with so many buttons whose menu has been opened at the clock.
fn desk(buttons: usize) -> Desk {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.buttons(buttons);
    press(&mut desk, key(Key::Menu), 10);
    let clock = MENU.iter().position(|a| *a == Action::Clock).unwrap();
    (0..clock).for_each(|_| press(&mut desk, key(Key::Next), 10));
    press(&mut desk, key(Key::Select), 10);
    desk
}

fn type_in(desk: &mut Desk, text: &str) {
    text.chars().for_each(|c| press(desk, Press::Typed(Typed::Character(c), None), 10));
}

fn enter(desk: &mut Desk) {
    press(desk, Press::Typed(Typed::End, Some(Control::Key(Key::Select))), 10);
}

fn time(text: &str) -> WallTime {
    WallTime::parse(text).unwrap()
}

#[test]
fn a_time_is_typed_as_people_write_it() {
    let mut desk = desk(0);
    assert_eq!(seen(&desk, 10), "clock 202601010000 at 0 None");
    type_in(&mut desk, "2027-03-04 05:06");
    assert_eq!(seen(&desk, 10), "clock 202703040506 at 0 None");
    assert_eq!(desk.take_clock_set(), None, "not before it is confirmed");
    enter(&mut desk);
    assert_eq!(desk.take_clock_set(), Some(time("2027-03-04T05:06:00Z")));
    assert_eq!((desk.take_clock_set(), seen(&desk, 10)), (None, "boot".into()));
}

#[test]
fn three_buttons_turn_each_digit() {
    let mut desk = desk(3);
    // Up, take, done: to the year's last digit, then to the month's.
    (0..3).for_each(|_| press(&mut desk, button(1), 10));
    press(&mut desk, button(0), 10);
    (0..2).for_each(|_| press(&mut desk, button(1), 10));
    (0..9).for_each(|_| press(&mut desk, button(0), 10));
    assert_eq!(seen(&desk, 10), "clock 202700010000 at 5 None", "from 1 up, over 9 to 0");
    press(&mut desk, button(2), 10);
    assert_eq!(seen(&desk, 10), "clock 202700010000 at 5 Some(NoSuchTime)");
    assert_eq!(desk.take_clock_set(), None);
    press(&mut desk, button(0), 10);
    press(&mut desk, button(2), 10);
    assert_eq!(desk.take_clock_set(), Some(time("2027-01-01T00:00:00Z")));
}

#[test]
fn a_touch_chooses_a_digit_and_a_second_one_turns_it() {
    let mut desk = desk(5);
    let touch =
        |desk: &mut Desk, at| desk.press(Press::Tap(Spot { x: 0.5, y: 0.5 }), Touched::Row(at), s(10));
    touch(&mut desk, 11);
    touch(&mut desk, 11);
    assert_eq!(seen(&desk, 10), "clock 202601010001 at 11 None");
    desk.press(Press::Tap(Spot { x: 0.5, y: 0.9 }), Touched::Key(Action::Next), s(10));
    desk.press(Press::Tap(Spot { x: 0.5, y: 0.9 }), Touched::Key(Action::Next), s(10));
    assert_eq!(seen(&desk, 10), "clock 202601010009 at 11 None", "down, under 0 to 9");
}

#[test]
fn what_is_no_time_is_said_and_sets_nothing() {
    for digits in ["202602300000", "202613010000", "202512312359", "202601012400"] {
        let mut desk = desk(3);
        type_in(&mut desk, digits);
        enter(&mut desk);
        assert!(seen(&desk, 10).ends_with("Some(NoSuchTime)"), "{digits}: {}", seen(&desk, 10));
        assert_eq!(desk.take_clock_set(), None);
    }
    let mut desk = desk(3);
    type_in(&mut desk, "20279");
    assert_eq!(seen(&desk, 10), "clock 202701010000 at 4 Some(NoSuchTime)", "there is no month 9x");
}

#[test]
fn a_digit_that_was_not_taken_is_not_passed_over() {
    let mut desk = desk(3);
    // Without its nought the month would swallow the day, and a time that nobody meant would come of it.
    type_in(&mut desk, "2027-3-1 09:26");
    assert_eq!(seen(&desk, 10), "clock 202701010000 at 4 Some(NoSuchTime)");
    enter(&mut desk);
    assert_eq!(
        (desk.take_clock_set(), seen(&desk, 10)),
        (None, "clock 202701010000 at 4 Some(NoSuchTime)".into())
    );
    let erase = Press::Typed(Typed::Erase, Some(Control::Key(Key::Back)));
    press(&mut desk, erase, 10);
    assert_eq!(seen(&desk, 10), "clock 202701010000 at 4 None");
    press(&mut desk, erase, 10);
    type_in(&mut desk, "8-03-01 09:26");
    enter(&mut desk);
    assert_eq!(desk.take_clock_set(), Some(time("2028-03-01T09:26:00Z")));
}

#[test]
fn whoever_only_looks_or_goes_away_changes_no_clock() {
    let mut desk = desk(3);
    enter(&mut desk);
    assert_eq!((desk.take_clock_set(), seen(&desk, 10)), (None, "boot".into()));
    let mut desk = self::desk(3);
    type_in(&mut desk, "2029");
    desk.tick(s(10) + IDLE_MAX);
    assert_eq!(desk.take_clock_set(), None);
    assert_ne!(seen(&desk, 200), "clock 202901010000 at 4 None");
}

#[test]
fn a_clock_that_a_service_keeps_begins_right_and_is_not_set() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.time(Some(time("2026-03-14T09:26:53Z")), true);
    desk.buttons(3);
    desk.perform(Action::Clock, s(1));
    assert_eq!(seen(&desk, 1), "clock 202603140926 at 0 None");
    type_in(&mut desk, "2027");
    enter(&mut desk);
    assert_eq!(seen(&desk, 10), "clock 202703140926 at 4 Some(Kept)");
    // Told so, done leaves; another digit is told once more.
    press(&mut desk, button(0), 10);
    press(&mut desk, button(2), 10);
    assert_eq!(seen(&desk, 10), "clock 202713140926 at 4 Some(Kept)");
    press(&mut desk, button(2), 10);
    assert_eq!((desk.take_clock_set(), seen(&desk, 10)), (None, "boot".into()));
}

#[test]
fn the_time_of_day_is_drawn_anew_when_its_minute_is_over() {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.time(Some(time("2026-03-14T09:26:00Z")), false);
    desk.drawn(s(0), |_, context| assert_eq!(context.wall_time, Some("2026-03-14 09:26 UTC")));
    desk.time(Some(time("2026-03-14T09:26:00Z")), false);
    assert!(!desk.is_stale());
    desk.time(Some(time("2026-03-14T09:27:00Z")), false);
    assert!(desk.is_stale());
}
