//! The station's panel: leaves what happens in the mailbox and goes on.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::archive::Archive;
use super::desk::Desk;
use super::mailbox::{Mailbox, TOLD_MAX, Told};
use super::marks::Health;
use super::pulse::{Pulse, STUCK_AFTER};
use super::scene::{Scene, Start};
use super::showcase::Showcase;
use super::worker::{Outcome, Worker};
use crate::clock::Clock;
use crate::exposure::Live;
use crate::input::{self, Heard, InputError};
use crate::pipeline::Study;
use crate::screen::Attached;
use crate::station::{About, Asked, Fault, Filed, Keeping, Panel, PanelError, TestReport};
use crate::units::Turn;

/// How long the end waits for the last picture: the slowest screens take a second.
const FINISH_MAX: Duration = Duration::from_secs(10);

/// Why the operator sees nothing.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// the system gives no thread
    #[error("no thread for the screen could be started: {source}")]
    Thread { source: io::Error },
    /// the screen hangs
    #[error("the screen takes no picture: {waiting} wait for it already")]
    Busy { waiting: usize },
    /// the screen hangs, though nothing waits for it yet
    #[error("nothing has been shown for {} s: the screen's driver takes a picture and does not come back", .waited.as_secs())]
    Stuck { waited: Duration },
    /// the screen hung until the end
    #[error("the last picture was not shown within {} s", .waited.as_secs())]
    Late { waited: Duration },
}

impl OperatorError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Thread { .. } => "screen_thread",
            Self::Busy { .. } => "screen_busy",
            Self::Stuck { .. } => "screen_stuck",
            Self::Late { .. } => "screen_late",
        }
    }
}

impl From<OperatorError> for PanelError {
    fn from(error: OperatorError) -> Self {
        Self::new(error.code(), error)
    }
}

/// Hears what the operator does; whether anybody listens still.
pub type Tell = Box<dyn FnMut(Heard) -> bool + Send>;

/// The operator's screen and buttons, in threads of their own.
pub struct OperatorPanel {
    mailbox: Arc<Mailbox>,
    outcome: Arc<Outcome>,
    /// What of the live picture the worker knows; `None` after anything else was told.
    live: Option<Live>,
    /// The live picture found no room, which has been told.
    is_full: bool,
    pub(super) pulse: Pulse,
    /// Hears when the worker has ended; `None` once it is known.
    ended: Option<Receiver<()>>,
}

impl OperatorPanel {
    /// Shows on `screen`, which is turned by `turn`, and listens to the system's buttons.
    ///
    /// Neither the screen nor a button need be there yet; others may look through `showcase`. Fails only when no
    /// thread can be started.
    pub fn start(
        start: Start,
        archive: Archive,
        screen: Attached,
        turn: Turn,
        clock: Arc<dyn Clock>,
        showcase: Option<Showcase>,
    ) -> Result<Self, OperatorError> {
        let keyboard = start.keyboard;
        let panel = Self::without_buttons(start, archive, screen, turn, clock, showcase)?;
        panel.listen(|tell| input::start(keyboard, tell));
        Ok(panel)
    }

    /// Listens to what `start` starts, which tells what it hears to what it is given, for as long as that is `true`.
    pub fn listen(&self, start: impl FnOnce(Tell) -> Result<(), InputError>) {
        let mailbox = Arc::downgrade(&self.mailbox);
        let tell = move |heard| mailbox.upgrade().map(|m| m.hear(heard)).is_some();
        if let Err(error) = start(Box::new(tell)) {
            log::warn!("{}: {error}", error.code());
        }
    }

