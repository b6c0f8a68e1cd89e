//! A sealed record: all that holds of one in the clear, and nobody without the key reads anything of it.

// Each of these files is a test of its own as well, and brings what it needs.
#![allow(clippy::duplicate_mod)]

#[path = "record.rs"]
mod record;
#[path = "record_powercut.rs"]
mod record_powercut;
#[path = "record_blocklog.rs"]
mod record_blocklog;
mod powercut;
mod program;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use powercut::{Acknowledged, SMALL, body, clock, journal, key, open, open_by, served};
use program::raymap;
use raymap::person::Person;
use raymap::record::{
    EntryKind, Fault, Journal, KEY_BYTES, RecordError, RecordKey, SectionKind, SimulatedStorage, Store,
    verify, verify_with,
};
use serde_json::Value;

/// Of all records here, those of the modules too.
pub const KEY: Option<[u8; 32]> = Some([0x5A; KEY_BYTES]);

/// A name that a radiograph's file has, as consoles make them of a patient's.
const PATIENT: &str = "ACHIENG-OTIENO-19700101";
const BOARD: &str = r#"name = "test"
description = "A folder, kept under a key."
source = { kind = "folder", path = "in" }
screen = { kind = "png", path = "screen.png", width = 800, height = 480 }
serial = { file = "serial.log" }
record = { folder = "kept", bytes_max = 30_000_000, key_file = "key" }
"#;

fn other_key() -> RecordKey {
    RecordKey::new([0xA5; KEY_BYTES])
}

/// Readings 0 to `count` in the clear, by their numbers.
fn in_the_clear(disk: &SimulatedStorage, count: u64) -> Acknowledged {
    let mut store = Store::open(Box::new(disk.clone()), SMALL, &clock()).unwrap();
    (0..count).map(|n| (store.keep(&body(n), &clock()).unwrap().id, n)).collect()
}

fn code<T>(result: Result<T, RecordError>) -> Result<(), &'static str> {
    result.map(drop).map_err(|e| e.code())
}

#[test]
fn a_record_from_before_the_key_stays_readable_and_goes_on_sealed() {
    let disk = SimulatedStorage::default();
    let mut kept = in_the_clear(&disk, 4);
    let mut store = open(&disk).unwrap();
    kept.extend((4..8).map(|n| (store.keep(&body(n), &clock()).unwrap().id, n)));
    assert_eq!(served(&journal(disk.clone())).unwrap(), kept);
    let verdict = verify_with(&disk, key().as_ref()).unwrap();
    assert!(verdict.is_clean(), "{:?}", verdict.damages);
    assert_eq!((verdict.readings, verdict.sealed, verdict.unopened), (8, 4, 0));
    let without = Journal::open(Box::new(disk)).unwrap();
    let readable = without.readings().filter(|e| without.section(e, SectionKind::Reading).is_ok());
    assert_eq!(readable.map(|e| e.sealed).collect::<Vec<_>>(), [false; 4]);
}

#[test]
fn without_the_key_the_chain_is_verified_and_what_was_not_opened_is_counted() {
    let disk = SimulatedStorage::default();
    let mut store = open(&disk).unwrap();
    (0..6).for_each(|n| assert!(store.keep(&body(n), &clock()).is_ok()));
    let verdict = verify(&disk).unwrap();
    assert_eq!((verdict.is_clean(), verdict.sealed, verdict.unopened), (true, 6, 6));
    let (name, whole) = (disk.names()[0].clone(), disk.content(&disk.names()[0]));
    let mut bytes = whole;
    bytes[600] ^= 1;
    disk.put(&name, bytes);
    assert!(!verify(&disk).unwrap().is_clean());
}

#[test]
fn a_wrong_key_and_none_are_refused_and_lose_nothing() {
    let disk = SimulatedStorage::default();
    let mut store = open(&disk).unwrap();
    let mut kept: Acknowledged = (0..3).map(|n| (store.keep(&body(n), &clock()).unwrap().id, n)).collect();
    drop(store);
    let before: Vec<_> = disk.names().iter().map(|n| disk.content(n)).collect();
    for (key, expected) in [(None, "record_key_none"), (Some(other_key()), "record_key_wrong")] {
        let mut store = Store::open_with(Box::new(disk.clone()), SMALL, key.clone(), &clock()).unwrap();
        assert_eq!(code(store.keep(&body(9), &clock())), Err(expected));
        let journal = Journal::open_with(Box::new(disk.clone()), key).unwrap();
        let entry = *journal.readings().next().unwrap();
        assert_eq!(code(journal.section(&entry, SectionKind::Reading)), Err(expected));
        assert_eq!(code(journal.check_key()), Err(expected));
    }
    assert_eq!(disk.names().iter().map(|n| disk.content(n)).collect::<Vec<_>>(), before);
    let mut store = open(&disk).unwrap();
    kept.insert(store.keep(&body(3), &clock()).unwrap().id, 3);
    assert_eq!(served(store.journal()).unwrap(), kept);
}

