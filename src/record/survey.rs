//! All segments looked through in their order: what is there, what is not as it was written, where the journal ends.

use std::io;

use sha2::{Digest as _, Sha256};

use super::damage::{Damage, Fault};
use super::error::RecordError;
use super::header::{Digest, EntryKind, Header, Section, SectionKind};
use super::journal::Entry;
use super::note::{Acknowledged, Note};
use super::retention::Dropped;
use super::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, name_of, number_of};
use super::storage::Storage;
use super::walk::{Step, walk};

/// Damages that are told one by one; a store with more is lost as a whole, and the count says so.
const DAMAGES_MAX: usize = 10_000;
/// Bytes read together where a checksum is computed.
const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of the largest note: a thousand damages.
const NOTE_BYTES_MAX: u64 = 1024 * 1024;
const SEGMENT_START: u64 = SEGMENT_HEADER_BYTES as u64;

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Heads, notes, and the whole last entry: what opening needs.
    Heads,
    /// Every byte.
    Whole,
}

/// One segment that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentState {
    pub number: u64,
    pub bytes: u64,
    /// The last sequence number in it or before it.
    pub last_sequence: u64,
}

/// What a look through all segments found.
#[derive(Debug, Default)]
pub struct Survey {
    /// Rising in their sequence.
    pub entries: Vec<Entry>,
    /// Rising in their number; all files, also those that hold nothing of the journal.
    pub segments: Vec<SegmentState>,
    pub damages: Vec<Damage>,
    /// Damages beyond those in the list.
    pub damages_more: u64,
    /// Where the journal ends: segment, byte.
    pub end: (u64, u64),
    /// Whether the segment there takes further entries.
    pub end_is_open: bool,
    /// Of the last entry.
    pub last: Digest,
    pub last_sequence: u64,
    /// The number that the oldest entry has or had.
    pub first_sequence: Option<u64>,
    pub last_start: u32,
    pub dropped: Dropped,
    pub acknowledged: Vec<Acknowledged>,
    /// Tails cut off so far, as far as their notes are still there.
    pub cuts: u64,
    /// Where the disk does not give the journal's end, so that nobody knows what stands there.
    pub unread: Option<Unread>,
    /// Bytes behind the last entry that can be told, where the disk does not give all of them.
    pub unread_bytes: u64,
}

/// A place that the disk does not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    pub segment: u64,
    pub offset: u64,
    pub kind: io::ErrorKind,
}

/// A segment's file with its head.
struct Listed {
    number: u64,
    bytes: u64,
    header: Option<SegmentHeader>,
    /// Why its head could not be read; one that was read and is none has no error.
    error: Option<io::ErrorKind>,
    /// Where its part of the journal ends, where a later segment says so; 0: it has none.
    seal: Option<u64>,
}

/// Looks through everything in `storage`; fails only where the folder cannot be listed.
pub fn survey(storage: &dyn Storage, depth: Depth) -> Result<Survey, RecordError> {
    let listed = list(storage)?;
    let mut survey = Survey::default();
    let newest = newest_of(storage, &listed);
    for segment in &listed {
        survey.segment(storage, depth, segment, newest);
        let (number, bytes) = (segment.number, segment.bytes);
        survey.segments.push(SegmentState { number, bytes, last_sequence: survey.last_sequence });
    }
    survey.check_beginning(&listed);
    Ok(survey)
}

/// The segments in their order, each with its head and its seal.
fn list(storage: &dyn Storage) -> Result<Vec<Listed>, RecordError> {
    let files = storage.list().map_err(RecordError::List)?;
    let numbered = files.into_iter().filter_map(|f| Some((number_of(&f.name)?, f.bytes)));
    let mut listed: Vec<Listed> = numbered
        .map(|(number, bytes)| {
            let mut head = [0; SEGMENT_HEADER_BYTES];
            let read = storage.read(&name_of(number), 0, &mut head);
            let is_whole = read.as_ref().is_ok_and(|read| *read == head.len());
            let header = is_whole.then(|| SegmentHeader::decode(&head, number)).flatten();
            Listed { number, bytes, header, error: read.err().map(|e| e.kind()), seal: None }
        })
        .collect();
    listed.sort_by_key(|l| l.number);
    let mut after: Option<SegmentHeader> = None;
    for segment in listed.iter_mut().rev() {
        if let Some(next) = after {
            if segment.number == next.previous_segment {
                segment.seal = Some(next.previous_end);
            } else if segment.number > next.previous_segment {
                segment.seal = Some(0);
            }
        }
        // A segment that is not part of the journal says nothing of those before it.
        after = segment.header.filter(|_| segment.seal != Some(0)).or(after);
    }
    Ok(listed)
}

