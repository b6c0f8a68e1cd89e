//! The patient's identifier, typed or scanned for one reading that is on show, and for no other.

use super::desk::Desk;
use super::page::Page;
use crate::input::Typed;
use crate::person::{Identifier, IdentifierError};
use crate::render::{CELLS, Cell, Identify, ListEntry, View};
use crate::station::Naming;

/// Readings that were named and of which the station has not heard yet: it looks four times a second.
const NAMINGS_MAX: usize = 16;

/// An identifier as far as it has been typed.
#[derive(Debug, PartialEq)]
pub struct Identifying {
    /// The reading that it is for.
    pub number: i64,
    pub identifier: Identifier,
    /// The cell that is chosen.
    pub selected: usize,
    /// Why what was typed or scanned names nobody.
    pub problem: Option<IdentifierError>,
    /// A character was not taken: what is typed on would close the gap unseen, so it waits until this is erased.
    pub is_refused: bool,
    /// Something was erased where nothing stood: whatever was said before is taken back.
    pub is_taken_back: bool,
}

impl Identifying {
    pub fn of(number: i64) -> Self {
        Self {
            number,
            identifier: Identifier::default(),
            selected: 0,
            problem: None,
            is_refused: false,
            is_taken_back: false,
        }
    }

    /// One cell back or on, round and round.
    pub fn step(&mut self, forward: bool) {
        self.selected = (self.selected + if forward { 1 } else { CELLS - 1 }) % CELLS;
    }

    pub fn take(&mut self) {
        match Cell::at(self.selected) {
            Some(Cell::Character(character)) => self.write(character),
            Some(Cell::Erase) | None => self.erase(),
        }
    }

    pub fn erase(&mut self) {
        let had_problem = self.problem.take().is_some();
        if !std::mem::take(&mut self.is_refused) {
            self.is_taken_back = self.identifier.is_empty() && !had_problem;
            self.identifier.pop();
        }
    }

    /// As it is shown; `entry` is the reading's.
    pub fn view<'a>(&'a self, entry: &'a ListEntry) -> View<'a> {
        let (text, selected) = (self.identifier.as_str(), self.selected);
        View::Identify(Identify { entry, text, selected, problem: self.problem.map(IdentifierError::code) })
    }

    /// What a keyboard's key does; whether it ends the typing.
    pub fn typed(&mut self, typed: Typed) -> bool {
        match typed {
            Typed::Character(character) => self.write(character),
            Typed::Erase => self.erase(),
            Typed::End => return true,
        }
        false
    }

    fn write(&mut self, character: char) {
        if !self.is_refused {
            self.is_taken_back = false;
            self.problem = self.identifier.push(character).err();
            self.is_refused = self.problem.is_some();
        }
    }
}

impl Desk {
    /// Puts what a code reader sent before the operator, beside the reading that is on show; it counts once it is
    /// confirmed. Without a reading on show it is nobody's.
    pub(super) fn scanned(&mut self, scanned: Result<Identifier, IdentifierError>) {
        self.identify();
        if let Page::Identify(identifying) = &mut self.page {
            identifying.identifier = scanned.unwrap_or_default();
            identifying.problem = scanned.err();
            (identifying.is_refused, identifying.is_taken_back) = (false, false);
        }
        self.change();
    }

    /// To the page where the patient of the reading on show is named; to the comparison where its file names them.
    pub(super) fn identify(&mut self) {
        match (&self.page, self.on_show()) {
            (Page::Identify(_), _) | (_, None) => {}
            (_, Some(shelved)) if shelved.person.is_some() => self.compare(),
            (_, Some(shelved)) => self.page = Page::Identify(Identifying::of(shelved.number)),
        }
    }

    /// Takes what was typed for whole. Nothing typed: all stays as it was, unless it was taken back.
    pub(super) fn identified(&mut self) {
        let Page::Identify(identifying) = &mut self.page else { return };
        if identifying.is_refused {
            return;
        }
        if identifying.identifier.is_empty() && !identifying.is_taken_back {
            return self.back();
        }
        let (number, identifier) = (identifying.number, identifying.identifier);
        let person = match identifier.is_empty() {
            true => None,
            false => match identifier.person() {
                Ok(person) => Some(person),
                Err(problem) => return identifying.problem = Some(problem),
            },
        };
        if self.namings.len() >= NAMINGS_MAX {
            // The station hangs: its watchdog ends that, and nothing is told as kept that is not.
            return;
        }
        if let Some(record) = self.shelf.name(number, person, identifier) {
            self.namings.push(Naming { reading: record, person });
        }
        self.page = Page::Reading(number);
        self.compare();
    }

    /// Readings that were named since this was last asked.
    pub fn take_namings(&mut self) -> Vec<Naming> {
        std::mem::take(&mut self.namings)
    }
}
