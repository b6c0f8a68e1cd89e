//! A folder of the file system as [`Storage`].

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::error::RecordError;
use super::storage::{Storage, Stored};
use crate::replace::make_folder;

/// The file whose lock says that somebody writes.
const LOCK_NAME: &str = "lock";
/// How often and how far apart the lock is tried: a program that was killed holds it until a process that it was just
/// starting has gone as well.
const LOCK_TRIES_MAX: u32 = 20;
const LOCK_WAIT: Duration = Duration::from_millis(50);
const ROOT: u32 = 0;
/// Files in one folder: far above the segments of the largest store, far below what exhausts memory.
const FILES_MAX: usize = 200_000;

/// What a folder is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Beside a station that writes; makes and changes nothing.
    Read,
    /// Alone: makes the folder where there is none, and holds its lock.
    Write,
}

/// A folder, with the handles that are in use.
#[derive(Debug)]
pub struct DiskStorage {
    folder: PathBuf,
    /// Held for as long as this storage is; its lock goes with it.
    _lock: Option<File>,
    /// The file written last. Errors of writing back are told to this handle, so it is kept from write to sync.
    written: Option<(String, File)>,
    /// The file read last.
    read: RefCell<Option<(String, File)>>,
}

impl DiskStorage {
    /// The folder at `folder`.
    ///
    /// Fails where it is not there (to read) or cannot be made or is written by somebody else (to write).
    pub fn open(folder: &Path, access: Access) -> Result<Self, RecordError> {
        let failed = |source| RecordError::Folder { path: folder.into(), source };
        let lock = match access {
            Access::Read => {
                fs::read_dir(folder).map_err(failed)?;
                None
            }
            Access::Write => {
                make_folder(folder).map_err(failed)?;
                Some(lock(folder)?)
            }
        };
        Ok(Self { folder: folder.into(), _lock: lock, written: None, read: RefCell::new(None) })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn handle_of(&mut self, name: &str) -> io::Result<&mut File> {
        if self.written.as_ref().is_none_or(|(n, _)| n != name) {
            let file = OpenOptions::new().append(true).open(self.folder.join(name))?;
            self.written = Some((name.into(), file));
        }
        self.written.as_mut().map(|(_, f)| f).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn forget(&mut self, name: &str) {
        self.written.take_if(|(n, _)| n == name);
        self.read.borrow_mut().take_if(|(n, _)| n == name);
    }
}

impl Storage for DiskStorage {
    fn list(&self) -> io::Result<Vec<Stored>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)?.take(FILES_MAX) {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            // A file may go between the listing and the question for its size: then it is not there.
            match entry.metadata() {
                Ok(meta) if meta.is_file() => files.push(Stored { name, bytes: meta.len() }),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(files)
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        let file = OpenOptions::new().append(true).create_new(true).open(self.folder.join(name))?;
        give_to_owner(&file, &self.folder);
        self.written = Some((name.into(), file));
        Ok(())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.handle_of(name)?.write_all(bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.handle_of(name)?.sync_all()
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.forget(name);
        fs::remove_file(self.folder.join(name))
    }

    fn read(&self, name: &str, at: u64, to: &mut [u8]) -> io::Result<usize> {
        let mut cached = self.read.borrow_mut();
        if cached.as_ref().is_none_or(|(n, _)| n != name) {
            *cached = Some((name.into(), File::open(self.folder.join(name))?));
        }
        let Some((_, file)) = cached.as_ref() else { return Ok(0) };
        let mut filled = 0;
        while filled < to.len() {
            match file.read_at(&mut to[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(filled)
    }
}

/// Gives a file to the folder's owner where root has made it for somebody else: a station that is not root is to write
/// it. Where that cannot be done, or is not root's to do, the file stays as it is.
fn give_to_owner(file: &File, folder: &Path) {
    if let (Ok(made), Ok(above)) = (file.metadata(), fs::metadata(folder))
        && made.uid() == ROOT
        && above.uid() != ROOT
    {
        _ = fchown(file, Some(above.uid()), Some(above.gid()));
    }
}

fn lock(folder: &Path) -> Result<File, RecordError> {
    let path = folder.join(LOCK_NAME);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|source| RecordError::Folder { path: folder.into(), source })?;
    give_to_owner(&file, folder);
    for _ in 0..LOCK_TRIES_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_WAIT),
            Err(TryLockError::Error(source)) => {
                return Err(RecordError::Folder { path: folder.into(), source });
            }
        }
    }
    Err(RecordError::Locked { path: folder.into() })
}
