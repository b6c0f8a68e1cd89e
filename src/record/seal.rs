//! Parts of an entry sealed with a key, so that who has the disk and not the key reads nothing of them.
//!
//! A sealed part is a fresh nonce of 24 bytes, the text under XChaCha20, and a tag of 16 bytes. The tag also covers
//! the entry's head, but for the checksums, and which part it is: a part opens at its own place and at no other.
//! The checksums are those of what stands on the disk, so damage is found without the key.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};

use super::error::RecordError;
use super::header::{HEADER_BYTES, Header, Section, SectionKind};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Drawn at random for each part: with 24 bytes no two of all that a record ever holds are the same.
const NONCE_BYTES: usize = 24;
/// How much longer a part is when it is sealed: nonce and tag.
pub const SEAL_BYTES: u64 = NONCE_BYTES as u64 + 16;
/// The entry's own digest is not known yet when its parts are sealed.
const BOUND_BYTES: usize = HEADER_BYTES - 32;

/// What seals and opens; its bytes are wiped from memory with the last copy.
#[derive(Clone)]
pub struct RecordKey(Arc<XChaCha20Poly1305>);

impl RecordKey {
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Arc::new(XChaCha20Poly1305::new(&Key::from(bytes))))
    }

    /// `plain` sealed as the part `kind` of the entry with this head, whose parts have their kinds and lengths.
    pub(super) fn seal(
        &self,
        header: &Header,
        kind: SectionKind,
        plain: &[u8],
    ) -> Result<Vec<u8>, RecordError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(RecordError::Random)?;
        let payload = Payload { msg: plain, aad: &binding(header, kind) };
        let bytes = plain.len() as u64;
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| RecordError::Seal { section: kind, bytes })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed; `None` where it was sealed with another key, or for another place.
    pub(super) fn open(&self, header: &Header, kind: SectionKind, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: text, aad: &binding(header, kind) };
        self.0.decrypt(&XNonce::from(*nonce), payload).ok()
    }
}

/// Nothing of the key.
impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKey")
    }
}

/// The head without any checksum but that of the entry before, and which part it is.
fn binding(header: &Header, kind: SectionKind) -> Vec<u8> {
    let blank = |s: &Section| Section { sha256: [0; 32], ..*s };
    let bound = Header { sections: header.sections.iter().map(blank).collect(), ..header.clone() };
    let (bytes, _) = bound.encode();
    [&bytes[..BOUND_BYTES], &(kind as u32).to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::BootId;
    use crate::record::{EntryKind, Moment};

    fn header(sequence: u64) -> Header {
        let sealed = |kind| Section { kind, bytes: 3 + SEAL_BYTES, sha256: [7; 32], sealed: true };
        Header {
            kind: EntryKind::Reading,
            sequence,
            moment: Moment {
                start: 1,
                boot_id: BootId::unknown(),
                uptime: Duration::from_secs(5),
                wall_time: None,
            },
            previous: [9; 32],
            sections: [SectionKind::Field, SectionKind::Map].map(sealed).to_vec(),
        }
    }

    /// Whether what was sealed at its place opens with `key` at another.
    fn check(key: &RecordKey, at: &Header, kind: SectionKind, expected: bool) {
        let sealed = RecordKey::new([1; KEY_BYTES]).seal(&header(4), SectionKind::Map, b"abc").unwrap();
        assert_eq!(sealed.len() as u64, 3 + SEAL_BYTES);
        assert_eq!(key.open(at, kind, &sealed).as_deref() == Some(b"abc".as_slice()), expected, "{at:?}");
    }

    #[test]
    fn a_sealed_part_opens_at_its_own_place_with_its_own_key_alone() {
        let key = RecordKey::new([1; KEY_BYTES]);
        check(&key, &header(4), SectionKind::Map, true);
        check(&RecordKey::new([2; KEY_BYTES]), &header(4), SectionKind::Map, false);
        check(&key, &header(5), SectionKind::Map, false);
        check(&key, &header(4), SectionKind::Field, false);
        check(&key, &Header { previous: [8; 32], ..header(4) }, SectionKind::Map, false);
    }

    #[test]
    fn no_flipped_bit_and_no_shorter_text_opens() {
        let key = RecordKey::new([1; KEY_BYTES]);
        let sealed = key.seal(&header(4), SectionKind::Map, b"abc").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(&header(4), SectionKind::Map, &flipped), None, "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(key.open(&header(4), SectionKind::Map, &sealed[..length]), None, "length {length}");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let key = RecordKey::new([1; KEY_BYTES]);
        let seal = || key.seal(&header(4), SectionKind::Map, b"abc").unwrap();
        assert_ne!(seal()[..NONCE_BYTES], seal()[..NONCE_BYTES]);
    }
}
