//! Which file is being read, written down before it is: one that ends the program must not end each start after it.
//!
//! A restart begins with the file that was not done with, so a radiograph that hangs the program, or is too much for
//! a slow board's deadlines, would be met again and again. After [`ENDED_MAX`] programs it is passed over, and said.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::replace::replace;

/// Programs that may end while they read one file: one fewer than failed starts lead to safe mode.
pub const ENDED_MAX: u32 = 2;
/// Longer files are none of ours.
const BYTES_MAX: u64 = 64;

/// The file that was begun last, and how often.
#[derive(Debug)]
pub struct UnderWay {
    path: Option<PathBuf>,
    key: u64,
    begun: u32,
}

impl UnderWay {
    /// What `path` remembers; nothing where there is none. Without a path nothing is remembered over restarts.
    pub fn load(path: Option<PathBuf>) -> Self {
        let (key, begun) = path.as_deref().and_then(read).unwrap_or_default();
        Self { path, key, begun }
    }

    /// Whether the file known as `key` may be read; that it is begun is on the disk then, as far as that can be.
    pub fn begin(&mut self, key: u64) -> bool {
        let begun = if key == self.key { self.begun } else { 0 };
        if begun >= ENDED_MAX {
            return false;
        }
        (self.key, self.begun) = (key, begun + 1);
        if let Some(Err(error)) =
            self.path.as_deref().map(|path| replace(path, line(self.key, self.begun).as_bytes()))
        {
            log::warn!("that a file is being read could not be written down: {error}");
        }
        true
    }

    /// The program has outlived the file, and a later one may be known by the same key.
    pub fn done(&mut self) {
        self.begun = 0;
        if let Some(Err(error)) = self.path.as_deref().map(fs::remove_file)
            && error.kind() != ErrorKind::NotFound
        {
            log::warn!("that a file has been read could not be written down: {error}");
        }
    }
}

fn line(key: u64, begun: u32) -> String {
    format!("{key:016x} {begun}\n")
}

/// `None` where there is nothing, or nothing that makes sense.
fn read(path: &Path) -> Option<(u64, u32)> {
    let mut text = String::new();
    File::open(path).ok()?.take(BYTES_MAX).read_to_string(&mut text).ok()?;
    let (key, begun) = text.trim_end().split_once(' ')?;
    Some((u64::from_str_radix(key, 16).ok()?, begun.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_ended_two_programs_is_passed_over_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let start = || UnderWay::load(Some(folder.path().join("begun")));
        assert!(start().begin(7));
        assert!(start().begin(7));
        let mut third = start();
        assert!(!third.begin(7));
        assert!(third.begin(8));
        assert!(start().begin(7), "what was read in between is forgotten");
    }

    #[test]
    fn a_file_that_was_done_with_begins_anew_in_the_same_program() {
        let mut under_way = UnderWay::load(None);
        for _ in 0..5 {
            assert!(under_way.begin(7));
            under_way.done();
        }
    }

    #[test]
    fn files_that_were_done_with_count_for_nothing_in_the_programs_after() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..ENDED_MAX + 2 {
            let mut program = UnderWay::load(Some(folder.path().join("begun")));
            assert!(program.begin(7));
            program.done();
        }
    }

    #[test]
    fn what_makes_no_sense_or_cannot_be_written_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("begun");
        for text in ["", "x", "7 7 7", "00000000000000000007 99999999999"] {
            fs::write(&path, text).unwrap();
            assert!(UnderWay::load(Some(path.clone())).begin(7), "{text}");
        }
        assert!(UnderWay::load(Some(folder.path().join("no/such/folder"))).begin(7));
    }
}
