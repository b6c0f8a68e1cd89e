//! Files that hold a secret: for the eyes of the service alone.
//!
//! This module does not know what a secret is for.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where systemd says in which folder a service's credentials are.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// Others may do nothing with it, and the group may only read: systemd's credentials look like that.
const MODE_FORBIDDEN: u32 = 0o037;

/// What a file of secrets held.
pub struct Secret {
    /// Where it was found.
    pub path: PathBuf,
    /// The first of its bytes, as many as were asked for.
    pub bytes: Vec<u8>,
    /// How many it has.
    pub length: u64,
}

/// Why a secret is not at hand.
#[derive(Debug)]
pub enum SecretError {
    /// it is not there, is no plain file, or cannot be read
    File { path: PathBuf, source: io::Error },
    /// others may read or change it
    Rights { path: PathBuf, mode: u32 },
}

/// The first bytes of the file at `path`, at most `bytes_max`; the path may begin with `$CREDENTIALS_DIRECTORY/`.
///
/// Refused where it is no plain file, and where others can read it.
pub fn read(path: &Path, bytes_max: usize) -> Result<Secret, SecretError> {
    let path = located(path)?;
    let failed = |source| SecretError::File { path: path.clone(), source };
    let about = fs::metadata(&path).map_err(failed)?;
    if !about.is_file() {
        return Err(failed(io::Error::from(io::ErrorKind::InvalidInput)));
    }
    let mode = about.mode() & 0o777;
    if mode & MODE_FORBIDDEN != 0 {
        return Err(SecretError::Rights { path, mode });
    }
    let mut bytes = Vec::with_capacity(bytes_max);
    let read = File::open(&path).and_then(|f| f.take(bytes_max as u64).read_to_end(&mut bytes));
    read.map_err(failed)?;
    Ok(Secret { path, bytes, length: about.len() })
}

/// The path with systemd's folder in place of its name.
fn located(path: &Path) -> Result<PathBuf, SecretError> {
    let Ok(name) = path.strip_prefix(format!("${CREDENTIALS}")) else { return Ok(path.into()) };
    let folder = std::env::var_os(CREDENTIALS);
    let absent = || SecretError::File { path: path.into(), source: io::ErrorKind::NotFound.into() };
    folder.map(|f| Path::new(&f).join(name)).ok_or_else(absent)
}
