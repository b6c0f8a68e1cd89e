//! The folder in which objects wait to be read: bounded, and complete files only.
//!
//! An object is written under another name, forced onto the disk and renamed before its sender is told that it
//! was stored; it stays until its reading is done. What is interrupted by a loss of power is read again; what is done
//! with and cannot be taken away, as on a file system that turned read-only, waits for that and is not read again.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::associate::{IMPLEMENTATION, IMPLEMENTATION_NAME};
use crate::source::dicom::Uid;
use crate::source::file::FILE_BYTES_MAX;

/// Objects that may wait: a unit's whole day.
pub const OBJECTS_MAX: usize = 256;
/// Bytes that may wait: as many radiographs of a large detector, uncompressed, as a small card bears.
pub const INBOX_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Objects that could not be read are kept for a person to look at, the newest of them.
pub const REFUSED_MAX: usize = 16;
/// Ends the name of an object that waits, of one that is on its way, and of one that could not be read.
const WAITING: &str = "dcm";
const COMING: &str = "part";
const REFUSED: &str = "refused";

/// What waits, as far as it has been counted.
#[derive(Debug, Default)]
struct Held {
    objects: usize,
    bytes: u64,
    next: u64,
}

/// Names the file that says which object is being read.
const UNDER_WAY: &str = "under-way";

/// The folder.
#[derive(Debug)]
pub(super) struct Inbox {
    folder: PathBuf,
    held: Mutex<Held>,
    /// Objects that are done with and could not be taken away, and whether they could be read.
    stuck: Mutex<BTreeMap<PathBuf, bool>>,
}

/// Why an object is not taken.
#[derive(Debug)]
pub(super) enum NotTaken {
    /// Too many, too much, or the disk says so.
    Full,
    Disk,
}

impl From<io::Error> for NotTaken {
    fn from(_: io::Error) -> Self {
        Self::Disk
    }
}

impl Inbox {
    /// The inbox in `folder`, which is made where it is not there; what was cut short there is removed.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut held = Held { next: 1, ..Held::default() };
        for (path, ending) in files(folder)? {
            match ending.as_str() {
                COMING => fs::remove_file(&path)?,
                WAITING => {
                    held.objects += 1;
                    held.bytes += fs::metadata(&path)?.len();
                }
                _ => {}
            }
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()).unwrap_or(0);
            held.next = held.next.max(number + 1);
        }
        Ok(Self { folder: folder.to_owned(), held: Mutex::new(held), stuck: Mutex::default() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Three numbers are in order whoever was interrupted.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an object of these UIDs under this transfer syntax.
    pub(super) fn begin(
        self: &Arc<Self>,
        class: &Uid,
        instance: &Uid,
        syntax: &Uid,
    ) -> Result<Incoming, NotTaken> {
        let number = {
            let mut held = self.held();
            if held.objects >= OBJECTS_MAX {
                return Err(NotTaken::Full);
            }
            held.objects += 1;
            held.next += 1;
            held.next - 1
        };
        let part = self.folder.join(format!("{number:08}.{COMING}"));
        let mut incoming = Incoming { inbox: Arc::clone(self), part, file: None, bytes: 0, whole: false };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o640).open(&incoming.part)?;
        incoming.file = Some(BufWriter::new(file));
        incoming.write(&head(class, instance, syntax))?;
        Ok(incoming)
    }

    fn stuck(&self) -> MutexGuard<'_, BTreeMap<PathBuf, bool>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object that has waited longest.
    pub(super) fn oldest(&self) -> io::Result<Option<PathBuf>> {
        let stuck = self.stuck();
        let waiting = files(&self.folder)?.into_iter().filter(|(_, ending)| ending == WAITING);
        Ok(waiting.map(|(path, _)| path).filter(|path| !stuck.contains_key(path)).min())
    }

    /// Where it stands which object is being read.
    pub(super) fn under_way(&self) -> PathBuf {
        self.folder.join(UNDER_WAY)
    }

    /// Takes away an object that is done with; one that stays is not given again.
    pub(super) fn put_away(&self, path: &Path, could_be_read: bool) -> io::Result<()> {
        let taken = self.take_away(path, could_be_read);
        if taken.is_err() {
            // Never more than may wait: each still counts as one that does.
            self.stuck().insert(path.to_owned(), could_be_read);
        }
        taken
    }

    /// Tries once more with those that stayed.
    pub(super) fn put_stuck_away(&self) {
        self.stuck()
            .retain(|path, could_be_read| path.exists() && self.take_away(path, *could_be_read).is_err());
    }

    fn take_away(&self, path: &Path, could_be_read: bool) -> io::Result<()> {
        if could_be_read { self.done(path) } else { self.refuse(path) }
    }

    /// Removes an object that has been read.
    fn done(&self, path: &Path) -> io::Result<()> {
        let bytes = fs::metadata(path)?.len();
        fs::remove_file(path)?;
        self.give_back(bytes);
        Ok(())
    }

    /// Puts an object aside that could not be read, and removes the oldest of those where there are too many.
    fn refuse(&self, path: &Path) -> io::Result<()> {
        let bytes = fs::metadata(path)?.len();
        fs::rename(path, path.with_extension(REFUSED))?;
        self.give_back(bytes);
        let refused = files(&self.folder)?.into_iter().filter(|(_, ending)| ending == REFUSED);
        let mut refused: Vec<PathBuf> = refused.map(|(path, _)| path).collect();
        refused.sort();
        let surplus = refused.len().saturating_sub(REFUSED_MAX);
        refused.drain(..surplus).try_for_each(fs::remove_file)
    }

    fn give_back(&self, bytes: u64) {
        let mut held = self.held();
        held.objects = held.objects.saturating_sub(1);
        held.bytes = held.bytes.saturating_sub(bytes);
    }
}

