//! The operator names the patient of a reading.

use std::time::Duration;

use super::archive::Past;
use super::desk::Desk;
use super::page::Touched;
use super::tests::{button, key, press, s, seen, start};
use super::{IDLE_MAX, simulated};
use crate::input::{Control, Key, Press, Typed};
use crate::person::{Identifier, IdentifierError, Person};
use crate::render::CELLS;
use crate::station::{Filed, Naming};
use simulated::graded;

/// A desk with so many buttons and kept readings of these percentages; the record counts from 11.
fn desk(buttons: usize, percents: &[u8]) -> Desk {
    let mut desk = Desk::new(start(), Duration::ZERO);
    desk.buttons(buttons);
    for (&percent, record) in percents.iter().zip(11..) {
        let filed = Filed { record: Some(record), person: None };
        desk.reading(&graded(percent), filed, None, Duration::ZERO);
    }
    desk
}

fn scan(desk: &mut Desk, text: &str, at: u64) {
    press(desk, Press::Scanned(Identifier::parse(text)), at);
}

/// On a keyboard; its Enter at the end.
fn type_in(desk: &mut Desk, text: &str, at: u64) {
    text.chars().for_each(|c| press(desk, Press::Typed(Typed::Character(c), None), at));
    press(desk, Press::Typed(Typed::End, Some(Control::Key(Key::Select))), at);
}

fn person(text: &str) -> Person {
    Identifier::parse(text).unwrap().person().unwrap()
}

#[test]
fn a_scanned_identifier_is_confirmed_kept_and_compared_with_the_same_patient_s_readings() {
    let mut desk = desk(3, &[10, 20]);
    scan(&mut desk, "kb-17204", 100);
    assert_eq!(seen(&desk, 100), "identify 2 \"KB-17204\" 0 -");
    assert_eq!(desk.take_namings(), [], "not before it is confirmed");
    press(&mut desk, button(2), 101);
    assert_eq!(seen(&desk, 101), "compared 20 Some([]) KB-17204");
    assert_eq!(desk.take_namings(), [Naming { reading: 12, person: Some(person("KB-17204")) }]);
    // The one before, then a new one: all of one patient.
    press(&mut desk, button(0), 102);
    press(&mut desk, button(0), 102);
    assert_eq!(seen(&desk, 102), "result 10");
    scan(&mut desk, "KB-17204", 103);
    press(&mut desk, button(2), 103);
    desk.reading(&graded(50), Filed { record: Some(13), person: None }, None, s(200));
    assert_eq!(seen(&desk, 200), "result 50");
    scan(&mut desk, "KB-17204", 201);
    press(&mut desk, button(2), 201);
    assert_eq!(seen(&desk, 201), "compared 50 Some([10, 20]) KB-17204");
    assert_eq!(desk.take_namings().len(), 2);
}

#[test]
fn a_typed_identifier_is_for_the_reading_on_show_though_another_comes() {
    let mut desk = desk(3, &[10]);
    [key(Key::Details), button(1), button(1)].into_iter().for_each(|p| press(&mut desk, p, 100));
    assert_eq!(seen(&desk, 100), "identify 1 \"\" 0 -");
    press(&mut desk, Press::Typed(Typed::Character('m'), Some(Control::Key(Key::Map))), 101);
    desk.reading(&graded(90), Filed { record: Some(12), person: None }, None, s(102));
    assert_eq!(seen(&desk, 102), "identify 1 \"M\" 0 -");
    type_in(&mut desk, "1234", 103);
    assert_eq!(seen(&desk, 103), "compared 10 Some([]) M1234");
    assert_eq!(desk.take_namings(), [Naming { reading: 11, person: Some(person("M1234")) }]);
}

