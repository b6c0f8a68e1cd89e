//! The head of an entry: what it is, when it was kept, what it holds, and a checksum for each part.
//!
//! The head's own SHA-256 covers the SHA-256 of every part and of the entry before, so it stands for all of them.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::moment::Moment;
use crate::clock::{BootId, WallTime};

/// A SHA-256.
pub type Digest = [u8; 32];

/// Bytes of every head.
pub const HEADER_BYTES: usize = 352;
/// Parts of one entry: a reading has four.
pub const SECTIONS_MAX: usize = 4;
/// Bytes of one part: the largest radiograph is 80 MB before compression.
pub const SECTION_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// How each head begins.
pub const MAGIC: [u8; 8] = *b"RMAPENT1";
/// What stands for a time of day that was not trusted.
const NO_TIME: i64 = i64::MIN;
const BOOT_ID_BYTES: usize = 40;
const OWN_AT: usize = HEADER_BYTES - 32;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    Reading = 1,
    /// On the journal itself.
    Note = 2,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// JSON: the reading and what the pictures mean.
    Reading = 1,
    /// PNG: the frame's values as stored.
    Radiograph = 2,
    /// PNG: zones of the lung field.
    Field = 3,
    /// PNG: probability of infection.
    Map = 4,
    /// JSON: a note.
    Note = 5,
}

impl SectionKind {
    pub const ALL: [Self; 5] = [Self::Reading, Self::Radiograph, Self::Field, Self::Map, Self::Note];

    /// For people.
    pub fn name(self) -> &'static str {
        ["reading", "radiograph", "lung field", "infection map", "note"][self as usize - 1]
    }
}

/// One part of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    pub kind: SectionKind,
    /// As it stands on the disk.
    pub bytes: u64,
    /// Of what stands on the disk.
    pub sha256: Digest,
    /// Whether it takes the record's key to read it.
    pub sealed: bool,
}

impl Section {
    pub fn of(kind: SectionKind, bytes: &[u8]) -> Self {
        Self { kind, bytes: bytes.len() as u64, sha256: Sha256::digest(bytes).into(), sealed: false }
    }

    /// Whether `bytes` are what was written.
    pub fn is_whole(&self, bytes: &[u8]) -> bool {
        self.bytes == bytes.len() as u64 && self.sha256 == Digest::from(Sha256::digest(bytes))
    }
}

/// The head of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub kind: EntryKind,
    pub sequence: u64,
    pub moment: Moment,
    /// The own digest of the entry before; zeros for the first of all.
    pub previous: Digest,
    /// In the order in which they follow; at most [`SECTIONS_MAX`].
    pub sections: Vec<Section>,
}

impl Header {
    /// Whether any part takes the record's key.
    pub fn is_sealed(&self) -> bool {
        self.sections.iter().any(|s| s.sealed)
    }

    /// Bytes of the head and all parts.
    pub fn entry_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + self.sections.iter().map(|s| s.bytes).sum::<u64>()
    }

    /// Where part `kind` begins, from the head's first byte, and what it is.
    pub fn section(&self, kind: SectionKind) -> Option<(u64, Section)> {
        let mut at = HEADER_BYTES as u64;
        for section in &self.sections {
            if section.kind == kind {
                return Some((at, *section));
            }
            at += section.bytes;
        }
        None
    }

    /// The head as it stands on disk, and its own digest.
    pub fn encode(&self) -> ([u8; HEADER_BYTES], Digest) {
        assert!(self.sections.len() <= SECTIONS_MAX, "an entry has at most {SECTIONS_MAX} parts");
        let mut to = [0; HEADER_BYTES];
        to[..8].copy_from_slice(&MAGIC);
        put(&mut to, 8, &(HEADER_BYTES as u32).to_le_bytes());
        put(&mut to, 12, &(self.kind as u32).to_le_bytes());
        put(&mut to, 16, &self.sequence.to_le_bytes());
        put(&mut to, 24, &self.entry_bytes().to_le_bytes());
        put(&mut to, 32, &(self.moment.uptime.as_micros() as u64).to_le_bytes());
        put(&mut to, 40, &self.moment.wall_time.map_or(NO_TIME, WallTime::unix_s).to_le_bytes());
        put(&mut to, 48, self.moment.boot_id.as_str().as_bytes());
        put(&mut to, 88, &self.previous);
        put(&mut to, 120, &(self.sections.len() as u32).to_le_bytes());
        put(&mut to, 124, &self.moment.start.to_le_bytes());
        for (k, section) in self.sections.iter().enumerate() {
            put(&mut to, 128 + 48 * k, &(section.kind as u32).to_le_bytes());
            put(&mut to, 132 + 48 * k, &u32::from(section.sealed).to_le_bytes());
            put(&mut to, 136 + 48 * k, &section.bytes.to_le_bytes());
            put(&mut to, 144 + 48 * k, &section.sha256);
        }
        let own: Digest = Sha256::digest(&to[..OWN_AT]).into();
        put(&mut to, OWN_AT, &own);
        (to, own)
    }

    /// The head in `from` and its own digest; `None` where these bytes are no whole head.
    pub fn decode(from: &[u8; HEADER_BYTES]) -> Option<(Self, Digest)> {
        if from[..8] != MAGIC || u32_at(from, 8) as usize != HEADER_BYTES {
            return None;
        }
        let own: Digest = Sha256::digest(&from[..OWN_AT]).into();
        if from[OWN_AT..] != own {
            return None;
        }
        let kind =
            [EntryKind::Reading, EntryKind::Note].into_iter().find(|k| *k as u32 == u32_at(from, 12))?;
        let count = u32_at(from, 120) as usize;
        let sections =
            (0..count.min(SECTIONS_MAX + 1)).map(|k| section_at(from, k)).collect::<Option<_>>()?;
        let header = Self {
            kind,
            sequence: u64_at(from, 16),
            moment: moment(from),
            previous: digest_at(from, 88),
            sections,
        };
        (header.entry_bytes() == u64_at(from, 24)).then_some((header, own))
    }
}

