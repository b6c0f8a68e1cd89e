//! The record: what is damaged is found and said, the rest stays readable, the oldest goes by the rule alone, and a
//! disk that fails stops nobody.

mod powercut;

use std::time::Duration;

use powercut::{Acknowledged, SMALL, body, clock, entry_bytes, journal, key, open, open_by, served};
use raymap::clock::{BootId, Clock, EARLIEST_UNIX_S, SimulatedClock, WallTime};
use raymap::person::Person;
use raymap::record::{
    Access, DiskStorage, EntryKind, Fault, HEADER_BYTES, Operation, SimulatedStorage, Store, Trouble, repair,
    verify,
};

/// The records here are in the clear; `record_sealed.rs` tries the same with a key.
#[allow(dead_code)]
pub const KEY: Option<[u8; 32]> = None;

/// Errors of Linux: input/output, no space, read-only file system.
const ERRORS: [(i32, &str); 3] = [(5, "record_"), (28, "record_full"), (30, "record_read_only")];

/// A record with readings 0 to `count`, by their numbers.
fn record(count: u64) -> (SimulatedStorage, Acknowledged) {
    let disk = SimulatedStorage::default();
    let mut store = open(&disk).unwrap();
    let kept = (0..count).map(|n| (store.keep(&body(n), &clock()).unwrap().id, n)).collect();
    (disk, kept)
}

/// What a reader gets of each reading without an error.
fn readable(disk: &SimulatedStorage) -> Acknowledged {
    let journal = journal(disk.clone());
    let whole = |e: &&raymap::record::Entry| {
        let header = journal.header(e).ok();
        header.is_some_and(|h| h.sections.iter().all(|s| journal.section(e, s.kind).is_ok()))
    };
    journal.readings().filter(whole).map(|e| (e.sequence, e.sequence - 1)).collect()
}

/// The disk with one bit of byte `at` of this file turned round.
fn flipped(disk: &SimulatedStorage, name: &str, at: usize) -> SimulatedStorage {
    let (flipped, mut bytes) = (disk.copied(), disk.content(name));
    bytes[at] ^= 1 << (at % 8);
    flipped.put(name, bytes);
    flipped
}

#[test]
fn of_whom_a_reading_is_is_on_the_disk_or_an_error_says_that_it_is_not() {
    let person = Some(Person::from_digest([0xAB; Person::BYTES]));
    let (disk, kept) = record(3);
    let named = |disk: &SimulatedStorage| -> Vec<_> {
        let journal = journal(disk.clone());
        journal.entries().iter().filter_map(|e| journal.named(e)).collect()
    };
    let mut store = open(&disk).unwrap();
    store.name(2, person, &clock()).unwrap();
    store.name(2, None, &clock()).unwrap();
    assert_eq!(store.name(9, person, &clock()).map_err(|e| e.code()), Err("record_unknown"));
    disk.set_trouble(Trouble::Only(Operation::Sync, 28));
    assert_eq!(store.name(1, person, &clock()).map_err(|e| e.code()), Err("record_full"));
    disk.set_trouble(Trouble::None);
    store.name(3, person, &clock()).unwrap();
    let told = named(&disk);
    assert!(told.starts_with(&[(2, person), (2, None)]) && told.ends_with(&[(3, person)]), "{told:?}");
    assert!(verify(&disk).unwrap().is_clean());
    assert_eq!(readable(&disk), kept, "readings stay as they are");
}

#[test]
fn every_flipped_byte_is_found_and_costs_one_reading_at_most() {
    let (disk, kept) = record(6);
    assert!(verify(&disk).unwrap().is_clean());
    assert_eq!(readable(&disk), kept);
    for name in disk.names() {
        let content = disk.content(&name);
        for at in 0..content.len() {
            let flipped = flipped(&disk, &name, at);
            let verdict = verify(&flipped).unwrap();
            assert!(!verdict.is_clean(), "{name}, byte {at}: not found");
            let left = readable(&flipped);
            assert!(left.len() + 1 >= kept.len(), "{name}, byte {at}: only {left:?} can be read");
        }
    }
}

