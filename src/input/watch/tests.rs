//! Devices that come, go, flood and are late.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::*;
use crate::input::keys::{Control, Key, Typed};
use crate::person::{Identifier, IdentifierError};

/// A device that says what is put into it, until it is unplugged.
#[derive(Clone, Default)]
struct Pad {
    says: Rc<RefCell<VecDeque<Signal>>>,
    /// The same, each with how long ago in milliseconds.
    said: Rc<RefCell<VecDeque<(Signal, u64)>>>,
    gone: Rc<Cell<bool>>,
    types: bool,
}

impl Device for Pad {
    fn read(&mut self, signals: &mut Vec<(Signal, Duration)>) -> io::Result<()> {
        let before = self.said.borrow_mut().drain(..).collect::<Vec<_>>();
        signals.extend(before.into_iter().map(|(signal, ms)| (signal, Duration::from_millis(ms))));
        signals.extend(self.says.borrow_mut().drain(..).map(|signal| (signal, Duration::ZERO)));
        if self.gone.get() { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
    }

    fn buttons(&self) -> usize {
        3
    }

    fn is_touch(&self) -> bool {
        false
    }

    fn is_keyboard(&self) -> bool {
        self.types
    }
}

/// Pads that are plugged in, by their names.
#[derive(Clone, Default)]
struct Hub(Rc<RefCell<Vec<(String, Pad)>>>);

impl Bus for Hub {
    type Device = Pad;

    fn scan(&mut self, open: &[String], room: usize) -> Vec<(String, Pad)> {
        let plugged = self.0.borrow();
        plugged.iter().filter(|(name, _)| !open.contains(name)).take(room).cloned().collect()
    }

    fn wait<'a>(&self, _: impl Iterator<Item = &'a Pad>, _: Duration) {}
}

/// One turn at `ms`: what was heard.
fn turn(watch: &mut Watch<Hub>, ms: u64) -> Vec<Heard> {
    let mut heard = Vec::new();
    let mut tell = |h| {
        heard.push(h);
        true
    };
    assert!(watch.turn(&|| Duration::from_millis(ms), &mut tell));
    heard
}

fn plugged(names: &[&str]) -> (Watch<Hub>, Vec<Pad>) {
    let pads: Vec<Pad> = names.iter().map(|_| Pad::default()).collect();
    let hub =
        Hub(Rc::new(RefCell::new(names.iter().map(|n| (*n).to_owned()).zip(pads.iter().cloned()).collect())));
    (Watch::new(hub, Keyboard::Us), pads)
}

const ENTER: [Signal; 2] = [Signal::Down(28), Signal::Up(28)];
const SELECT: Heard = Heard::Press(Press::Control(Control::Key(Key::Select)));
const THREE: Heard = Heard::Devices { buttons: 3, touch: false };
const NONE: Heard = Heard::Devices { buttons: 0, touch: false };

#[test]
fn a_device_that_is_plugged_in_is_heard_and_one_that_goes_is_missed() {
    let (mut watch, pads) = plugged(&["a"]);
    assert_eq!(turn(&mut watch, 0), [THREE]);
    pads[0].says.borrow_mut().extend(ENTER);
    assert_eq!(turn(&mut watch, 10), [SELECT]);
    pads[0].gone.set(true);
    watch.bus.0.borrow_mut().clear();
    assert_eq!(turn(&mut watch, 20), [NONE]);
    let again = Pad::default();
    watch.bus.0.borrow_mut().push(("a".into(), again.clone()));
    assert_eq!(turn(&mut watch, 900), []);
    assert_eq!(turn(&mut watch, 1_000), [THREE]);
}

#[test]
fn a_device_that_floods_is_left_alone_and_the_others_are_heard() {
    let (mut watch, pads) = plugged(&["mad", "good"]);
    turn(&mut watch, 0);
    pads[0].says.borrow_mut().extend([ENTER[0]; SIGNALS_A_SECOND_MAX as usize + 1]);
    pads[1].says.borrow_mut().extend(ENTER);
    assert_eq!(turn(&mut watch, 5), [Heard::Flood, SELECT]);
    assert_eq!(watch.devices.len(), 1);
    turn(&mut watch, 9_000);
    assert_eq!(watch.devices.len(), 1, "it rests");
    turn(&mut watch, 10_100);
    assert_eq!(watch.devices.len(), 2, "it has another chance");
}

#[test]
fn more_presses_than_fingers_can_are_not_told() {
    let (mut watch, pads) = plugged(&["a"]);
    turn(&mut watch, 0);
    let keys = (0..60).flat_map(|k| [Signal::Down(if k % 2 == 0 { 28 } else { 103 })]);
    pads[0].says.borrow_mut().extend(keys);
    assert_eq!(turn(&mut watch, 5).len(), PRESSES_A_SECOND_MAX as usize);
}

/// A watch with one code reader, at 1,000 ms.
fn reader(keyboard: Keyboard) -> (Watch<Hub>, Pad) {
    let reader = Pad { types: true, ..Pad::default() };
    let hub = Hub(Rc::new(RefCell::new(vec![("reader".into(), reader.clone())])));
    let mut watch = Watch::new(hub, keyboard);
    assert_eq!(turn(&mut watch, 1_000), [THREE]);
    (watch, reader)
}

/// KEY_1 to KEY_9, KEY_0 and again, so many.
fn digits(count: usize) -> Vec<u16> {
    (2..12).cycle().take(count).collect()
}

fn keys(codes: &[u16]) -> Vec<Signal> {
    codes.iter().flat_map(|&code| [Signal::Down(code), Signal::Up(code)]).collect()
}

