//! Every byte of a record looked at.

use super::damage::Damage;
use super::error::RecordError;
use super::header::{Digest, EntryKind};
use super::note::Acknowledged;
use super::retention::Dropped;
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
}

impl Verdict {
    /// Whether all is as it was written, but for what was acknowledged.
    pub fn is_clean(&self) -> bool {
        self.damages.is_empty() && self.damages_more == 0
    }
}

/// Reads everything in `storage` and compares it with its checksums; changes nothing.
pub fn verify(storage: &dyn Storage) -> Result<Verdict, RecordError> {
    let found = survey(storage, Depth::Whole)?;
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
    })
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
            sha256: digest.map_or_else(String::new, |d| hexadecimal(&d)),
        }
    }
}

/// Lower-case digits.
pub fn hexadecimal(digest: &Digest) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

fn readings(found: &Survey) -> usize {
    found.entries.iter().filter(|e| e.kind == EntryKind::Reading).count()
}
