//! What stands round the run loop: its progress and state for those who watch, and safe mode.

use std::time::Duration;

use super::fault::Fault;
use super::progress::Progress;
use super::stage::{Stage, State};
use super::{About, Ended, Station};
use crate::clock::Pulse;

/// After so long at its work, a start counts as settled even where no radiograph came: a source that fails is no fault of
/// the program's.
const SETTLED_AFTER: Duration = Duration::from_secs(120);
/// After so long in safe mode the station ends and is started anew: what made three starts fail may have passed,
/// and nobody may be there to try.
const SAFE_MODE_MAX: Duration = Duration::from_secs(900);

/// What a caller gives to have a station supervised; the default supervises nothing.
pub struct Supervision<'a> {
    pub progress: Progress,
    /// Number of this start, from 1, where starts are counted.
    pub start: Option<u64>,
    /// Why this start is to read nothing.
    pub safe_mode: Option<String>,
    /// Told each new state.
    pub on_state: Box<dyn FnMut(State) + 'a>,
    /// Told once, when this start has shown that it works.
    pub on_settled: Box<dyn FnMut() + 'a>,
}

impl Default for Supervision<'_> {
    fn default() -> Self {
        Self {
            progress: Progress::default(),
            start: None,
            safe_mode: None,
            on_state: Box::new(|_| {}),
            on_settled: Box::new(|| {}),
        }
    }
}

impl<'a> Station<'a> {
    /// The same station, supervised.
    pub fn supervised(mut self, supervision: Supervision<'a>) -> Self {
        self.supervision = supervision;
        self
    }

    /// What a source beats while it waits for long.
    pub fn pulse(&self) -> Pulse {
        self.supervision.progress.pulse().clone()
    }

    pub(super) fn enter(&self, stage: Stage) {
        self.supervision.progress.enter(stage);
    }

    pub(super) fn become_state(&mut self, next: State) {
        if self.state == next {
            return;
        }
        if !self.state.may_become(next) {
            log::error!("the station went from {} to {}", self.state.name(), next.name());
        }
        self.state = next;
        self.put_up();
        (self.supervision.on_state)(next);
    }

    /// A radiograph went all the way, or the station has been at its work for long.
    pub(super) fn settle(&mut self) {
        if !self.settled {
            self.settled = true;
            (self.supervision.on_settled)();
        }
    }

    /// The loop goes round; whether its source works is not asked.
    pub(super) fn settle_when_long_at_work(&mut self) {
        let is_at_work = matches!(self.state, State::Ready | State::Fault);
        if is_at_work && self.clock.uptime() >= SETTLED_AFTER {
            self.settle();
        }
    }

    /// Reads nothing: shows and reports why, answers on the serial line, until it is told to stop.
    ///
    /// `as_ended` is what the run then ended with. A failed self-test fails again, so only failed starts
    /// ([`Ended::SafeMode`]) are tried again after [`SAFE_MODE_MAX`].
    pub(super) fn safe_mode(&mut self, about: &About, reason: &str, as_ended: Ended) -> Ended {
        self.become_state(State::SafeMode);
        log::warn!("safe mode: {reason}");
        let text = format!("Nothing is read. {reason}. Restart; if it comes again, call service.");
        self.enter(Stage::Showing);
        let shown = self.panel.safe_mode(about, &text);
        self.shown(shown);
        self.fault(&Fault::station("safe_mode", text));
        let until = self.clock.uptime() + SAFE_MODE_MAX;
        while !self.stopped() && (as_ended == Ended::SelfTest || self.clock.uptime() < until) {
            self.wait(super::WAIT_SLICE);
        }
        as_ended
    }
}
