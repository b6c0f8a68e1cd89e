//! What the run loop needs of the reading stages and of the screen.

use std::error::Error;

use super::fault::Fault;
use super::self_test::TestReport;
use super::summary::About;
use crate::exposure::Live;
use crate::frame::Frame;
use crate::person::Person;
use crate::pipeline::Study;

/// Reads a radiograph; one that cannot be graded has a study too.
pub trait Reader {
    fn read(&mut self, name: &str, frame: &Frame) -> Study;
}

/// Shows what happens. After an error the next call is a fresh attempt.
pub trait Panel {
    /// The station has started and tested itself.
    fn boot(&mut self, about: &About, tests: &[TestReport]) -> Result<(), PanelError>;

    /// The source is open.
    fn ready(&mut self) {}

    /// A radiograph is there and is being read.
    fn reading(&mut self) {}

    /// A radiograph, graded or not.
    fn result(&mut self, study: &Study, filed: Filed) -> Result<(), PanelError>;

    /// No radiograph came, and why.
    fn fault(&mut self, fault: &Fault) -> Result<(), PanelError>;

    /// What a live picture shows while it gives no new radiograph; told again and again.
    ///
    /// Meant for a mark beside the picture, and to take a fault off the screen: a result stays.
    fn live(&mut self, _live: Live) -> Result<(), PanelError> {
        Ok(())
    }

    /// Nothing is read, and why.
    fn safe_mode(&mut self, _about: &About, text: &str) -> Result<(), PanelError> {
        self.fault(&Fault::station("safe_mode", text.into()))
    }

    /// The serial link began to lose lines (`works` is false), or takes them again; `dropped` were lost so far.
    ///
    /// Meant for a mark beside the picture: it is no reason to take a result off the screen.
    fn serial(&mut self, _works: bool, _dropped: u64) -> Result<(), PanelError> {
        Ok(())
    }

    /// What the record does from now on.
    fn record(&mut self, _does: Keeping) {}

    /// What the operator has asked for; an error where the screen has failed since it was last asked.
    fn attend(&mut self) -> Result<Asked, PanelError> {
        Ok(Asked::default())
    }
}

/// Where a reading belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filed {
    /// Its number in the record; `None`: it is not kept.
    pub record: Option<u64>,
    /// Who was examined, where the radiograph's file says so surely.
    pub person: Option<Person>,
}

/// What the record does with readings: it stands beside every picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// And how much of its room they take.
    All { percent: u8 },
    /// It is full: the oldest were dropped to make room.
    DropsOldest,
    /// It cannot be written.
    Nothing,
}

/// What the operator has asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The station is to end.
    pub shut_down: bool,
    /// Kept readings of which the operator has said of whom they are, in this order; a few.
    pub namings: Vec<Naming>,
}

/// The operator says of whom a kept reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming {
    /// Its number in the record.
    pub reading: u64,
    /// `None` takes back what was said before.
    pub person: Option<Person>,
}

/// A screen could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the screen could not be drawn: {source}")]
pub struct PanelError {
    code: &'static str,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

impl PanelError {
    /// The screen's own error under its stable name.
    pub fn new(code: &'static str, source: impl Error + Send + Sync + 'static) -> Self {
        Self { code, source: Box::new(source) }
    }

    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        self.code
    }
}
