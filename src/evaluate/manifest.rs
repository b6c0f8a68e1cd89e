//! A labelled set of radiographs: a CSV file with one radiograph a line.
//!
//! Only the column `file` is required; a column that is absent leaves its metrics out.
//! Paths are relative to the manifest's folder. A bad value in a column that is used is an error that names its
//! line; columns that are not used are not looked at.
//! This module does not open radiographs.

use std::path::Path;

use super::cells::{Cells, Columns};
use super::error::{ManifestError, ROWS_MAX};
use super::row::Row;

/// The labelled radiographs of one manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    rows: Vec<Row>,
}

impl Manifest {
    /// The rows of `path`, of one `split` or of all; at least one.
    ///
    /// Rows of other splits are not checked.
    pub fn read(path: &Path, split: Option<&str>) -> Result<Self, ManifestError> {
        let unreadable = |source| ManifestError::Csv { path: path.to_owned(), source };
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(unreadable)?;
        let columns = Columns::of(reader.headers().map_err(unreadable)?, path)?;
        columns.require("file", path)?;
        if split.is_some() {
            columns.require("split", path)?;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let cells = Cells::new(&columns, &record, folder);
            if split.is_some() && cells.text("split") != split {
                continue;
            }
            if rows.len() == ROWS_MAX {
                return Err(ManifestError::TooLong { path: path.to_owned() });
            }
            rows.push(Row::of(&cells)?);
        }
        match (rows.is_empty(), split) {
            (false, _) => Ok(Self { rows }),
            (true, None) => Err(ManifestError::Empty { path: path.to_owned() }),
            (true, Some(split)) => {
                Err(ManifestError::EmptySplit { path: path.to_owned(), split: split.to_owned() })
            }
        }
    }

    /// In the order of the file.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}
