//! A disk in memory that can be told to fail, and whose power can be cut.
//!
//! The model is a file system that promises no more than POSIX does: only what was there at the last `sync` of a
//! file is certain to be there after a cut, and only names that were there at the last `sync_folder`. Everything
//! later may be there, be absent, be torn at any byte, or be zeros or rubbish in any of its sectors.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand_core::Rng;
use rand_pcg::Pcg32;

use super::storage::{Storage, Stored};

/// Parts in which a disk writes: each may reach it or not.
const SECTOR_BYTES: usize = 512;

/// What is asked of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    List,
    Create,
    Append,
    Sync,
    SyncFolder,
    Remove,
    Read,
}

/// What is wrong with the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// All that changes something fails with this error of the operating system.
    Writes(i32),
    /// Only this operation fails, with this error.
    Only(Operation, i32),
    /// The power goes at the changing operation with this number, counted from 1 since the disk was made.
    CutAt(u64),
}

#[derive(Debug, Clone, Default)]
struct SimulatedFile {
    content: Vec<u8>,
    /// So many bytes are on the disk for certain.
    synced: usize,
    /// A sync failed here: what was lost then stays lost, though later ones succeed.
    spoilt: bool,
    name_synced: bool,
}

#[derive(Debug)]
struct Disk {
    files: BTreeMap<String, SimulatedFile>,
    /// Removed since the last `sync_folder`.
    removed: BTreeMap<String, SimulatedFile>,
    trouble: Trouble,
    changes: u64,
    syncing: bool,
}

/// A handle on a simulated disk; clones share it.
#[derive(Debug, Clone)]
pub struct SimulatedStorage(Arc<Mutex<Disk>>);

impl Default for SimulatedStorage {
    fn default() -> Self {
        Self::of(BTreeMap::new())
    }
}

impl SimulatedStorage {
    fn of(files: BTreeMap<String, SimulatedFile>) -> Self {
        let removed = BTreeMap::new();
        Self(Arc::new(Mutex::new(Disk { files, removed, trouble: Trouble::None, changes: 0, syncing: true })))
    }

    /// A disk that says that it has synced and has not.
    pub fn without_syncing() -> Self {
        let storage = Self::default();
        storage.disk().syncing = false;
        storage
    }

    /// From now on this is wrong.
    pub fn set_trouble(&self, trouble: Trouble) {
        self.disk().trouble = trouble;
    }

    /// Operations so far that changed something or were to.
    pub fn changes(&self) -> u64 {
        self.disk().changes
    }

    /// The disk as it may be found after its power went now.
    pub fn after_cut(&self, random: &mut Pcg32) -> Self {
        let disk = self.disk();
        let mut files = BTreeMap::new();
        let named = disk.files.iter().filter(|(_, f)| f.name_synced || !disk.syncing);
        let unnamed = disk.files.iter().filter(|(_, f)| !f.name_synced && disk.syncing);
        let (undecided, certain): (Vec<_>, Vec<_>) =
            (unnamed.chain(&disk.removed).collect(), named.collect());
        for (name, file) in certain {
            files.insert(name.clone(), survivor(file, random));
        }
        for (name, file) in undecided {
            if random.next_u32().is_multiple_of(2) {
                files.insert(name.clone(), survivor(file, random));
            }
        }
        let after = Self::of(files);
        after.disk().syncing = disk.syncing;
        after
    }

    /// A disk with the same files, on which nothing depends.
    pub fn copied(&self) -> Self {
        Self::of(self.disk().files.clone())
    }

    /// A file's bytes; empty where there is none.
    pub fn content(&self, name: &str) -> Vec<u8> {
        self.disk().files.get(name).map(|f| f.content.clone()).unwrap_or_default()
    }

    /// Puts a file there as it is, whole and synced.
    pub fn put(&self, name: &str, content: Vec<u8>) {
        let file = SimulatedFile { synced: content.len(), content, name_synced: true, spoilt: false };
        self.disk().files.insert(name.into(), file);
    }

