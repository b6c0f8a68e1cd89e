//! What the station is and does, as the desk is told.

use crate::board::Keyboard;
use crate::exposure::Live;
use crate::reading::Provenance;
use crate::render::Language;

/// What the station is, for the screen that waits.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where radiographs come from.
    pub source: String,
    pub model: Provenance,
    pub language: Language,
    pub keyboard: Keyboard,
}

/// What the station does.
#[derive(Debug, Clone, PartialEq)]
pub enum Scene {
    Boot {
        lines: Vec<String>,
    },
    Ready,
    /// A live picture shows this, and no reading is on show.
    Live(Live),
    Reading,
    /// The newest reading.
    Result,
    Fault {
        code: &'static str,
        text: String,
    },
    SafeMode {
        code: &'static str,
        text: String,
    },
    Ending,
}
