//! From entry to entry through one segment, and over what is no entry to the next one.

use std::io;

use super::damage::Fault;
use super::header::{Digest, HEADER_BYTES, Header, MAGIC};
use super::segment::name_of;
use super::storage::Storage;

/// Bytes looked at together in the search for the next head.
const SEARCH_BYTES: usize = 64 * 1024;

/// What stands at one place of a segment.
pub enum Step {
    /// A whole head whose parts end inside the segment; the parts have not been looked at.
    Entry { offset: u64, header: Header, own: Digest },
    /// Bytes that are none.
    Broken { offset: u64, bytes: u64, fault: Fault },
}

/// Steps through bytes `from..end` of a segment. Memory does not grow with the segment.
pub fn walk(storage: &dyn Storage, segment: u64, from: u64, end: u64, each: &mut dyn FnMut(Step)) {
    let name = name_of(segment);
    let mut at = from;
    while at < end {
        let step = head_at(storage, &name, at, end).and_then(|head| match head {
            Some((header, own)) => Ok((header.entry_bytes(), Some((header, own)))),
            None => next_head(storage, &name, at + 1, end).map(|next| (next.unwrap_or(end) - at, None)),
        });
        match step {
            Ok((bytes, Some((header, own)))) => {
                each(Step::Entry { offset: at, header, own });
                at += bytes;
            }
            Ok((bytes, None)) => {
                each(Step::Broken { offset: at, bytes, fault: Fault::Header });
                at += bytes;
            }
            Err(error) => {
                let fault = Fault::Unreadable(error.kind());
                return each(Step::Broken { offset: at, bytes: end - at, fault });
            }
        }
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

/// Where the first whole head from `from` on stands.
fn next_head(storage: &dyn Storage, name: &str, from: u64, end: u64) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; SEARCH_BYTES];
    let mut at = from;
    while at + HEADER_BYTES as u64 <= end {
        let read = storage.read(name, at, &mut buffer)?;
        for k in (0..read.saturating_sub(MAGIC.len() - 1)).filter(|k| buffer[*k..].starts_with(&MAGIC)) {
            if head_at(storage, name, at + k as u64, end)?.is_some() {
                return Ok(Some(at + k as u64));
            }
        }
        if read < buffer.len() {
            return Ok(None);
        }
        // A magic may lie across the border.
        at += (read - (MAGIC.len() - 1)) as u64;
    }
    Ok(None)
}
