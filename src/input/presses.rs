//! From a device's signals to presses: bouncing contacts, long presses, taps.

use std::time::Duration;

use super::keys::{COMMANDS, Control, SHIFTS, Typed, UNKNOWN, With, control, typed};
use super::signal::{Signal, Spot};
use crate::board::Keyboard;
use crate::person::{Identifier, IdentifierError};

/// A press that lasts so long is a held one.
pub const HOLD: Duration = Duration::from_secs(3);
/// A contact that closes again so soon has bounced; nobody presses so fast.
const BOUNCE: Duration = Duration::from_millis(40);
/// A finger that moves farther, as a share of the screen's side, does not tap.
const TAP_MOVES_MAX: f32 = 0.08;

/// What the operator did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Press {
    /// Pressed: told at once, not when it is let go.
    Control(Control),
    /// A keyboard's key that writes something, and may mean something besides.
    Typed(Typed, Option<Control>),
    /// A code reader sent a text in one go.
    Scanned(Result<Identifier, IdentifierError>),
    /// Touched and let go in about one place.
    Tap(Spot),
    /// Anything held for [`HOLD`]; told while it is still held, once.
    Held,
    /// Closed the window that shows the screen.
    Closed,
}

impl Press {
    /// Stands for keys that were pressed and are not told: a character that no identifier has, so that what is typed
    /// round it is never taken for the whole.
    pub const LOST: Self = Self::Typed(Typed::Character(UNKNOWN), None);
}

/// What is down at the moment.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Down {
    Key(u16),
    Finger { first: Spot, strayed: bool },
}

/// One device's presses.
#[derive(Debug, Default)]
pub struct Presses {
    /// What its keys write counts; a keyboard takes care of its bouncing contacts itself, and a code reader sends the
    /// same key twice within a millisecond. `None`: it is no keyboard.
    keyboard: Option<Keyboard>,
    shifted: bool,
    commanded: bool,
    down: Option<(Down, Duration)>,
    held: bool,
    last_down: Option<(u16, Duration)>,
}

impl Presses {
    /// Of a device that is a keyboard, with this layout, or is none.
    pub fn of(keyboard: Option<Keyboard>) -> Self {
        Self { keyboard, ..Self::default() }
    }

    /// What `signal`, at the time `now`, amounts to.
    pub fn take(&mut self, signal: Signal, now: Duration) -> Option<Press> {
        match signal {
            Signal::Down(code) => self.key(code, now),
            Signal::Up(code) => {
                self.shifted &= !SHIFTS.contains(&code);
                self.commanded &= !COMMANDS.contains(&code);
                if matches!(self.down, Some((Down::Key(c), _)) if c == code) {
                    self.down = None;
                }
                None
            }
            Signal::Touch(spot) => {
                self.touch(spot, now);
                None
            }
            Signal::Lift => self.lift(),
            Signal::Closed => Some(Press::Closed),
            Signal::Lost => {
                // What was down may be up by now.
                *self = Self::of(self.keyboard);
                self.keyboard.map(|_| Press::LOST)
            }
        }
    }

    /// What the mere passing of time amounts to: a press that has become a held one.
    pub fn tick(&mut self, now: Duration) -> Option<Press> {
        let (down, since) = self.down?;
        let still = !matches!(down, Down::Finger { strayed: true, .. });
        let held = still && !self.held && now.saturating_sub(since) >= HOLD;
        self.held |= held;
        held.then_some(Press::Held)
    }

    /// Whether [`Self::tick`] is to be asked.
    pub fn is_down(&self) -> bool {
        self.down.is_some()
    }

    fn key(&mut self, code: u16, now: Duration) -> Option<Press> {
        self.shifted |= SHIFTS.contains(&code);
        self.commanded |= COMMANDS.contains(&code);
        let with = match (self.commanded, self.shifted) {
            (true, _) => With::Command,
            (false, true) => With::Shift,
            (false, false) => With::Nothing,
        };
        let written = self.keyboard.and_then(|keyboard| typed(keyboard, code, with));
        let press = match (written, control(code)) {
            (Some(written), control) => Press::Typed(written, control),
            (None, control) => Press::Control(control?),
        };
        let is_soon = self.last_down.is_some_and(|(c, t)| c == code && now.saturating_sub(t) < BOUNCE);
        let bounced = is_soon && self.keyboard.is_none();
        self.last_down = Some((code, now));
        self.down = Some((Down::Key(code), now));
        self.held &= bounced;
        (!bounced).then_some(press)
    }

    fn touch(&mut self, spot: Spot, now: Duration) {
        if let Some((Down::Finger { first, strayed }, _)) = &mut self.down {
            *strayed |= (spot.x - first.x).abs() > TAP_MOVES_MAX || (spot.y - first.y).abs() > TAP_MOVES_MAX;
            return;
        }
        self.down = Some((Down::Finger { first: spot, strayed: false }, now));
        self.held = false;
    }

