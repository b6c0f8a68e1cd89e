//! The run loop: starts, tests itself, takes one radiograph after another, has it read, keeps, shows and reports it.
//!
//! Whatever fails outside is counted, shown and reported, and the loop goes on: a station ends only when its
//! source has ended, when a vital self-test failed, or when a source fails more often than [`Policy`] bears.
//! This module must not know an algorithm, a device or a screen: those come through [`Feed`], [`Reader`],
//! [`Panel`], [`SerialLink`] and [`Clock`].

mod advice;
mod answering;
mod dispatch;
mod fault;
mod feed;
mod keeping;
mod live;
mod machine;
mod panel;
mod policy;
mod resend;
mod self_test;
mod stage;
mod starts;
mod summary;
mod supervision;
mod teller;
mod vitals;
mod progress;
mod watch;
mod watchdog;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

pub use self::advice::Advice;
pub use self::dispatch::{Dispatch, DispatchState};
pub use self::fault::{Fault, Origin};
pub use self::feed::{Fed, Feed, SourceFeed};
pub use self::live::LiveFeed;
pub use self::machine::{Battery, CELSIUS_HIGH, battery, bytes_in, free_bytes, hottest_celsius, is_slowed};
pub use self::panel::{Asked, Filed, Keeping, Naming, Panel, PanelError, Reader};
pub use self::policy::Policy;
pub use self::progress::{OnHang, Progress, Watch, Watchdog};
pub use self::self_test::{SelfTest, TestReport};
pub use self::stage::{Stage, State};
pub use self::starts::{FAILED_STARTS_MAX, Starts};
pub use self::summary::{About, Ended, Summary};
pub use self::supervision::Supervision;
use self::teller::Teller;
pub use self::vitals::{Vitals, VitalsBoard};
pub use self::watch::WatchFeed;
pub use self::watchdog::{Hardware, Systemd, WatchdogError};
use crate::clock::Clock;
use crate::exposure::Live;
use crate::pipeline::Study;
use crate::record::Recorder;
use crate::serial::{Event, LogLine, SerialLink};
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
    supervision: Supervision<'a>,
    state: State,
    settled: bool,
    /// What the live picture last showed.
    live: Live,
    /// No radiograph is taken before this, where a peer wished so.
    frozen_until: Option<Duration>,
    dispatch: Option<&'a dyn Dispatch>,
    vitals: Vitals,
    /// Where the vitals are put up.
    board: Option<VitalsBoard>,
}

impl<'a> Station<'a> {
    pub fn new(edges: Edges<'a>, policy: Policy) -> Self {
        let Edges { clock, reader, panel, serial, record } = edges;
        Self {
            clock,
            reader,
            panel,
            record,
            teller: Teller::new(clock, serial),
            policy,
            summary: Summary::default(),
            stop: Arc::default(),
            supervision: Supervision::default(),
            state: State::default(),
            settled: false,
            live: Live::NoSignal,
            frozen_until: None,
            dispatch: None,
            vitals: Vitals::default(),
            board: None,
        }
    }

    /// The same station, which sends these records of the log over its line.
    pub fn with_log(mut self, records: Receiver<LogLine>) -> Self {
        self.teller.records = Some(records);
        self
    }

    /// Once this is set, the station ends after the radiograph that it is at.
    pub fn stopper(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Runs from the boot line to the end line; says what came of it.
    ///
    /// A vital test that fails is the end before any radiograph: nothing is graded by what is broken. A station that
    /// is to go on then stays in safe mode, as it does when its supervision says so.
    pub fn run(mut self, about: &About, tests: Vec<SelfTest<'_>>, open: &mut OpenFeed<'_>) -> Summary {
        self.tell(&about.boot_event(self.clock, self.supervision.start));
        let ended = match self.supervision.safe_mode.take() {
            Some(reason) => self.safe_mode(about, &reason, Ended::SafeMode),
            None => match self.test(about, tests) {
                Ok(()) => self.rounds(open),
                Err(failed) if self.policy.forever => self.safe_mode(about, &failed, Ended::SelfTest),
                Err(_) => Ended::SelfTest,
            },
        };
        self.summary.ended = ended;
        self.finish()
    }

    /// Runs every test; an error says which failed without which the station may not go on.
    fn test(&mut self, about: &About, tests: Vec<SelfTest<'_>>) -> Result<(), String> {
        self.become_state(State::SelfTest);
        let run = |test: SelfTest<'_>| {
            self.enter(Stage::SelfTesting);
            test.run()
        };
        let reports: Vec<TestReport> = tests.into_iter().map(run).collect();
        for report in &reports {
            self.tell(&Event::SelfTest { code: report.code, passed: report.passed, text: &report.text });
            if !report.passed {
                log::warn!("self-test {} failed: {}", report.code, report.text);
                self.summary.self_tests_failed += 1;
            }
        }
        self.tested(&reports);
        self.enter(Stage::Showing);
        let shown = self.panel.boot(about, &reports);
        self.shown(shown);
        match reports.iter().find(|r| r.vital && !r.passed) {
            Some(failed) => Err(format!("The self-test {} failed: {}", failed.code, failed.text)),
            None => Ok(()),
        }
    }

