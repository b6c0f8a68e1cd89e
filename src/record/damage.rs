//! What is wrong with a journal, and where.

use std::fmt;
use std::io;

use super::header::SectionKind;

/// One place that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub segment: u64,
    /// From the segment's first byte.
    pub offset: u64,
    /// 0 where something is missing and not broken.
    pub bytes: u64,
    /// The entry concerned, where its number is known.
    pub sequence: Option<u64>,
    pub fault: Fault,
}

/// What is wrong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The segment's head.
    SegmentHeader,
    /// No entry can be told in these bytes.
    Header,
    /// One part of an entry; its other parts stand.
    Section(SectionKind),
    /// As it was written, and yet the key does not open it.
    Seal(SectionKind),
    /// An entry, or a segment's head, does not follow from the entry before it.
    Chain,
    /// These sequence numbers are missing, and no rule dropped them.
    Gap { first: u64, last: u64 },
    /// A sequence number comes a second time.
    Order,
    /// The segment ends before the place where the journal went on.
    Short,
    /// The disk would not give these bytes.
    Unreadable(io::ErrorKind),
    /// The last bytes of all are no whole entry: an entry was being written, or was damaged.
    Tail,
}

impl Fault {
    /// Stable name for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::SegmentHeader => "damaged_segment_header",
            Self::Header => "damaged_header",
            Self::Section(SectionKind::Reading) => "damaged_reading",
            Self::Section(SectionKind::Radiograph) => "damaged_radiograph",
            Self::Section(SectionKind::Field) => "damaged_field",
            Self::Section(SectionKind::Map) => "damaged_map",
            Self::Section(SectionKind::Note) => "damaged_note",
            Self::Seal(_) => "foreign_seal",
            Self::Chain => "broken_chain",
            Self::Gap { .. } => "missing_entries",
            Self::Order => "repeated_sequence",
            Self::Short => "short_segment",
            Self::Unreadable(_) => "unreadable",
            Self::Tail => "unfinished_tail",
        }
    }
}

/// A sentence without the place.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SegmentHeader => f.write_str("the segment's head is damaged"),
            Self::Header => f.write_str("an entry's head is damaged, so nothing can be read of it"),
            Self::Section(kind) => write!(f, "the {} is damaged; the entry's other parts stand", kind.name()),
            Self::Seal(kind) => write!(f, "the {} was not sealed with this key at this place", kind.name()),
            Self::Chain => f.write_str("what stands here does not follow from the entry before"),
            Self::Gap { first, last } => write!(f, "entries {first} to {last} are missing"),
            Self::Order => f.write_str("an entry has a number that was there before"),
            Self::Short => f.write_str("the segment is shorter than it was"),
            Self::Unreadable(kind) => write!(f, "the disk gives an error: {kind}"),
            Self::Tail => f.write_str(
                "no whole entry: one was being written, or the last one is damaged; the next start cuts it off",
            ),
        }
    }
}

/// `segment 3, byte 4711, 12 bytes (reading 8): ...`.
impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {}, byte {}, {} bytes", self.segment, self.offset, self.bytes)?;
        if let Some(sequence) = self.sequence {
            write!(f, " (entry {sequence})")?;
        }
        write!(f, ": {}", self.fault)
    }
}