/// The files of the folder with their endings.
fn files(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(ending) = path.extension().map(|e| e.to_string_lossy().into_owned()) {
            files.push((path, ending));
        }
    }
    Ok(files)
}

/// An object on its way; what is not finished leaves nothing behind.
#[derive(Debug)]
pub(super) struct Incoming {
    inbox: Arc<Inbox>,
    part: PathBuf,
    file: Option<BufWriter<File>>,
    bytes: u64,
    whole: bool,
}

impl Incoming {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), NotTaken> {
        let more = bytes.len() as u64;
        {
            let mut held = self.inbox.held();
            if self.bytes + more > FILE_BYTES_MAX || held.bytes + more > INBOX_BYTES_MAX {
                return Err(NotTaken::Full);
            }
            held.bytes += more;
            self.bytes += more;
        }
        Ok(self.file.as_mut().ok_or(NotTaken::Disk)?.write_all(bytes)?)
    }

    /// Forces the object onto the disk under the name by which it is read.
    pub(super) fn finish(mut self) -> Result<(), NotTaken> {
        let file = self.file.take().ok_or(NotTaken::Disk)?;
        let file = file.into_inner().map_err(|_| NotTaken::Disk)?;
        file.sync_all()?;
        fs::rename(&self.part, self.part.with_extension(WAITING))?;
        self.whole = true;
        Ok(File::open(&self.inbox.folder)?.sync_all()?)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.whole {
            // What cannot be removed now is removed when the inbox is opened next.
            _ = fs::remove_file(&self.part);
            self.inbox.give_back(self.bytes);
        }
    }
}

