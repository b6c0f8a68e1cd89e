//! The menu acts on the reading at which it was opened, whatever came since.

use std::time::Duration;

use super::desk::Desk;
use super::page::MENU;
use super::simulated::graded;
use super::tests::{button, key, press, s, seen, start};
use crate::input::{Key, Press};
use crate::person::Identifier;
use crate::render::Action;
use crate::station::{Filed, Naming};

/// A desk with so many buttons and three kept readings: 10, 20 and 30 percent, 11 to 13 in the record.
fn desk(buttons: usize) -> Desk {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.buttons(buttons);
    for (percent, record) in [(10, 11), (20, 12), (30, 13)] {
        let filed = Filed { record: Some(record), person: None };
        desk.reading(&graded(percent), filed, None, Duration::ZERO);
    }
    desk
}

/// The menu, opened at the reading of 20 percent while a newer one is there: with five buttons at an earlier reading,
/// with three at the newest before the next comes.
fn opened(buttons: usize) -> Desk {
    let mut desk = Desk::new(start(), Duration::ZERO);
    if buttons == 3 {
        desk.buttons(3);
        for (percent, record) in [(10, 11), (20, 12)] {
            let filed = Filed { record: Some(record), person: None };
            desk.reading(&graded(percent), filed, None, Duration::ZERO);
        }
        press(&mut desk, button(2), 100);
        desk.reading(&graded(30), Filed { record: Some(13), person: None }, None, s(100));
    } else {
        desk = self::desk(buttons);
        [button(0), button(1)].into_iter().for_each(|p| press(&mut desk, p, 100));
    }
    assert_eq!(seen(&desk, 100), "menu 0");
    desk
}

/// Goes to a line of the menu and opens it, with the buttons.
fn choose(desk: &mut Desk, buttons: usize, action: Action) {
    let line = MENU.iter().position(|a| *a == action).unwrap();
    let [next, open] = if buttons == 3 { [0, 1] } else { [1, 2] };
    (0..line).for_each(|_| press(desk, button(next), 100));
    press(desk, button(open), 100);
}

#[test]
fn what_the_menu_does_it_does_to_the_reading_at_which_it_was_opened() {
    for buttons in [3, 5] {
        for (action, expected) in [
            (Action::Details, "details 20"),
            (Action::Compare, "compared 20 None -"),
            (Action::Palette, "result 20"),
            (Action::Outline, "result 20"),
            (Action::Language, "result 20"),
        ] {
            let mut desk = opened(buttons);
            choose(&mut desk, buttons, action);
            assert_eq!(seen(&desk, 100), expected, "{buttons} buttons, {action:?}");
        }
        let mut desk = opened(buttons);
        press(&mut desk, button(if buttons == 3 { 2 } else { 3 }), 100);
        assert_eq!(seen(&desk, 100), "result 20", "{buttons} buttons, back");
    }
}

#[test]
fn a_patient_named_from_the_menu_is_that_of_the_reading_at_which_it_was_opened() {
    for buttons in [3, 5] {
        let mut desk = opened(buttons);
        choose(&mut desk, buttons, Action::Compare);
        press(&mut desk, button(1), 100);
        assert_eq!(seen(&desk, 100), "identify 2 \"\" 0 -", "{buttons} buttons");
        press(&mut desk, Press::Scanned(Identifier::parse("KB-17204")), 100);
        press(&mut desk, button(if buttons == 3 { 2 } else { 3 }), 100);
        let person = Some(Identifier::parse("KB-17204").unwrap().person().unwrap());
        assert_eq!(desk.take_namings(), [Naming { reading: 12, person }], "{buttons} buttons");
    }
}

#[test]
fn keys_of_a_keyboard_mean_the_same_reading_in_the_menu_and_the_chosen_one_in_a_list() {
    let mut desk = opened(5);
    press(&mut desk, key(Key::Menu), 100);
    press(&mut desk, key(Key::Details), 100);
    assert_eq!(seen(&desk, 100), "details 20");
    [Key::History, Key::Next, Key::Next, Key::Details]
        .into_iter()
        .for_each(|k| press(&mut desk, key(k), 101));
    assert_eq!(seen(&desk, 101), "details 10");
}

#[test]
fn the_menu_at_the_newest_reading_leads_back_to_it_and_a_newer_one_comes_when_the_operator_is_done() {
    let mut desk = desk(3);
    press(&mut desk, button(2), 100);
    choose(&mut desk, 3, Action::Palette);
    assert_eq!(seen(&desk, 100), "result 30");
    desk.reading(&graded(40), Filed::default(), None, s(200));
    assert_eq!(seen(&desk, 200), "result 40", "it was the station's own page again");
    let mut held = opened(3);
    press(&mut held, button(2), 100);
    held.tick(s(100) + super::FRONT_AFTER);
    assert_eq!(seen(&held, 110), "result 30");
}
