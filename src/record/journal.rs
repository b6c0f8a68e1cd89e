//! The journal as a reader sees it: which entries there are, and what is in them.

use super::damage::{Damage, Fault};
use super::error::RecordError;
use super::header::{EntryKind, Header, Section, SectionKind};
use super::note::Acknowledged;
use super::retention::Dropped;
use super::segment::name_of;
use super::storage::Storage;
use super::survey::{Depth, SegmentState, Survey, survey};
use super::walk::head_at;

/// Where one entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Orders all entries, whatever clocks say; a reading's number for its whole life.
    pub sequence: u64,
    pub segment: u64,
    pub offset: u64,
    pub bytes: u64,
    pub kind: EntryKind,
}

/// The index of a storage, made anew from the heads of its entries whenever it is opened.
pub struct Journal {
    storage: Box<dyn Storage>,
    survey: Survey,
}

impl Journal {
    /// Reads all heads; changes nothing. A segment that is damaged gives what can be told of it.
    pub fn open(storage: Box<dyn Storage>) -> Result<Self, RecordError> {
        let survey = survey(storage.as_ref(), Depth::Heads)?;
        Ok(Self { storage, survey })
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
        let (name, end) = (name_of(entry.segment), entry.offset + entry.bytes);
        let (segment, offset, id) = (entry.segment, entry.offset, entry.sequence);
        let head = head_at(self.storage.as_ref(), &name, entry.offset, end)
            .map_err(|source| RecordError::Read { segment, offset, source })?;
        let head = head.map(|(header, _)| header).filter(|header| header.sequence == id);
        head.ok_or(RecordError::DamagedHeader { id })
    }

    /// One part of an entry, checked; its other parts need not be whole.
    pub fn section(&self, entry: &Entry, kind: SectionKind) -> Result<Vec<u8>, RecordError> {
        let id = entry.sequence;
        let (at, section) =
            self.header(entry)?.section(kind).ok_or(RecordError::Absent { id, section: kind })?;
        let (segment, offset) = (entry.segment, entry.offset + at);
        let mut bytes = vec![0; section.bytes as usize];
        let read = self.storage.read(&name_of(segment), offset, &mut bytes);
        let read = read.map_err(|source| RecordError::Read { segment, offset, source })?;
        if read == bytes.len() && Section::of(kind, &bytes) == section {
            Ok(bytes)
        } else {
            Err(RecordError::Damaged { id, section: kind })
        }
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
