//! The `[record]` table: where readings are kept, and how many bytes they may fill.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

/// From a handful of readings to more than any board's disk has.
pub const RECORD_BYTES_MAX: [i64; 2] = [1 << 20, 1 << 40];

/// The table as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRecord {
    pub folder: Spanned<String>,
    pub bytes_max: Spanned<i64>,
    pub key_file: Option<Spanned<String>>,
    pub patient: Option<Spanned<bool>>,
}

/// Where readings are kept. When `bytes_max` is reached, the oldest go first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordConfig {
    pub folder: PathBuf,
    pub bytes_max: u64,
    /// The key that new readings are sealed with; `None`: they are kept in the clear.
    pub key_file: Option<PathBuf>,
    /// Whether patient and study are kept as DICOM files say them, for objects that are sent or exported.
    pub patient: bool,
}
