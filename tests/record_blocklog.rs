//! The record on a real file system whose power is cut at any write to its disk: nothing that was kept is lost.
//!
//! `RAYMAP_BLOCK_CUTS=1000` asks for more cuts. Skipped, by name, where no disk can be mounted.

mod blocklog;
mod powercut;

use std::path::Path;

use blocklog::{Cut, Log, LoggedDisk, Mounted};
use powercut::{Acknowledged, SMALL, body, clock, open_by, random, sound};
use rand_core::Rng;
use raymap::record::{Access, DiskStorage, Storage, Stored};

/// The records here are in the clear; `record_sealed.rs` tries the same with a key.
#[allow(dead_code)]
pub const KEY: Option<[u8; 32]> = None;

/// Cuts of each kind.
const CUTS: u64 = 30;
/// Readings of one record: enough that the oldest go.
const READINGS: u64 = 60;

/// A disk that says that it has synced and has not.
struct Unsynced(DiskStorage);

impl Storage for Unsynced {
    fn list(&self) -> std::io::Result<Vec<Stored>> {
        self.0.list()
    }

    fn create(&mut self, name: &str) -> std::io::Result<()> {
        self.0.create(name)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.0.append(name, bytes)
    }

    fn sync(&mut self, _name: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn sync_folder(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn remove(&mut self, name: &str) -> std::io::Result<()> {
        self.0.remove(name)
    }

    fn read(&self, name: &str, at: u64, to: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(name, at, to)
    }
}

fn skipped(test: &str) -> bool {
    let missing = blocklog::missing();
    if let Some(reason) = &missing {
        println!("skipped: {test}: {reason}");
    }
    missing.is_some()
}

fn disk(mounted: &Path, access: Access) -> Result<DiskStorage, String> {
    DiskStorage::open(&mounted.join("kept"), access).map_err(|e| e.to_string())
}

/// Readings kept on a fresh disk, with restarts: the log, and each reading with the moment by which it was kept.
fn written(synced: bool) -> (Log, Vec<(u64, u64, u64)>) {
    let logged = LoggedDisk::new();
    let (mut store, mut kept) = (None, Vec::new());
    for n in 0..READINGS {
        if n % 7 == 0 {
            store = None;
        }
        let mut opened = store.take().unwrap_or_else(|| {
            let disk = disk(&logged.at(), Access::Write).unwrap();
            if synced { open_by(disk, SMALL).unwrap() } else { open_by(Unsynced(disk), SMALL).unwrap() }
        });
        let id = opened.keep(&body(n), &clock()).unwrap().id;
        kept.push((logged.moment(), id, n));
        store = Some(opened);
    }
    drop(store);
    (logged.finish(), kept)
}

/// What is wrong with the record on a disk whose power went, if anything; another reading is kept in it.
fn check(disk_file: &Path, at: &Path, kept: &Acknowledged) -> Result<(), String> {
    let mounted = Mounted::new(disk_file, at)?;
    let mut store = open_by(disk(mounted.path(), Access::Write)?, SMALL).map_err(|e| e.to_string())?;
    sound(&store, &disk(mounted.path(), Access::Read)?, kept)?;
    let mut kept = kept.clone();
    kept.insert(store.keep(&body(99), &clock()).map_err(|e| e.to_string())?.id, 99);
    sound(&store, &disk(mounted.path(), Access::Read)?, &kept)
}

/// Cuts at random writes: how many there were, and what was wrong after each that was not survived.
fn cut_often(log: &Log, kept: &[(u64, u64, u64)], how: Cut, cuts: u64, seed: u64) -> Vec<String> {
    let (folder, mut random) = (blocklog::folder(), random(seed));
    let (file, at) = (folder.path().join("disk"), folder.path().join("at"));
    let mut wrong = Vec::new();
    for _ in 0..cuts {
        let n = random.next_u32() as usize % log.len();
        log.cut(n, how, &mut random, &file);
        let before = |(moment, ..): &&(u64, u64, u64)| *moment <= log.moment(n);
        let certain = kept.iter().filter(before).map(|(_, id, n)| (*id, *n)).collect();
        if let Err(error) = check(&file, &at, &certain) {
            wrong.push(format!("cut at write {n} of {}, {how:?}: {error}", log.len()));
        }
    }
    wrong
}

fn cuts() -> u64 {
    std::env::var("RAYMAP_BLOCK_CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(CUTS)
}

#[test]
fn a_cut_at_any_write_to_the_disk_loses_nothing_that_was_kept() {
    if skipped("a_cut_at_any_write_to_the_disk_loses_nothing_that_was_kept") {
        return;
    }
    let (log, kept) = written(true);
    for how in [Cut::InOrder, Cut::Reordered] {
        let wrong = cut_often(&log, &kept, how, cuts(), 21);
        assert!(wrong.is_empty(), "{} of {}: {}", wrong.len(), cuts(), wrong[0]);
        println!("{how:?}: {} cuts among {} writes, {} readings kept", cuts(), log.len(), kept.len());
    }
}

/// The control: where nothing is synced the same cuts find losses.
#[test]
fn without_syncing_the_same_cuts_of_a_disk_lose_readings() {
    if skipped("without_syncing_the_same_cuts_of_a_disk_lose_readings") {
        return;
    }
    let (log, kept) = written(false);
    let wrong = cut_often(&log, &kept, Cut::Reordered, CUTS, 22);
    assert!(!wrong.is_empty(), "{} writes", log.len());
    println!("{} of {CUTS} cuts lost something: {}", wrong.len(), wrong[0]);
}
