//! The file that holds a record's key: 32 bytes that were drawn at random, for the eyes of the service alone.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::error::RecordError;
use super::seal::{KEY_BYTES, RecordKey};
use crate::secret::{self, Secret, SecretError};

/// Of a file that is made here.
const MODE: u32 = 0o400;

impl RecordKey {
    /// The key in the file at `path`, which may begin with `$CREDENTIALS_DIRECTORY/`.
    ///
    /// Refused where it is no plain file of 32 bytes, where all bytes are alike, and where others can read it.
    pub fn load(path: &Path) -> Result<Self, RecordError> {
        let Secret { path, bytes, length } = secret::read(path, KEY_BYTES + 1)?;
        let key: Option<[u8; KEY_BYTES]> = bytes.as_slice().try_into().ok();
        // A file that lost its content in a power cut is often all zeros.
        let key = key.filter(|k| k.iter().any(|b| *b != k[0]));
        key.map(Self::new).ok_or(RecordError::KeyForm { path, bytes: length })
    }

    /// Draws a key into a new file at `path`, which the owner alone can read.
    pub fn make(path: &Path) -> Result<(), RecordError> {
        let failed = |source| RecordError::KeyFile { path: path.into(), source };
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(RecordError::Random)?;
        let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
        file.and_then(|mut f| f.write_all(&key).and_then(|()| f.sync_all())).map_err(failed)?;
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed)?;
        // A stick may hold no rights at all: then the file could be read by others, which this says now.
        Self::load(path).map(drop)
    }
}

impl From<SecretError> for RecordError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::File { path, source } => Self::KeyFile { path, source },
            SecretError::Rights { path, mode } => Self::KeyRights { path, mode },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A file of `bytes` with `mode` gives a key, or this code.
    fn check(bytes: &[u8], mode: u32, expected: Result<(), &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let found = RecordKey::load(&path).map(drop).map_err(|e| e.code());
        assert_eq!(found, expected, "{} bytes, {mode:o}", bytes.len());
    }

    #[test]
    fn a_key_is_32_bytes_that_nobody_else_can_read() {
        let key: Vec<u8> = (0..32).collect();
        check(&key, 0o400, Ok(()));
        check(&key, 0o440, Ok(()));
        check(&key, 0o644, Err("record_key_rights"));
        check(&key, 0o660, Err("record_key_rights"));
        check(&key[..31], 0o400, Err("record_key_form"));
        check(&[key.as_slice(), b"\n"].concat(), 0o400, Err("record_key_form"));
        check(&[0; 32], 0o400, Err("record_key_form"));
    }

    #[test]
    fn a_key_that_is_made_is_new_and_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        RecordKey::make(&path).unwrap();
        assert_eq!(RecordKey::make(&path).map_err(|e| e.code()), Err("record_key_file"));
        RecordKey::load(&path).unwrap();
        let none = RecordKey::load(&folder.path().join("other")).map(drop);
        assert_eq!(none.map_err(|e| e.code()), Err("record_key_file"));
        let pipe = RecordKey::load(folder.path()).map(drop);
        assert_eq!(pipe.map_err(|e| e.code()), Err("record_key_file"));
    }
}
