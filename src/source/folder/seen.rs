//! Which files have been given, kept in a small file, so that a restart does not give them again.
//!
//! One line of 16 hexadecimal digits for each; a last line that a power cut tore is no line.

use std::collections::{HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::replace::replace;

/// What a file is known by.
pub type Key = [u8; 8];

/// Files remembered, the latest: as many as a folder may hold.
const SEEN_MAX: usize = super::FILES_MAX;
/// Of a line, with its end.
const LINE_BYTES: usize = 17;
/// Bytes of the file that are read at most; it is written anew when it has twice the lines that are needed.
const FILE_BYTES_MAX: u64 = (4 * SEEN_MAX * LINE_BYTES) as u64;

/// The files that have been given.
pub struct Seen {
    path: Option<PathBuf>,
    keys: HashSet<Key>,
    order: VecDeque<Key>,
    /// Lines in the file.
    lines: usize,
}

impl Seen {
    /// What `path` remembers; nothing where there is none, or it cannot be read.
    pub fn load(path: Option<&Path>) -> Self {
        let mut seen =
            Self { path: path.map(Into::into), keys: HashSet::new(), order: VecDeque::new(), lines: 0 };
        let mut bytes = Vec::new();
        if let Some(Ok(file)) = path.map(File::open)
            && let Err(error) = file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)
        {
            log::warn!("which files have been read could not be recalled: {error}");
        }
        for line in bytes.chunks_exact(LINE_BYTES).filter_map(parse) {
            seen.insert(line);
            seen.lines += 1;
        }
        // After a torn line all that follows would be out of step.
        if bytes.len() != seen.lines * LINE_BYTES || seen.lines > 2 * SEEN_MAX {
            seen.write_anew();
        }
        seen
    }

    pub fn has(&self, key: Key) -> bool {
        self.keys.contains(&key)
    }

    /// Remembers `key`; where that cannot be written down, until the program ends.
    pub fn add(&mut self, key: Key) {
        self.insert(key);
        let Some(path) = &self.path else { return };
        let file = OpenOptions::new().append(true).create(true).open(path);
        let written = file.and_then(|mut file| {
            file.write_all(&line(&key))?;
            file.sync_data()
        });
        match written {
            Ok(()) => self.lines += 1,
            Err(error) => log::warn!("that a file has been read could not be written down: {error}"),
        }
        if self.lines > 2 * SEEN_MAX {
            self.write_anew();
        }
    }

    fn insert(&mut self, key: Key) {
        if self.keys.insert(key) {
            self.order.push_back(key);
        }
        if self.order.len() > SEEN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }

    /// Writes a new file beside the old one, then puts it in its place.
    fn write_anew(&mut self) {
        let Some(path) = &self.path else { return };
        let bytes: Vec<u8> = self.order.iter().flat_map(line).collect();
        match replace(path, &bytes) {
            Ok(()) => self.lines = self.order.len(),
            Err(error) => log::warn!("which files have been read could not be written down: {error}"),
        }
    }
}

fn line(key: &Key) -> Vec<u8> {
    format!("{:016x}\n", u64::from_be_bytes(*key)).into_bytes()
}

/// `None` for what is no line.
fn parse(line: &[u8]) -> Option<Key> {
    let digits = line.strip_suffix(b"\n")?;
    let text = std::str::from_utf8(digits).ok()?;
    u64::from_str_radix(text, 16).ok().map(u64::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_added_is_there_after_a_restart_whatever_tore_the_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen");
        let keys: Vec<Key> = (1..=20u64).map(|i| (i * 0x0123_4567_89AB).to_be_bytes()).collect();
        let mut seen = Seen::load(Some(&path));
        keys.iter().for_each(|key| seen.add(*key));
        for cut in 0..LINE_BYTES {
            let bytes = fs::read(&path).unwrap();
            assert_eq!(bytes.len(), 20 * LINE_BYTES);
            fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            let mut again = Seen::load(Some(&path));
            assert!(keys[..19].iter().all(|key| again.has(*key)), "cut {cut}");
            assert_eq!(again.has(keys[19]), cut == 0);
            if cut > 0 {
                again.add(keys[19]);
            }
        }
    }

    #[test]
    fn without_a_place_to_write_it_works_until_the_end() {
        for path in [None, Some(Path::new("/proc/no/such/place"))] {
            let mut seen = Seen::load(path);
            seen.add([7; 8]);
            assert!(seen.has([7; 8]) && !seen.has([8; 8]));
        }
    }
}
