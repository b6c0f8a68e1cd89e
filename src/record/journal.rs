//! The journal as a reader sees it: which entries there are, and what is in them.

use super::damage::{Damage, Fault};
use super::error::RecordError;
use super::header::{Digest, EntryKind, Header, SectionKind};
use super::note::{Acknowledged, Note};
use super::retention::Dropped;
use super::seal::RecordKey;
use super::segment::name_of;
use super::storage::Storage;
use super::survey::{Depth, SegmentState, Survey, survey};
use super::walk::head_at;
use crate::person::Person;

/// Where one entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Orders all entries, whatever clocks say; a reading's number for its whole life.
    pub sequence: u64,
    pub segment: u64,
    pub offset: u64,
    pub bytes: u64,
    pub kind: EntryKind,
    /// Whether it takes the record's key to read it.
    pub sealed: bool,
}

/// Sealed readings that are tried in turn to tell whether a key is theirs, where the newest are damaged.
const KEY_TRIALS_MAX: usize = 8;

/// The index of a storage, made anew from the heads of its entries whenever it is opened.
pub struct Journal {
    storage: Box<dyn Storage>,
    survey: Survey,
    key: Option<RecordKey>,
}

impl Journal {
    /// Reads all heads; changes nothing. A segment that is damaged gives what can be told of it.
    ///
    /// Without a key what is sealed cannot be read; all else can.
    pub fn open(storage: Box<dyn Storage>) -> Result<Self, RecordError> {
        Self::open_with(storage, None)
    }

    /// The same with the key of what is sealed; [`Journal::check_key`] tells whether it is the right one.
    pub fn open_with(storage: Box<dyn Storage>, key: Option<RecordKey>) -> Result<Self, RecordError> {
        let survey = survey(storage.as_ref(), Depth::Heads)?;
        Ok(Self { storage, survey, key })
    }

    /// Makes the index anew.
    pub(super) fn look_again(&mut self) -> Result<(), RecordError> {
        self.survey = survey(self.storage.as_ref(), Depth::Heads)?;
        Ok(())
    }

