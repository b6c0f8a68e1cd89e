//! The run loop: starts, tests itself, takes one radiograph after another, has it read, keeps, shows and reports it.
//!
//! Whatever fails outside is counted, shown and reported, and the loop goes on: a station ends only when its
//! source has ended, when a vital self-test failed, or when a source fails more often than [`Policy`] bears.
//! This module must not know an algorithm, a device or a screen: those come through [`Feed`], [`Reader`],
//! [`Panel`], [`SerialLink`] and [`Clock`].

mod fault;
mod feed;
mod keeping;
mod panel;
mod policy;
mod self_test;
mod summary;
mod teller;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use self::fault::{Fault, Origin};
pub use self::feed::{Feed, SourceFeed};
pub use self::panel::{Asked, Panel, PanelError, Reader};
pub use self::policy::Policy;
pub use self::self_test::{SelfTest, TestReport};
pub use self::summary::{About, Ended, Summary};
use self::teller::Teller;
use crate::clock::Clock;
use crate::pipeline::Study;
use crate::record::Recorder;
use crate::serial::{Event, SerialLink};
use crate::source::Sourced;

/// Opens the source: at the start, after it failed to open, and for each further round.
pub type OpenFeed<'a> = dyn FnMut() -> Result<Box<dyn Feed>, Fault> + 'a;

/// Waits are cut into these, so that a stop is noticed and the line stays alive.
const WAIT_SLICE: Duration = Duration::from_millis(250);

/// What the station works through.
pub struct Edges<'a> {
    pub clock: &'a dyn Clock,
    pub reader: &'a mut dyn Reader,
    pub panel: &'a mut dyn Panel,
    pub serial: &'a mut dyn SerialLink,
    /// `None`: nothing is to be kept.
    pub record: Option<&'a mut Recorder>,
}

/// The run loop and what it has counted.
pub struct Station<'a> {
    clock: &'a dyn Clock,
    reader: &'a mut dyn Reader,
    panel: &'a mut dyn Panel,
    record: Option<&'a mut Recorder>,
    teller: Teller<'a>,
    policy: Policy,
    summary: Summary,
    stop: Arc<AtomicBool>,
}

impl<'a> Station<'a> {
    pub fn new(edges: Edges<'a>, policy: Policy) -> Self {
        let Edges { clock, reader, panel, serial, record } = edges;
        let (teller, stop) = (Teller::new(clock, serial), Arc::default());
        Self { clock, reader, panel, record, teller, policy, summary: Summary::default(), stop }
    }

