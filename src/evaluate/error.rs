//! What a manifest can lack.

use std::path::PathBuf;

/// Rows of the largest manifest taken: about a hundred times the corpus, to bound memory.
pub const ROWS_MAX: usize = 300_000;

/// What a manifest can lack.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// the file could not be read as CSV
    #[error("the manifest {} could not be read", .path.display())]
    Csv {
        path: PathBuf,
        #[source]
        source: csv::Error,
    },
    /// a column that is needed is absent
    #[error("the manifest {} has no column {column}", .path.display())]
    NoColumn { path: PathBuf, column: &'static str },
    /// two columns of one name
    #[error("the manifest {} has the column {column} twice", .path.display())]
    ColumnTwice { path: PathBuf, column: String },
    /// a value that its column cannot have
    #[error("line {line}, column {column}: {value:?} should be {expected}")]
    Value { line: u64, column: &'static str, value: String, expected: &'static str },
    /// a mask that is not there
    #[error("line {line}, column {column}: there is no file {}", .path.display())]
    NoMask { line: u64, column: &'static str, path: PathBuf },
    /// nothing to measure
    #[error("the manifest {} has no radiographs", .path.display())]
    Empty { path: PathBuf },
    /// nothing in the split that was asked for
    #[error("the manifest {} has no radiographs in the split {split:?}", .path.display())]
    EmptySplit { path: PathBuf, split: String },
    /// nothing in the fold that was asked for
    #[error("the manifest {} has no radiographs in the fold {fold} of what was asked for", .path.display())]
    EmptyFold { path: PathBuf, fold: u8 },
    /// more rows than are taken
    #[error("the manifest {} has more than {ROWS_MAX} rows: split it", .path.display())]
    TooLong { path: PathBuf },
}

impl ManifestError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Csv { .. } => "manifest_unreadable",
            Self::NoColumn { .. } => "manifest_no_column",
            Self::ColumnTwice { .. } => "manifest_column_twice",
            Self::Value { .. } => "manifest_value",
            Self::NoMask { .. } => "manifest_no_mask",
            Self::Empty { .. } => "manifest_empty",
            Self::EmptySplit { .. } => "manifest_empty_split",
            Self::EmptyFold { .. } => "manifest_empty_fold",
            Self::TooLong { .. } => "manifest_too_long",
        }
    }
}
