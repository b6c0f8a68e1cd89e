//! The board's watchdog: a device that resets the board when it is not written to for too long.
//!
//! Opening it starts it; a `V` before closing stops it (Linux, Documentation/watchdog/watchdog-api.rst), unless the
//! kernel was built never to stop one.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::ioctl::{Updater, ioctl, opcode};

use crate::station::progress::Watchdog;

/// WDIOC_SETTIMEOUT of `linux/watchdog.h`: seconds in, the seconds that were set out.
const SET_TIMEOUT: rustix::ioctl::Opcode = opcode::read_write::<i32>(b'W', 6);
/// Any byte but `V` is a sign of life.
const ALIVE: &[u8] = b"\0";
/// Says that the close that follows is meant.
const MAGIC_CLOSE: &[u8] = b"V";

/// Code of a device that takes no sign of life; nobody but the log can be told.
const FEED: &str = "watchdog_feed";

/// The watchdog device is no help.
#[derive(Debug, thiserror::Error)]
pub enum WatchdogError {
    /// not there, not allowed, or in use
    #[error("the watchdog {} could not be opened: {source}", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// it takes another time than the stages' deadlines need
    #[error("the watchdog {} waits for {actual_s} s, but the stages need at least {needed_s} s: lower stage_s_max", path.display())]
    TooShort { path: PathBuf, actual_s: u64, needed_s: u64 },
}

impl WatchdogError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        "watchdog_open"
    }
}

/// An open watchdog device.
#[derive(Debug)]
pub struct Hardware {
    path: PathBuf,
    device: Option<File>,
    /// A write failed; said once.
    failed: bool,
}

impl Hardware {
    /// Starts the watchdog at `path`, to bite after `time`; one that cannot be set keeps its own time.
    ///
    /// Refused, and stopped again, is one that would bite before `longest`, the longest stage, is over.
    pub fn start(path: &Path, time: Duration, longest: Duration) -> Result<Self, WatchdogError> {
        let opened = OpenOptions::new().write(true).open(path);
        let device = opened.map_err(|source| WatchdogError::Open { path: path.into(), source })?;
        let set = set_timeout(&device, time);
        let mut watchdog = Self { path: path.into(), device: Some(device), failed: false };
        match set {
            Ok(actual) if actual <= longest => {
                watchdog.release();
                let (actual_s, needed_s) = (actual.as_secs(), longest.as_secs() + 1);
                return Err(WatchdogError::TooShort { path: path.into(), actual_s, needed_s });
            }
            Ok(actual) => log::info!("the watchdog {} bites after {} s", path.display(), actual.as_secs()),
            Err(e) => log::warn!("the watchdog {} keeps its own time: {e}", path.display()),
        }
        Ok(watchdog)
    }

    fn write(&mut self, bytes: &[u8]) {
        let Some(device) = &mut self.device else { return };
        if let Err(e) = device.write_all(bytes)
            && !self.failed
        {
            self.failed = true;
            log::error!("{FEED}: the watchdog {} takes nothing: {e}", self.path.display());
        }
    }
}

impl Watchdog for Hardware {
    fn feed(&mut self) {
        self.write(ALIVE);
    }

    fn release(&mut self) {
        self.write(MAGIC_CLOSE);
        self.device = None;
    }
}

/// Sets the time after which the device bites; the time that it took instead.
fn set_timeout(device: &File, time: Duration) -> io::Result<Duration> {
    let mut seconds = i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
    // SAFETY: the kernel reads and writes one C int under this number (linux/watchdog.h), and `seconds` is one that
    // outlives the call; a device that does not know the number gives an error and writes nothing.
    unsafe { ioctl(device, Updater::<SET_TIMEOUT, i32>::new(&mut seconds)) }?;
    Ok(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_life_and_a_meant_close_reach_the_device() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let ten = Duration::from_secs(10);
        let mut watchdog = Hardware::start(file.path(), ten, ten).unwrap();
        watchdog.feed();
        watchdog.feed();
        watchdog.release();
        watchdog.feed();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"\0\0V");
    }

    #[test]
    fn a_device_that_is_not_there_is_told() {
        let ten = Duration::from_secs(10);
        let error = Hardware::start(Path::new("/none/watchdog0"), ten, ten).unwrap_err();
        assert!(error.code() == "watchdog_open" && error.to_string().contains("/none/watchdog0"));
    }
}
