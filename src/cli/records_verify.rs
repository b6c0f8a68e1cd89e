//! `raymap records verify` and `repair`.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::failure::{Exit, Failure, chain};
use super::print::print_line;
use crate::clock::SystemClock;
use crate::record::{Access, Damage, DiskStorage, RecordKey, RecordPlace, Rule, Store, Verdict};

/// Looks at a damaged record: a station that writes meanwhile looks like damage, but at no place twice.
const LOOKS: usize = 3;
/// Between two looks: an entry is written in less.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub fn verify(place: &RecordPlace, as_json: bool) -> Result<(), Failure> {
    let key = key_at_hand(place);
    if key.is_some() {
        // Otherwise every sealed part would look like somebody else's.
        place.open_with(key.clone())?;
    }
    let look = || look(&place.folder, key.as_ref());
    let mut verdict = look()?;
    for _ in 1..LOOKS {
        if verdict.is_clean() {
            break;
        }
        thread::sleep(LOOK_AGAIN);
        let again = look()?;
        let stayed = again.damages.iter().filter(|d| verdict.damages.contains(d)).cloned().collect();
        verdict = Verdict { damages: stayed, ..again };
    }
    print_line(&if as_json { to_json(&verdict).to_string() } else { text(&verdict) })?;
    if verdict.is_clean() {
        return Ok(());
    }
    let count = verdict.damages.len() as u64 + verdict.damages_more;
    Err(Failure {
        exit: Exit::Storage,
        code: "record_damaged",
        text: format!(
            "the record is damaged in {count} places; what is not named can be read. Export it, then run \
             `raymap records repair` while no station runs"
        ),
    })
}

pub fn repair(folder: &Path, as_json: bool) -> Result<(), Failure> {
    let clock = SystemClock::start();
    // Nothing is dropped by a repair, whatever the board's bound is: only notes are written.
    let rule = Rule::of(u64::MAX);
    DiskStorage::open(folder, Access::Read)?;
    let storage = DiskStorage::open(folder, Access::Write)?;
    let mut store = Store::open(Box::new(storage), rule, &clock)?;
    let damages = crate::record::repair(&mut store, &clock)?;
    if as_json {
        let list: Vec<Value> = damages.iter().map(damage_json).collect();
        return print_line(&json!({"acknowledged": list}).to_string());
    }
    damages.iter().try_for_each(|d| print_line(&d.to_string()))?;
    print_line(&format!("{} damages written down; all bytes stay where they are", damages.len()))
}

/// Checksums and the chain need no key, so one that is not at hand is no error here.
fn key_at_hand(place: &RecordPlace) -> Option<RecordKey> {
    place.key().unwrap_or_else(|e| {
        log::warn!("{}: what is sealed is not opened: {}", e.code(), chain(&e));
        None
    })
}

fn look(folder: &Path, key: Option<&RecordKey>) -> Result<Verdict, Failure> {
    Ok(crate::record::verify_with(&DiskStorage::open(folder, Access::Read)?, key)?)
}

fn text(v: &Verdict) -> String {
    let mut lines = vec![format!(
        "{} readings in {} segments, {:.1} MB; {} dropped by the rule, {} unfinished tails cut off",
        v.readings,
        v.segments,
        v.bytes as f64 / 1e6,
        v.dropped.readings,
        v.cuts
    )];
    if v.unopened > 0 {
        lines.push(format!(
            "{} readings are sealed: their bytes were compared with checksums, and not opened for want of the key",
            v.unopened
        ));
    } else if v.sealed > 0 {
        lines.push(format!("{} readings are sealed, and the key was tried on each", v.sealed));
    }
    lines.extend(v.acknowledged.iter().map(|d| format!("known: {d}")));
    lines.extend(v.damages.iter().map(|d| format!("DAMAGED: {d}")));
    if v.damages_more > 0 {
        lines.push(format!("DAMAGED: {} more places", v.damages_more));
    }
    if v.is_clean() {
        let but = if v.acknowledged.is_empty() { "every byte" } else { "every other byte" };
        lines.push(format!("{but} is as it was written"));
    }
    lines.join("\n")
}

fn to_json(v: &Verdict) -> Value {
    let list = |damages: &[Damage]| damages.iter().map(damage_json).collect::<Vec<_>>();
    json!({
        "clean": v.is_clean(), "readings": v.readings, "entries": v.entries, "segments": v.segments,
        "bytes": v.bytes, "dropped": v.dropped.readings, "cuts": v.cuts,
        "sealed": v.sealed, "unopened": v.unopened,
        "damages": list(&v.damages), "damages_more": v.damages_more, "acknowledged": list(&v.acknowledged),
    })
}

fn damage_json(d: &Damage) -> Value {
    json!({
        "code": d.fault.code(), "segment": d.segment, "offset": d.offset, "bytes": d.bytes,
        "entry": d.sequence, "text": d.fault.to_string(),
    })
}
