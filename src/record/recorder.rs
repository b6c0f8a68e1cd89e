//! The record as a station uses it: opened when it can be, tried again when it could not.

use super::body::Body;
use super::error::RecordError;
use super::retention::{Dropped, Rule};
use super::seal::RecordKey;
use super::storage::Storage;
use super::store::{Kept, Store};
use crate::clock::Clock;
use crate::frame::Frame;
use crate::person::Person;
use crate::pipeline::Study;

/// Opens the folder; asked again after it failed.
pub type OpenStorage = Box<dyn FnMut() -> Result<Box<dyn Storage>, RecordError>>;

/// Loads the key; asked again after it failed.
pub type OpenKey = Box<dyn FnMut() -> Result<RecordKey, RecordError>>;

/// Keeps readings for as long as the disk lets it.
pub struct Recorder {
    board: String,
    rule: Rule,
    open_storage: OpenStorage,
    /// `None`: readings are kept in the clear.
    open_key: Option<OpenKey>,
    /// Patient and study are kept too.
    with_identity: bool,
    store: Option<Store>,
}

impl Recorder {
    /// A record for board `board`; nothing is opened yet.
    pub fn new(board: String, rule: Rule, open_storage: OpenStorage) -> Self {
        Self { board, rule, open_storage, open_key: None, with_identity: false, store: None }
    }

    /// The same, sealed: without its key nothing is kept.
    pub fn sealed(self, open_key: OpenKey) -> Self {
        Self { open_key: Some(open_key), ..self }
    }

    /// The same, which keeps patient and study where a radiograph's file says them: for a sealed record alone.
    pub fn with_identity(self, with_identity: bool) -> Self {
        Self { with_identity, ..self }
    }

    /// Opens the record if it is not open; what is in it.
    pub fn open(&mut self, clock: &dyn Clock) -> Result<&Store, RecordError> {
        self.opened(clock).map(|store| &*store)
    }

    /// Opens the record and says in a sentence what is in it; an error where it cannot be written, or is damaged.
    ///
    /// The sentence names no folder and no radiograph. Only heads are looked at: `verify` looks at every byte.
    pub fn self_test(&mut self, clock: &dyn Clock) -> Result<String, String> {
        let bytes_max = self.rule.bytes_max;
        let how = if self.open_key.is_some() { "kept, new ones sealed" } else { "kept" };
        let store = self
            .opened(clock)
            .map_err(|e| format!("readings are not kept ({}). {}", e.code(), e.advice()))?;
        let (journal, dropped) = (store.journal(), store.journal().dropped());
        let (used, max) = (journal.bytes() as f64 / 1e6, bytes_max as f64 / 1e6);
        let mut text =
            format!("{} readings {how}, {used:.1} of {max:.1} MB used", journal.readings().count());
        if let Some(since) = &dropped.since {
            text = format!("{text}; {} oldest dropped, the first at {since}", dropped.readings);
        }
        match journal.damages_to_tell() {
            0 => Ok(text),
            n => Err(format!("{text}; damaged in {n} places: run `raymap records verify`")),
        }
    }

    /// Keeps one reading, on the disk before this returns. After an error the next one is a fresh attempt.
    pub fn keep(&mut self, frame: &Frame, study: &Study, clock: &dyn Clock) -> Result<Kept, RecordError> {
        let body = if self.with_identity && self.open_key.is_some() {
            Body::with_identity(&self.board, frame, study)?
        } else {
            Body::of(&self.board, frame, study)?
        };
        self.opened(clock)?.keep(&body, clock)
    }

    /// Keeps of whom a kept reading is, on the disk before this returns; `None` takes it back.
    pub fn name(
        &mut self,
        reading: u64,
        person: Option<Person>,
        clock: &dyn Clock,
    ) -> Result<(), RecordError> {
        self.opened(clock)?.name(reading, person, clock)
    }

    /// How much of the record's room is used, where it is open.
    pub fn used_percent(&self) -> Option<u8> {
        let store = self.store.as_ref()?;
        let percent = store.bytes().saturating_mul(100) / self.rule.bytes_max.max(1);
        Some(u8::try_from(percent).unwrap_or(100).min(100))
    }

    /// What the retention rule has removed, where the record is open.
    pub fn dropped(&self) -> Option<&Dropped> {
        self.store.as_ref().map(|s| s.journal().dropped())
    }

    fn opened(&mut self, clock: &dyn Clock) -> Result<&mut Store, RecordError> {
        let store = match self.store.take() {
            Some(store) => store,
            None => {
                let key = self.open_key.as_mut().map(|open| open()).transpose()?;
                let store = Store::open_with((self.open_storage)()?, self.rule, key, clock)?;
                store.journal().check_key()?;
                store
            }
        };
        Ok(self.store.insert(store))
    }
}
