//! The cells of one line, by column name, with their types.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::error::ManifestError;

/// Characters of a bad value that an error repeats: enough to find it, not a page.
const VALUE_SHOWN_MAX: usize = 60;

/// Where each column stands.
pub struct Columns(HashMap<String, usize>);

impl Columns {
    pub fn of(header: &StringRecord, path: &Path) -> Result<Self, ManifestError> {
        let mut columns = HashMap::new();
        for (i, name) in header.iter().enumerate() {
            let name = name.trim_start_matches('\u{feff}').to_owned();
            if columns.insert(name.clone(), i).is_some() && !name.is_empty() {
                return Err(ManifestError::ColumnTwice { path: path.to_owned(), column: name });
            }
        }
        Ok(Self(columns))
    }

    pub fn require(&self, column: &'static str, path: &Path) -> Result<(), ManifestError> {
        match self.0.contains_key(column) {
            true => Ok(()),
            false => Err(ManifestError::NoColumn { path: path.to_owned(), column }),
        }
    }
}

/// One line of a manifest.
pub struct Cells<'a> {
    columns: &'a Columns,
    record: &'a StringRecord,
    folder: &'a Path,
}

impl<'a> Cells<'a> {
    pub fn new(columns: &'a Columns, record: &'a StringRecord, folder: &'a Path) -> Self {
        Self { columns, record, folder }
    }

    /// From 1, the header's line.
    pub fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    /// `None` where the column is absent or the cell empty.
    pub fn text(&self, column: &str) -> Option<&'a str> {
        let text = self.record.get(*self.columns.0.get(column)?)?;
        (!text.is_empty()).then_some(text)
    }

    pub fn required(&self, column: &'static str) -> Result<&'a str, ManifestError> {
        self.text(column).ok_or_else(|| self.bad(column, "", "a path"))
    }

    /// The cell by `parse`; an error that says `expected` where `parse` gives nothing.
    pub fn parsed<T>(
        &self,
        column: &'static str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ManifestError> {
        let Some(text) = self.text(column) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| self.bad(column, text, expected))
    }

    /// 0 or 1.
    pub fn flag(&self, column: &'static str) -> Result<Option<bool>, ManifestError> {
        Ok(self.whole(column, 1, "0 or 1")?.map(|v| v == 1))
    }

    /// A whole number 0..=`max`; `2.0` is one, as tables with gaps write it.
    pub fn whole(
        &self,
        column: &'static str,
        max: u8,
        expected: &'static str,
    ) -> Result<Option<u8>, ManifestError> {
        self.parsed(column, expected, |text| {
            let v: f64 = text.parse().ok()?;
            ((0.0..=f64::from(max)).contains(&v) && v == libm::floor(v)).then_some(v as u8)
        })
    }

    /// A number 0..=`max`.
    pub fn number(
        &self,
        column: &'static str,
        max: f64,
        expected: &'static str,
    ) -> Result<Option<f64>, ManifestError> {
        self.parsed(column, expected, |text| text.parse().ok().filter(|v| (0.0..=max).contains(v)))
    }

    /// A path from the manifest's folder.
    pub fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    /// The path of a file that is there.
    pub fn mask(&self, column: &'static str) -> Result<Option<PathBuf>, ManifestError> {
        let Some(path) = self.text(column).map(|text| self.path(text)) else { return Ok(None) };
        match path.is_file() {
            true => Ok(Some(path)),
            false => Err(ManifestError::NoMask { line: self.line(), column, path }),
        }
    }

    fn bad(&self, column: &'static str, value: &str, expected: &'static str) -> ManifestError {
        let value = value.chars().take(VALUE_SHOWN_MAX).collect();
        ManifestError::Value { line: self.line(), column, value, expected }
    }
}