/// The notes as well, by which it is known what the rule dropped and where a cut left something unfinished.
///
/// Every few bytes; `RAYMAP_FLIP_STEP=1` flips all of them.
#[test]
fn a_flipped_byte_is_found_in_a_record_that_has_dropped_readings_and_been_cut() {
    let step = std::env::var("RAYMAP_FLIP_STEP").ok().and_then(|n| n.parse().ok()).unwrap_or(19);
    let (disk, _) = record(40);
    let cut = disk.names().last().unwrap().clone();
    let mut bytes = disk.content(&cut);
    let whole = bytes.len();
    bytes.extend([0x77; 100]);
    disk.put(&cut, bytes);
    let mut store = open(&disk).unwrap();
    (40..43).for_each(|n| assert!(store.keep(&body(n), &clock()).is_ok()));
    let (kept, notes) = (readable(&disk).len(), store.journal().entries().len() - readable(&disk).len());
    assert!(notes > 2 && store.journal().dropped().readings > 0 && verify(&disk).unwrap().cuts == 1);
    for name in disk.names() {
        let content = disk.content(&name);
        // What was unfinished is no part of the journal.
        let counts = if name == cut { whole } else { content.len() };
        for at in (0..counts).step_by(step) {
            let flipped = flipped(&disk, &name, at);
            let verdict = verify(&flipped).unwrap();
            assert!(!verdict.is_clean(), "{name}, byte {at}: not found");
            assert!(readable(&flipped).len() + 1 >= kept, "{name}, byte {at}: more than one is lost");
        }
    }
}

#[test]
fn after_a_flipped_byte_the_record_opens_goes_on_and_stays_honest() {
    let (disk, kept) = record(6);
    for name in disk.names() {
        let content = disk.content(&name);
        for at in (0..content.len()).step_by(7) {
            let flipped = disk.copied();
            let mut bytes = content.clone();
            bytes[at] ^= 0x10;
            flipped.put(&name, bytes.clone());
            let mut store = open(&flipped).unwrap();
            let id = store.keep(&body(50), &clock()).unwrap().id;
            assert!(id > *kept.keys().max().unwrap() || at > 0, "{name}, byte {at}");
            let verdict = verify(&flipped).unwrap();
            // The last entry may have been cut off: then a note says so.
            assert!(!verdict.is_clean() || verdict.cuts == 1, "{name}, byte {at}: said by nobody");
            let acknowledged = repair(&mut store, &clock()).unwrap();
            assert_eq!(acknowledged, verdict.damages);
            let verdict = verify(&flipped).unwrap();
            assert!(verdict.is_clean(), "{name}, byte {at}: {:?}", verdict.damages);
            assert_eq!(verdict.acknowledged, acknowledged);
            // Nothing was written over or removed.
            assert!(flipped.content(&name).starts_with(&bytes), "{name}, byte {at}");
        }
    }
}

#[test]
fn acknowledged_damage_that_changes_is_damage_again() {
    let (disk, _) = record(3);
    let name = disk.names()[0].clone();
    let flip = |at: usize| {
        let mut bytes = disk.content(&name);
        bytes[at] ^= 1;
        disk.put(&name, bytes);
    };
    let at = 112 + HEADER_BYTES + 100;
    flip(at);
    repair(&mut open(&disk).unwrap(), &clock()).unwrap();
    assert!(verify(&disk).unwrap().is_clean());
    flip(at + 1);
    assert_eq!(verify(&disk).unwrap().damages.len(), 1);
}

#[test]
fn cutting_off_any_part_of_the_last_two_entries_costs_just_these() {
    let (disk, kept) = record(3);
    assert_eq!(disk.names().len(), 1);
    let name = disk.names()[0].clone();
    let content = disk.content(&name);
    let bytes = |n: u64| entry_bytes(n) as usize;
    let starts = [content.len() - bytes(2) - bytes(1), content.len() - bytes(2)];
    for length in starts[0]..content.len() {
        let cut = disk.copied();
        cut.put(&name, content[..length].to_vec());
        let whole = 1 + usize::from(length >= starts[1]);
        let at_border = starts.contains(&length);
        let verdict = verify(&cut).unwrap();
        assert_eq!((verdict.readings, verdict.is_clean()), (whole, at_border), "length {length}");
        assert!(verdict.damages.iter().all(|d| d.fault == Fault::Tail));
        let mut store = open(&cut).unwrap();
        let left: Acknowledged = kept.iter().take(whole).map(|(id, n)| (*id, *n)).collect();
        assert_eq!(served(store.journal()).unwrap(), left, "length {length}");
        let verdict = verify(&cut).unwrap();
        assert!(verdict.is_clean() && verdict.cuts == u64::from(!at_border), "length {length}");
        store.keep(&body(9), &clock()).unwrap();
        assert!(verify(&cut).unwrap().is_clean());
    }
}