    /// The same, without listening to any device.
    pub fn without_buttons(
        start: Start,
        archive: Archive,
        screen: Attached,
        turn: Turn,
        clock: Arc<dyn Clock>,
        showcase: Option<Showcase>,
    ) -> Result<Self, OperatorError> {
        let (mailbox, outcome) = (Arc::new(Mailbox::default()), Arc::new(Outcome::default()));
        let (end, ended) = channel();
        let desk = Desk::new(start, clock.uptime());
        let (to_worker, its) = (Arc::clone(&mailbox), Arc::clone(&outcome));
        let worker = Worker::new((desk, archive), screen, turn, clock, to_worker, its);
        let mut worker = worker.with_health(Health::now).with_showcase(showcase);
        let work = move || {
            worker.run();
            // Nobody listens when the worker was given up.
            let _ = end.send(());
        };
        let spawned = thread::Builder::new().name("operator".into()).spawn(work);
        spawned.map_err(|source| OperatorError::Thread { source })?;
        let (pulse, ended) = (Pulse::new(STUCK_AFTER), Some(ended));
        Ok(Self { mailbox, outcome, live: None, is_full: false, pulse, ended })
    }

    /// Waits, within bounds, until the last picture is shown; fails where it is not.
    pub fn finish(&mut self) -> Result<(), PanelError> {
        let Some(ended) = self.ended.take() else { return Ok(()) };
        self.mailbox.tell(Told::End);
        if ended.recv_timeout(FINISH_MAX) == Err(RecvTimeoutError::Timeout) {
            return Err(OperatorError::Late { waited: FINISH_MAX }.into());
        }
        self.outcome.failure()
    }

    fn tell(&self, told: Told) -> Result<(), PanelError> {
        if self.mailbox.tell(told) { Ok(()) } else { Err(OperatorError::Busy { waiting: TOLD_MAX }.into()) }
    }
}

impl Panel for OperatorPanel {
    fn boot(&mut self, about: &About, tests: &[TestReport]) -> Result<(), PanelError> {
        let line =
            |t: &TestReport| format!("{} {}: {}", if t.passed { "ok" } else { "FAILED" }, t.code, t.text);
        let mut lines = vec![format!("raymap {} on {}", about.software, about.board)];
        lines.extend(tests.iter().map(line));
        self.tell(Told::Scene(Scene::Boot { lines }))
    }

    fn ready(&mut self) {
        // Where there is no room, something newer is on its way to the screen anyway.
        let _ = self.tell(Told::Ready);
    }

    fn reading(&mut self) {
        self.live = None;
        // Where there is no room, the reading itself will say so.
        let _ = self.tell(Told::Scene(Scene::Reading));
    }

    fn result(&mut self, study: &Study, filed: Filed) -> Result<(), PanelError> {
        self.tell(Told::Reading(Box::new(study.clone()), filed))
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), PanelError> {
        self.live = None;
        self.tell(Told::Scene(Scene::Fault { code: fault.code, text: fault.text.clone() }))
    }

    fn live(&mut self, live: Live) -> Result<(), PanelError> {
        if self.live == Some(live) {
            return Ok(());
        }
        let told = self.tell(Told::Live(live));
        self.live = told.is_ok().then_some(live);
        // It is told again and again: one fault is enough for as long as there is no room.
        let was_full = std::mem::replace(&mut self.is_full, told.is_err());
        if was_full { Ok(()) } else { told }
    }

    fn safe_mode(&mut self, _about: &About, text: &str) -> Result<(), PanelError> {
        self.tell(Told::Scene(Scene::SafeMode { code: "safe_mode", text: text.into() }))
    }

    fn serial(&mut self, works: bool, _dropped: u64) -> Result<(), PanelError> {
        self.tell(Told::Serial(works))
    }

    fn record(&mut self, does: Keeping) {
        // What finds no room comes again with the next reading.
        let _ = self.tell(Told::Keeping(does));
    }

    fn attend(&mut self) -> Result<Asked, PanelError> {
        self.outcome.failure()?;
        if let Some(waited) = self.pulse.stuck(self.outcome.turns()) {
            return Err(OperatorError::Stuck { waited }.into());
        }
        Ok(Asked { shut_down: self.outcome.wants_shut_down(), namings: self.outcome.namings() })
    }
}

impl Drop for OperatorPanel {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            log::warn!("{}: {error}", error.code());
        }
    }
}
