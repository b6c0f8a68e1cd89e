//! A small file is replaced whole: whatever happens meanwhile, there is the old one or the new one. A folder is made
//! so that a power cut does not take its name back.
//!
//! This module does not know what a file holds.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` beside `path`, then puts them in its place; on the disk when this returns.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path);
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // A bare name's folder is empty: the working directory.
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Makes the folder and those above it, each on the disk before the next.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let folder = std::path::absolute(folder)?;
    let missing: Vec<&Path> = folder.ancestors().take_while(|f| !f.exists()).collect();
    for new in missing.into_iter().rev() {
        match fs::create_dir(new) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        if let Some(above) = new.parent() {
            File::open(above)?.sync_all()?;
        }
    }
    fs::read_dir(&folder).map(drop)
}

/// Where the new one is until it is whole.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cut_left_half_written_is_replaced_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("count.json");
        fs::write(&path, "old").unwrap();
        fs::write(beside(&path), "ne").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        replace(&path, b"new").unwrap();
        assert_eq!((fs::read(&path).unwrap(), beside(&path).exists()), (b"new".to_vec(), false));
        assert!(replace(&folder.path().join("none/count.json"), b"new").is_err());
    }
}