    /// Once this is set, the station ends after the radiograph that it is at.
    pub fn stopper(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Runs from the boot line to the end line; says what came of it.
    ///
    /// A vital test that fails is the end before any radiograph: nothing is graded by what is broken.
    pub fn run(mut self, about: &About, tests: Vec<SelfTest<'_>>, open: &mut OpenFeed<'_>) -> Summary {
        self.tell(&about.boot_event(self.clock));
        self.summary.ended = if self.test(about, tests) { self.rounds(open) } else { Ended::SelfTest };
        self.finish()
    }

    /// Runs every test; whether the station may go on.
    fn test(&mut self, about: &About, tests: Vec<SelfTest<'_>>) -> bool {
        let reports: Vec<TestReport> = tests.into_iter().map(SelfTest::run).collect();
        for report in &reports {
            self.tell(&Event::SelfTest { code: report.code, passed: report.passed, text: &report.text });
            if !report.passed {
                log::warn!("self-test {} failed: {}", report.code, report.text);
                self.summary.self_tests_failed += 1;
            }
        }
        let shown = self.panel.boot(about, &reports);
        self.shown(shown);
        !reports.iter().any(|r| r.vital && !r.passed)
    }

    fn rounds(&mut self, open: &mut OpenFeed<'_>) -> Ended {
        let mut in_a_row = 0;
        while !self.stopped() {
            match open() {
                Ok(mut feed) => {
                    self.panel.ready();
                    if let ControlFlow::Break(ended) = self.round(feed.as_mut(), &mut in_a_row) {
                        return ended;
                    }
                    if !self.policy.forever {
                        return Ended::Source;
                    }
                    self.wait(self.policy.between_rounds);
                }
                Err(fault) => {
                    if let ControlFlow::Break(ended) = self.source_failed(&fault, &mut in_a_row) {
                        return ended;
                    }
                    if !self.policy.live && !self.policy.forever {
                        return Ended::SourceFaults;
                    }
                    self.wait(self.policy.retry_wait(in_a_row).max(self.policy.between_rounds));
                }
            }
        }
        Ended::Stopped
    }

    /// Takes all that the source gives; `Break` when the station is to end with it.
    fn round(&mut self, feed: &mut dyn Feed, in_a_row: &mut u32) -> ControlFlow<Ended> {
        while !self.stopped() {
            self.attend();
            match feed.next() {
                None => return ControlFlow::Continue(()),
                Some(Ok(sourced)) => {
                    *in_a_row = 0;
                    self.radiograph(&sourced);
                    self.wait(self.policy.dwell);
                }
                Some(Err(fault)) => {
                    self.source_failed(&fault, in_a_row)?;
                    self.wait(self.policy.retry_wait(*in_a_row));
                }
            }
        }
        ControlFlow::Break(Ended::Stopped)
    }

    fn source_failed(&mut self, fault: &Fault, in_a_row: &mut u32) -> ControlFlow<Ended> {
        *in_a_row = in_a_row.saturating_add(1);
        self.fault(fault);
        if self.policy.gives_up_after(*in_a_row) {
            ControlFlow::Break(Ended::SourceFaults)
        } else {
            ControlFlow::Continue(())
        }
    }

    fn radiograph(&mut self, sourced: &Sourced) {
        self.panel.reading();
        let study = self.reader.read(&sourced.name, &sourced.frame);
        self.summary.radiographs += 1;
        self.count(&study);
        self.keep(sourced, &study);
        let shown = self.panel.result(&study);
        self.shown(shown);
        self.tell(&Event::Reading { ordinal: self.summary.radiographs, reading: &study.reading });
    }

    fn count(&mut self, study: &Study) {
        let ordinal = self.summary.radiographs;
        match &study.reading.outcome {
            Ok(finding) => {
                self.summary.graded += 1;
                let (grade, share) = (finding.severity.grade.name(), finding.infected.total.percent());
                log::info!("radiograph {ordinal}: {grade}, {share} infected");
            }
            Err(refusal) => {
                self.summary.refused += 1;
                log::info!("radiograph {ordinal}: not graded, {}", refusal.code);
            }
        }
    }

    /// Counts, shows and reports a fault. Its text may name a file, so it is shown and nothing else.
    fn fault(&mut self, fault: &Fault) {
        self.summary.faults += 1;
        log::warn!(
            "{} fault {} after radiograph {}",
            fault.origin.name(),
            fault.code,
            self.summary.radiographs
        );
        if fault.origin == Origin::Source {
            let shown = self.panel.fault(fault);
            self.shown(shown);
        }
        self.tell(&Event::Fault {
            origin: fault.origin.name(),
            code: fault.code,
            radiographs: self.summary.radiographs,
            count: self.summary.faults,
        });
    }

    /// A screen that fails is reported, not shown.
    fn shown(&mut self, shown: Result<(), PanelError>) {
        if let Err(error) = shown {
            self.fault(&Fault::screen(error.code(), error.to_string()));
        }
    }

    /// Heeds the operator, and a screen that has failed by itself.
    fn attend(&mut self) {
        match self.panel.attend() {
            Ok(asked) if asked.shut_down => self.stop.store(true, Ordering::Relaxed),
            Ok(_) => {}
            failed => self.shown(failed.map(drop)),
        }
    }

    /// Sends an event. A link that fails is counted once for each line, logged once for each streak, and shown.
    fn tell(&mut self, event: &Event<'_>) {
        let worked = self.teller.works();
        if let Err(error) = self.teller.tell(event) {
            self.summary.faults += 1;
            if worked {
                log::warn!("serial fault {} after radiograph {}", error.code(), self.summary.radiographs);
            }
        }
        if self.teller.works() != worked {
            self.summary.serial_dropped = self.teller.dropped();
            // A screen that fails here too has been counted where it showed a result.
            let _ = self.panel.serial(self.teller.works(), self.summary.serial_dropped);
        }
    }

    /// Lets `time` go by unless the station is to stop; sends signs of life.
    fn wait(&mut self, time: Duration) {
        let until = self.clock.uptime() + time;
        while !self.stopped() && self.clock.uptime() < until {
            self.attend();
            self.clock.sleep(until.saturating_sub(self.clock.uptime()).min(WAIT_SLICE));
            if self.teller.is_due() {
                let event = self.summary.alive_event(self.clock, self.teller.dropped());
                self.tell(&event);
            }
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn finish(mut self) -> Summary {
        let event = self.summary.end_event(self.clock, self.teller.dropped());
        self.tell(&event);
        self.summary.serial_dropped = self.teller.finish();
        self.summary
    }
}
