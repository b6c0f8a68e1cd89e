//! Where a record lies, for whoever reads it beside the station that writes it.

use std::path::PathBuf;

use super::disk::{Access, DiskStorage};
use super::error::RecordError;
use super::journal::Journal;
use super::seal::RecordKey;
use crate::board::RecordConfig;

/// A record's folder, and the file of its key where it is sealed.
#[derive(Debug, Clone)]
pub struct RecordPlace {
    pub folder: PathBuf,
    pub key_file: Option<PathBuf>,
}

impl From<&RecordConfig> for RecordPlace {
    fn from(config: &RecordConfig) -> Self {
        Self { folder: config.folder.clone(), key_file: config.key_file.clone() }
    }
}

impl RecordPlace {
    /// The key, where one is named.
    pub fn key(&self) -> Result<Option<RecordKey>, RecordError> {
        self.key_file.as_deref().map(RecordKey::load).transpose()
    }

    /// The record, to be read; fails where it is sealed and its key is not at hand.
    pub fn open(&self) -> Result<Journal, RecordError> {
        self.open_with(self.key()?)
    }

    /// The same for whoever has the key already.
    pub fn open_with(&self, key: Option<RecordKey>) -> Result<Journal, RecordError> {
        let storage = DiskStorage::open(&self.folder, Access::Read)?;
        let journal = Journal::open_with(Box::new(storage), key)?;
        journal.check_key()?;
        Ok(journal)
    }
}
