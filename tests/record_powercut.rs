//! Power cuts and kills: nothing that was kept is lost, nothing half is served, and a control without syncing fails.

mod powercut;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use powercut::{
    Acknowledged, body, clock, generations, journal, keep_until_cut, open, open_by, random, served, sound,
};
use rand_core::Rng;
use raymap::record::{Access, DiskStorage, Rule, SimulatedStorage, Trouble, verify};

/// The records here are in the clear; `record_sealed.rs` tries the same with a key.
#[allow(dead_code)]
pub const KEY: Option<[u8; 32]> = None;

/// Disks whose power is cut again and again, each [`CUTS`] times and more; `RAYMAP_CUT_DISKS` asks for more.
const SEEDS: u64 = 300;
const CUTS: u64 = 4;
/// Kills of a real process; `RAYMAP_KILLS` asks for more.
const KILLS: u64 = 30;
/// Names the folder to a process that is there to be killed.
const WRITER: &str = "RAYMAP_RECORD_WRITER";

/// The number in an environment variable, or `usual`.
fn asked(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[test]
fn a_cut_at_any_operation_loses_nothing_that_was_kept() {
    let whole = SimulatedStorage::default();
    keep_until_cut(&whole, 0, 40, &mut Acknowledged::new());
    let operations = whole.changes();
    assert!(operations > 100, "{operations}");
    for at in 1..=operations {
        for seed in 0..6 {
            let (disk, mut kept) = (SimulatedStorage::default(), Acknowledged::new());
            disk.set_trouble(Trouble::CutAt(at));
            keep_until_cut(&disk, 0, 40, &mut kept);
            let after = disk.after_cut(&mut random(seed));
            let mut store = open(&after).unwrap();
            sound(&store, &after, &kept).unwrap_or_else(|e| panic!("cut at {at}, seed {seed}: {e}"));
            let again = store.keep(&body(99), &clock()).unwrap();
            kept.insert(again.id, 99);
            sound(&store, &after, &kept).unwrap_or_else(|e| panic!("after a cut at {at}, seed {seed}: {e}"));
        }
    }
}

#[test]
fn cut_after_cut_loses_nothing_that_was_kept() {
    for seed in 0..asked("RAYMAP_CUT_DISKS", SEEDS) {
        generations(SimulatedStorage::default(), seed, CUTS).unwrap();
    }
}

/// The control: with a disk that does not sync the same test finds losses.
#[test]
fn without_syncing_the_same_cuts_lose_readings() {
    let failed =
        (0..SEEDS).filter(|seed| generations(SimulatedStorage::without_syncing(), *seed, CUTS).is_err());
    let failed = failed.count() as u64;
    assert!(failed > SEEDS / 2, "only {failed} of {SEEDS} disks without syncing lost anything");
}

/// Not a test by itself: the process that `a_killed_writer_loses_nothing_that_it_kept` starts and kills.
#[test]
fn writer_to_be_killed() {
    let Ok(folder) = std::env::var(WRITER) else { return };
    let storage = DiskStorage::open(folder.as_ref(), Access::Write).unwrap();
    let mut store = open_by(storage, Rule::of(0)).unwrap();
    let mut out = std::io::stdout();
    for n in 0.. {
        let kept = store.keep(&body(n), &clock()).unwrap();
        writeln!(out, "kept {} {n}", kept.id).and_then(|()| out.flush()).unwrap();
    }
}

/// What a writer said before it was killed some time after its first reading.
fn run_and_kill(folder: &std::path::Path, after: Duration) -> Acknowledged {
    let mut command = Command::new(std::env::current_exe().unwrap());
    // Its full name, wherever this file is a module of another.
    let writer =
        module_path!().split_once("::").map_or_else(String::new, |(_, within)| format!("{within}::"));
    let writer = format!("{writer}writer_to_be_killed");
    command.args(["--exact", &writer, "--nocapture", "--test-threads=1"]);
    let mut child = command.env(WRITER, folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut kept = Acknowledged::new();
    let take = |line: &str, kept: &mut Acknowledged| {
        // The test harness writes its own words before the first line.
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [.., "kept", id, n] = words[..] {
            kept.insert(id.parse().unwrap(), n.parse().unwrap());
        }
    };
    while kept.is_empty() {
        take(&lines.next().expect("the writer writes").unwrap(), &mut kept);
    }
    let killer = std::thread::spawn(move || {
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    lines.map_while(Result::ok).for_each(|line| take(&line, &mut kept));
    killer.join().unwrap();
    kept
}

#[test]
fn a_killed_writer_loses_nothing_that_it_kept() {
    if cfg!(not(target_arch = "x86_64")) {
        // Under an emulator the child would need it too; kills are no matter of the processor.
        println!("skipped: kills are tried on the machine's own processor");
        return;
    }
    let kills = asked("RAYMAP_KILLS", KILLS);
    let folder = tempfile::tempdir().unwrap();
    let (mut random, mut kept) = (random(7), Acknowledged::new());
    for kill in 0..kills {
        let after = Duration::from_micros(u64::from(random.next_u32() % 60_000));
        kept.append(&mut run_and_kill(folder.path(), after));
        let storage = DiskStorage::open(folder.path(), Access::Write).unwrap();
        let store = open_by(storage, Rule::of(0)).unwrap();
        let through = store.journal().dropped().through;
        drop(store);
        let disk = DiskStorage::open(folder.path(), Access::Read).unwrap();
        let verdict = verify(&disk).unwrap();
        assert!(verdict.is_clean(), "kill {kill}: {:?}", verdict.damages);
        let served = served(&journal(disk)).unwrap();
        for (id, n) in kept.range(through + 1..) {
            assert_eq!(served.get(id), Some(n), "kill {kill}: reading {id} was kept and is lost");
        }
    }
    println!("{kills} kills, {} readings kept and said", kept.len());
    assert!(kept.len() as u64 > kills);
}