fn moment(from: &[u8; HEADER_BYTES]) -> Moment {
    let boot_id = from[48..48 + BOOT_ID_BYTES].split(|b| *b == 0).next().unwrap_or_default();
    let unix_s = u64_at(from, 40) as i64;
    Moment {
        start: u32_at(from, 124),
        boot_id: BootId::parse(&String::from_utf8_lossy(boot_id)),
        uptime: Duration::from_micros(u64_at(from, 32)),
        wall_time: (unix_s != NO_TIME).then(|| WallTime::trusted(unix_s, true)).flatten(),
    }
}

fn section_at(from: &[u8; HEADER_BYTES], k: usize) -> Option<Section> {
    if k >= SECTIONS_MAX {
        return None;
    }
    let at = 128 + 48 * k;
    let kind = SectionKind::ALL.into_iter().find(|s| *s as u32 == u32_at(from, at))?;
    let (form, bytes) = (u32_at(from, at + 4), u64_at(from, at + 8));
    let known = form <= 1 && bytes <= SECTION_BYTES_MAX;
    known.then(|| Section { kind, bytes, sha256: digest_at(from, at + 16), sealed: form == 1 })
}

/// Copies `from` to byte `at` on.
pub(super) fn put(to: &mut [u8], at: usize, from: &[u8]) {
    to[at..at + from.len()].copy_from_slice(from);
}

pub(super) fn u32_at(from: &[u8], at: usize) -> u32 {
    from[at..at + 4].iter().rev().fold(0, |n, b| n << 8 | u32::from(*b))
}

pub(super) fn u64_at(from: &[u8], at: usize) -> u64 {
    from[at..at + 8].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

pub(super) fn digest_at(from: &[u8], at: usize) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(&from[at..at + 32]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            kind: EntryKind::Reading,
            sequence: 7,
            moment: Moment {
                start: 3,
                boot_id: BootId::parse("7c1f0e0a-93f5-4f0e-8a42-0b7f0f4e2d11"),
                uptime: Duration::from_micros(12_345_678),
                wall_time: WallTime::trusted(1_800_000_000, true),
            },
            previous: [9; 32],
            sections: vec![Section::of(SectionKind::Reading, b"{}"), Section::of(SectionKind::Map, b"png")],
        }
    }

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let (bytes, own) = header().encode();
        assert_eq!(Header::decode(&bytes), Some((header(), own)));
        let untrusted = Header { moment: Moment { wall_time: None, ..header().moment }, ..header() };
        assert_eq!(Header::decode(&untrusted.encode().0).unwrap().0, untrusted);
        assert_eq!(header().section(SectionKind::Map).unwrap().0, 354);
    }

    #[test]
    fn no_flipped_bit_passes() {
        let (bytes, _) = header().encode();
        for bit in 0..HEADER_BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&flipped), None, "bit {bit}");
        }
    }
}
