//! What the journal says of itself: what was dropped, cut off or found damaged; and what was said of a reading later.

use serde::{Deserialize, Serialize};

use super::moment::WrittenMoment;

/// Damages that one note acknowledges: more take several notes.
pub const ACKNOWLEDGED_MAX: usize = 1_000;

/// One note, as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// By the retention rule everything up to sequence number `through` is being removed.
    Dropped {
        /// Readings removed by this step.
        readings: u64,
        /// Readings removed so far, these included.
        readings_total: u64,
        through: u64,
        /// When the first reading of all was removed.
        since: WrittenMoment,
    },
    /// Behind byte `offset` of `segment` stood `bytes` that are no whole entry; they stay, and do not count.
    Cut { segment: u64, offset: u64, bytes: u64 },
    /// Damage that `repair` was told to put up with; the bytes stay where they are.
    Acknowledged { damages: Vec<Acknowledged> },
    /// The operator says of whom reading number `reading` is: a digest in hexadecimal, `None` takes it back.
    ///
    /// The newest of a reading counts. Sealed where readings are.
    Named { reading: u64, person: Option<String> },
}

/// One damage as it was when it was acknowledged: any change to it is new damage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    pub code: String,
    pub segment: u64,
    pub offset: u64,
    pub bytes: u64,
    /// Of those bytes, in hexadecimal.
    pub sha256: String,
}

impl Note {
    pub fn encode(&self) -> Vec<u8> {
        // Numbers and short texts: serde_json fails on neither, and a note without a text reads as unknown.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// `None` for a note of a later version of this program.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