    /// Every file's name, in order.
    pub fn names(&self) -> Vec<String> {
        self.disk().files.keys().cloned().collect()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    /// Fails as the trouble has it.
    fn attempt(&mut self, operation: Operation) -> io::Result<()> {
        let changing = !matches!(operation, Operation::List | Operation::Read);
        self.changes += u64::from(changing);
        let errno = match self.trouble {
            Trouble::Writes(errno) if changing => errno,
            Trouble::Only(which, errno) if which == operation => errno,
            Trouble::CutAt(at) if self.changes >= at => EIO,
            _ => return Ok(()),
        };
        Err(io::Error::from_raw_os_error(errno))
    }

    fn file(&mut self, name: &str) -> io::Result<&mut SimulatedFile> {
        self.files.get_mut(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Whether the power went just now, in the middle of an operation, and not before.
    fn is_cut_now(&self) -> bool {
        matches!(self.trouble, Trouble::CutAt(at) if at == self.changes)
    }
}

/// Linux's number for an input/output error.
const EIO: i32 = 5;

impl Storage for SimulatedStorage {
    fn list(&self) -> io::Result<Vec<Stored>> {
        let mut disk = self.disk();
        disk.attempt(Operation::List)?;
        let stored = |(name, f): (&String, &SimulatedFile)| Stored {
            name: name.clone(),
            bytes: f.content.len() as u64,
        };
        Ok(disk.files.iter().map(stored).collect())
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let result = disk.attempt(Operation::Create);
        if result.is_err() && !disk.is_cut_now() {
            return result;
        }
        if disk.files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.files.insert(name.into(), SimulatedFile::default());
        result
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk();
        let result = disk.attempt(Operation::Append);
        let part = match (&result, disk.is_cut_now()) {
            (Ok(()), _) | (Err(_), true) => bytes.len(),
            // A disk that is full or failing takes some of it.
            (Err(_), false) if matches!(disk.trouble, Trouble::CutAt(_)) => 0,
            (Err(_), false) => bytes.len() / 2,
        };
        disk.file(name)?.content.extend_from_slice(&bytes[..part]);
        result
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let result = disk.attempt(Operation::Sync);
        let syncing = disk.syncing;
        let file = disk.file(name)?;
        match &result {
            Ok(()) if syncing && !file.spoilt => file.synced = file.content.len(),
            Ok(()) => {}
            Err(_) => file.spoilt = true,
        }
        result
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        let mut disk = self.disk();
        disk.attempt(Operation::SyncFolder)?;
        if disk.syncing {
            disk.files.values_mut().for_each(|f| f.name_synced = true);
            disk.removed.clear();
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let result = disk.attempt(Operation::Remove);
        if result.is_err() && !disk.is_cut_now() {
            return result;
        }
        let file = disk.files.remove(name).ok_or(io::ErrorKind::NotFound)?;
        disk.removed.insert(name.into(), file);
        result
    }

    fn read(&self, name: &str, at: u64, to: &mut [u8]) -> io::Result<usize> {
        let mut disk = self.disk();
        disk.attempt(Operation::Read)?;
        let content = &disk.file(name)?.content;
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(content.len());
        let read = to.len().min(content.len() - from);
        to[..read].copy_from_slice(&content[from..from + read]);
        Ok(read)
    }
}

/// What is left of a file after a cut: all that was synced, and anything of the rest.
fn survivor(file: &SimulatedFile, random: &mut Pcg32) -> SimulatedFile {
    let mut content = file.content[..file.synced].to_vec();
    let rest = &file.content[file.synced..];
    let torn = random.next_u32() as usize % (rest.len() + 1);
    match random.next_u32() % 6 {
        0 => {}
        1 => content.extend_from_slice(rest),
        2 => content.extend_from_slice(&rest[..torn]),
        3 => content.resize(content.len() + torn, 0),
        4 => content.extend((0..torn).map(|_| random.next_u32() as u8)),
        _ => sectors(&mut content, rest, random),
    }
    let synced = content.len();
    SimulatedFile { content, synced, spoilt: false, name_synced: true }
}

/// The file has its full size; each sector of `rest` is there, zeros or rubbish.
fn sectors(content: &mut Vec<u8>, rest: &[u8], random: &mut Pcg32) {
    let mut left = rest;
    while !left.is_empty() {
        let until_border = SECTOR_BYTES - content.len() % SECTOR_BYTES;
        let (sector, behind) = left.split_at(until_border.min(left.len()));
        match random.next_u32() % 3 {
            0 => content.extend_from_slice(sector),
            1 => content.resize(content.len() + sector.len(), 0),
            _ => content.extend(sector.iter().map(|b| b ^ random.next_u32() as u8)),
        }
        left = behind;
    }
}
