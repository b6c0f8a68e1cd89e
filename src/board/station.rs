//! The `[station]` table: what watches over the program, and what it keeps of itself.

use std::path::PathBuf;
use std::time::Duration;

use log::LevelFilter;
use serde::Deserialize;
use toml::Spanned;

/// From the slowest reading of the fastest board to a slow board that writes a large radiograph to a slow disk.
pub const STAGE_S_MAX: [i64; 2] = [2, 120];
/// With the five seconds that [`StationConfig::watchdog_time`] adds it fits the shortest watchdog, 15 s.
const STAGE_S_MAX_DEFAULT: u64 = 10;
/// How much later than the program itself the board's watchdog bites.
const WATCHDOG_AFTER: Duration = Duration::from_secs(5);
/// Levels of the log.
pub const LOG_LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The table as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawStation {
    pub folder: Option<Spanned<String>>,
    pub watchdog: Option<Spanned<String>>,
    pub stage_s_max: Option<Spanned<i64>>,
    pub log: Option<Spanned<String>>,
    pub operating_point: Option<Spanned<String>>,
}

/// What watches over the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationConfig {
    /// Where starts are counted; `None`: in the service's own folder, where there is one.
    pub folder: Option<PathBuf>,
    /// The watchdog's device; `None`: the board's watchdog is left alone.
    pub watchdog: Option<PathBuf>,
    /// How long a stage may go without progress.
    pub stage_max: Duration,
    /// Records of the log that go over the serial line as well.
    pub log: LevelFilter,
    /// An operating point that was chosen on local cases; `None`: the model's own.
    pub operating_point: Option<PathBuf>,
}

impl StationConfig {
    /// The time after which the board's watchdog is to bite.
    pub fn watchdog_time(&self) -> Duration {
        self.stage_max + WATCHDOG_AFTER
    }
}

impl Default for StationConfig {
    fn default() -> Self {
        Self {
            folder: None,
            watchdog: None,
            stage_max: Duration::from_secs(STAGE_S_MAX_DEFAULT),
            log: LevelFilter::Off,
            operating_point: None,
        }
    }
}
