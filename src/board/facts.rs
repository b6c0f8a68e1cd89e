//! What is known of a board's hardware, with its source: for people and tables, never acted upon.

use std::fmt;

/// How far something has been tried; the weakest comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Written from documents; nobody has tried it.
    #[default]
    Documents,
    /// Tried on an emulated machine.
    Emulated,
    /// Tried on the thing itself.
    Tested,
}

impl Status {
    /// The names, as board files have them.
    pub const NAMES: [&'static str; 3] = ["documents", "emulated", "tested"];

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Documents, Self::Emulated, Self::Tested].into_iter().find(|s| s.name() == name)
    }

    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// As in a board file.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing known of the hardware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The node in `/dev`, where there is one.
    pub device: Option<String>,
    pub text: String,
    /// Lines for the board's own configuration, such as `config.txt`, as they are to be written.
    pub setup: Vec<String>,
    /// The longest time, in seconds, for which a watchdog can be set.
    pub timeout_s_max: Option<u32>,
    pub status: Status,
    /// The public document or the trial from which it is known.
    pub source: String,
}

/// All that is known of a board's hardware; each list from the most useful on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub processor: Option<Fact>,
    pub uarts: Vec<Fact>,
    pub watchdogs: Vec<Fact>,
    pub screens: Vec<Fact>,
    pub cameras: Vec<Fact>,
}