#[test]
fn three_buttons_type_and_a_touch_types_at_once() {
    let mut three = desk(3, &[10]);
    [key(Key::Details), button(1), button(1)].into_iter().for_each(|p| press(&mut three, p, 100));
    // Next, take, and the same character again.
    [0, 0, 1, 1, 0, 1].into_iter().for_each(|n| press(&mut three, button(n), 100));
    assert_eq!(seen(&three, 100), "identify 1 \"223\" 3 -");
    press(&mut three, button(2), 100);
    assert_eq!(seen(&three, 100), "identify 1 \"223\" 3 identifier_length");
    [1, 2].into_iter().for_each(|n| press(&mut three, button(n), 100));
    assert_eq!(seen(&three, 100), "compared 10 Some([]) 2233");

    let mut touched = desk(5, &[10]);
    [key(Key::Details), button(1), button(1)].into_iter().for_each(|p| press(&mut touched, p, 100));
    let tap = Press::Tap(crate::input::Spot { x: 0.5, y: 0.5 });
    for cell in [10, 1, 1, CELLS - 1] {
        touched.press(tap, Touched::Row(cell), s(100));
    }
    assert_eq!(seen(&touched, 100), format!("identify 1 \"A1\" {} -", CELLS - 1));
    press(&mut touched, button(0), 100);
    assert_eq!(seen(&touched, 100), format!("identify 1 \"A1\" {} -", CELLS - 2));
}

#[test]
fn what_names_nobody_is_said_and_nothing_is_kept() {
    let mut desk = desk(5, &[10]);
    for (code, problem) in [("0000", "identifier_nobody"), ("17", "identifier_length")] {
        scan(&mut desk, code, 100);
        press(&mut desk, button(3), 100);
        assert_eq!(seen(&desk, 100), format!("identify 1 {code:?} 0 {problem}"));
    }
    press(&mut desk, Press::Scanned(Err(IdentifierError::Character)), 100);
    assert_eq!(seen(&desk, 100), "identify 1 \"\" 0 identifier_character");
    // Typing on takes the warning away; back leaves all as it was.
    press(&mut desk, Press::Typed(Typed::Character('x'), None), 100);
    assert_eq!(seen(&desk, 100), "identify 1 \"X\" 0 -");
    press(&mut desk, key(Key::Back), 100);
    assert_eq!(seen(&desk, 100), "compared 10 None -");
    assert_eq!(desk.take_namings(), []);
}

#[test]
fn an_identifier_with_a_character_that_was_not_taken_is_not_confirmed_without_it() {
    let mut desk = desk(3, &[10]);
    [key(Key::Details), button(1), button(1)].into_iter().for_each(|p| press(&mut desk, p, 100));
    type_in(&mut desk, "17_204", 100);
    assert_eq!(seen(&desk, 100), "identify 1 \"17\" 0 identifier_character");
    // Erasing takes away what was refused, and nothing else.
    press(&mut desk, Press::Typed(Typed::Erase, None), 101);
    assert_eq!(seen(&desk, 101), "identify 1 \"17\" 0 -");
    type_in(&mut desk, "204", 101);
    assert_eq!(desk.take_namings(), [Naming { reading: 11, person: Some(person("17204")) }]);
    // One character too many: whoever confirms has seen that it is not there.
    press(&mut desk, button(1), 102);
    type_in(&mut desk, &"12345".repeat(5), 102);
    assert_eq!(desk.take_namings(), []);
    press(&mut desk, Press::Typed(Typed::Erase, None), 103);
    type_in(&mut desk, "", 103);
    let shortened = person(&"12345".repeat(5)[..24]);
    assert_eq!(desk.take_namings(), [Naming { reading: 11, person: Some(shortened) }]);
}

#[test]
fn what_was_said_can_be_corrected_and_taken_back() {
    let mut desk = desk(3, &[10, 20]);
    for text in ["AAAA1", "BBBB2"] {
        scan(&mut desk, text, 100);
        press(&mut desk, button(2), 100);
    }
    // The page of the comparison, then erased where nothing stands: the cell before the first erases.
    press(&mut desk, button(1), 100);
    press(&mut desk, key(Key::Previous), 100);
    [1, 2].into_iter().for_each(|n| press(&mut desk, button(n), 100));
    assert_eq!(seen(&desk, 100), "compared 20 None -");
    let told = desk.take_namings().into_iter().map(|n| (n.reading, n.person)).collect::<Vec<_>>();
    assert_eq!(told, [(12, Some(person("AAAA1"))), (12, Some(person("BBBB2"))), (12, None)]);
}