fn one(c: char) -> Heard {
    let at = "1234567890".find(c).unwrap();
    Heard::Press(Press::Typed(Typed::Character(c), (at < 5).then_some(Control::Button(at))))
}

fn scanned(text: &str) -> Heard {
    Heard::Press(Press::Scanned(Identifier::parse(text)))
}

#[test]
fn a_code_is_whole_though_the_watch_was_held_up_while_it_came() {
    let (mut watch, reader) = reader(Keyboard::Us);
    let code = [digits(8), vec![28]].concat();
    reader.says.borrow_mut().extend(keys(&code[..3]));
    assert_eq!(turn(&mut watch, 1_010), []);
    // The rest came 5 ms apart, from 5 ms after that on; the watch looks again after a fifth of a second.
    let rest = code[3..]
        .iter()
        .zip(1..)
        .flat_map(|(&code, n)| [(Signal::Down(code), 200 - 5 * n), (Signal::Up(code), 200 - 5 * n)]);
    reader.said.borrow_mut().extend(rest);
    assert_eq!(turn(&mut watch, 1_210), [scanned("12345678")]);
    // Slow keys stay a person's, though they are heard all at once.
    let slow = digits(5).into_iter().zip(0..).map(|(code, n)| (Signal::Down(code), 1_000 - 150 * n));
    reader.said.borrow_mut().extend(slow);
    reader.said.borrow_mut().push_back((Signal::Down(28), 100));
    let heard = turn(&mut watch, 9_000);
    assert_eq!(heard[..5], ['1', '2', '3', '4', '5'].map(one));
    assert!(!heard.iter().any(|h| matches!(h, Heard::Press(Press::Scanned(_)))), "{heard:?}");
}

#[test]
fn a_clock_that_was_set_holds_no_key_and_splits_no_code() {
    let (mut watch, reader) = reader(Keyboard::Us);
    reader.says.borrow_mut().extend(keys(&digits(3)));
    turn(&mut watch, 5_010);
    let rest = [digits(5), vec![28]].concat().into_iter().map(|code| (Signal::Down(code), 3_600_000));
    reader.said.borrow_mut().extend(rest);
    assert_eq!(turn(&mut watch, 5_020), [scanned("12312345")]);
    reader.said.borrow_mut().push_back((Signal::Down(2), 3_600_000));
    assert_eq!(turn(&mut watch, 60_000), [one('1')]);
}

#[test]
fn what_the_kernel_lost_of_a_code_is_not_left_out_unsaid() {
    let (mut watch, reader) = reader(Keyboard::Us);
    let signals = [keys(&digits(3)), vec![Signal::Lost], keys(&digits(4)), keys(&[28])].concat();
    reader.says.borrow_mut().extend(signals);
    let refused = Heard::Press(Press::Scanned(Err(IdentifierError::Character)));
    assert_eq!(turn(&mut watch, 1_010), [refused]);
}

#[test]
fn of_typed_keys_that_are_too_many_the_gap_is_told_once() {
    let (mut watch, reader) = reader(Keyboard::Us);
    // As long as identifiers may be, without an Enter.
    reader.says.borrow_mut().extend(keys(&digits(24)));
    turn(&mut watch, 1_010);
    let heard = turn(&mut watch, 1_060);
    assert_eq!(heard[..20], "12345678901234567890".chars().map(one).collect::<Vec<_>>());
    assert_eq!(heard[20..], [Heard::Press(Press::LOST)]);
    // A second later keys are told again, and a further gap as well.
    reader.says.borrow_mut().extend(keys(&digits(30)));
    turn(&mut watch, 3_000);
    let heard = turn(&mut watch, 3_060);
    assert_eq!((heard.len(), heard.last()), (21, Some(&Heard::Press(Press::LOST))));
}

#[test]
fn a_code_reader_writes_by_the_board_s_layout() {
    let (mut watch, reader) = reader(Keyboard::Fr);
    // A, then 1 to 3 with shift held, then a dash: KEY_Q, KEY_1 to KEY_3, KEY_6.
    let [shift, no_shift] = [Signal::Down(42), Signal::Up(42)];
    let press = |code| [Signal::Down(code), Signal::Up(code)];
    let digits: Vec<Signal> = [2, 3, 4].into_iter().flat_map(press).collect();
    let signals = [&press(16)[..], &[shift], &digits, &[no_shift], &press(7), &press(28)].concat();
    reader.says.borrow_mut().extend(signals);
    assert_eq!(turn(&mut watch, 1_005), [scanned("A123-")]);
}

#[test]
fn a_code_reader_is_heard_whole_though_it_is_faster_than_fingers() {
    let (mut watch, reader) = reader(Keyboard::Us);
    reader.says.borrow_mut().extend(keys(&[digits(20), vec![28]].concat()));
    assert_eq!(turn(&mut watch, 1_005), [scanned("12345678901234567890")]);
    // A person's press of the same keyboard is told a moment later.
    reader.says.borrow_mut().extend([Signal::Down(2), Signal::Up(2)]);
    assert_eq!(turn(&mut watch, 1_010), []);
    assert_eq!(turn(&mut watch, 1_060), [one('1')]);
}

#[test]
fn a_listener_that_has_gone_ends_the_watch() {
    let (mut watch, _) = plugged(&["a"]);
    assert!(!watch.turn(&|| Duration::ZERO, &mut |_| false));
}

#[test]
fn devices_are_bounded() {
    let names: Vec<String> = (0..40).map(|k| k.to_string()).collect();
    let (mut watch, _) = plugged(&names.iter().map(String::as_str).collect::<Vec<_>>());
    turn(&mut watch, 0);
    assert_eq!(watch.devices.len(), DEVICES_MAX);
}