#[test]
fn a_missing_segment_is_said_and_the_others_are_read() {
    let (disk, kept) = record(16);
    let names = disk.names();
    assert!(names.len() >= 3, "{names:?}");
    for gone in 0..names.len() - 1 {
        let rest = SimulatedStorage::default();
        names.iter().enumerate().filter(|(k, _)| *k != gone).for_each(|(_, n)| rest.put(n, disk.content(n)));
        let verdict = verify(&rest).unwrap();
        let missing = verdict.damages.iter().find_map(|d| match d.fault {
            Fault::Gap { first, last } => Some(last - first + 1),
            _ => None,
        });
        assert_eq!(missing.map(|m| m as usize + verdict.readings), Some(kept.len()), "{}", names[gone]);
    }
}

#[test]
fn the_oldest_go_first_and_never_unsaid() {
    let disk = SimulatedStorage::default();
    let mut store = open(&disk).unwrap();
    let (mut dropped, mut ids) = (0, Vec::new());
    for n in 0..200 {
        let kept = store.keep(&body(n), &clock()).unwrap();
        dropped += kept.dropped;
        ids.push(kept.id);
        let bytes: usize = disk.names().iter().map(|name| disk.content(name).len()).sum();
        assert!(bytes as u64 <= SMALL.bytes_max, "{bytes} after reading {n}");
        let said = store.journal().dropped();
        assert_eq!((said.readings, said.since.is_some()), (dropped, dropped > 0));
    }
    assert!(dropped > 100, "{dropped}");
    let left: Vec<u64> = served(store.journal()).unwrap().into_keys().collect();
    assert_eq!(left, ids[dropped as usize..]);
    assert!(verify(&disk).unwrap().is_clean());
    // The count is in the journal, not in memory.
    let reopened = open(&disk).unwrap();
    assert_eq!(reopened.journal().dropped(), store.journal().dropped());
}

#[test]
fn too_many_entries_are_too_much_like_too_many_bytes() {
    let disk = SimulatedStorage::default();
    let rule = raymap::record::Rule { bytes_max: 1_000_000, entries_max: 10, segment_bytes_max: 3_000 };
    let mut store = open_by(disk.clone(), rule).unwrap();
    for n in 0..40 {
        store.keep(&body(n), &clock()).unwrap();
        assert!(store.journal().entries().len() <= 12);
    }
    assert!(verify(&disk).unwrap().is_clean());
}

#[test]
fn what_never_fits_is_refused_and_removes_nothing() {
    let (disk, kept) = record(5);
    let mut store = open(&disk).unwrap();
    let huge =
        raymap::record::Body::from_sections(vec![(raymap::record::SectionKind::Radiograph, vec![0; 50_000])]);
    assert_eq!(store.keep(&huge, &clock()).map_err(|e| e.code()), Err("record_too_large"));
    assert_eq!(served(store.journal()).unwrap(), kept);
}

/// A disk on which `trouble` comes and goes: readings are not kept meanwhile, each with its code, and again after.
fn check_trouble(trouble: Trouble, code: &str) {
    let (disk, mut kept) = record(4);
    let mut store = open(&disk).unwrap();
    disk.set_trouble(trouble);
    for n in 10..14 {
        match store.keep(&body(n), &clock()) {
            Ok(done) => drop(kept.insert(done.id, n)),
            Err(e) => assert!(e.code().starts_with(code), "{trouble:?}: {}", e.code()),
        }
        disk.set_trouble(trouble);
    }
    disk.set_trouble(Trouble::None);
    for n in 20..40 {
        kept.insert(store.keep(&body(n), &clock()).unwrap().id, n);
    }
    powercut::sound(&store, &disk, &kept).unwrap_or_else(|e| panic!("{trouble:?}: {e}"));
    let reopened = open(&disk).unwrap();
    powercut::sound(&reopened, &disk, &kept).unwrap_or_else(|e| panic!("{trouble:?}, reopened: {e}"));
}

#[test]
fn a_disk_that_fails_keeps_again_when_it_can() {
    use Operation::{Append, Create, Remove, Sync, SyncFolder};
    for (errno, code) in ERRORS {
        check_trouble(Trouble::Writes(errno), code);
        for operation in [Append, Create, Remove, Sync, SyncFolder] {
            check_trouble(Trouble::Only(operation, errno), code);
        }
    }
}