    fn lift(&mut self) -> Option<Press> {
        match self.down.take() {
            Some((Down::Finger { first, strayed: false }, _)) if !self.held => Some(Press::Tap(first)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Key;
    use super::*;

    const ENTER: u16 = 28;
    const SELECT: Press = Press::Control(Control::Key(Key::Select));

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// The presses that come of `signals`, each at its time in milliseconds; `None` is a tick.
    fn check(signals: &[(u64, Option<Signal>)], expected: &[Press]) {
        let mut presses = Presses::default();
        let heard: Vec<Press> = signals
            .iter()
            .filter_map(|&(at, signal)| match signal {
                Some(signal) => presses.take(signal, ms(at)),
                None => presses.tick(ms(at)),
            })
            .collect();
        assert_eq!(heard, expected);
    }

    fn touch(x: f32) -> Option<Signal> {
        Some(Signal::Touch(Spot { x, y: 0.5 }))
    }

    #[test]
    fn a_key_counts_when_it_goes_down_and_once_though_it_bounces() {
        let (down, up) = (Some(Signal::Down(ENTER)), Some(Signal::Up(ENTER)));
        check(
            &[(0, down), (9, up), (12, down), (30, up), (31, down), (90, up), (400, down)],
            &[SELECT, SELECT],
        );
        check(&[(0, Some(Signal::Down(999))), (5_000, None)], &[]);
    }

    #[test]
    fn a_keyboard_tells_what_it_writes_beside_what_it_means() {
        let mut presses = Presses::of(Some(Keyboard::Us));
        let mut press = |code| presses.take(Signal::Down(code), ms(0));
        let map = Some(Control::Key(Key::Map));
        assert_eq!(press(50), Some(Press::Typed(Typed::Character('m'), map)));
        assert_eq!(press(16), Some(Press::Typed(Typed::Character('q'), None)));
        // A reader sends a double digit faster than any contact bounces.
        let two = Some(Press::Typed(Typed::Character('2'), Some(Control::Button(1))));
        assert_eq!([press(3), press(3)], [two, two]);
        assert_eq!(press(42), None);
        assert_eq!(press(12), Some(Press::Typed(Typed::Character(UNKNOWN), None)));
        assert_eq!(presses.take(Signal::Up(42), ms(1)), None);
        let minus = Some(Press::Typed(Typed::Character('-'), None));
        assert_eq!(presses.take(Signal::Down(12), ms(2)), minus);
        // With Alt held the keypad spells a character's number, which is no digit of an identifier.
        assert_eq!(presses.take(Signal::Down(56), ms(3)), None);
        let unknown = Some(Press::Typed(Typed::Character(UNKNOWN), None));
        assert_eq!(presses.take(Signal::Down(75), ms(3)), unknown);
        assert_eq!(presses.take(Signal::Up(56), ms(4)), None);
        let four = Some(Press::Typed(Typed::Character('4'), None));
        assert_eq!(presses.take(Signal::Down(75), ms(5)), four);
    }

    #[test]
    fn what_is_held_is_told_once_and_what_is_let_go_is_not_held() {
        let (down, up) = (Some(Signal::Down(ENTER)), Some(Signal::Up(ENTER)));
        check(
            &[(0, down), (2_999, None), (3_000, None), (4_000, None), (9_000, None)],
            &[SELECT, Press::Held],
        );
        check(&[(0, down), (2_000, up), (9_000, None)], &[SELECT]);
    }

    #[test]
    fn where_signals_were_lost_nothing_is_held_and_a_keyboard_has_a_gap() {
        let (down, lost) = (Some(Signal::Down(ENTER)), Some(Signal::Lost));
        check(&[(0, down), (10, lost), (9_000, None)], &[SELECT]);
        check(&[(0, touch(0.5)), (10, lost), (20, Some(Signal::Lift)), (9_000, None)], &[]);
        let mut keyboard = Presses::of(Some(Keyboard::Us));
        // Shift came up where nobody heard it.
        assert_eq!(keyboard.take(Signal::Down(42), ms(0)), None);
        assert_eq!(keyboard.take(Signal::Lost, ms(1)), Some(Press::LOST));
        let minus = Some(Press::Typed(Typed::Character('-'), None));
        assert_eq!(keyboard.take(Signal::Down(12), ms(2)), minus);
    }

    #[test]
    fn a_tap_stays_in_its_place() {
        let spot = Spot { x: 0.5, y: 0.5 };
        check(&[(0, touch(0.5)), (50, touch(0.53)), (90, Some(Signal::Lift))], &[Press::Tap(spot)]);
        check(&[(0, touch(0.5)), (50, touch(0.9)), (70, touch(0.5)), (90, Some(Signal::Lift))], &[]);
        check(&[(0, touch(0.5)), (3_100, None), (3_200, Some(Signal::Lift))], &[Press::Held]);
        check(&[(0, Some(Signal::Lift))], &[]);
    }
}
