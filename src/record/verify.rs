//! Every byte of a record looked at.

use super::damage::{Damage, Fault};
use super::error::RecordError;
use super::header::{EntryKind, Section};
use super::journal::{Entry, header_of, section_of};
use super::note::Acknowledged;
use super::retention::Dropped;
use super::seal::RecordKey;
use super::storage::Storage;
use super::survey::{Depth, Survey, digest_of, survey};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub segments: usize,
    pub entries: usize,
    pub readings: usize,
    pub bytes: u64,
    /// What is wrong and was never acknowledged.
    pub damages: Vec<Damage>,
    /// Damages beyond those in the list.
    pub damages_more: u64,
    /// What is wrong, was acknowledged and has not changed since.
    pub acknowledged: Vec<Damage>,
    /// Unfinished tails that were cut off after power cuts.
    pub cuts: u64,
    pub dropped: Dropped,
    /// Readings that take a key.
    pub sealed: usize,
    /// Of these, those whose bytes were compared with their checksums and not opened: no key was given.
    pub unopened: usize,
}

impl Verdict {
    /// Whether all is as it was written, but for what was acknowledged.
    pub fn is_clean(&self) -> bool {
        self.damages.is_empty() && self.damages_more == 0
    }
}

/// Reads everything in `storage` and compares it with its checksums; changes nothing.
pub fn verify(storage: &dyn Storage) -> Result<Verdict, RecordError> {
    verify_with(storage, None)
}

/// The same, and with a key every sealed part is opened too.
pub fn verify_with(storage: &dyn Storage, key: Option<&RecordKey>) -> Result<Verdict, RecordError> {
    let mut found = survey(storage, Depth::Whole)?;
    if let Some(key) = key {
        let foreign = found.entries.iter().filter(|e| e.sealed).flat_map(|e| foreign_seals(storage, key, e));
        let foreign: Vec<Damage> = foreign.collect();
        found.damages.extend(foreign);
    }
    let sealed = found.entries.iter().filter(|e| e.sealed && e.kind == EntryKind::Reading).count();
    let is_known = |d: &Damage| found.acknowledged.contains(&Acknowledged::of(storage, d));
    let (acknowledged, damages) = found.damages.iter().cloned().partition(is_known);
    Ok(Verdict {
        segments: found.segments.len(),
        entries: found.entries.len(),
        readings: readings(&found),
        bytes: found.segments.iter().map(|s| s.bytes).sum(),
        damages,
        damages_more: found.damages_more,
        acknowledged,
        cuts: found.cuts,
        dropped: found.dropped,
        sealed,
        unopened: if key.is_none() { sealed } else { 0 },
    })
}

/// The parts of an entry that are as they were written and do not open; what is damaged has been told.
fn foreign_seals(storage: &dyn Storage, key: &RecordKey, entry: &Entry) -> Vec<Damage> {
    let Ok(header) = header_of(storage, entry) else { return Vec::new() };
    let foreign = |s: &&Section| {
        let opened = section_of(storage, Some(key), entry, s.kind);
        matches!(opened, Err(RecordError::KeyWrong { .. }))
    };
    let damage = |s: &Section| {
        let at = header.section(s.kind).map_or(0, |(at, _)| at);
        let (segment, offset, sequence) = (entry.segment, entry.offset + at, Some(entry.sequence));
        Damage { segment, offset, bytes: s.bytes, sequence, fault: Fault::Seal(s.kind) }
    };
    header.sections.iter().filter(foreign).map(damage).collect()
}

impl Acknowledged {
    /// A damage as it is now, in the form in which it is acknowledged.
    pub(super) fn of(storage: &dyn Storage, damage: &Damage) -> Self {
        let digest = digest_of(storage, damage.segment, damage.offset, damage.bytes);
        Self {
            code: damage.fault.code().into(),
            segment: damage.segment,
            offset: damage.offset,
            bytes: damage.bytes,
            // Without one where the disk gives no bytes, or too few.
            sha256: digest.ok().flatten().map_or_else(String::new, |d| hexadecimal(&d)),
        }
    }
}

/// Lower-case digits.
pub fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

fn readings(found: &Survey) -> usize {
    found.entries.iter().filter(|e| e.kind == EntryKind::Reading).count()
}