#[test]
fn a_disk_that_fails_while_room_is_made_loses_nothing_but_by_the_rule() {
    for (errno, _) in ERRORS {
        for operation in [Operation::Remove, Operation::SyncFolder, Operation::Append, Operation::Sync] {
            let (disk, mut kept) = record(30);
            let mut store = open(&disk).unwrap();
            for n in 30..60 {
                let trouble = if n % 3 == 0 { Trouble::Only(operation, errno) } else { Trouble::None };
                disk.set_trouble(trouble);
                if let Ok(done) = store.keep(&body(n), &clock()) {
                    kept.insert(done.id, n);
                }
            }
            disk.set_trouble(Trouble::None);
            powercut::sound(&store, &disk, &kept).unwrap_or_else(|e| panic!("{operation:?}: {e}"));
            powercut::sound(&open(&disk).unwrap(), &disk, &kept)
                .unwrap_or_else(|e| panic!("{operation:?}: {e}"));
        }
    }
}

#[test]
fn an_error_on_reading_is_said_and_opening_goes_on() {
    let (disk, _) = record(4);
    disk.set_trouble(Trouble::Only(Operation::Read, 5));
    assert!(!verify(&disk).unwrap().is_clean());
    disk.set_trouble(Trouble::Only(Operation::List, 5));
    assert_eq!(verify(&disk).map_err(|e| e.code()), Err("record_list"));
}

#[test]
fn clocks_that_jump_by_years_change_no_order() {
    let disk = SimulatedStorage::default();
    let years = [0, 40, 2, 90, 1, 0].map(|y| WallTime::trusted(EARLIEST_UNIX_S + y * 31_557_600, true));
    let mut ids = Vec::new();
    for (n, wall_time) in years.into_iter().enumerate() {
        let boot = SimulatedClock::new(BootId::parse(&format!("{n:08x}")));
        boot.advance(Duration::from_secs(1_000 - 100 * n as u64));
        boot.set_wall_time(if n == 4 { None } else { wall_time });
        let mut store = Store::open_with(Box::new(disk.clone()), SMALL, key(), &boot).unwrap();
        for k in 0..2 {
            boot.sleep(Duration::from_secs(1));
            ids.push(store.keep(&body(2 * n as u64 + k), &boot).unwrap().id);
        }
    }
    let journal = journal(disk.clone());
    assert!(ids.windows(2).all(|w| w[0] < w[1]));
    assert_eq!(served(&journal).unwrap().into_values().collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
    let moments: Vec<_> = journal.readings().map(|e| journal.header(e).unwrap().moment).collect();
    assert!(moments.windows(2).all(|w| (w[0].start, w[0].uptime) < (w[1].start, w[1].uptime)));
    assert_eq!(moments[8].wall_time, None);
    assert_eq!(moments[2].wall_time.unwrap().unix_s(), EARLIEST_UNIX_S + 40 * 31_557_600 + 1);
    assert_eq!(moments[2].boot_id.as_str(), "00000001");
}

#[test]
fn one_program_writes_and_others_read_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/records");
    assert_eq!(DiskStorage::open(&path, Access::Read).map(drop).map_err(|e| e.code()), Err("record_folder"));
    let storage = DiskStorage::open(&path, Access::Write).unwrap();
    assert_eq!(DiskStorage::open(&path, Access::Write).map(drop).map_err(|e| e.code()), Err("record_locked"));
    let mut store = open_by(storage, SMALL).unwrap();
    let id = store.keep(&body(0), &clock()).unwrap().id;
    let reader = DiskStorage::open(&path, Access::Read).unwrap();
    assert!(verify(&reader).unwrap().is_clean());
    assert_eq!(served(&journal(reader)).unwrap(), [(id, 0)].into());
    drop(store);
    DiskStorage::open(&path, Access::Write).unwrap();
}

/// As after a kill: a process that the program was just starting has its lock for a moment longer.
#[test]
fn a_writer_that_is_about_to_go_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let before = DiskStorage::open(folder.path(), Access::Write).unwrap();
    let going = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        drop(before);
    });
    assert!(DiskStorage::open(folder.path(), Access::Write).is_ok());
    going.join().unwrap();
}

#[test]
fn other_files_in_the_folder_are_left_alone() {
    let (disk, kept) = record(2);
    disk.put("notes.txt", b"mine".to_vec());
    let store = open(&disk).unwrap();
    assert_eq!((served(store.journal()).unwrap(), disk.content("notes.txt")), (kept, b"mine".to_vec()));
    assert!(store.journal().entries().iter().all(|e| e.kind == EntryKind::Reading));
    assert_eq!(clock().boot_id(), &BootId::unknown());
}
