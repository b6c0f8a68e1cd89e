//! What a station is, and what came of its run.

use super::machine;
use super::stage::State;
use crate::clock::Clock;
use crate::serial::Event;

/// What runs where: said at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub software: &'static str,
    pub board: String,
    pub model_name: String,
    pub model_version: String,
    /// Hexadecimal.
    pub model_sha256: String,
}

impl About {
    pub(super) fn boot_event<'a>(&'a self, clock: &'a dyn Clock, start: Option<u64>) -> Event<'a> {
        Event::Boot {
            software: self.software,
            board: &self.board,
            boot_id: clock.boot_id().as_str(),
            model_name: &self.model_name,
            model_version: &self.model_version,
            model_sha256: &self.model_sha256,
            start,
            wall_time: clock.wall_time(),
        }
    }
}

/// Why a station ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ended {
    /// The source had no more.
    #[default]
    Source,
    /// The source failed too often in a row.
    SourceFaults,
    /// A vital self-test failed; no radiograph was read.
    SelfTest,
    /// It was told to.
    Stopped,
    /// Earlier starts had failed: it read nothing, and is to be started anew.
    SafeMode,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Read: graded or refused.
    pub radiographs: u64,
    pub graded: u64,
    pub refused: u64,
    /// In the record, on the disk.
    pub kept: u64,
    /// Not in the record though there is one: it could not be written.
    pub not_kept: u64,
    /// Old readings that the record dropped to make room.
    pub dropped: u64,
    /// Failures of source, screen, record and serial link.
    pub faults: u64,
    pub self_tests_failed: u64,
    /// Lines that the serial link lost.
    pub serial_dropped: u64,
    pub ended: Ended,
}

impl Summary {
    pub(super) fn alive_event(&self, state: State, clock: &dyn Clock, dropped: u64) -> Event<'static> {
        let Self { radiographs, faults, .. } = *self;
        let (celsius, wall_time) = (machine::hottest_celsius(), clock.wall_time());
        Event::Alive { state: state.name(), radiographs, faults, dropped, celsius, wall_time }
    }

    pub(super) fn end_event(&self, clock: &dyn Clock, dropped: u64) -> Event<'static> {
        let Self { radiographs, graded, refused, faults, .. } = *self;
        Event::End { radiographs, graded, refused, faults, dropped, wall_time: clock.wall_time() }
    }
}
