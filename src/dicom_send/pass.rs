//! What is still to be sent, sent: reading after reading, object after object, until nothing is left or it fails.

use std::sync::Arc;

use super::Shared;
use super::association::Association;
use super::cursor::Cursor;
use super::error::SendError;
use crate::board::DicomSendConfig;
use crate::clock::Clock;
use crate::dicom_export::{Object, Subject, objects};
use crate::record::{Entry, Journal, RecordError, RecordKey, RecordPlace, Restored, hexadecimal};

/// Failures of one reading that may be its own fault, after which the next one is tried in its place: one that is
/// taken tells that the archive is not what fails.
pub(super) const TRIES_MAX: u32 = 8;

/// Sends from a record to a peer.
pub(super) struct Pass {
    pub config: DicomSendConfig,
    pub place: RecordPlace,
    /// Once it has been read: what holds the file may be pulled then.
    pub key: Option<RecordKey>,
    pub clock: Arc<dyn Clock>,
    pub cursor: Cursor,
    pub shared: Arc<Shared>,
}

/// What became of one object.
enum Outcome {
    Sent,
    /// For good.
    Refused(&'static str),
}

impl Pass {
    /// Sends all that waits.
    pub fn run(&mut self) -> Result<(), SendError> {
        let Some(journal) = self.journal()? else { return Ok(()) };
        self.follow(&journal);
        let waiting: Vec<Entry> =
            journal.readings().filter(|e| e.sequence > self.cursor.through).copied().collect();
        for (k, entry) in waiting.iter().enumerate() {
            // The one before was given up for it.
            if entry.sequence <= self.cursor.through {
                continue;
            }
            self.shared.tell(&self.cursor, (waiting.len() - k) as u64);
            if let Err(error) = self.reading(&journal, entry) {
                let failed = self.give_up_after_many(&journal, entry, &waiting[k + 1..], error);
                self.shared.tell(&self.cursor, (waiting.len() - k) as u64);
                failed?;
            }
        }
        self.shared.tell(&self.cursor, 0);
        Ok(())
    }

    /// The record as it is now; `None` where the station has not made it yet.
    fn journal(&mut self) -> Result<Option<Journal>, SendError> {
        if self.key.is_none() {
            self.key = self.place.key()?;
        }
        if !self.place.folder.exists() {
            return Ok(None);
        }
        let journal = self.place.open_with(self.key.clone());
        if matches!(journal, Err(RecordError::KeyWrong { .. })) {
            // The next try reads the key's file again: the right one may be there by then.
            self.key = None;
        }
        Ok(Some(journal?))
    }

    /// Takes note of what has happened to the record otherwise than by being added to.
    fn follow(&mut self, journal: &Journal) {
        let last = journal.readings().next_back().map_or(0, |e| e.sequence);
        let dropped = journal.dropped().through;
        if last.max(dropped) < self.cursor.through {
            log::warn!("the record is another one than before: it is sent from its beginning");
            self.cursor.advance(0, "");
        }
        if dropped > self.cursor.through {
            log::warn!("the record has dropped entries up to {dropped}: some may not have been sent");
            self.cursor.advance(dropped, "");
        }
        self.follow_last(journal);
    }

    /// Goes back by one where the last reading that was sent is another one by now: it was never forced onto the
    /// disk, and the next one has its number.
    fn follow_last(&mut self, journal: &Journal) {
        let through = self.cursor.through;
        let Ok(entry) = journal.reading(through) else { return };
        let is_other = |r: Restored| hexadecimal(&r.digest) != self.cursor.through_digest;
        if !self.cursor.through_digest.is_empty() && Restored::load(journal, &entry).is_ok_and(is_other) {
            log::warn!("reading {through} is another one than was sent: it is sent too");
            self.cursor.advance(through - 1, "");
        }
    }

    fn reading(&mut self, journal: &Journal, entry: &Entry) -> Result<(), SendError> {
        let restored = Restored::load(journal, entry)?;
        let digest = hexadecimal(&restored.digest);
        let mut objects = self.objects(journal, entry, &restored)?;
        self.cursor.begin(&digest);
        objects.retain(|o| !self.cursor.done.iter().any(|done| done == o.name));
        if !objects.is_empty() {
            let mut association = Association::open(&self.config, objects.iter().map(|o| o.class).collect())?;
            for object in &objects {
                let outcome = store(&mut association, object)?;
                self.note(entry, object, &outcome)?;
            }
            association.release();
        }
        self.cursor.advance(entry.sequence, &digest);
        self.save()
    }