/// The last segment in which anything can be told, or is not given by the disk; what stands behind was never begun.
fn newest_of(storage: &dyn Storage, listed: &[Listed]) -> u64 {
    let tells = |segment: &&Listed| {
        let mut told = segment.header.is_some() || segment.error.is_some();
        if !told {
            walk(storage, segment.number, SEGMENT_START, segment.bytes, &mut |step| {
                told |= !matches!(step, Step::Broken { fault: Fault::Header, .. });
            });
        }
        told
    };
    listed.iter().rev().find(tells).map_or(0, |segment| segment.number)
}

impl Survey {
    /// Looks through one segment; `newest` is the number of the last one of the journal.
    fn segment(&mut self, storage: &dyn Storage, depth: Depth, segment: &Listed, newest: u64) {
        if segment.seal == Some(0) {
            return;
        }
        if segment.number > newest {
            self.end_is_open = false;
            return self.damage(segment.number, (0, segment.bytes), None, Fault::Tail);
        }
        let newest = segment.number == newest;
        let (number, end) = (segment.number, segment.seal.unwrap_or(segment.bytes).min(segment.bytes));
        let mut steps = Vec::new();
        walk(storage, number, SEGMENT_START.min(end), end, &mut |step| steps.push(step));
        let error = if newest { mark_tail(storage, number, &mut steps) } else { None };
        match &segment.header {
            Some(header) => {
                self.follow_segment(header);
                self.end = (number, SEGMENT_START);
            }
            None => {
                let fault = segment.error.map_or(Fault::SegmentHeader, Fault::Unreadable);
                self.damage(number, (0, SEGMENT_START.min(end)), None, fault);
            }
        }
        let is_broken = matches!(steps.last(), Some(Step::Broken { .. }));
        self.end_is_open = segment.header.is_some() && !is_broken && error.is_none();
        let mut ends_unread = segment.error.is_some();
        for step in steps {
            match step {
                Step::Entry { offset, header, own } => {
                    ends_unread = false;
                    self.entry(storage, depth, (number, offset), &header, own);
                }
                Step::Broken { offset, bytes, fault } => {
                    self.damage(number, (offset, bytes), None, fault);
                    if let Fault::Unreadable(kind) = fault {
                        ends_unread = true;
                        self.unread = Some(Unread { segment: number, offset, kind });
                    }
                    self.unread_bytes += if self.unread.is_some() { bytes } else { 0 };
                }
            }
        }
        if newest {
            // Nothing that was not read is left behind the journal's end.
            self.end = if ends_unread { (number, end) } else { self.end };
            let error = error.or(segment.error.map(|kind| (0, kind)));
            let unread = error.map(|(offset, kind)| Unread { segment: number, offset, kind });
            self.unread = self.unread.or(unread);
        }
        if let Some(seal) = segment.seal.filter(|seal| *seal > segment.bytes) {
            self.damage(number, (segment.bytes, seal - segment.bytes), None, Fault::Short);
        }
    }

    /// Whether a segment's head follows from the entries before.
    fn follow_segment(&mut self, header: &SegmentHeader) {
        (self.unread, self.unread_bytes) = (None, 0);
        if let Some(before) = self.segments.last_mut() {
            // What is missing there goes with it.
            before.last_sequence = before.last_sequence.max(header.first_sequence.saturating_sub(1));
        }
        if self.first_sequence.is_none() {
            self.first_sequence = Some(header.first_sequence);
            self.last_sequence = header.first_sequence.saturating_sub(1);
        } else if header.previous != self.last {
            self.damage(header.segment, (0, 0), None, Fault::Chain);
        }
        self.last = header.previous;
        self.expect(header.first_sequence, (header.segment, 0));
    }

    /// Notes a gap where `sequence` is not the next one.
    fn expect(&mut self, sequence: u64, (segment, offset): (u64, u64)) {
        let first = self.last_sequence + 1;
        if sequence > first {
            let fault = Fault::Gap { first, last: sequence - 1 };
            self.damage(segment, (offset, 0), None, fault);
            self.last_sequence = sequence - 1;
        }
    }

    fn entry(
        &mut self,
        storage: &dyn Storage,
        depth: Depth,
        (segment, offset): (u64, u64),
        header: &Header,
        own: Digest,
    ) {
        let sequence = header.sequence;
        if self.first_sequence.is_none() {
            // The segment's head is damaged: nobody knows what its first entry follows from.
            self.first_sequence = Some(sequence);
            self.last_sequence = sequence.saturating_sub(1);
        } else if header.previous != self.last {
            self.damage(segment, (offset, 0), Some(sequence), Fault::Chain);
        }
        (self.unread, self.unread_bytes) = (None, 0);
        self.last = own;
        self.end = (segment, offset + header.entry_bytes());
        self.expect(sequence, (segment, offset));
        if sequence <= self.last_sequence {
            return self.damage(segment, (offset, header.entry_bytes()), Some(sequence), Fault::Order);
        }
        self.last_sequence = sequence;
        self.last_start = self.last_start.max(header.moment.start);
        self.entries.push(Entry {
            sequence,
            segment,
            offset,
            bytes: header.entry_bytes(),
            kind: header.kind,
            sealed: header.is_sealed(),
        });
        if depth == Depth::Whole {
            for (at, section, fault) in broken_sections(storage, (segment, offset), header) {
                self.damage(segment, (at, section.bytes), Some(sequence), fault);
            }
        }
        if header.kind == EntryKind::Note {
            self.note(storage, (segment, offset), header);
        }
    }

