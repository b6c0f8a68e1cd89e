//! What watches over the program, checked.

use std::time::Duration;

use log::LevelFilter;

use super::Checker;
use crate::board::BoardError;
use crate::board::station::{LOG_LEVELS, RawStation, STAGE_S_MAX, StationConfig};

impl Checker<'_> {
    pub(super) fn station(&self, raw: &RawStation) -> Result<StationConfig, BoardError> {
        let otherwise = StationConfig::default();
        let stage_s = raw.stage_s_max.as_ref().map(|s| self.range("stage_s_max", s, STAGE_S_MAX));
        let form = "off, error, warn, info, debug or trace";
        let known = |s: &str| LOG_LEVELS.contains(&s);
        let log = raw.log.as_ref().map(|l| self.form("log", l, form, known)).transpose()?;
        let file = |key, raw: &Option<_>| raw.as_ref().map(|path| self.file(key, path)).transpose();
        Ok(StationConfig {
            folder: file("folder", &raw.folder)?,
            watchdog: file("watchdog", &raw.watchdog)?,
            stage_max: stage_s.transpose()?.map_or(otherwise.stage_max, |s| Duration::from_secs(s as u64)),
            log: log.and_then(|l| l.parse::<LevelFilter>().ok()).unwrap_or(otherwise.log),
            operating_point: file("operating_point", &raw.operating_point)?,
        })
    }
}