#[test]
fn done_with_nothing_typed_leaves_all_as_it_was() {
    for buttons in [3, 5] {
        let mut desk = desk(buttons, &[10, 20]);
        let done = button(if buttons == 3 { 2 } else { 3 });
        scan(&mut desk, "AAAA1", 100);
        press(&mut desk, done, 100);
        desk.take_namings();
        let stays = |desk: &mut Desk, what: &str| {
            press(desk, done, 100);
            assert_eq!(seen(desk, 100), "compared 20 Some([]) AAAA1", "{buttons} buttons: {what}");
            assert_eq!(desk.take_namings(), [], "{buttons} buttons: {what}");
            press(desk, button(1), 100);
        };
        press(&mut desk, button(1), 100);
        stays(&mut desk, "nothing at all");
        press(&mut desk, Press::Scanned(Err(IdentifierError::Character)), 100);
        stays(&mut desk, "a scan that failed");
        press(&mut desk, Press::Scanned(Err(IdentifierError::Character)), 100);
        press(&mut desk, Press::Typed(Typed::Erase, None), 100);
        stays(&mut desk, "a scan that failed, erased");
        press(&mut desk, Press::Typed(Typed::Character('x'), None), 100);
        press(&mut desk, Press::Typed(Typed::Erase, None), 100);
        stays(&mut desk, "a character that was erased");
        press(&mut desk, Press::Typed(Typed::Erase, None), 100);
        press(&mut desk, Press::Scanned(Err(IdentifierError::Character)), 100);
        stays(&mut desk, "a scan that failed after all was erased");
    }
}

#[test]
fn four_buttons_have_one_that_goes_back() {
    let mut desk = desk(4, &[10]);
    scan(&mut desk, "AAAA1", 100);
    press(&mut desk, button(3), 100);
    assert_eq!(seen(&desk, 100), "compared 10 None -");
    assert_eq!(desk.take_namings(), []);
}

#[test]
fn a_reading_whose_file_names_the_patient_is_not_named_by_hand() {
    let mut desk = desk(3, &[]);
    let from_file = Some(Person::from_digest([7; Person::BYTES]));
    desk.reading(&graded(30), Filed { record: Some(1), person: from_file }, None, s(1));
    scan(&mut desk, "KB-17204", 100);
    assert_eq!(seen(&desk, 100), "compared 30 Some([]) -");
    press(&mut desk, button(1), 100);
    assert_eq!(seen(&desk, 100), "details 30", "no key to name it");
    assert_eq!(desk.take_namings(), []);
}

#[test]
fn without_a_reading_on_show_a_scan_is_nobody_s_and_a_name_left_half_is_forgotten() {
    let mut desk = desk(3, &[]);
    scan(&mut desk, "KB-17204", 10);
    assert_eq!(seen(&desk, 10), "boot");
    desk.reading(&graded(30), Filed { record: Some(1), person: None }, None, s(20));
    scan(&mut desk, "KB-17204", 21);
    desk.tick(s(21) + IDLE_MAX);
    assert_eq!(seen(&desk, 200), "result 30");
    assert_eq!(desk.take_namings(), []);
}

#[test]
fn a_reading_from_before_this_start_is_compared_as_it_was_named() {
    let mut desk = desk(3, &[]);
    let named = Some(person("KB-17204"));
    let past = Past { record: 7, person: None, named, study: graded(40), time: None, age: None };
    desk.past(past, Duration::ZERO);
    desk.reading(&graded(30), Filed { record: Some(8), person: None }, None, s(1));
    scan(&mut desk, "KB-17204", 100);
    press(&mut desk, button(2), 100);
    assert_eq!(seen(&desk, 100), "compared 30 Some([40]) KB-17204");
}