    fn rounds(&mut self, open: &mut OpenFeed<'_>) -> Ended {
        let mut in_a_row = 0;
        while !self.stopped() {
            self.become_state(if in_a_row == 0 { State::Ready } else { State::Fault });
            self.enter(Stage::Opening);
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
                    self.wait(self.policy.reopen_wait(in_a_row));
                }
            }
        }
        Ended::Stopped
    }

    /// Takes all that the source gives; `Break` when the station is to end with it.
    fn round(&mut self, feed: &mut dyn Feed, in_a_row: &mut u32) -> ControlFlow<Ended> {
        while !self.stopped() {
            self.attend();
            if self.is_frozen() {
                self.look_away();
                self.wait(WAIT_SLICE);
                continue;
            }
            self.enter(Stage::Capturing);
            match feed.next() {
                None => {
                    self.look_away();
                    return ControlFlow::Continue(());
                }
                Some(Ok(Fed::Idle)) => {
                    *in_a_row = 0;
                    // The screen goes on saying what failed until something newer is there.
                    self.become_state(State::Ready);
                    self.wait(WAIT_SLICE);
                }
                Some(Ok(Fed::Live(live))) => {
                    *in_a_row = 0;
                    self.watching(live);
                }
                Some(Ok(Fed::Radiograph(sourced))) => {
                    *in_a_row = 0;
                    self.radiograph(&sourced);
                    self.serve();
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
        self.live = Live::NoSignal;
        self.become_state(State::Fault);
        if self.policy.tells(*in_a_row) {
            self.fault(fault);
        } else {
            self.summary.faults += 1;
        }
        if self.policy.gives_up_after(*in_a_row) {
            ControlFlow::Break(Ended::SourceFaults)
        } else {
            ControlFlow::Continue(())
        }
    }

    fn radiograph(&mut self, sourced: &Sourced) {
        self.become_state(State::Reading);
        self.panel.reading();
        self.enter(Stage::Reading);
        let study = self.reader.read(&sourced.name, &sourced.frame);
        self.summary.radiographs += 1;
        self.count(&study);
        self.enter(Stage::Keeping);
        let id = self.keep(sourced, &study);
        self.enter(Stage::Showing);
        let shown = self.panel.result(&study, Filed { record: id, person: sourced.frame.person() });
        self.shown(shown);
        self.tell(&Event::Reading { ordinal: self.summary.radiographs, id, reading: &study.reading });
        self.become_state(State::Ready);
        self.settle();
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
        self.counted(study.reading.outcome.as_ref().err().map(|r| r.code));
    }

    /// Counts, shows and reports a fault. Its text may name a file, so it is shown and nothing else.
    fn fault(&mut self, fault: &Fault) {
        self.summary.faults += 1;
        self.failed(fault);
        log::warn!(
            "{} fault {} after radiograph {}",
            fault.origin.name(),
            fault.code,
            self.summary.radiographs
        );
        if fault.origin == Origin::Source {
            self.enter(Stage::Showing);
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
            Ok(asked) => {
                asked.namings.into_iter().for_each(|naming| self.name(naming));
                self.stop.fetch_or(asked.shut_down, Ordering::Relaxed);
            }
            failed => self.shown(failed.map(drop)),
        }
    }

    /// Sends an event. A link that fails is counted once for each line, logged once for each streak, and shown.
    fn tell(&mut self, event: &Event<'_>) {
        self.enter(Stage::Telling);
        let worked = self.teller.works();
        if let Err(error) = self.teller.tell(event) {
            self.summary.faults += 1;
            self.vitals.count_fault("serial", error.code());
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

    /// Lets `time` go by unless the station is to stop; answers what is asked, and sends signs of life.
    fn wait(&mut self, time: Duration) {
        let until = self.clock.uptime() + time;
        while !self.stopped() && self.clock.uptime() < until {
            self.attend();
            self.serve();
            self.settle_when_long_at_work();
            self.enter(Stage::Waiting);
            self.clock.sleep(until.saturating_sub(self.clock.uptime()).min(WAIT_SLICE));
            self.sign_of_life();
        }
    }

    fn sign_of_life(&mut self) {
        self.put_up();
        if self.teller.is_due() {
            let event = self.summary.alive_event(self.state, self.clock, self.teller.dropped());
            self.tell(&event);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn finish(mut self) -> Summary {
        // What the operator said last is kept too.
        self.attend();
        self.become_state(State::Stopping);
        if self.summary.ended == Ended::Stopped {
            self.settle();
        }
        let event = self.summary.end_event(self.clock, self.teller.dropped());
        self.tell(&event);
        self.enter(Stage::Stopping);
        self.summary.serial_dropped = self.teller.finish();
        self.summary
    }
}
