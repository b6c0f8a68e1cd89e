//! What a board file is refused for, and where it stands.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::texts::{DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, PARENTS_MAX};
use crate::units::PixelSize;

/// A place in a board file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Place {
    /// Where byte `at` of `text` lies; past the end counts as the end.
    pub fn of(at: usize, text: &str, path: &Path) -> Self {
        let end = (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Self {
            path: path.into(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// `board/host.toml, line 3, column 7`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}, column {}", self.path.display(), self.line, self.column)
    }
}

/// Why a board file is refused.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// the operating system refused
    #[error("the board file {} could not be read: {source}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// too large to be a board file
    #[error("{} has more than {FILE_BYTES_MAX} bytes: it is no board file", path.display())]
    TooLarge { path: PathBuf },
    /// no such board inside the program
    #[error(
        "there is no board file {name}, and no board of that name inside the program (raymap board list)"
    )]
    BuiltIn { name: String },
    /// no TOML, an unknown key, a missing key or a value of the wrong type
    #[error("{place}: {}", source.message())]
    Syntax { place: Place, source: Box<toml::de::Error> },
    /// a kind that does not exist
    #[error("{place}: there is no {what} of kind \"{found}\"; there are: {known}")]
    Kind { place: Place, what: &'static str, found: String, known: &'static str },
    /// a key without which the table says nothing
    #[error("{place}: {what} needs {key}")]
    Missing { place: Place, what: &'static str, key: &'static str },
    /// a key that means nothing here
    #[error("{place}: {key} does not belong to {what}; remove it")]
    Surplus { place: Place, what: &'static str, key: &'static str },
    /// a number out of range
    #[error("{place}: {key} = {value} is out of range: {min} to {max} are allowed")]
    Range { place: Place, key: &'static str, value: f64, min: f64, max: f64 },
    /// a wait that would pass for a hang
    #[error(
        "{place}: timeout_ms = {timeout_ms} is too long: with stage_s_max = {stage_s} a wait for a frame may take {} at most",
        stage_s * 1000 / 2
    )]
    Timeout { place: Place, timeout_ms: u128, stage_s: u64 },
    /// a text of the wrong form
    #[error("{place}: {key} = \"{value}\" cannot be: it takes {form}")]
    Form { place: Place, key: &'static str, value: String, form: &'static str },
    /// a part that is nowhere
    #[error("{place}: there is no {name}.toml, neither below this board's folder nor inside the program")]
    Parent { place: Place, name: String },
    /// a file that is its own ancestor
    #[error("{place}: {name} is what inherits this: a circle")]
    Cycle { place: Place, name: String },
    /// more ancestors than a board needs
    #[error(
        "{place}: {name} is one too many: a file inherits at most {PARENTS_MAX}, at most {DEPTH_MAX} deep, {FILES_MAX} in all"
    )]
    TooMany { place: Place, name: String },
    /// a crop that reaches beyond the picture
    #[error("{place}: the crop is empty or reaches beyond the picture of {size}")]
    Crop { place: Place, size: PixelSize },
    /// no phantom, or more than anybody waits for
    #[error("{place}: {count} phantoms cannot be: it takes 1 to {max}")]
    PhantomCount { place: Place, count: usize, max: usize },
}

impl BoardError {
    pub(super) fn syntax(source: toml::de::Error, text: &str, path: &Path) -> Self {
        let at = source.span().unwrap_or(Range { start: 0, end: 0 }).start;
        Self::Syntax { place: Place::of(at, text, path), source: Box::new(source) }
    }

    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "board_read",
            Self::TooLarge { .. } => "board_too_large",
            Self::BuiltIn { .. } => "board_absent",
            Self::Syntax { .. } => "board_syntax",
            Self::Parent { .. } => "board_parent",
            Self::Cycle { .. } => "board_cycle",
            Self::TooMany { .. } => "board_too_many",
            Self::Crop { .. } => "board_crop",
            Self::Kind { .. } => "board_kind",
            Self::Missing { .. } => "board_missing",
            Self::Surplus { .. } => "board_surplus",
            Self::Range { .. } | Self::Timeout { .. } => "board_range",
            Self::Form { .. } => "board_form",
            Self::PhantomCount { .. } => "board_phantom_count",
        }
    }

    /// Where in the file, unless the file could not be read at all.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Read { .. } | Self::TooLarge { .. } | Self::BuiltIn { .. } => None,
            Self::Syntax { place, .. }
            | Self::Kind { place, .. }
            | Self::Missing { place, .. }
            | Self::Surplus { place, .. }
            | Self::Range { place, .. }
            | Self::Timeout { place, .. }
            | Self::Form { place, .. }
            | Self::Parent { place, .. }
            | Self::Cycle { place, .. }
            | Self::TooMany { place, .. }
            | Self::Crop { place, .. }
            | Self::PhantomCount { place, .. } => Some(place),
        }
    }
}