    /// Fails where readings are sealed and this journal has no key, or another than theirs.
    pub fn check_key(&self) -> Result<(), RecordError> {
        for entry in self.readings().rev().filter(|e| e.sealed).take(KEY_TRIALS_MAX) {
            match self.smallest_sealed(entry) {
                Ok(()) => break,
                Err(e @ (RecordError::KeyNone { .. } | RecordError::KeyWrong { .. })) => return Err(e),
                // Damaged: it tells nothing of the key.
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn smallest_sealed(&self, entry: &Entry) -> Result<(), RecordError> {
        let header = self.header(entry)?;
        let smallest = header.sections.iter().filter(|s| s.sealed).min_by_key(|s| s.bytes);
        smallest.map_or(Ok(()), |s| self.section(entry, s.kind).map(drop))
    }

    /// All entries, rising in their sequence; notes too.
    pub fn entries(&self) -> &[Entry] {
        &self.survey.entries
    }

    /// The readings, oldest first.
    pub fn readings(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.survey.entries.iter().filter(|e| e.kind == EntryKind::Reading)
    }

    /// Reading number `id`.
    pub fn reading(&self, id: u64) -> Result<Entry, RecordError> {
        let at = self.survey.entries.binary_search_by_key(&id, |e| e.sequence);
        let found = at.ok().map(|at| self.survey.entries[at]).filter(|e| e.kind == EntryKind::Reading);
        found.ok_or_else(|| {
            let sequence = |e: Option<&Entry>| e.map_or(0, |e| e.sequence);
            let (first, last) = (sequence(self.readings().next()), sequence(self.readings().next_back()));
            RecordError::Unknown { id, count: self.readings().count(), first, last }
        })
    }

    /// Which reading `note` says to be of whom; `None` where it says nothing of the kind, or cannot be read.
    pub fn named(&self, note: &Entry) -> Option<(u64, Option<Person>)> {
        let bytes = self.section(note, SectionKind::Note).ok()?;
        match Note::decode(&bytes)? {
            Note::Named { reading, person: None } => Some((reading, None)),
            Note::Named { reading, person: Some(text) } => {
                Some((reading, Some(Person::from_hexadecimal(&text)?)))
            }
            _ => None,
        }
    }

    /// What was found wrong on opening: heads, chain and tail, but not the parts of each entry.
    pub fn damages(&self) -> &[Damage] {
        &self.survey.damages
    }

    /// How many of them neither a power cut nor an acknowledgement explains.
    pub fn damages_to_tell(&self) -> usize {
        let storage = self.storage.as_ref();
        let is_news = |d: &&Damage| {
            d.fault != Fault::Tail && !self.survey.acknowledged.contains(&Acknowledged::of(storage, d))
        };
        self.survey.damages.iter().filter(is_news).count()
    }

    /// What the retention rule has removed.
    pub fn dropped(&self) -> &Dropped {
        &self.survey.dropped
    }

    /// All files together.
    pub fn bytes(&self) -> u64 {
        self.survey.segments.iter().map(|s| s.bytes).sum()
    }

    /// An entry's head, checked.
    pub fn header(&self, entry: &Entry) -> Result<Header, RecordError> {
        header_of(self.storage.as_ref(), entry)
    }

    /// The same with its own digest, which no other entry has, of this record or another.
    pub(super) fn head(&self, entry: &Entry) -> Result<(Header, Digest), RecordError> {
        head_of(self.storage.as_ref(), entry)
    }

    /// One part of an entry, checked; its other parts need not be whole.
    pub fn section(&self, entry: &Entry, kind: SectionKind) -> Result<Vec<u8>, RecordError> {
        section_of(self.storage.as_ref(), self.key.as_ref(), entry, kind)
    }

    pub(super) fn key(&self) -> Option<&RecordKey> {
        self.key.as_ref()
    }

    pub(super) fn survey(&self) -> &Survey {
        &self.survey
    }

    pub(super) fn survey_mut(&mut self) -> &mut Survey {
        &mut self.survey
    }

    pub(super) fn storage_mut(&mut self) -> &mut dyn Storage {
        self.storage.as_mut()
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        self.storage.as_ref()
    }

    pub(super) fn segments(&self) -> &[SegmentState] {
        &self.survey.segments
    }

    pub(super) fn set_dropped(&mut self, dropped: Dropped) {
        self.survey.dropped = dropped;
    }

    pub(super) fn forget_segment(&mut self, number: u64) {
        self.survey.segments.retain(|s| s.number != number);
        self.survey.entries.retain(|e| e.segment != number);
        self.survey.damages.retain(|d| d.segment != number);
    }
}

pub(super) fn header_of(storage: &dyn Storage, entry: &Entry) -> Result<Header, RecordError> {
    head_of(storage, entry).map(|(header, _)| header)
}

fn head_of(storage: &dyn Storage, entry: &Entry) -> Result<(Header, Digest), RecordError> {
    let (name, end) = (name_of(entry.segment), entry.offset + entry.bytes);
    let (segment, offset, id) = (entry.segment, entry.offset, entry.sequence);
    let head = head_at(storage, &name, entry.offset, end).map_err(|source| RecordError::Read {
        segment,
        offset,
        source,
    })?;
    head.filter(|(header, _)| header.sequence == id).ok_or(RecordError::DamagedHeader { id })
}

/// One part of an entry, checked, and opened where it is sealed.
pub(super) fn section_of(
    storage: &dyn Storage,
    key: Option<&RecordKey>,
    entry: &Entry,
    kind: SectionKind,
) -> Result<Vec<u8>, RecordError> {
    let id = entry.sequence;
    let header = header_of(storage, entry)?;
    let (at, section) = header.section(kind).ok_or(RecordError::Absent { id, section: kind })?;
    let (segment, offset) = (entry.segment, entry.offset + at);
    let mut bytes = vec![0; section.bytes as usize];
    let read = storage.read(&name_of(segment), offset, &mut bytes);
    let read = read.map_err(|source| RecordError::Read { segment, offset, source })?;
    match (read == bytes.len() && section.is_whole(&bytes), section.sealed) {
        (false, _) => Err(RecordError::Damaged { id, section: kind }),
        (true, false) => Ok(bytes),
        (true, true) => {
            let key = key.ok_or(RecordError::KeyNone { id })?;
            key.open(&header, kind, &bytes).ok_or(RecordError::KeyWrong { id })
        }
    }
}
