//! What ends a command early, and with which exit code.

use std::error::Error;
use std::path::Path;

use serde_json::{Value, json};

use crate::board::BoardError;
use crate::network::ModelError;
use crate::pipeline::PipelineError;
use crate::record::RecordError;
use crate::source::folder::FolderError;

/// Exit codes, fixed for callers; 0 is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// A bug of ours.
    Bug = 1,
    /// Wrong arguments.
    Usage = 2,
    /// A board file that cannot be used.
    Configuration = 3,
    /// No radiograph could be read.
    Input = 4,
    /// A device that is missing or does not answer.
    Device = 5,
    /// A model that is refused.
    Model = 6,
    /// Nothing can be written.
    Storage = 7,
}

/// An error with its exit code, its stable name and its message.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub code: &'static str,
    pub text: String,
}

impl Failure {
    /// `error` and what caused it, in one line.
    pub fn new(exit: Exit, code: &'static str, error: &dyn Error) -> Self {
        Self { exit, code, text: chain(error) }
    }

    /// A file or folder that could not be written.
    pub fn storage(path: &Path, error: &dyn Error) -> Self {
        Self {
            exit: Exit::Storage,
            code: "write_failed",
            text: format!("{} could not be written: {}", path.display(), chain(error)),
        }
    }

    /// The object that `--json` prints in place of a reading.
    pub fn to_json(&self, file: Option<&str>) -> Value {
        json!({"schema": crate::reading::SCHEMA, "file": file, "error": {"code": self.code, "text": self.text}})
    }
}

/// Messages from the outermost to the innermost cause; a cause that its parent already quotes is not repeated.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let message = inner.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = inner.source();
    }
    text
}

impl From<ModelError> for Failure {
    fn from(e: ModelError) -> Self {
        Self::new(Exit::Model, e.code(), &e)
    }
}

impl From<BoardError> for Failure {
    fn from(e: BoardError) -> Self {
        Self::new(Exit::Configuration, e.code(), &e)
    }
}

impl From<FolderError> for Failure {
    fn from(e: FolderError) -> Self {
        Self::new(Exit::Input, e.code(), &e)
    }
}

impl From<PipelineError> for Failure {
    fn from(e: PipelineError) -> Self {
        Self::new(Exit::Bug, e.code(), &e)
    }
}

/// Asking for a reading that is not there is wrong use; all else is the disk's trouble.
impl From<RecordError> for Failure {
    fn from(e: RecordError) -> Self {
        match e {
            RecordError::Unknown { .. } => Self::new(Exit::Usage, e.code(), &e),
            _ => {
                let failure = Self::new(Exit::Storage, e.code(), &e);
                Self { text: format!("{}. {}", failure.text, e.advice()), ..failure }
            }
        }
    }
}
