//! Readings into the record, before they are shown; and what to say where they are not.

use super::Station;
use super::fault::Fault;
use super::panel::{Keeping, Naming};
use super::stage::Stage;
use crate::pipeline::Study;
use crate::record::{Kept, RecordError};
use crate::serial::Event;
use crate::source::Sourced;

impl Station<'_> {
    /// Keeps a reading. Where that fails the station goes on: it counts, shows and reports that this one is not kept.
    ///
    /// Gives the reading's number in the record.
    pub(super) fn keep(&mut self, sourced: &Sourced, study: &Study) -> Option<u64> {
        let record = self.record.as_mut()?;
        let kept = record.keep(&sourced.frame, study, self.clock);
        let dropped = record.dropped().map_or(0, |d| d.readings);
        let does = match dropped {
            0 => Keeping::All { percent: record.used_percent().unwrap_or(0) },
            _ => Keeping::DropsOldest,
        };
        let id = kept.as_ref().ok().map(|kept| kept.id);
        match kept {
            Ok(kept) => {
                self.panel.record(does);
                self.kept(&kept, dropped);
            }
            Err(error) => self.not_kept(&error),
        }
        id
    }

    /// Keeps of whom a reading is, as the operator says; who that is goes nowhere else.
    pub(super) fn name(&mut self, naming: Naming) {
        self.enter(Stage::Keeping);
        let Some(record) = self.record.as_mut() else { return };
        match record.name(naming.reading, naming.person, self.clock) {
            Ok(()) => log::info!("of whom reading {} is was kept as the operator said", naming.reading),
            Err(error) => {
                let text =
                    format!("of whom reading {} is is not kept: {error}. {}", naming.reading, error.advice());
                self.fault(&Fault::record(error.code(), text));
            }
        }
    }

    fn kept(&mut self, kept: &Kept, dropped_so_far: u64) {
        self.summary.kept += 1;
        if let Some(dispatch) = self.dispatch {
            dispatch.kept();
        }
        log::info!("radiograph {} is kept as reading {}", self.summary.radiographs, kept.id);
        if kept.dropped > 0 {
            self.dropped(kept.dropped, dropped_so_far);
        }
    }

    /// What the rule removed is no fault, but it is said like one.
    fn dropped(&mut self, readings: u64, so_far: u64) {
        self.summary.dropped += readings;
        log::warn!("the record is full: the oldest {readings} readings were dropped, {so_far} so far");
        self.tell(&Event::Fault {
            origin: "record",
            code: "record_dropped",
            radiographs: self.summary.radiographs,
            count: self.summary.faults,
        });
    }

    fn not_kept(&mut self, error: &RecordError) {
        self.summary.not_kept += 1;
        let text = format!("this reading is not kept: {error}. {}", error.advice());
        log::warn!("radiograph {}: {text}", self.summary.radiographs);
        self.panel.record(Keeping::Nothing);
        self.fault(&Fault::record(error.code(), text));
    }
}
