//! All segments looked through in their order: what is there, what is not as it was written, where the journal ends.

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
}

/// A segment's file with its head.
struct Listed {
    number: u64,
    bytes: u64,
    header: Option<SegmentHeader>,
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
            let read = storage.read(&name_of(number), 0, &mut head).unwrap_or(0);
            let whole = (read == head.len()).then(|| SegmentHeader::decode(&head, number)).flatten();
            Listed { number, bytes, header: whole, seal: None }
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

/// The last segment in which anything can be told; what stands behind it was never begun.
fn newest_of(storage: &dyn Storage, listed: &[Listed]) -> u64 {
    let tells = |segment: &&Listed| {
        let mut entries = 0;
        segment.header.is_some() || {
            walk(storage, segment.number, SEGMENT_START, segment.bytes, &mut |step| {
                entries += usize::from(matches!(step, Step::Entry { .. }));
            });
            entries > 0
        }
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
        if newest {
            mark_tail(storage, number, &mut steps);
        }
        match &segment.header {
            Some(header) => {
                self.follow_segment(header);
                self.end = (number, SEGMENT_START);
            }
            None => self.damage(number, (0, SEGMENT_START.min(end)), None, Fault::SegmentHeader),
        }
        self.end_is_open = segment.header.is_some() && !matches!(steps.last(), Some(Step::Broken { .. }));
        for step in steps {
            match step {
                Step::Entry { offset, header, own } => {
                    self.entry(storage, depth, (number, offset), &header, own);
                }
                Step::Broken { offset, bytes, fault } => self.damage(number, (offset, bytes), None, fault),
            }
        }
        if let Some(seal) = segment.seal.filter(|seal| *seal > segment.bytes) {
            self.damage(number, (segment.bytes, seal - segment.bytes), None, Fault::Short);
        }
    }

    /// Whether a segment's head follows from the entries before.
    fn follow_segment(&mut self, header: &SegmentHeader) {
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
            for (at, section) in broken_sections(storage, (segment, offset), header) {
                let fault = Fault::Section(section.kind);
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
fn mark_tail(storage: &dyn Storage, segment: u64, steps: &mut [Step]) {
    let Some(last) = steps.last_mut() else { return };
    match last {
        Step::Broken { fault, .. } if *fault == Fault::Header => *fault = Fault::Tail,
        Step::Broken { .. } => {}
        Step::Entry { offset, header, .. } => {
            if !broken_sections(storage, (segment, *offset), header).is_empty() {
                *last = Step::Broken { offset: *offset, bytes: header.entry_bytes(), fault: Fault::Tail };
            }
        }
    }
}

/// The parts of an entry that are not as their checksums say, each with its place in the segment.
fn broken_sections(
    storage: &dyn Storage,
    (segment, offset): (u64, u64),
    header: &Header,
) -> Vec<(u64, Section)> {
    let mut at = offset + super::header::HEADER_BYTES as u64;
    let mut broken = Vec::new();
    for section in &header.sections {
        if digest_of(storage, segment, at, section.bytes) != Some(section.sha256) {
            broken.push((at, *section));
        }
        at += section.bytes;
    }
    broken
}

/// The SHA-256 of `bytes` bytes of a segment; `None` where they cannot be read or are not there.
pub fn digest_of(storage: &dyn Storage, segment: u64, from: u64, bytes: u64) -> Option<Digest> {
    let name = name_of(segment);
    let mut buffer = vec![0; CHUNK_BYTES.min(bytes as usize)];
    let (mut hash, mut left) = (Sha256::new(), bytes);
    while left > 0 {
        let wanted = left.min(buffer.len() as u64) as usize;
        let read = storage.read(&name, from + bytes - left, &mut buffer[..wanted]).ok()?;
        if read < wanted {
            return None;
        }
        hash.update(&buffer[..wanted]);
        left -= wanted as u64;
    }
    Some(hash.finalize().into())
}