/// Preamble, mark and file meta information (DICOM PS3.10, 7.1).
fn head(class: &Uid, instance: &Uid, syntax: &Uid) -> Vec<u8> {
    let mut meta = Vec::new();
    let mut put = |element: u8, vr: &[u8; 2], value: &[u8], padding: u8| {
        let length = value.len().next_multiple_of(2) as u16;
        meta.extend([2, 0, element, 0]);
        meta.extend(vr);
        meta.extend(length.to_le_bytes());
        meta.extend(value);
        meta.extend(std::iter::repeat_n(padding, usize::from(length) - value.len()));
    };
    put(0x02, b"UI", class.as_str().as_bytes(), 0);
    put(0x03, b"UI", instance.as_str().as_bytes(), 0);
    put(0x10, b"UI", syntax.as_str().as_bytes(), 0);
    put(0x12, b"UI", IMPLEMENTATION.as_bytes(), 0);
    put(0x13, b"SH", IMPLEMENTATION_NAME.as_bytes(), b' ');
    // The version has a length of 32 bits, as OB has.
    let version = *b"\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01";
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM\x02\0\0\0UL\x04\0");
    bytes.extend(((meta.len() + version.len()) as u32).to_le_bytes());
    bytes.extend(version);
    bytes.extend(meta);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(inbox: &Arc<Inbox>) -> Result<Incoming, NotTaken> {
        inbox.begin(&Uid::new("1.2.3"), &Uid::new("1.2.3.4"), &Uid::new("1.2.840.10008.1.2"))
    }

    #[test]
    fn only_whole_objects_wait_and_the_first_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Arc::new(Inbox::open(folder.path()).unwrap());
        let (first, mut second) = (begin(&inbox).unwrap(), begin(&inbox).unwrap());
        second.write(b"\x08\0").unwrap();
        assert_eq!(inbox.oldest().unwrap(), None);
        second.finish().unwrap();
        first.finish().unwrap();
        let oldest = inbox.oldest().unwrap().unwrap();
        assert!(oldest.ends_with("00000001.dcm"), "{}", oldest.display());
        drop(begin(&inbox).unwrap());
        inbox.done(&oldest).unwrap();
        assert!(inbox.oldest().unwrap().unwrap().ends_with("00000002.dcm"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_taken_away_is_not_read_again_and_goes_when_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Arc::new(Inbox::open(folder.path()).unwrap());
        (0..2).for_each(|_| begin(&inbox).unwrap().finish().unwrap());
        let first = inbox.oldest().unwrap().unwrap();
        // A folder is not removed as a file is.
        fs::remove_file(&first).unwrap();
        fs::create_dir(&first).unwrap();
        assert!(inbox.put_away(&first, true).is_err());
        let second = inbox.oldest().unwrap().unwrap();
        assert!(second.ends_with("00000002.dcm"), "{}", second.display());
        inbox.put_stuck_away();
        assert_eq!(inbox.oldest().unwrap(), Some(second));
        fs::remove_dir(&first).unwrap();
        fs::write(&first, "").unwrap();
        inbox.put_stuck_away();
        assert!(!first.exists());
        assert_eq!((inbox.held().objects, inbox.stuck().len()), (1, 0));
    }

    #[test]
    fn a_restart_removes_what_was_cut_short_and_counts_what_waits() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Arc::new(Inbox::open(folder.path()).unwrap());
        begin(&inbox).unwrap().finish().unwrap();
        std::mem::forget(begin(&inbox).unwrap());
        let again = Inbox::open(folder.path()).unwrap();
        let Held { objects, next, .. } = *again.held();
        assert_eq!((objects, next), (1, 3));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_full_inbox_takes_nothing_until_something_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Arc::new(Inbox::open(folder.path()).unwrap());
        let coming: Vec<Incoming> = (0..OBJECTS_MAX).map(|_| begin(&inbox).unwrap()).collect();
        assert!(matches!(begin(&inbox), Err(NotTaken::Full)));
        drop(coming);
        inbox.held().bytes = INBOX_BYTES_MAX - 10;
        assert!(matches!(begin(&inbox), Err(NotTaken::Full)), "its head alone is longer");
        assert_eq!(inbox.held().objects, 0);
    }

    #[test]
    fn few_of_those_that_could_not_be_read_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Arc::new(Inbox::open(folder.path()).unwrap());
        for _ in 0..REFUSED_MAX + 3 {
            begin(&inbox).unwrap().finish().unwrap();
            inbox.refuse(&inbox.oldest().unwrap().unwrap()).unwrap();
        }
        let mut left: Vec<PathBuf> = files(folder.path()).unwrap().into_iter().map(|f| f.0).collect();
        left.sort();
        assert_eq!(left.len(), REFUSED_MAX);
        assert!(left[0].ends_with("00000004.refused"), "the newest stay");
    }
}
