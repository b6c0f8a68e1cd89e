//! How many starts there were, how many of the last failed, and of what: one small file that outlives power cuts.
//!
//! A start counts as failed from its beginning until it has *settled*: a radiograph went all the way, the station
//! was at its work for some minutes, or it was told to stop. The file is written whole beside itself, forced onto the disk
//! and renamed, so a power cut leaves the old one or the new one.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::replace::replace;

/// After so many failed starts in a row the next one is in safe mode.
pub const FAILED_STARTS_MAX: u32 = 3;
/// The file in the station's folder.
const NAME: &str = "starts.json";
/// While it is written.
/// Longer files are none of ours.
const BYTES_MAX: u64 = 4_096;
/// Characters that are kept of a reason.
const REASON_CHARACTERS_MAX: usize = 200;

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Written {
    starts: u64,
    failed_in_a_row: u32,
    /// Why the last failed start failed, where it could still be said.
    reason: Option<String>,
}

/// The count, with this start in it.
#[derive(Debug, Clone)]
pub struct Starts {
    folder: PathBuf,
    written: Written,
    /// Failed starts just before this one.
    failed_before: u32,
    reason_before: Option<String>,
}

impl Starts {
    /// Counts this start, as failed until it is settled. A file that says nothing counts as none.
    ///
    /// After [`FAILED_STARTS_MAX`] failed ones this start is for safe mode, and the row begins anew.
    pub fn begin(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let before = read(&folder.join(NAME));
        let safe = before.failed_in_a_row >= FAILED_STARTS_MAX;
        let written = Written {
            starts: before.starts.saturating_add(1),
            failed_in_a_row: if safe { 0 } else { before.failed_in_a_row + 1 },
            reason: None,
        };
        let (failed_before, reason_before) = (before.failed_in_a_row, before.reason);
        let starts = Self { folder: folder.into(), written, failed_before, reason_before };
        starts.write()?;
        Ok(starts)
    }

    /// This start's number, from 1.
    pub fn number(&self) -> u64 {
        self.written.starts
    }

    /// Why this start is to be in safe mode; `None`: it is not.
    pub fn safe_mode(&self) -> Option<String> {
        (self.failed_before >= FAILED_STARTS_MAX).then(|| {
            let reason =
                self.reason_before.as_deref().unwrap_or("unknown: the power or the program went away");
            format!("{} starts in a row failed; the last: {reason}", self.failed_before)
        })
    }

    /// This start has not failed.
    pub fn settle(&mut self) -> io::Result<()> {
        if self.written.failed_in_a_row == 0 && self.written.reason.is_none() {
            return Ok(());
        }
        (self.written.failed_in_a_row, self.written.reason) = (0, None);
        self.write()
    }

    /// Says why this start is failing.
    pub fn fail(&mut self, reason: &str) -> io::Result<()> {
        self.written.reason = Some(reason.chars().take(REASON_CHARACTERS_MAX).collect());
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        replace(&self.folder.join(NAME), &serde_json::to_vec(&self.written)?)
    }
}

fn read(path: &Path) -> Written {
    let mut text = Vec::new();
    let file = File::open(path).and_then(|f| f.take(BYTES_MAX).read_to_end(&mut text));
    match (file, serde_json::from_slice(&text)) {
        (Ok(_), Ok(written)) => written,
        (Err(e), _) if e.kind() == io::ErrorKind::NotFound => Written::default(),
        (Err(e), _) => {
            log::warn!("the count of starts cannot be read, it begins anew: {e}");
            Written::default()
        }
        (Ok(_), Err(e)) => {
            log::warn!("the count of starts is damaged, it begins anew: {e}");
            Written::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replace::beside;

    fn begin(folder: &tempfile::TempDir) -> Starts {
        Starts::begin(&folder.path().join("station")).unwrap()
    }

    #[test]
    fn three_failed_starts_lead_to_safe_mode_and_then_it_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=3 {
            let mut starts = begin(&folder);
            assert_eq!((starts.number(), starts.safe_mode()), (number, None));
            starts.fail("hang while reading").unwrap();
        }
        let safe = begin(&folder);
        assert_eq!(safe.safe_mode().unwrap(), "3 starts in a row failed; the last: hang while reading");
        assert_eq!(begin(&folder).safe_mode(), None);
    }

    #[test]
    fn a_start_that_settled_ends_the_row() {
        let folder = tempfile::tempdir().unwrap();
        begin(&folder);
        begin(&folder);
        begin(&folder).settle().unwrap();
        assert_eq!(begin(&folder).safe_mode(), None);
        assert_eq!(begin(&folder).number(), 5);
    }

    #[test]
    fn a_power_cut_at_any_byte_of_the_new_file_leaves_the_old_count() {
        let folder = tempfile::tempdir().unwrap();
        begin(&folder);
        let station = folder.path().join("station");
        let text = fs::read(station.join(NAME)).unwrap();
        for length in 0..text.len() {
            fs::write(beside(&station.join(NAME)), &text[..length]).unwrap();
            assert_eq!(read(&station.join(NAME)).starts, 1);
        }
        assert_eq!(begin(&folder).number(), 2);
    }

    #[test]
    fn a_damaged_count_begins_anew_and_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        begin(&folder);
        let path = folder.path().join("station").join(NAME);
        for rubbish in ["", "{", "null", "{\"starts\":-1}"] {
            fs::write(&path, rubbish).unwrap();
            assert_eq!((begin(&folder).number(), begin(&folder).number()), (1, 2));
        }
    }
}
