//! The time of day, set by the operator where no time service and no peer on the serial line does.

use super::desk::Desk;
use super::page::Page;
use crate::clock::{EARLIEST_UNIX_S, WallTime};
use crate::input::Typed;
use crate::render::{CLOCK_DIGITS, ClockProblem, SetClock, View};

/// The highest digit at each place of `YYYYMMDDhhmm`; that the whole is a time is looked at in the end.
const HIGHEST: [u8; CLOCK_DIGITS] = [9, 9, 9, 9, 1, 9, 3, 9, 2, 9, 5, 9];

/// The time of day as the desk knows it.
#[derive(Debug, Default)]
pub struct TimeOfDay {
    /// Where it is trusted.
    trusted: Option<WallTime>,
    /// The same to the minute, in words.
    said: Option<String>,
    /// A time service sets the clock.
    is_kept: bool,
    /// What the operator has set the clock to.
    set: Option<WallTime>,
}

impl TimeOfDay {
    /// Takes in what the clock says; whether that reads otherwise than before.
    pub fn hear(&mut self, trusted: Option<WallTime>, is_kept: bool) -> bool {
        let said = trusted.map(WallTime::to_minute);
        let differs = said != self.said;
        (self.trusted, self.said, self.is_kept) = (trusted, said, is_kept);
        differs
    }

    /// To the minute; `None` while it is not to be trusted.
    pub fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }
}

/// A time of day as far as it has been set, in UTC to the minute.
#[derive(Debug, PartialEq)]
pub struct Setting {
    digits: [u8; CLOCK_DIGITS],
    /// The place that is chosen.
    selected: usize,
    /// Nothing has been set: whoever only looked changes no clock.
    is_untouched: bool,
    problem: Option<ClockProblem>,
    /// A digit was not taken: what is typed on would stand at wrong places, so it waits until this is erased.
    is_refused: bool,
}

impl Setting {
    /// Begins with the time that is trusted, or with the earliest that can be set.
    pub fn from(time: Option<WallTime>) -> Self {
        let begins = time.or_else(|| WallTime::trusted(EARLIEST_UNIX_S, true));
        let digits = begins.map_or([0; CLOCK_DIGITS], WallTime::digits);
        Self { digits, selected: 0, is_untouched: true, problem: None, is_refused: false }
    }

    /// The chosen digit one up or down, round and round.
    pub fn turn(&mut self, up: bool) {
        let highest = HIGHEST[self.selected];
        let digit = self.digits[self.selected];
        self.set(if up { (digit + 1) % (highest + 1) } else { (digit + highest) % (highest + 1) });
    }

    /// The digit stays as it is; the next one is chosen.
    pub fn take(&mut self) {
        self.selected = (self.selected + 1) % CLOCK_DIGITS;
    }

    /// A touch chooses a digit, and turns the one that is chosen.
    pub fn touch(&mut self, place: usize) {
        if place == self.selected { self.turn(true) } else { self.selected = place }
    }

    pub fn view(&self) -> View<'_> {
        View::SetClock(SetClock { digits: &self.digits, selected: self.selected, problem: self.problem })
    }

    /// What a keyboard's key does; whether it ends the typing.
    pub fn typed(&mut self, typed: Typed) -> bool {
        match typed {
            Typed::End => return true,
            Typed::Erase if self.is_refused => (self.problem, self.is_refused) = (None, false),
            Typed::Erase => self.selected = self.selected.saturating_sub(1),
            // Between the numbers of a date people type what they like.
            Typed::Character(character) => character.to_digit(10).into_iter().for_each(|d| self.write(d)),
        }
        false
    }

    fn write(&mut self, digit: u32) {
        if self.is_refused {
            return;
        }
        if digit <= u32::from(HIGHEST[self.selected]) {
            self.set(digit as u8);
            self.take();
        } else {
            (self.problem, self.is_refused) = (Some(ClockProblem::NoSuchTime), true);
        }
    }

    fn set(&mut self, digit: u8) {
        self.digits[self.selected] = digit;
        self.is_untouched = false;
        (self.problem, self.is_refused) = (None, false);
    }

    fn time(&self) -> Result<WallTime, ClockProblem> {
        WallTime::from_digits(self.digits).ok_or(ClockProblem::NoSuchTime)
    }
}

impl Desk {
    /// To the page where the time of day is set.
    pub(super) fn set_clock(&mut self) {
        self.page = Page::SetClock(Setting::from(self.time.trusted));
    }

    /// What was set is complete: the clock is to be set to it, unless nothing was changed.
    pub(super) fn clock_done(&mut self) {
        let Page::SetClock(setting) = &mut self.page else { return };
        if setting.is_refused {
            return;
        }
        // Told once that the clock cannot be set, whoever is done with it may go.
        if !setting.is_untouched && setting.problem != Some(ClockProblem::Kept) {
            let time = if self.time.is_kept { Err(ClockProblem::Kept) } else { setting.time() };
            match time {
                Ok(time) => self.time.set = Some(time),
                Err(problem) => return setting.problem = Some(problem),
            }
        }
        self.leave();
    }

    /// The time that the operator has set since this was last asked.
    pub fn take_clock_set(&mut self) -> Option<WallTime> {
        self.time.set.take()
    }
}
