//! Grades of known persons from before all readings that can be looked at: what the record still has, and what had to
//! go from the shelf.

use std::collections::VecDeque;

use super::archive::Line;
use super::desk::Desk;
use super::page::Page;
use crate::person::Person;
use crate::render::Earlier;

/// Grades that are remembered: a hundred bytes each.
const LINES_MAX: usize = 10_000;

/// The grades, none of them newer than what is on the shelf.
#[derive(Default)]
pub struct Lines {
    /// The newest first.
    lines: VecDeque<Line>,
    /// More may still come from the record.
    goes_on: bool,
}

impl Lines {
    /// Adds what went from the shelf, the oldest first: it is newer than all here.
    pub fn add(&mut self, gone: Vec<Line>) {
        gone.into_iter().for_each(|line| self.lines.push_front(line));
        self.lines.truncate(LINES_MAX);
    }

    /// Adds one from before all here.
    pub fn put_back(&mut self, line: Line) {
        if self.lines.len() < LINES_MAX {
            self.lines.push_back(line);
        }
    }

    /// Those of `person`, the oldest first.
    pub fn of(&self, person: Person) -> impl Iterator<Item = Earlier> {
        self.lines.iter().rev().filter(move |line| line.person == person).map(|line| line.reading.clone())
    }

    /// Whether more may still come.
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }
}

impl Desk {
    /// The grade of a known person from before all readings here.
    pub fn line(&mut self, line: Line) {
        self.lines.put_back(line);
    }

    /// Whether more may come from the record; what is on show of one patient is renewed when all is there.
    pub fn looking_back(&mut self, goes_on: bool) {
        let differed = std::mem::replace(&mut self.lines.goes_on, goes_on) != goes_on;
        if differed && matches!(self.page, Page::Compared(..)) {
            self.compare();
            self.change();
        }
    }
}
