//! The keys that are trusted: minisign's, one a file.
//!
//! This file alone names the crate `minisign_verify`.

use std::fs;
use std::path::Path;

use minisign_verify::{PublicKey, Signature};

use super::error::StoreError;
use super::package::read_bounded;

/// Keys that a store has at most: the maker's, its successor, and a few local ones.
const KEYS_MAX: usize = 16;
/// A key is two lines.
const KEY_BYTES_MAX: u64 = 4_096;

/// Public keys.
pub struct Keys(Vec<PublicKey>);

impl Keys {
    /// Every `*.pub` in `folder`, as `minisign -G` writes them; none is an error, since nothing could be installed.
    pub fn load(folder: &Path) -> Result<Self, StoreError> {
        let none = || StoreError::NoKeys { folder: folder.into() };
        let mut paths: Vec<_> =
            fs::read_dir(folder).map_err(|_| none())?.flatten().map(|e| e.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "pub"));
        paths.sort();
        paths.truncate(KEYS_MAX);
        let key = |path: &std::path::PathBuf| {
            let text = String::from_utf8(read_bounded(path, KEY_BYTES_MAX)?).ok();
            let key = text.and_then(|t| PublicKey::decode(&t).ok());
            key.ok_or_else(|| StoreError::Key { path: path.clone() })
        };
        let keys: Vec<PublicKey> = paths.iter().map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(none()) } else { Ok(Self(keys)) }
    }

    /// Whether one of the keys signed `bytes`: `signature` is the text of the `.minisig` file.
    pub fn check(&self, bytes: &[u8], signature: &str) -> Result<(), StoreError> {
        let refused = StoreError::Signature { keys: self.0.len() };
        let Ok(signature) = Signature::decode(signature) else { return Err(refused) };
        let signed = self.0.iter().any(|key| key.verify(bytes, &signature, false).is_ok());
        if signed { Ok(()) } else { Err(refused) }
    }
}
