//! The journal as its one writer sees it: an entry is kept, or an error says that it is not.
//!
//! A segment at which anything failed takes nothing more: the next entry begins another one, whose head says where
//! the journal ended before. So nothing on the disk is ever written over or cut short, and a `sync` that failed is
//! not believed when it succeeds the second time.

use std::io;
use std::time::Duration;

use super::body::Body;
use super::damage::{Damage, Fault};
use super::error::RecordError;
use super::header::{EntryKind, HEADER_BYTES, Header, Section, SectionKind};
use super::journal::{Entry, Journal};
use super::moment::Moment;
use super::note::Note;
use super::retention::Rule;
use super::seal::{RecordKey, SEAL_BYTES};
use super::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, name_of};
use super::storage::Storage;
use super::survey::{SegmentState, Survey};
use super::verify::hexadecimal;
use crate::clock::Clock;
use crate::person::Person;

/// How often and how far apart the journal's end is read where the disk gives errors: one may pass.
const READ_TRIES_MAX: u32 = 3;
const READ_WAIT: Duration = Duration::from_millis(100);

/// A reading is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its number for its whole life.
    pub id: u64,
    /// How many of the oldest readings were removed to make room for it.
    pub dropped: u64,
}

/// An open record. One program has it at a time: [`super::DiskStorage`] sees to that.
pub struct Store {
    pub(super) journal: Journal,
    pub(super) rule: Rule,
    start: u32,
    /// The segment that takes the next entry; `None` begins another.
    open_segment: Option<u64>,
    /// Never given twice, even where making a segment failed.
    next_segment: u64,
    /// Whether the key is that of the readings that are there.
    fits: bool,
}

impl Store {
    /// Opens a record, or begins one: what a power cut left unfinished is cut off, and a note says so.
    ///
    /// All that is served afterwards is on the disk. Fails where nothing can be written, or nothing can be read of
    /// what is there; where the disk does not give the journal's end alone, the record goes on behind it.
    pub fn open(storage: Box<dyn Storage>, rule: Rule, clock: &dyn Clock) -> Result<Self, RecordError> {
        Self::open_with(storage, rule, None, clock)
    }

    /// The same for a record whose readings are sealed with `key` from now on.
    ///
    /// A key that is not that of the readings that are there is refused by [`Store::keep`], as is none at all where
    /// they are sealed: nothing is lost, and nothing is written in the clear unnoticed.
    pub fn open_with(
        storage: Box<dyn Storage>,
        rule: Rule,
        key: Option<RecordKey>,
        clock: &dyn Clock,
    ) -> Result<Self, RecordError> {
        let mut journal = Journal::open_with(storage, key)?;
        for _ in 1..READ_TRIES_MAX {
            if journal.survey().unread.is_none() {
                break;
            }
            clock.sleep(READ_WAIT);
            journal.look_again()?;
        }
        pass_unread(journal.survey_mut())?;
        let fits = journal.check_key().is_ok();
        let survey = journal.survey();
        let newest = survey.segments.last().map_or(0, |s| s.number);
        let start = survey.last_start.saturating_add(1);
        let open_segment = survey.end_is_open.then_some(survey.end.0).filter(|s| *s == newest);
        let is_tail = |d: &&Damage| d.segment == newest && d.fault == Fault::Tail;
        let tails: Vec<Damage> = survey.damages.iter().filter(is_tail).cloned().collect();
        let mut store = Self { journal, rule, start, open_segment, next_segment: newest + 1, fits };
        store.settle()?;
        for tail in tails {
            let note = Note::Cut { segment: tail.segment, offset: tail.offset, bytes: tail.bytes };
            store.append_note(&note, clock)?;
        }
        Ok(store)
    }

    /// Keeps one reading: when this returns, it is on the disk.
    pub fn keep(&mut self, body: &Body, clock: &dyn Clock) -> Result<Kept, RecordError> {
        self.check_key()?;
        let seals = if self.journal.key().is_some() { body.sections().len() as u64 } else { 0 };
        let dropped = self.make_room(body.entry_bytes() + seals * SEAL_BYTES, clock)?;
        let key = self.journal.key().cloned();
        let id = self.append(EntryKind::Reading, body.sections(), key.as_ref(), clock)?;
        Ok(Kept { id, dropped })
    }

