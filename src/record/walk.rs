//! From entry to entry through one segment, and over what is no entry to the next one.

use std::io;

use super::damage::Fault;
use super::header::{Digest, HEADER_BYTES, Header, MAGIC};
use super::segment::name_of;
use super::storage::Storage;

/// Bytes looked at together in the search for the next head.
const SEARCH_BYTES: usize = 64 * 1024;
/// Bytes that are given or not together: the system reads pages.
const PAGE_BYTES: u64 = 4_096;
/// Errors in one segment after which the rest of it counts as unreadable: a failing disk may take seconds for each.
const ERRORS_MAX: usize = 32;

/// What stands at one place of a segment.
pub enum Step {
    /// A whole head whose parts end inside the segment; the parts have not been looked at.
    Entry { offset: u64, header: Header, own: Digest },
    /// Bytes that are none.
    Broken { offset: u64, bytes: u64, fault: Fault },
}

/// What a walk could not read so far.
#[derive(Default)]
struct Errors {
    count: usize,
    /// Of the bytes that are being stepped over.
    kind: Option<io::ErrorKind>,
}

impl Errors {
    fn note(&mut self, error: &io::Error) {
        self.count += 1;
        self.kind = self.kind.or(Some(error.kind()));
    }
}

/// Steps through bytes `from..end` of a segment. Memory does not grow with the segment.
///
/// Bytes that the disk does not give are stepped over like any that are no entry, and told as unreadable.
pub fn walk(storage: &dyn Storage, segment: u64, from: u64, end: u64, each: &mut dyn FnMut(Step)) {
    let (name, mut errors) = (name_of(segment), Errors::default());
    let mut at = from;
    while at < end {
        errors.kind = None;
        let head = head_at(storage, &name, at, end).unwrap_or_else(|error| {
            errors.note(&error);
            None
        });
        if let Some((header, own)) = head {
            let bytes = header.entry_bytes();
            each(Step::Entry { offset: at, header, own });
            at += bytes;
            continue;
        }
        let next = next_head(storage, &name, at + 1, end, &mut errors).unwrap_or(end);
        let fault = errors.kind.map_or(Fault::Header, Fault::Unreadable);
        each(Step::Broken { offset: at, bytes: next - at, fault });
        at = next;
    }
}

/// The head at byte `at`, if there is a whole one and its entry ends by `end`.
pub fn head_at(storage: &dyn Storage, name: &str, at: u64, end: u64) -> io::Result<Option<(Header, Digest)>> {
    let mut bytes = [0; HEADER_BYTES];
    if at + HEADER_BYTES as u64 > end || storage.read(name, at, &mut bytes)? < HEADER_BYTES {
        return Ok(None);
    }
    Ok(Header::decode(&bytes).filter(|(header, _)| at + header.entry_bytes() <= end))
}

/// Where the first whole head from `from` on stands; `None` too after so many errors that the search was given up.
fn next_head(storage: &dyn Storage, name: &str, from: u64, end: u64, errors: &mut Errors) -> Option<u64> {
    let mut buffer = vec![0; SEARCH_BYTES];
    let mut at = from;
    while at + HEADER_BYTES as u64 <= end {
        let read = read_over_errors(storage, name, at, &mut buffer, errors)?;
        for k in (0..read.saturating_sub(MAGIC.len() - 1)).filter(|k| buffer[*k..].starts_with(&MAGIC)) {
            match head_at(storage, name, at + k as u64, end) {
                Ok(Some(_)) => return Some(at + k as u64),
                Ok(None) => {}
                Err(error) => errors.note(&error),
            }
        }
        if read < buffer.len() {
            return None;
        }
        // A magic may lie across the border.
        at += (read - (MAGIC.len() - 1)) as u64;
    }
    None
}

/// Fills `to` as [`Storage::read`] does, with zeros for what the disk does not give; `None` after too many errors.
fn read_over_errors(
    storage: &dyn Storage,
    name: &str,
    at: u64,
    to: &mut [u8],
    errors: &mut Errors,
) -> Option<usize> {
    match storage.read(name, at, to) {
        Ok(read) => return Some(read),
        Err(error) => errors.note(&error),
    }
    let mut filled = 0;
    while filled < to.len() {
        if errors.count >= ERRORS_MAX {
            return None;
        }
        let until_border = (PAGE_BYTES - (at + filled as u64) % PAGE_BYTES) as usize;
        let until = to.len().min(filled + until_border);
        match storage.read(name, at + filled as u64, &mut to[filled..until]) {
            Ok(read) if read < until - filled => return Some(filled + read),
            Ok(_) => {}
            Err(error) => {
                errors.note(&error);
                to[filled..until].fill(0);
            }
        }
        filled = until;
    }
    Some(filled)
}
