//! When an entry was kept, on a device whose clock may be wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{BootId, Clock, WallTime};

/// A moment of one start of the program.
///
/// `start` counts the starts that wrote into this record, so (`start`, `uptime`) rises from entry to entry whatever
/// the time of day does; the sequence number says the same more simply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// From 1.
    pub start: u32,
    pub boot_id: BootId,
    /// Since that start.
    pub uptime: Duration,
    /// `None` where it was not to be trusted.
    pub wall_time: Option<WallTime>,
}

/// A moment as notes spell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenMoment {
    pub start: u32,
    pub boot_id: String,
    pub uptime_ms: u64,
    pub unix_s: Option<i64>,
}

impl Moment {
    /// Now, in start number `start`.
    pub fn now(clock: &dyn Clock, start: u32) -> Self {
        Self { start, boot_id: clock.boot_id().clone(), uptime: clock.uptime(), wall_time: clock.wall_time() }
    }

    pub fn written(&self) -> WrittenMoment {
        WrittenMoment {
            start: self.start,
            boot_id: self.boot_id.as_str().into(),
            uptime_ms: u64::try_from(self.uptime.as_millis()).unwrap_or(u64::MAX),
            unix_s: self.wall_time.map(WallTime::unix_s),
        }
    }
}

impl From<WrittenMoment> for Moment {
    fn from(written: WrittenMoment) -> Self {
        Self {
            start: written.start,
            boot_id: BootId::parse(&written.boot_id),
            uptime: Duration::from_millis(written.uptime_ms),
            wall_time: written.unix_s.and_then(|s| WallTime::trusted(s, true)),
        }
    }
}

/// `2026-11-24T01:29:15Z`, or `start 3 + 12.5 s` where the clock was not trusted.
impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.wall_time {
            Some(time) => time.fmt(f),
            None => write!(f, "start {} + {:.1} s", self.start, self.uptime.as_secs_f64()),
        }
    }
}
