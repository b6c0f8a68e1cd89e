//! Readings made up for the record's tests, and what must hold of a record whatever happened to its disk.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::time::Duration;

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use raymap::clock::{BootId, SimulatedClock};
use raymap::record::{
    Body, Journal, RecordError, RecordKey, Rule, SEAL_BYTES, SectionKind, SimulatedStorage, Storage, Store,
    Trouble, verify_with,
};

/// A record of some twenty made-up readings in half a dozen segments.
pub const SMALL: Rule = Rule { bytes_max: 40_000, segment_bytes_max: 6_000, entries_max: 1_000 };

/// Kept readings: their number in the record, and which made-up reading it is.
pub type Acknowledged = BTreeMap<u64, u64>;

pub fn random(seed: u64) -> Pcg32 {
    Pcg32::seed_from_u64(seed)
}

pub fn clock() -> SimulatedClock {
    let clock = SimulatedClock::new(BootId::unknown());
    clock.advance(Duration::from_millis(1_500));
    clock
}

/// Made-up reading `n`: its parts are random, but always the same.
pub fn body(n: u64) -> Body {
    let mut random = random(n);
    let mut part = |bytes: u32| -> Vec<u8> { (0..bytes).map(|_| random.next_u32() as u8).collect() };
    let radiograph = part(700 + 97 * (n % 13) as u32);
    Body::from_sections(vec![
        (SectionKind::Reading, format!("{{\"n\":{n}}}").into_bytes()),
        (SectionKind::Radiograph, radiograph),
        (SectionKind::Map, part(40)),
    ])
}

/// The key that the test's records are sealed with, if they are.
pub fn key() -> Option<RecordKey> {
    crate::KEY.map(RecordKey::new)
}

/// Bytes of made-up reading `n` on the disk.
pub fn entry_bytes(n: u64) -> u64 {
    let seals = if crate::KEY.is_some() { body(n).sections().len() as u64 } else { 0 };
    body(n).entry_bytes() + seals * SEAL_BYTES
}

pub fn open(disk: &SimulatedStorage) -> Result<Store, RecordError> {
    open_by(disk.clone(), SMALL)
}

pub fn open_by(storage: impl Storage + 'static, rule: Rule) -> Result<Store, RecordError> {
    Store::open_with(Box::new(storage), rule, key(), &clock())
}

pub fn journal(storage: impl Storage + 'static) -> Journal {
    Journal::open_with(Box::new(storage), key()).unwrap()
}

/// Every reading that the journal serves, each whole: by its number, which made-up reading it is.
///
/// Says so where one is not whole.
pub fn served(journal: &Journal) -> Result<Acknowledged, String> {
    let mut served = Acknowledged::new();
    for entry in journal.readings() {
        let part = |kind| journal.section(entry, kind).map_err(|e| format!("{entry:?}: {e}"));
        let text = String::from_utf8(part(SectionKind::Reading)?).map_err(|e| e.to_string())?;
        let n = text.trim_start_matches("{\"n\":").trim_end_matches('}').parse().map_err(|_| text.clone())?;
        for (kind, bytes) in body(n).sections() {
            if part(*kind)? != *bytes {
                return Err(format!("{entry:?}: another {}", kind.name()));
            }
        }
        served.insert(entry.sequence, n);
    }
    Ok(served)
}

/// Nothing kept is lost but by the rule, all that is served is whole, nothing is damaged.
pub fn sound(store: &Store, disk: &dyn Storage, kept: &Acknowledged) -> Result<(), String> {
    let served = served(store.journal())?;
    let through = store.journal().dropped().through;
    for (id, n) in kept.range(through + 1..) {
        if served.get(id) != Some(n) {
            return Err(format!("reading {id} was kept and is lost; dropped through {through}"));
        }
    }
    let verdict = verify_with(disk, key().as_ref()).map_err(|e| e.to_string())?;
    if !verdict.is_clean() {
        return Err(format!("{:?}", verdict.damages));
    }
    Ok(())
}

/// Opens the record and keeps readings from `from` on until `count` are kept or the power goes.
///
/// Every few readings it is opened anew, as after a restart without a cut.
pub fn keep_until_cut(disk: &SimulatedStorage, from: u64, count: u64, kept: &mut Acknowledged) {
    let mut store = None;
    for n in from..from + count {
        if n % 7 == 0 {
            store = None;
        }
        let opened = match store.take() {
            Some(store) => Ok(store),
            None => open(disk),
        };
        let Ok(mut opened) = opened else { return };
        let Ok(done) = opened.keep(&body(n), &clock()) else { return };
        kept.insert(done.id, n);
        store = Some(opened);
    }
}

/// A disk whose power is cut `cuts` times at random operations; what is wrong afterwards, if anything.
pub fn generations(disk: SimulatedStorage, seed: u64, cuts: u64) -> Result<(), String> {
    let (mut disk, mut random, mut kept, mut next) = (disk, random(seed), Acknowledged::new(), 0);
    for cut in 0..cuts {
        let at = disk.changes() + 1 + u64::from(random.next_u32() % 60);
        disk.set_trouble(Trouble::CutAt(at));
        keep_until_cut(&disk, next, 30, &mut kept);
        next += 30;
        disk = disk.after_cut(&mut random);
        if random.next_u32() % 3 == 0 {
            // The power goes again while the record is being opened.
            disk.set_trouble(Trouble::CutAt(1 + u64::from(random.next_u32() % 6)));
            let _ = open(&disk);
            disk = disk.after_cut(&mut random);
        }
        let store = open(&disk).map_err(|e| format!("seed {seed}, cut {cut}: {e}"))?;
        sound(&store, &disk, &kept).map_err(|e| format!("seed {seed}, cut {cut}: {e}"))?;
    }
    Ok(())
}
