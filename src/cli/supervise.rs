//! What watches over `raymap run`: systemd, the board's watchdog, the count of starts, and signals to stop.

use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::failure::{Exit, Failure};
use crate::board::{Board, StationConfig};
use crate::clock::Pulse;
use crate::station::{Hardware, OnHang, Progress, Stage, Starts, State, Station, Supervision, Systemd};
use crate::station::{Watch, Watchdog};

/// Where systemd says which folder is the service's own; the first of a list with colons.
const STATE_DIRECTORY: &str = "STATE_DIRECTORY";
/// The stage at which to hang, to try the watchdogs out; `docs/integrators.md` says how.
const DRILL: &str = "RAYMAP_DRILL_HANG";
/// How long the end of a hanging program waits for its reason to be on the disk: the disk may be what hangs.
const REASON_WITHIN: Duration = Duration::from_secs(1);
/// Deadline of a stage where the board has no `[station]` table: no board that is meant needs so long, and neither
/// does an emulator under load.
const STAGE_MAX_UNSAID: Duration = Duration::from_secs(120);

/// Codes of what goes wrong here; nobody but the log can be told.
const STAGE_HANG: &str = "stage_hang";
const STARTS_WRITE: &str = "starts_write";

type SharedStarts = Arc<Mutex<Option<Starts>>>;

/// All that watches; it ends with this.
pub struct Supervised {
    progress: Progress,
    starts: SharedStarts,
    systemd: Option<Systemd>,
    _watch: Option<Watch>,
}

impl Supervised {
    /// Begins to watch. What cannot be had is logged, and the station goes on without it; a drill at a stage that there
    /// is not is refused, since nothing would be tried.
    pub fn start(board: &Board, forever: bool) -> Result<Self, Failure> {
        let drill = drill()?;
        let config = board.station.clone();
        let starts: SharedStarts =
            Arc::new(Mutex::new(if forever { count_start(config.as_ref()) } else { None }));
        let systemd = Systemd::from_environment();
        let progress = Progress::default().with_drill(drill);
        let longest = config.as_ref().map_or(STAGE_MAX_UNSAID, |c| c.stage_max);
        let dogs = watchdogs(config.as_ref(), systemd.as_ref());
        let watch = Watch::start(progress.clone(), longest, dogs, on_hang(Arc::clone(&starts)));
        let watch = watch.map_err(|e| log::error!("nothing watches over the station: {e}")).ok();
        progress.enter(Stage::Starting);
        Ok(Self { progress, starts, systemd, _watch: watch })
    }

    /// For work that takes long, and ends.
    pub fn pulse(&self) -> Pulse {
        self.progress.pulse().clone()
    }

    /// What the station is to know.
    pub fn supervision(&mut self) -> Supervision<'_> {
        let starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, safe_mode) = starts.as_ref().map_or((None, None), |s| (Some(s.number()), s.safe_mode()));
        drop(starts);
        let (systemd, shared) = (&self.systemd, Arc::clone(&self.starts));
        Supervision {
            progress: self.progress.clone(),
            start,
            safe_mode,
            on_state: Box::new(move |state| tell_state(systemd.as_ref(), state)),
            on_settled: Box::new(move || with_starts(&shared, Starts::settle)),
        }
    }
}

/// The stop of `station` on SIGTERM and SIGINT; a second one ends the program at once.
pub fn stop_on_signals(station: &Station<'_>) {
    let stop = station.stopper();
    for signal in [SIGTERM, SIGINT] {
        // Order matters: the first signal finds the flag unset, and sets it.
        let at_once = signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop));
        let gently = signal_hook::flag::register(signal, Arc::clone(&stop));
        if let Err(e) = at_once.and(gently) {
            log::warn!("signal {signal} ends the station at once: {e}");
        }
    }
}

/// The stage at which the environment asks for a hang, if any.
fn drill() -> Result<Option<Stage>, Failure> {
    let Some(name) = std::env::var_os(DRILL).filter(|name| !name.is_empty()) else { return Ok(None) };
    let stage = name.to_str().and_then(Stage::parse);
    stage.map(Some).ok_or_else(|| Failure {
        exit: Exit::Configuration,
        code: "drill_unknown",
        text: format!(
            "{DRILL} names no stage: {:?}; the stages are {}",
            name.to_string_lossy(),
            Stage::ALL.map(Stage::name).join(", ")
        ),
    })
}

/// Counts this start where there is a folder for it.
fn count_start(config: Option<&StationConfig>) -> Option<Starts> {
    let own = || std::env::var_os(STATE_DIRECTORY).and_then(|f| std::env::split_paths(&f).next());
    let folder: PathBuf = config.and_then(|c| c.folder.clone()).or_else(own)?;
    Starts::begin(&folder).map_err(|e| tell_not_written(&folder, &e)).ok()
}

fn tell_not_written(folder: &Path, error: &std::io::Error) {
    log::warn!("{STARTS_WRITE}: starts cannot be counted in {}: {error}", folder.display());
}

fn with_starts(starts: &SharedStarts, act: impl FnOnce(&mut Starts) -> std::io::Result<()>) {
    let mut starts = starts.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(Err(e)) = starts.as_mut().map(act) {
        log::warn!("{STARTS_WRITE}: the count of starts cannot be written: {e}");
    }
}

fn watchdogs(config: Option<&StationConfig>, systemd: Option<&Systemd>) -> Vec<Box<dyn Watchdog>> {
    let mut dogs: Vec<Box<dyn Watchdog>> = Vec::new();
    if let Some(Ok(systemd)) = systemd.map(Systemd::again) {
        dogs.push(Box::new(systemd));
    }
    if let Some((config, path)) = config.and_then(|c| Some((c, c.watchdog.as_ref()?))) {
        match Hardware::start(path, config.watchdog_time(), config.stage_max) {
            Ok(hardware) => dogs.push(Box::new(hardware)),
            Err(e) => log::warn!("{}: {e}", e.code()),
        }
    }
    dogs
}

/// Writes down why, within bounds, then ends the program: whoever started it starts it anew.
fn on_hang(starts: SharedStarts) -> OnHang {
    Box::new(move |stage, time| {
        let reason = format!("no progress while {} for {:.1} s", stage.name(), time.as_secs_f32());
        eprintln!("raymap: {STAGE_HANG}: {reason}; the program ends to be started anew");
        let (written, wait) = channel();
        let starts = Arc::clone(&starts);
        let writer = thread::Builder::new().spawn(move || {
            // The lock may be held by what hangs; then the reason stays unsaid.
            if let Ok(mut starts) = starts.try_lock()
                && let Some(starts) = starts.as_mut()
            {
                let _ = starts.fail(&reason);
            }
            let _ = written.send(());
        });
        if writer.is_ok() {
            let _ = wait.recv_timeout(REASON_WITHIN);
        }
        exit(Exit::Device as i32);
    })
}

fn tell_state(systemd: Option<&Systemd>, state: State) {
    let Some(systemd) = systemd else { return };
    let ready = if matches!(state, State::Ready | State::SafeMode) { "READY=1\n" } else { "" };
    systemd.say(&format!("{ready}STATUS={}", state.name().replace('_', " ")));
}
