//! How far the record has been sent: one small file beside it, replaced in one step after each object.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::replace::replace;

/// In the record's folder, where only segments are the record's.
const NAME: &str = "dicom-sent.json";
/// The usual one has 200 bytes.
const BYTES_MAX: u64 = 4 * 1024;

/// What has been sent to one peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    pub version: u32,
    /// Another peer gets the record from its beginning.
    pub peer: String,
    /// All readings up to this number are done.
    pub through: u64,
    /// Digest of the entry with that number; empty where it was passed over.
    #[serde(default)]
    pub through_digest: String,
    /// Digest of the entry that `done` and `tries` are of.
    #[serde(default)]
    pub next_digest: String,
    /// Objects of the next reading that are done.
    pub done: Vec<String>,
    /// How often the next reading has failed in a way that may be its own fault.
    pub tries: u32,
    /// Objects taken, and refused for good.
    pub sent: u64,
    pub refused: u64,
}

impl Cursor {
    pub fn new(peer: &str) -> Self {
        let peer = peer.to_owned();
        Self {
            version: 1,
            peer,
            through: 0,
            through_digest: String::new(),
            next_digest: String::new(),
            done: Vec::new(),
            tries: 0,
            sent: 0,
            refused: 0,
        }
    }

    /// What the file in `folder` says of `peer`; from the beginning where it says nothing that can be understood.
    ///
    /// An object that is sent a second time for that has the same UID, and an archive keeps one.
    pub fn load(folder: &Path, peer: &str) -> Self {
        let mut text = String::new();
        let read = File::open(folder.join(NAME)).and_then(|f| f.take(BYTES_MAX).read_to_string(&mut text));
        match (read, serde_json::from_str::<Self>(&text)) {
            (Ok(_), Ok(cursor)) if cursor.version == 1 && cursor.peer == peer => cursor,
            (Err(e), _) if e.kind() == io::ErrorKind::NotFound => Self::new(peer),
            _ => {
                log::warn!("the record is sent from its beginning: it was not noted what this archive has");
                Self::new(peer)
            }
        }
    }

    /// On the disk when this returns.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        replace(&folder.join(NAME), &text)
    }

    /// Entries up to `through` are done; `digest` is that one's.
    pub fn advance(&mut self, through: u64, digest: &str) {
        (self.through, self.through_digest) = (through, digest.to_owned());
        self.begin("");
    }

    /// The next reading is this one: what was noted of another one under its number does not count.
    pub fn begin(&mut self, digest: &str) {
        if self.next_digest != digest {
            self.next_digest = digest.to_owned();
            self.done.clear();
            self.tries = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::replace::beside;

    #[test]
    fn a_cursor_is_read_as_it_was_saved_and_for_its_own_peer() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Cursor::load(folder.path(), "a"), Cursor::new("a"));
        let mut cursor = Cursor::new("a");
        cursor.advance(7, "07");
        cursor.begin("08");
        cursor.done.push("capture".into());
        cursor.save(folder.path()).unwrap();
        assert_eq!(Cursor::load(folder.path(), "a"), cursor);
        assert_eq!(Cursor::load(folder.path(), "b"), Cursor::new("b"));
    }

    #[test]
    fn a_cursor_that_is_cut_or_rubbish_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        Cursor { through: 9, ..Cursor::new("a") }.save(folder.path()).unwrap();
        let whole = fs::read(folder.path().join(NAME)).unwrap();
        for end in 0..whole.len() {
            fs::write(folder.path().join(NAME), &whole[..end]).unwrap();
            assert_eq!(Cursor::load(folder.path(), "a").through, 0, "{end} bytes");
        }
        // What a power cut leaves of a new one changes nothing.
        fs::write(folder.path().join(NAME), &whole).unwrap();
        fs::write(beside(&folder.path().join(NAME)), &whole[..9]).unwrap();
        assert_eq!(Cursor::load(folder.path(), "a").through, 9);
    }

    #[test]
    fn what_was_done_of_one_entry_is_not_of_another_one_in_its_place() {
        let mut cursor = Cursor { through: 4, ..Cursor::new("a") };
        cursor.begin("one");
        (cursor.done, cursor.tries) = (vec!["capture".into()], 3);
        cursor.begin("one");
        assert_eq!((cursor.done.len(), cursor.tries), (1, 3));
        cursor.begin("other");
        assert_eq!((cursor.done.len(), cursor.tries, cursor.through), (0, 0, 4));
        let before = br#"{"version":1,"peer":"a","through":9,"done":[],"tries":0,"sent":1,"refused":0}"#;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), before).unwrap();
        assert_eq!(Cursor::load(folder.path(), "a").through, 9, "without digests, as it was once written");
    }
}