/// A damaged newest reading tells nothing of the key, and the one before it does.
#[test]
fn damage_is_not_taken_for_a_wrong_key() {
    let disk = SimulatedStorage::default();
    let mut store = open(&disk).unwrap();
    (0..2).for_each(|n| assert!(store.keep(&body(n), &clock()).is_ok()));
    // Kept once more, so that the damaged one is not the journal's end.
    let damaged = *store.journal().readings().next_back().unwrap();
    store.keep(&body(2), &clock()).unwrap();
    let name = disk.names()[0].clone();
    let mut bytes = disk.content(&name);
    let at = damaged.offset as usize + 360;
    bytes[at] ^= 1;
    disk.put(&name, bytes);
    assert_eq!(code(journal(disk.clone()).check_key()), Ok(()));
    let wrong = Journal::open_with(Box::new(disk), Some(other_key())).unwrap();
    assert_eq!(code(wrong.check_key()), Err("record_key_wrong"));
}

/// Nobody without the key can make an entry that opens, and who tries is found by who has it.
#[test]
fn a_sealed_text_in_another_place_does_not_open() {
    let one = SimulatedStorage::default();
    let mut store = open(&one).unwrap();
    store.keep(&body(1), &clock()).unwrap();
    // The same sealed bytes under another head: a later one, with all its checksums right.
    let sealed = store.journal().readings().next().copied().unwrap();
    store.keep(&body(1), &clock()).unwrap();
    let next = store.journal().readings().next_back().copied().unwrap();
    let name = one.names()[0].clone();
    let mut bytes = one.content(&name);
    let (from, to, length) = (sealed.offset as usize, next.offset as usize, sealed.bytes as usize);
    bytes.copy_within(from + 352..from + length, to + 352);
    // Checksums of the parts as the first entry has them, then the head's own anew.
    bytes.copy_within(from + 128..from + 320, to + 128);
    let own = <sha2::Sha256 as sha2::Digest>::digest(&bytes[to..to + 320]);
    bytes[to + 320..to + 352].copy_from_slice(&own);
    one.put(&name, bytes);
    assert!(verify(&one).unwrap().is_clean(), "the chain alone cannot tell");
    let verdict = verify_with(&one, key().as_ref()).unwrap();
    let parts = body(1).sections().len();
    assert_eq!(verdict.damages.len(), parts, "{:?}", verdict.damages);
    assert!(verdict.damages.iter().all(|d| matches!(d.fault, Fault::Seal(_))));
}

#[test]
fn of_whom_a_reading_is_is_sealed_like_the_reading() {
    let (disk, person) = (SimulatedStorage::default(), Person::from_digest([0xAB; Person::BYTES]));
    let mut store = open(&disk).unwrap();
    let id = store.keep(&body(0), &clock()).unwrap().id;
    store.name(id, Some(person), &clock()).unwrap();
    let note = *store.journal().entries().last().unwrap();
    assert_eq!(store.journal().named(&note), Some((id, Some(person))));
    let digits = [b'a', b'b'].repeat(Person::BYTES);
    for name in disk.names() {
        assert!(!disk.content(&name).windows(digits.len()).any(|w| w == digits), "{name}");
    }
    let without = Journal::open(Box::new(disk.clone())).unwrap();
    assert_eq!((note.sealed, without.named(&note)), (true, None));
    assert!(verify(&disk).unwrap().is_clean());
    assert_eq!(verify_with(&disk, key().as_ref()).unwrap().sealed, 1, "readings are counted, not notes");
}

#[test]
fn notes_are_in_the_clear_since_opening_needs_them() {
    let disk = SimulatedStorage::default();
    let mut store = open_by(disk.clone(), SMALL).unwrap();
    (0..60).for_each(|n| assert!(store.keep(&body(n), &clock()).is_ok()));
    let without = Journal::open(Box::new(disk)).unwrap();
    assert!(without.dropped().readings > 0);
    let notes: BTreeSet<bool> =
        without.entries().iter().filter(|e| e.kind == EntryKind::Note).map(|e| e.sealed).collect();
    assert_eq!(notes, [false].into());
}

