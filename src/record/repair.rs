//! A damaged record put in order again: what is damaged is written down and stays where it is.
//!
//! The journal is never rewritten. An unfinished tail is cut off by opening the record, like after any power cut;
//! every other damage gets a line in a note, by place and checksum, so that `verify` tells it from new damage.

use super::damage::Damage;
use super::error::RecordError;
use super::note::{ACKNOWLEDGED_MAX, Acknowledged, Note};
use super::store::Store;
use super::verify::verify;
use crate::clock::Clock;

/// Acknowledges all damage of an open record; what was acknowledged.
pub fn repair(store: &mut Store, clock: &dyn Clock) -> Result<Vec<Damage>, RecordError> {
    let damages = verify(store.journal.storage())?.damages;
    let storage = store.journal.storage();
    let lines: Vec<Acknowledged> = damages.iter().map(|d| Acknowledged::of(storage, d)).collect();
    for some in lines.chunks(ACKNOWLEDGED_MAX) {
        let note = Note::Acknowledged { damages: some.to_vec() };
        store.append_note(&note, clock)?;
    }
    Ok(damages)
}
