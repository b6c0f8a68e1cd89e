//! What the station is at and has counted, for those who look from beside: the loop never waits for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::dispatch::{Dispatch, DispatchState};
use super::self_test::TestReport;
use super::stage::State;
use super::summary::Summary;
use super::{Fault, Station};

/// Different codes that are counted by name: more than the program has.
const CODES_MAX: usize = 512;

/// What is known of a station at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vitals {
    pub state: State,
    pub summary: Summary,
    /// Refused radiographs by the code of their refusal.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Faults by origin and code.
    pub faults: BTreeMap<(&'static str, &'static str), u64>,
    /// Self-tests of this start, and whether they passed.
    pub self_tests: Vec<(&'static str, bool)>,
    /// When the newest reading was made, in the clock's time since the start.
    pub read_at: Option<Duration>,
    /// Lines that wait for the peer's acknowledgement.
    pub unacknowledged: usize,
    pub dispatch: Option<DispatchState>,
}

/// Where a station puts its vitals. A clone is the same board.
#[derive(Debug, Clone, Default)]
pub struct VitalsBoard(Arc<Mutex<Vitals>>);

impl VitalsBoard {
    pub fn look(&self) -> Vitals {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts `vitals` up, unless somebody is looking right now: the next ones are soon there.
    fn put(&self, vitals: &Vitals) {
        if let Ok(mut shown) = self.0.try_lock() {
            shown.clone_from(vitals);
        }
    }
}

impl Vitals {
    pub(super) fn count_refusal(&mut self, code: &'static str) {
        count(&mut self.refusals, code);
    }

    pub(super) fn count_fault(&mut self, origin: &'static str, code: &'static str) {
        count(&mut self.faults, (origin, code));
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    if counts.len() < CODES_MAX || counts.contains_key(&key) {
        *counts.entry(key).or_default() += 1;
    }
}

impl Station<'_> {
    /// The same station, which puts up on `board` what it is at.
    pub fn with_vitals(self, board: Option<VitalsBoard>) -> Self {
        Self { board, ..self }
    }

    pub(super) fn tested(&mut self, reports: &[TestReport]) {
        self.vitals.self_tests = reports.iter().map(|r| (r.code, r.passed)).collect();
        self.put_up();
    }

    pub(super) fn counted(&mut self, refusal: Option<&'static str>) {
        refusal.into_iter().for_each(|code| self.vitals.count_refusal(code));
        self.vitals.read_at = Some(self.clock.uptime());
        self.put_up();
    }

    pub(super) fn failed(&mut self, fault: &Fault) {
        self.vitals.count_fault(fault.origin.name(), fault.code);
        self.put_up();
    }

    /// Shows the present to those who look.
    pub(super) fn put_up(&mut self) {
        let Some(board) = &self.board else { return };
        let dropped = self.teller.dropped();
        self.vitals.state = self.state;
        self.vitals.summary = Summary { serial_dropped: dropped, ..self.summary };
        self.vitals.unacknowledged = self.teller.unacknowledged();
        self.vitals.dispatch = self.dispatch.map(Dispatch::state);
        board.put(&self.vitals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_never_holds_the_station_up() {
        let board = VitalsBoard::default();
        let mut vitals = Vitals { read_at: Some(Duration::from_secs(1)), ..Vitals::default() };
        vitals.count_refusal("turned");
        vitals.count_refusal("turned");
        let looking = board.0.lock().unwrap();
        board.put(&vitals);
        drop(looking);
        assert_eq!(board.look(), Vitals::default(), "it went on without waiting");
        board.put(&vitals);
        assert_eq!(board.look(), vitals);
        assert_eq!(board.look().refusals["turned"], 2);
    }
}
