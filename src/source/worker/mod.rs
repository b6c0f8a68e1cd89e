//! Decoding in a process of its own, so that a file made to do harm reaches nothing.
//!
//! The process is this program once more, under the hidden command `decode`. It gets the opened file as its standard
//! input and an empty environment, gives up what it does not need (`confine`), decodes this one file, answers over
//! a pipe (`wire`) and ends. Nothing of one patient's file is left for the next, and whatever happens to it, the
//! caller has a frame, the file's fault, or a [`WorkerError`].
//! What comes back is checked like a file: size before memory, and texts bounded and without control characters.

mod codes;
mod confine;
mod wire;

pub use self::confine::{Guards, MEMORY_BYTES_MAX, confine};
pub use self::wire::{Answered, answer, greet};

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;

use crate::clock::Pulse;
use crate::frame::Frame;

/// The hidden command.
pub const COMMAND: &str = "decode";
/// Longest time for one file. The slowest to decode, JPEG 2000 of a large detector, takes some seconds on a PC;
/// the cores of small boards are several times slower.
pub const DECODE_TIME_MAX: Duration = Duration::from_secs(20);
/// How long a process that has closed its pipe may take to end.
const END_WAIT: Duration = Duration::from_millis(5);
const END_WAITS_MAX: u32 = 40;
/// Waits for an answer are cut into these, each a beat of the pulse.
const WAIT_SLICE: Duration = Duration::from_millis(250);
/// How the system's loader says that a program cannot be run on this processor.
const NO_SUCH_PROGRAM: i32 = 127;

/// The program to decode with; `None` until [`isolate`] has been called: then files are decoded in this process.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
/// Beats while a process is waited for, which ends after [`DECODE_TIME_MAX`] at the latest: the wait is no hang.
static PULSE: OnceLock<Pulse> = OnceLock::new();
/// Whether it was found that the program cannot be started, as under an emulator of another processor.
static UNSTARTABLE: AtomicBool = AtomicBool::new(false);
/// Whether it has been said what confines the worker.
static SAID: Once = Once::new();

/// Why a worker gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// no process
    #[error("could not be decoded: no process could be started for it: {0}")]
    Start(#[source] std::io::Error),
    /// the program cannot be started here at all
    #[error("could not be decoded: this program cannot start itself")]
    Unstartable,
    /// killed, or gave up
    #[error(
        "could not be decoded: the decoder ended with {status}; the file is damaged, or takes more than \
         {} MiB to decode: export the radiograph again, uncompressed", MEMORY_BYTES_MAX >> 20
    )]
    Died { status: ExitStatus },
    /// took too long
    #[error("could not be decoded within {} s: export the radiograph again, uncompressed", .0.as_secs())]
    Time(Duration),
    /// said something that is no answer
    #[error("could not be decoded: the decoder's answer makes no sense: export the radiograph again")]
    Answer,
}

impl WorkerError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Start(_) | Self::Unstartable => "decoder_start",
            Self::Died { .. } => "decoder_died",
            Self::Time(_) => "decoder_time",
            Self::Answer => "decoder_answer",
        }
    }

    /// Killed from outside, as when the machine runs out of memory: that says nothing of the file.
    fn is_kill(&self) -> bool {
        matches!(self, Self::Died { status } if status.signal() == Some(Signal::KILL.as_raw()))
    }
}

/// From now on files are decoded by `program`, which is this one; the first call counts.
pub fn isolate(program: &Path) {
    // Someone else was first: their choice stands.
    _ = PROGRAM.set(program.to_owned());
}

/// From now on waiting for a decoding process beats `pulse`; the first call counts.
pub fn beat(pulse: Pulse) {
    // Someone else was first: their choice stands.
    _ = PULSE.set(pulse);
}

/// The program that decodes, where there is one.
pub(super) fn program() -> Option<&'static Path> {
    PROGRAM.get().map(PathBuf::as_path).filter(|_| !UNSTARTABLE.load(Ordering::Relaxed))
}

