//! Code readers that pretend to be keyboards: what comes faster than anybody types is one text, not so many presses.

use std::time::Duration;

use super::keys::{Typed, UNKNOWN};
use super::presses::Press;
use crate::person::{IDENTIFIER_MAX, Identifier};

/// Keys within this time of each other are a code reader's: people take twice as long and more.
const GAP: Duration = Duration::from_millis(40);
/// Fewer characters, and what does not end with Enter, are a person's: nobody has an identifier so short.
const SCAN_MIN: usize = 4;
/// Presses that are held back; a text that is longer yet is told to be too long.
const HELD_MAX: usize = 2 * IDENTIFIER_MAX;

/// One keyboard's presses, held back until it is known whose they are.
#[derive(Debug, Default)]
pub struct Typing {
    held: Vec<Press>,
    last: Duration,
    /// A text has just ended.
    ended: bool,
}

impl Typing {
    /// Appends to `to` what `press`, at the time `now`, amounts to, with what was held back before it.
    pub fn take(&mut self, press: Press, now: Duration, to: &mut Vec<Press>) {
        self.tick(now, to);
        let Press::Typed(typed, _) = press else {
            to.append(&mut self.held);
            to.push(press);
            return;
        };
        // A reader that ends with two Enters must not confirm for the operator what it sent.
        let ended_before = self.ended && now.saturating_sub(self.last) < GAP;
        self.last = now;
        self.ended = typed == Typed::End && (ended_before || self.held.len() >= SCAN_MIN);
        if self.ended && !ended_before {
            to.push(Press::Scanned(Identifier::parse(&self.text())));
            self.held.clear();
        } else if !self.ended && self.held.len() < HELD_MAX {
            self.held.push(press);
        }
    }

    /// Appends what was held back, where nothing has followed it.
    pub fn tick(&mut self, now: Duration, to: &mut Vec<Press>) {
        if now.saturating_sub(self.last) >= GAP {
            to.append(&mut self.held);
        }
    }

    /// Whether [`Self::tick`] is to be asked soon.
    pub fn waits(&self) -> bool {
        !self.held.is_empty()
    }

    fn text(&self) -> String {
        let character = |press: &Press| match press {
            Press::Typed(Typed::Character(c), _) => *c,
            _ => UNKNOWN,
        };
        self.held.iter().map(character).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::IdentifierError;

    fn typed(c: char) -> Press {
        Press::Typed(if c == '\n' { Typed::End } else { Typed::Character(c) }, None)
    }

    /// What comes of a text whose keys follow each other by `gap` milliseconds, and of a second in which none does.
    fn heard(text: &str, gap: u64) -> Vec<Press> {
        let (mut typing, mut heard) = (Typing::default(), Vec::new());
        // A start that is not 0, as a program's clock is when somebody types.
        let at = |k: usize| Duration::from_millis(5_000 + k as u64 * gap);
        text.chars().enumerate().for_each(|(k, c)| typing.take(typed(c), at(k), &mut heard));
        typing.tick(at(text.len()) + Duration::from_secs(1), &mut heard);
        assert!(!typing.waits());
        heard
    }

    #[test]
    fn what_a_reader_sends_is_one_text() {
        for gap in [0, 1, 10] {
            assert_eq!(heard("kb-17204\n", gap), [Press::Scanned(Identifier::parse("KB-17204"))]);
        }
        let twice = heard("1111\n2222\n", 1);
        assert_eq!(twice, ["1111", "2222"].map(|t| Press::Scanned(Identifier::parse(t))));
    }

    #[test]
    fn a_reader_that_ends_with_more_than_one_enter_confirms_nothing() {
        for gap in [0, 1, 10] {
            assert_eq!(heard("kb-17204\n\n\n", gap), [Press::Scanned(Identifier::parse("KB-17204"))]);
            let twice = heard("1111\n\n2222\n\n", gap);
            assert_eq!(twice, ["1111", "2222"].map(|t| Press::Scanned(Identifier::parse(t))));
        }
        // The operator's own Enter comes later.
        let (mut typing, mut heard) = (Typing::default(), Vec::new());
        "17204\n".chars().for_each(|c| typing.take(typed(c), Duration::from_secs(5), &mut heard));
        typing.take(typed('\n'), Duration::from_millis(5_040), &mut heard);
        typing.tick(Duration::from_secs(6), &mut heard);
        assert_eq!(heard, [Press::Scanned(Identifier::parse("17204")), typed('\n')]);
    }

    #[test]
    fn what_people_type_stays_single_presses() {
        let one_by_one = "17204\n".chars().map(typed).collect::<Vec<_>>();
        assert_eq!(heard("17204\n", 80), one_by_one);
        // Two keys at once, or a burst without an end, is nobody's code.
        assert_eq!(heard("12\n", 0), [typed('1'), typed('2'), typed('\n')]);
        assert_eq!(heard("17204", 0), one_by_one[..5]);
    }

    #[test]
    fn a_code_that_is_no_identifier_is_told_as_such() {
        let heard_long = heard(&format!("{}\n", "7".repeat(1_000)), 0);
        assert_eq!(heard_long, [Press::Scanned(Err(IdentifierError::Length { characters: HELD_MAX }))]);
        let strange = heard(&format!("17{UNKNOWN}204\n"), 0);
        assert_eq!(strange, [Press::Scanned(Err(IdentifierError::Character))]);
    }

    #[test]
    fn what_is_held_back_keeps_its_place_before_what_follows() {
        let (mut typing, mut heard) = (Typing::default(), Vec::new());
        let now = Duration::from_secs(5);
        typing.take(typed('1'), now, &mut heard);
        assert!(heard.is_empty() && typing.waits());
        typing.take(Press::Held, now, &mut heard);
        assert_eq!(heard, [typed('1'), Press::Held]);
    }
}
