//! A segment's name and its head, which also says where the journal before it ends.

use sha2::{Digest as _, Sha256};

use super::header::{Digest, digest_at, put, u32_at, u64_at};

/// Bytes of a segment's head.
pub const SEGMENT_HEADER_BYTES: usize = 112;
/// How each segment begins.
const MAGIC: [u8; 8] = *b"RMAPSEG1";
/// Version of the form on disk.
const VERSION: u32 = 1;
const OWN_AT: usize = SEGMENT_HEADER_BYTES - 32;
const SUFFIX: &str = ".rmj";
/// Digits of a name, so that names sort as numbers do.
const DIGITS: usize = 10;

/// What a segment says of itself and of what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// From 1; the same as in its name.
    pub segment: u64,
    /// The sequence number of its first entry.
    pub first_sequence: u64,
    /// The segment that the journal was in before; 0 for the first of all.
    pub previous_segment: u64,
    /// Where the journal ends in that segment: what stands behind was never kept.
    pub previous_end: u64,
    /// The own digest of the last entry before this segment; zeros for the first of all.
    pub previous: Digest,
}

impl SegmentHeader {
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut to = [0; SEGMENT_HEADER_BYTES];
        to[..8].copy_from_slice(&MAGIC);
        put(&mut to, 8, &VERSION.to_le_bytes());
        put(&mut to, 12, &(SEGMENT_HEADER_BYTES as u32).to_le_bytes());
        put(&mut to, 16, &self.segment.to_le_bytes());
        put(&mut to, 24, &self.first_sequence.to_le_bytes());
        put(&mut to, 32, &self.previous_segment.to_le_bytes());
        put(&mut to, 40, &self.previous_end.to_le_bytes());
        put(&mut to, 48, &self.previous);
        let own: Digest = Sha256::digest(&to[..OWN_AT]).into();
        put(&mut to, OWN_AT, &own);
        to
    }

    /// The head in `from` of segment `number`; `None` where these bytes are none, or another's.
    pub fn decode(from: &[u8; SEGMENT_HEADER_BYTES], number: u64) -> Option<Self> {
        let own: Digest = Sha256::digest(&from[..OWN_AT]).into();
        let header = Self {
            segment: u64_at(from, 16),
            first_sequence: u64_at(from, 24),
            previous_segment: u64_at(from, 32),
            previous_end: u64_at(from, 40),
            previous: digest_at(from, 48),
        };
        let whole = from[..8] == MAGIC && u32_at(from, 8) == VERSION && from[OWN_AT..] == own;
        (whole && header.segment == number && header.previous_segment < number).then_some(header)
    }
}

/// `0000000012.rmj`.
pub fn name_of(segment: u64) -> String {
    format!("{segment:0DIGITS$}{SUFFIX}")
}

/// The number in a segment's name; `None` for any other file.
pub fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    let number = digits.parse().ok().filter(|n| *n > 0)?;
    (name_of(number) == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flipped_bit_of_a_segment_s_head_passes() {
        let header = SegmentHeader {
            segment: 2,
            first_sequence: 5,
            previous_segment: 1,
            previous_end: 999,
            previous: [3; 32],
        };
        let bytes = header.encode();
        assert_eq!(SegmentHeader::decode(&bytes, 2), Some(header));
        assert_eq!(SegmentHeader::decode(&bytes, 3), None);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&flipped, 2), None, "bit {bit}");
        }
    }

    #[test]
    fn names_are_numbers_and_nothing_else_is_a_segment() {
        assert_eq!(number_of(&name_of(12)), Some(12));
        for other in ["lock", "12.rmj", "+000000012.rmj", "0000000000.rmj", "0000000012.rmj.part"] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }
}