/// The program could not be started: from now on files are decoded in this process, which is said once.
pub(super) fn do_without() {
    if !UNSTARTABLE.swap(true, Ordering::Relaxed) {
        log::warn!("files are decoded without a process of their own: the program cannot start itself here");
    }
}

/// The frame in `file`, or the file's own fault, as a process of `program` found it within `time_max`.
///
/// One that is killed from outside is followed by a second one, and that by none.
pub fn decode(
    program: &Path,
    mut file: File,
    time_max: Duration,
) -> Result<Result<Frame, Answered>, WorkerError> {
    let until = Instant::now() + time_max;
    let first = attempt(program, file.try_clone().map_err(WorkerError::Start)?, until, time_max);
    if !first.as_ref().is_err_and(WorkerError::is_kill) {
        return first;
    }
    log::warn!("a decoding process was killed: the file is decoded once more");
    // The first process has read from the same place on.
    file.rewind().map_err(WorkerError::Start)?;
    attempt(program, file, until, time_max)
}

fn attempt(
    program: &Path,
    file: File,
    until: Instant,
    time_max: Duration,
) -> Result<Result<Frame, Answered>, WorkerError> {
    let mut worker = Worker(start(program, file).map_err(started)?);
    let pipe = worker.0.stdout.take().ok_or(WorkerError::Unstartable)?;
    let mut from = Timed { pipe, until };
    let guards = match wire::greeting(&mut from) {
        Ok(guards) => guards,
        Err(error) => return Err(worker.explain(&error, time_max, true)),
    };
    SAID.call_once(|| guards.say());
    wire::receive(&mut from).map_err(|error| worker.explain(&error, time_max, false))
}

/// What is made of a decoding process's bytes; for `fuzz/`.
#[doc(hidden)]
pub fn parse(mut bytes: &[u8]) {
    _ = wire::greeting(&mut bytes).map(|_| wire::receive(&mut bytes));
}

fn start(program: &Path, file: File) -> std::io::Result<Child> {
    Command::new(program)
        .arg(COMMAND)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(file))
        .stdout(Stdio::piped())
        // What a decoder complains of may quote the file.
        .stderr(Stdio::null())
        .spawn()
}

fn started(error: std::io::Error) -> WorkerError {
    // Under an emulator of another processor the kernel does not know the program's format.
    if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) {
        return WorkerError::Unstartable;
    }
    WorkerError::Start(error)
}

/// A process that ends with this value.
struct Worker(Child);

impl Worker {
    /// Why `error` stands in an answer's place; `greeting` when not a word had been said.
    fn explain(&mut self, error: &wire::WireError, time_max: Duration, greeting: bool) -> WorkerError {
        match error {
            wire::WireError::Form => WorkerError::Answer,
            wire::WireError::Read(e) if e.kind() == ErrorKind::TimedOut => WorkerError::Time(time_max),
            wire::WireError::Read(_) => match self.end() {
                Some(status) if greeting && status.code() == Some(NO_SUCH_PROGRAM) => {
                    WorkerError::Unstartable
                }
                Some(status) => WorkerError::Died { status },
                None => WorkerError::Answer,
            },
        }
    }

    /// Ends the process if it has not; how it ended.
    fn end(&mut self) -> Option<ExitStatus> {
        // One that has closed its pipe is about to end: killed at once, it could not say of what.
        for _ in 0..END_WAITS_MAX {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Some(status);
            }
            std::thread::sleep(END_WAIT);
        }
        _ = self.0.kill();
        self.0.wait().ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Its answer is there, or no longer awaited.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// A pipe that is read until a moment.
struct Timed {
    pipe: ChildStdout,
    until: Instant,
}

impl Read for Timed {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            // More seconds than a timespec has are never waited for.
            let slice = left.min(WAIT_SLICE).try_into().map_err(|_| ErrorKind::TimedOut)?;
            match poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], Some(&slice)) {
                Ok(0) if left.is_zero() => return Err(ErrorKind::TimedOut.into()),
                Ok(0) => PULSE.get().into_iter().for_each(Pulse::beat),
                Ok(_) => return self.pipe.read(to),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
