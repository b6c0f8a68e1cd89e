//! Something failed outside, and the station went on.

/// Where it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Source,
    Screen,
    Record,
    /// The station itself: safe mode.
    Station,
}

impl Origin {
    /// Stable lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Screen => "screen",
            Self::Record => "record",
            Self::Station => "station",
        }
    }
}

/// One failure, for the screen and the serial line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub origin: Origin,
    /// Stable name for machines; this alone is reported.
    pub code: &'static str,
    /// For the operator's eyes: it may name a file.
    pub text: String,
}

impl Fault {
    /// A source that did not open, or gave an error in a radiograph's place.
    pub fn source(code: &'static str, text: String) -> Self {
        Self { origin: Origin::Source, code, text }
    }

    /// A screen that could not be drawn.
    pub fn screen(code: &'static str, text: String) -> Self {
        Self { origin: Origin::Screen, code, text }
    }

    /// The station reads nothing.
    pub fn station(code: &'static str, text: String) -> Self {
        Self { origin: Origin::Station, code, text }
    }

    /// A reading that could not be kept. `text` names no radiograph.
    pub fn record(code: &'static str, text: String) -> Self {
        Self { origin: Origin::Record, code, text }
    }
}