fn check(folder: &Path, words: &[&str], expected: i32) -> String {
    let output = raymap(folder, &[words, &["--board", "board.toml"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{words:?}: {errors}");
    format!("{}{errors}", String::from_utf8_lossy(&output.stdout))
}

fn json(text: &str) -> Value {
    text.lines().find_map(|l| serde_json::from_str(l).ok()).unwrap_or_else(|| panic!("no JSON: {text}"))
}

/// All bytes of all files of the record.
fn stored(folder: &Path) -> Vec<u8> {
    let files = fs::read_dir(folder.join("kept")).unwrap();
    files.flat_map(|f| fs::read(f.unwrap().path()).unwrap()).collect()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|w| w == what)
}

/// A folder with one radiograph under a patient's name, and a board whose record is sealed or not.
fn station(board: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("board.toml"), board).unwrap();
    let made = raymap(at, &["phantom", "--seed", "3", "--infected", "20", "--out", "made"]);
    assert!(made.status.success());
    fs::create_dir(at.join("in")).unwrap();
    let radiograph = |p: &Path| p.to_string_lossy().contains("radiograph");
    let made = fs::read_dir(at.join("made")).unwrap().map(|f| f.unwrap().path()).find(|p| radiograph(p));
    fs::copy(made.unwrap(), at.join(format!("in/{PATIENT}.png"))).unwrap();
    folder
}

#[test]
fn the_disk_shows_nothing_of_a_patient_and_the_key_shows_all() {
    let clear = station(&BOARD.replace(r#", key_file = "key""#, ""));
    check(clear.path(), &["run"], 0);
    let found = |folder: &Path| {
        let bytes = stored(folder);
        [PATIENT.as_bytes(), b"\x89PNG", b"IHDR", b"\"reading\""].map(|what| holds(&bytes, what))
    };
    assert_eq!(found(clear.path()), [true; 4], "the control: in the clear all of it is there");

    let folder = station(BOARD);
    let at = folder.path();
    let said = check(at, &["records", "key", "key"], 0);
    assert!(said.contains("Keep a copy"), "{said}");
    check(at, &["records", "key", "key"], 7);
    let said = check(at, &["run"], 0);
    assert!(said.contains("1 readings kept, 0 not"), "{said}");
    assert_eq!(found(at), [false; 4]);

    let shown = check(at, &["records", "show", "1"], 0);
    assert!(shown.contains(PATIENT) && shown.contains("\"sealed\": true"), "{shown}");
    check(at, &["records", "export", "usb"], 0);
    assert!(image::open(at.join("usb/0000001-radiograph.png")).is_ok());
    check(at, &["report", "1"], 0);
    let verdict = json(&check(at, &["records", "verify", "--json"], 0));
    assert_eq!((&verdict["sealed"], &verdict["unopened"]), (&1.into(), &0.into()));
}

#[test]
fn a_station_without_its_key_reads_on_keeps_nothing_and_says_so() {
    let folder = station(BOARD);
    let at = folder.path();
    check(at, &["records", "key", "key"], 0);
    check(at, &["run"], 0);
    fs::rename(at.join("key"), at.join("stick")).unwrap();
    let before = stored(at);

    let said = check(at, &["run"], 0);
    assert!(said.contains("0 readings kept, 1 not"), "{said}");
    let serial = fs::read_to_string(at.join("serial.log")).unwrap();
    assert!(serial.contains("code=record_key_file"), "{serial}");
    assert!(check(at, &["records", "list", "--json"], 7).contains("record_key_file"));
    let verdict = json(&check(at, &["records", "verify", "--json"], 0));
    assert_eq!((&verdict["clean"], &verdict["unopened"]), (&true.into(), &1.into()));
    assert!(check(at, &["records", "verify"], 0).contains("for want of the key"));

    check(at, &["records", "key", "key"], 0);
    assert!(check(at, &["run"], 0).contains("0 readings kept, 1 not"));
    assert!(check(at, &["records", "list", "--json"], 7).contains("record_key_wrong"));
    assert!(check(at, &["doctor"], 5).contains("record_key_wrong"));
    // A board that names no key any more does not write beside it in the clear.
    fs::write(at.join("board.toml"), BOARD.replace(r#", key_file = "key""#, "")).unwrap();
    assert!(check(at, &["run"], 0).contains("0 readings kept, 1 not"));
    let serial = fs::read_to_string(at.join("serial.log")).unwrap();
    assert!(serial.contains("code=record_key_none"), "{serial}");
    assert_eq!(stored(at), before, "nothing was written");
    assert!(check(at, &["records", "show", "1", "--key", "stick"], 0).contains(PATIENT));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = station(BOARD);
    let at = folder.path();
    check(at, &["records", "key", "key"], 0);
    fs::set_permissions(at.join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(check(at, &["run"], 0).contains("0 readings kept, 1 not"));
    assert!(check(at, &["doctor"], 5).contains("record_key_rights"));
}
