//! What the store does to the disk, one step at a time, so that a power cut can be tried at each.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::replace;

/// Steps on a disk. What was written stays through a power cut once its step has returned; names of files and
/// folders do once [`Disk::sync_folder`] of theirs has.
pub trait Disk {
    /// A folder with those above it, their names on the disk; one that is there is no error.
    fn make_folder(&mut self, folder: &Path) -> io::Result<()>;

    /// A file with this content, forced onto the disk.
    fn write(&mut self, path: &Path, content: &[u8]) -> io::Result<()>;

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;

    /// Gives a file or a folder another name, in one step.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a folder with all in it; one that is not there is no error.
    fn remove_folder(&mut self, folder: &Path) -> io::Result<()>;
}

/// The operating system's.
#[derive(Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        replace::make_folder(folder)
    }

    fn write(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(content)?;
        file.sync_all()
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_folder(&mut self, folder: &Path) -> io::Result<()> {
        match fs::remove_dir_all(folder) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}