    fn objects(
        &self,
        journal: &Journal,
        entry: &Entry,
        restored: &Restored,
    ) -> Result<Vec<Object>, SendError> {
        let frame = restored.frame(journal, entry)?;
        let study = restored.study(&frame, journal, entry)?;
        let time = restored.moment.wall_time.or_else(|| self.clock.wall_time()).ok_or(SendError::Clock)?;
        let identity = restored.identity();
        Ok(objects(&Subject {
            study: &study,
            frame: &frame,
            identity: identity.as_ref(),
            time,
            seed: &restored.digest,
            board: restored.json["board"].as_str().unwrap_or("unknown"),
        }))
    }

    fn note(&mut self, entry: &Entry, object: &Object, outcome: &Outcome) -> Result<(), SendError> {
        let id = entry.sequence;
        match outcome {
            Outcome::Sent => self.cursor.sent += 1,
            Outcome::Refused(why) => {
                self.cursor.refused += 1;
                log::warn!("the {} of reading {id} was refused by the archive for good: {why}", object.name);
            }
        }
        self.cursor.done.push(object.name.to_owned());
        self.save()
    }

    /// Puts a reading that fails by itself behind; any other failure is the caller's.
    ///
    /// After many tries a `later` one says which it is: where it is taken, the archive is well.
    fn give_up_after_many(
        &mut self,
        journal: &Journal,
        entry: &Entry,
        later: &[Entry],
        error: SendError,
    ) -> Result<(), SendError> {
        let id = entry.sequence;
        if is_damage(&error) {
            log::warn!("reading {id} is damaged and not sent: {}", error.code());
            self.cursor.refused += 1;
            self.cursor.advance(id, "");
            return self.save();
        }
        if error.may_be_the_reading() {
            self.cursor.tries = self.cursor.tries.saturating_add(1);
            self.save()?;
            if self.cursor.tries >= TRIES_MAX && self.takes_later(journal, later)? {
                log::warn!("reading {id} is not sent: the archive takes a later one and not it");
                self.cursor.refused += 1;
                return self.save();
            }
        }
        Err(error)
    }

    /// Whether the archive takes the first of `later` that can be read; if so, the cursor is behind it.
    fn takes_later(&mut self, journal: &Journal, later: &[Entry]) -> Result<bool, SendError> {
        let before = self.cursor.clone();
        let mut tried = later.iter().map(|entry| self.reading(journal, entry));
        let result = tried.find(|result| !result.as_ref().is_err_and(is_damage));
        if matches!(result, Some(Ok(()))) && self.cursor.sent > before.sent {
            return Ok(true);
        }
        self.cursor = before;
        self.save()?;
        Ok(false)
    }

    fn save(&self) -> Result<(), SendError> {
        self.cursor.save(&self.place.folder).map_err(SendError::Cursor)
    }
}

/// Sends one object; an answer that may be another one later is an error.
fn store(association: &mut Association, object: &Object) -> Result<Outcome, SendError> {
    match association.store(object)? {
        None => Ok(Outcome::Refused("it takes no objects of this class")),
        // Success, and success with a warning (PS3.4, B.2.3).
        Some(0x0000 | 0xB000..=0xBFFF) => Ok(Outcome::Sent),
        // Out of resources.
        Some(status @ 0xA700..=0xA7FF) => Err(SendError::Status(status)),
        Some(status) => {
            log::warn!("the archive answered with status {status:#06x}");
            Ok(Outcome::Refused("it answered with an error"))
        }
    }
}

/// Whether the reading itself cannot be read, whenever it is tried.
fn is_damage(error: &SendError) -> bool {
    use RecordError::{Absent, Damaged, DamagedHeader, Form, Picture};
    let SendError::Record(error) = error else { return false };
    matches!(error, Absent { .. } | Damaged { .. } | DamagedHeader { .. } | Form { .. } | Picture { .. })
}