    /// Keeps of whom reading number `reading` is; `None` takes it back. When this returns, it is on the disk.
    pub fn name(
        &mut self,
        reading: u64,
        person: Option<Person>,
        clock: &dyn Clock,
    ) -> Result<(), RecordError> {
        self.check_key()?;
        self.journal.reading(reading)?;
        let note = Note::Named { reading, person: person.map(|p| hexadecimal(p.digest())) };
        let (parts, key) = ([(SectionKind::Note, note.encode())], self.journal.key().cloned());
        let bytes = parts.iter().map(|(_, part)| part.len() as u64).sum::<u64>();
        self.make_room(HEADER_BYTES as u64 + bytes + key.as_ref().map_or(0, |_| SEAL_BYTES), clock)?;
        self.append(EntryKind::Note, &parts, key.as_ref(), clock).map(drop)
    }

    fn check_key(&mut self) -> Result<(), RecordError> {
        if !self.fits {
            self.journal.check_key()?;
            self.fits = true;
        }
        Ok(())
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// All files together.
    pub fn bytes(&self) -> u64 {
        self.journal.bytes()
    }

    /// How many times this record was opened to write, this time included.
    pub fn start(&self) -> u32 {
        self.start
    }

    /// A note on the journal itself: opening and `verify` need it, with a key and without, so it is in the clear.
    pub(super) fn append_note(&mut self, note: &Note, clock: &dyn Clock) -> Result<u64, RecordError> {
        self.append(EntryKind::Note, &[(SectionKind::Note, note.encode())], None, clock)
    }

    pub(super) fn end_segment(&self) -> Option<u64> {
        self.open_segment
    }

    /// The next entry begins another segment.
    pub(super) fn close_segment(&mut self) {
        self.open_segment = None;
    }

    pub(super) fn last_sequence_of(&self, segment: u64) -> u64 {
        self.journal.segments().iter().find(|s| s.number == segment).map_or(0, |s| s.last_sequence)
    }

    /// Forces what the last writer may have left half-way onto the disk: it is served from now on.
    fn settle(&mut self) -> Result<(), RecordError> {
        let (segment, _) = self.journal.survey().end;
        if segment == 0 {
            return Ok(());
        }
        let storage = self.journal.storage_mut();
        let settled = storage.sync(&name_of(segment)).and_then(|()| storage.sync_folder());
        settled.map_err(|source| RecordError::Sync { segment, source })
    }

    fn append(
        &mut self,
        kind: EntryKind,
        sections: &[(SectionKind, Vec<u8>)],
        key: Option<&RecordKey>,
        clock: &dyn Clock,
    ) -> Result<u64, RecordError> {
        let mut header = Header {
            kind,
            sequence: self.journal.survey().last_sequence + 1,
            moment: Moment::now(clock, self.start),
            previous: self.journal.survey().last,
            sections: sections.iter().map(|(kind, bytes)| Section::of(*kind, bytes)).collect(),
        };
        let sealed = key.map(|key| seal(&mut header, sections, key)).transpose()?;
        let sections = sealed.as_deref().unwrap_or(sections);
        let (head, own) = header.encode();
        let entry_bytes = header.entry_bytes();
        let mut bytes = Vec::with_capacity(entry_bytes as usize);
        bytes.extend_from_slice(&head);
        sections.iter().for_each(|(_, part)| bytes.extend_from_slice(part));
        let segment = self.segment_for(entry_bytes)?;
        // Whatever fails from here on, this segment takes nothing more.
        self.open_segment = None;
        self.write(segment, &bytes)?;
        self.open_segment = Some(segment);

        let survey = self.journal.survey_mut();
        let (sequence, offset, sealed) = (header.sequence, survey.end.1, header.is_sealed());
        let entry = Entry { sequence, segment, offset, bytes: entry_bytes, kind, sealed };
        survey.entries.push(entry);
        survey.end.1 += entry_bytes;
        (survey.last, survey.last_sequence) = (own, header.sequence);
        if let Some(state) = survey.segments.last_mut() {
            state.last_sequence = header.sequence;
        }
        Ok(header.sequence)
    }

    /// Writes one entry to the end of the newest segment and forces it onto the disk.
    fn write(&mut self, segment: u64, bytes: &[u8]) -> Result<(), RecordError> {
        let (name, length) = (name_of(segment), bytes.len() as u64);
        if let Some(state) = self.journal.survey_mut().segments.last_mut() {
            // Counted even where it fails: some of it may stand there.
            state.bytes += length;
        }
        let storage = self.journal.storage_mut();
        storage.append(&name, bytes).map_err(|source| RecordError::Write {
            segment,
            bytes: length,
            source,
        })?;
        storage.sync(&name).map_err(|source| RecordError::Sync { segment, source })
    }

    /// The segment that takes an entry of `bytes`, made where there is none.
    fn segment_for(&mut self, bytes: u64) -> Result<u64, RecordError> {
        let (_, end) = self.journal.survey().end;
        let is_fresh = end == SEGMENT_HEADER_BYTES as u64;
        match self.open_segment {
            Some(segment) if is_fresh || end + bytes <= self.rule.segment_bytes_max => Ok(segment),
            _ => self.begin_segment(),
        }
    }

    fn begin_segment(&mut self) -> Result<u64, RecordError> {
        let survey = self.journal.survey();
        let segment = self.next_segment;
        let header = SegmentHeader {
            segment,
            first_sequence: survey.last_sequence + 1,
            previous_segment: survey.end.0,
            previous_end: survey.end.1,
            previous: survey.last,
        };
        let last_sequence = survey.last_sequence;
        let name = name_of(segment);
        let storage = self.journal.storage_mut();
        storage.create(&name).map_err(|source| RecordError::Create { segment, source })?;
        self.next_segment += 1;
        let made = storage
            .append(&name, &header.encode())
            .and_then(|()| storage.sync(&name))
            .and_then(|()| storage.sync_folder());
        if let Err(source) = made {
            // Nothing in it was ever kept; where it cannot be removed, it is passed over for ever.
            let _ = storage.remove(&name);
            return Err(RecordError::Create { segment, source });
        }
        let bytes = SEGMENT_HEADER_BYTES as u64;
        let survey = self.journal.survey_mut();
        survey.segments.push(SegmentState { number: segment, bytes, last_sequence });
        survey.end = (segment, bytes);
        self.open_segment = Some(segment);
        Ok(segment)
    }
}

/// Leaves as many numbers free as there may be entries in what the disk does not give at the journal's end.
///
/// Fails where no number is known at all.
fn pass_unread(survey: &mut Survey) -> Result<(), RecordError> {
    let Some(unread) = survey.unread else { return Ok(()) };
    if survey.first_sequence.is_none() {
        let (segment, offset) = (unread.segment, unread.offset);
        return Err(RecordError::Read { segment, offset, source: io::Error::from(unread.kind) });
    }
    survey.last_sequence += survey.unread_bytes / HEADER_BYTES as u64;
    if let Some(segment) = survey.segments.last_mut() {
        segment.last_sequence = survey.last_sequence;
    }
    Ok(())
}

/// The parts sealed, and `header` with what stands on the disk then.
fn seal(
    header: &mut Header,
    sections: &[(SectionKind, Vec<u8>)],
    key: &RecordKey,
) -> Result<Vec<(SectionKind, Vec<u8>)>, RecordError> {
    for section in &mut header.sections {
        section.bytes += SEAL_BYTES;
        section.sealed = true;
    }
    // The head is bound with all kinds and lengths, and with no checksum of its parts: these come after.
    let bound = header.clone();
    let seal = |(kind, plain): &(SectionKind, Vec<u8>)| Ok((*kind, key.seal(&bound, *kind, plain)?));
    let sealed: Vec<_> = sections.iter().map(seal).collect::<Result<_, RecordError>>()?;
    let part = |(kind, bytes): &(SectionKind, Vec<u8>)| Section { sealed: true, ..Section::of(*kind, bytes) };
    header.sections = sealed.iter().map(part).collect();
    Ok(sealed)
}