    fn note(&mut self, storage: &dyn Storage, (segment, offset): (u64, u64), header: &Header) {
        let Some((at, section)) =
            header.section(SectionKind::Note).filter(|(_, s)| s.bytes <= NOTE_BYTES_MAX)
        else {
            return;
        };
        let mut bytes = vec![0; section.bytes as usize];
        let read = storage.read(&name_of(segment), offset + at, &mut bytes).unwrap_or(0);
        if read < bytes.len() || !section.is_whole(&bytes) {
            return;
        }
        match Note::decode(&bytes) {
            Some(Note::Dropped { readings_total, through, since, .. }) => {
                self.dropped = Dropped { readings: readings_total, through, since: Some(since.into()) };
            }
            Some(Note::Cut { .. }) => self.cuts += 1,
            Some(Note::Acknowledged { damages }) => self.acknowledged.extend(damages),
            // Of a reading, not of the journal; a sealed one does not even say so.
            Some(Note::Named { .. }) | None => {}
        }
    }

    /// Whether a rule accounts for all that stood before the oldest segment.
    fn check_beginning(&mut self, listed: &[Listed]) {
        let (Some(oldest), Some(first)) = (listed.first(), self.first_sequence) else { return };
        let accounted = self.dropped.through;
        if first > accounted + 1 {
            let fault = Fault::Gap { first: accounted + 1, last: first - 1 };
            self.damage(oldest.number, (0, 0), None, fault);
        }
    }

    fn damage(&mut self, segment: u64, (offset, bytes): (u64, u64), sequence: Option<u64>, fault: Fault) {
        if self.damages.len() < DAMAGES_MAX {
            self.damages.push(Damage { segment, offset, bytes, sequence, fault });
        } else {
            self.damages_more += 1;
        }
    }
}

/// Turns the end of the newest segment into a tail where it is no whole entry: then a power cut explains it.
///
/// Only bytes that were read can be a tail; where the disk does not give the end, it stays, and place and error are
/// returned.
fn mark_tail(storage: &dyn Storage, segment: u64, steps: &mut [Step]) -> Option<(u64, io::ErrorKind)> {
    let last = steps.last_mut()?;
    match last {
        Step::Broken { offset, fault: Fault::Unreadable(kind), .. } => return Some((*offset, *kind)),
        Step::Broken { fault, .. } if *fault == Fault::Header => *fault = Fault::Tail,
        Step::Broken { .. } => {}
        Step::Entry { offset, header, .. } => {
            let (offset, bytes) = (*offset, header.entry_bytes());
            let broken = broken_sections(storage, (segment, offset), header);
            if broken.iter().any(|(_, _, fault)| matches!(fault, Fault::Section(_))) {
                *last = Step::Broken { offset, bytes, fault: Fault::Tail };
            } else if let Some((_, _, Fault::Unreadable(kind))) = broken.first() {
                return Some((offset, *kind));
            }
        }
    }
    None
}

/// The parts of an entry that are not as their checksums say or cannot be read, each with its place in the segment.
fn broken_sections(
    storage: &dyn Storage,
    (segment, offset): (u64, u64),
    header: &Header,
) -> Vec<(u64, Section, Fault)> {
    let mut at = offset + super::header::HEADER_BYTES as u64;
    let mut broken = Vec::new();
    for section in &header.sections {
        match digest_of(storage, segment, at, section.bytes) {
            Ok(digest) if digest == Some(section.sha256) => {}
            Ok(_) => broken.push((at, *section, Fault::Section(section.kind))),
            Err(error) => broken.push((at, *section, Fault::Unreadable(error.kind()))),
        }
        at += section.bytes;
    }
    broken
}

/// The SHA-256 of `bytes` bytes of a segment; `None` where they are not there.
pub fn digest_of(storage: &dyn Storage, segment: u64, from: u64, bytes: u64) -> io::Result<Option<Digest>> {
    let name = name_of(segment);
    let mut buffer = vec![0; CHUNK_BYTES.min(bytes as usize)];
    let (mut hash, mut left) = (Sha256::new(), bytes);
    while left > 0 {
        let wanted = left.min(buffer.len() as u64) as usize;
        let read = storage.read(&name, from + bytes - left, &mut buffer[..wanted])?;
        if read < wanted {
            return Ok(None);
        }
        hash.update(&buffer[..wanted]);
        left -= wanted as u64;
    }
    Ok(Some(hash.finalize().into()))
}
