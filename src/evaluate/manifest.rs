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

/// Which rows of a manifest are wanted; all by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Only<'a> {
    /// Those of this split.
    pub split: Option<&'a str>,
    /// Those of this fold.
    pub fold: Option<u8>,
}

impl Only<'_> {
    fn wants(&self, cells: &Cells) -> bool {
        let fold = |text: &str| text.parse().ok() == self.fold.map(f64::from);
        (self.split.is_none() || cells.text("split") == self.split)
            && (self.fold.is_none() || cells.text("fold").is_some_and(fold))
    }
}

impl Manifest {
    /// The rows of `path` that are wanted; at least one.
    ///
    /// Rows that are not wanted are not checked.
    pub fn read(path: &Path, only: Only) -> Result<Self, ManifestError> {
        let unreadable = |source| ManifestError::Csv { path: path.to_owned(), source };
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(unreadable)?;
        let columns = Columns::of(reader.headers().map_err(unreadable)?, path)?;
        columns.require("file", path)?;
        for column in [only.split.map(|_| "split"), only.fold.map(|_| "fold")].into_iter().flatten() {
            columns.require(column, path)?;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let cells = Cells::new(&columns, &record, folder);
            if !only.wants(&cells) {
                continue;
            }
            if rows.len() == ROWS_MAX {
                return Err(ManifestError::TooLong { path: path.to_owned() });
            }
            rows.push(Row::of(&cells)?);
        }
        let path = path.to_owned();
        match (rows.is_empty(), only) {
            (false, _) => Ok(Self { rows }),
            (true, Only { fold: Some(fold), .. }) => Err(ManifestError::EmptyFold { path, fold }),
            (true, Only { split: Some(split), .. }) => {
                Err(ManifestError::EmptySplit { path, split: split.to_owned() })
            }
            (true, _) => Err(ManifestError::Empty { path }),
        }
    }

    /// In the order of the file.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}
