//! The program itself is killed at random, and so are its decoding processes: what was told is kept, and whole.
//!
//! `RAYMAP_MAIN_KILLS=1000` and `RAYMAP_WORKER_KILLS=1000` ask for more.

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use program::{emulator, raymap};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use raymap::clock::SystemClock;
use raymap::record::{Access, DiskStorage, Fault, Journal, Restored, Rule, Store, verify};
use raymap::serial::{Kind, Line, percent};
use raymap::units::Fraction;
use rustix::process::{Pid, Signal, kill_process};

/// Kills of the program, and of its decoding processes.
const MAIN_KILLS: u64 = 10;
const WORKER_KILLS: u64 = 10;
/// Radiographs of one run.
const FILES: u64 = 5;
/// So small that the oldest readings make room for new ones while the program is killed.
const RECORD_BYTES_MAX: u64 = 8_000_000;
/// A whole run takes about half a second; some kills come after its end.
const RUN_US_MAX: u32 = 700_000;
/// From the start of a decoding process to its answer, or somewhat longer.
const DECODE_US_MAX: u32 = 40_000;
/// Longer than any run, on a machine under load.
const GENEROUS: Duration = Duration::from_secs(120);

/// What the serial line said of a reading, by its number in the record: its grade and share, or why it has none.
type Told = BTreeMap<u64, Vec<String>>;

fn asked(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Kills are no matter of the processor; under an emulator the program has no process of its own to decode in.
fn emulated() -> bool {
    let emulated = emulator::runner().is_some();
    if emulated {
        println!("skipped: kills are tried on the machine's own processor");
    }
    emulated
}

/// A station over [`FILES`] radiographs in a folder.
fn station() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let board = format!(
        "name = \"test\"\ndescription = \"A folder, kept.\"\nsource = {{ kind = \"folder\", path = \"in\" }}\n\
         screen = {{ kind = \"png\", path = \"screen.png\", width = 800, height = 480 }}\n\
         serial = {{ file = \"serial.log\" }}\n\
         record = {{ folder = \"kept\", bytes_max = {RECORD_BYTES_MAX} }}\n"
    );
    fs::write(at.join("board.toml"), board).unwrap();
    fs::create_dir(at.join("in")).unwrap();
    for seed in 0..FILES {
        let (seed, infected) = (seed.to_string(), (20 * seed).to_string());
        let made = raymap(at, &["phantom", "--seed", &seed, "--infected", &infected, "--out", "made"]);
        assert!(made.status.success());
    }
    for file in fs::read_dir(at.join("made")).unwrap().map(|f| f.unwrap().path()) {
        if file.to_string_lossy().ends_with("-display.png") {
            fs::rename(&file, at.join("in").join(file.file_name().unwrap())).unwrap();
        }
    }
    folder
}

fn start(folder: &Path) -> Child {
    let mut command = program::command();
    command.args(["run", "--board", "board.toml"]).current_dir(folder).env_remove("RUST_LOG");
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// All whole lines of the serial line; the last one may be cut short, and no other.
fn lines(folder: &Path) -> Vec<Line> {
    let text = fs::read_to_string(folder.join("serial.log")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    whole.lines().map(|l| Line::parse(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

fn is_result(line: &&Line) -> bool {
    matches!(line.kind(), Kind::Reading | Kind::Refused)
}

fn told(folder: &Path) -> Told {
    let of = |line: &Line| {
        let id = line.get("id").expect("what is told is kept").parse().unwrap();
        let value = |key: &str| line.get(key).unwrap_or("none").to_owned();
        (id, vec![value("grade"), value("total"), value("code")])
    };
    lines(folder).iter().filter(is_result).map(of).collect()
}

/// The same of a reading as it was kept, every part of it whole.
fn kept(journal: &Journal, entry: &raymap::record::Entry) -> Vec<String> {
    for section in journal.header(entry).unwrap().sections {
        journal.section(entry, section.kind).unwrap_or_else(|e| panic!("{entry:?}: {e}"));
    }
    let restored = Restored::load(journal, entry).unwrap();
    let none = || "none".to_owned();
    let share = restored.share().map_or_else(none, |s| percent(Fraction::clamped(s as f32)));
    let code = restored.json["reading"]["refusal"]["code"].as_str().map_or_else(none, Into::into);
    vec![restored.grade().map_or_else(none, Into::into), share, code]
}

/// After a kill: at most an unfinished tail, all that was told is kept as it was told, and the picture is whole.
fn check_after_kill(folder: &Path, all: &Told) -> Result<(), String> {
    if let Ok(bytes) = fs::read(folder.join("screen.png")) {
        image::load_from_memory(&bytes).map_err(|e| format!("the picture is not whole: {e}"))?;
    }
    let open = || DiskStorage::open(&folder.join("kept"), Access::Read);
    let Ok(disk) = open() else {
        return if all.is_empty() { Ok(()) } else { Err("the record is gone".into()) };
    };
    let damages = verify(&disk).map_err(|e| e.to_string())?.damages;
    if damages.iter().any(|d| d.fault != Fault::Tail) {
        return Err(format!("{damages:?}"));
    }
    let journal = Journal::open(Box::new(disk)).map_err(|e| e.to_string())?;
    let there: Told = journal.readings().map(|e| (e.sequence, kept(&journal, e))).collect();
    let through = journal.dropped().through;
    for (id, said) in all.range(through + 1..) {
        if there.get(id) != Some(said) {
            return Err(format!("reading {id} was told as {said:?} and is kept as {:?}", there.get(id)));
        }
    }
    Ok(())
}

/// What a restart makes of the record: it opens, and is clean from then on.
fn check_reopened(folder: &Path) -> Result<(), String> {
    let disk = DiskStorage::open(&folder.join("kept"), Access::Write).map_err(|e| e.to_string())?;
    Store::open(Box::new(disk), Rule::of(RECORD_BYTES_MAX), &SystemClock::start())
        .map_err(|e| e.to_string())?;
    let disk = DiskStorage::open(&folder.join("kept"), Access::Read).map_err(|e| e.to_string())?;
    let verdict = verify(&disk).map_err(|e| e.to_string())?;
    if verdict.is_clean() { Ok(()) } else { Err(format!("{:?}", verdict.damages)) }
}

fn verified(folder: &Path) {
    let output = raymap(folder, &["records", "verify", "--board", "board.toml"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_killed_program_has_lost_nothing_that_it_told() {
    if emulated() {
        return;
    }
    let (folder, kills) = (station(), asked("RAYMAP_MAIN_KILLS", MAIN_KILLS));
    let (at, mut random) = (folder.path(), Pcg32::seed_from_u64(11));
    let (mut all, mut alive, mut runs) = (Told::new(), 0, 0);
    while alive < kills {
        // The last run's lines are not this one's.
        let _ = fs::remove_file(at.join("serial.log"));
        let mut child = start(at);
        thread::sleep(Duration::from_micros(u64::from(random.next_u32() % RUN_US_MAX)));
        alive += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        runs += 1;
        all.append(&mut told(at));
        check_after_kill(at, &all).unwrap_or_else(|e| panic!("kill {alive}: {e}"));
        // Otherwise the next run opens what this one left.
        if random.next_u32() % 2 == 0 && at.join("kept").exists() {
            check_reopened(at).unwrap_or_else(|e| panic!("reopened after kill {alive}: {e}"));
        }
    }
    let status = start(at).wait().unwrap();
    all.append(&mut told(at));
    assert!(status.success());
    check_after_kill(at, &all).unwrap();
    verified(at);
    println!("{alive} kills in {runs} runs, {} readings told", all.len());
    assert!(all.len() as u64 > FILES);
}

/// The processes that a program has started and not yet waited for.
fn children(of: u32) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten();
    let list = |task: PathBuf| fs::read_to_string(task.join("children")).unwrap_or_default();
    let lists: Vec<String> = tasks.map(|task| list(task.path())).collect();
    lists.iter().flat_map(|l| l.split_whitespace()).filter_map(|p| Pid::from_raw(p.parse().ok()?)).collect()
}

/// The program's first decoding process, once it is one: until then its parent waits for it.
fn first_decoder(child: &Child) -> Pid {
    let decodes = |pid: &Pid| {
        let words = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
        words.ends_with(b"decode\0")
    };
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < GENEROUS, "no decoder");
        match children(child.id()).into_iter().find(decodes) {
            Some(pid) => return pid,
            None => thread::sleep(Duration::from_micros(300)),
        }
    }
}

/// Kills the program's processes at random until it ends; how many.
fn kill_children(child: &mut Child, random: &mut Pcg32) -> u64 {
    let (mut killed, began) = (0, Instant::now());
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < GENEROUS, "the station hangs");
        let Some(pid) = children(child.id()).first().copied() else {
            thread::sleep(Duration::from_micros(300));
            continue;
        };
        thread::sleep(Duration::from_micros(u64::from(random.next_u32() % DECODE_US_MAX)));
        // One that has answered meanwhile is no longer a child.
        if children(child.id()).contains(&pid) && kill_process(pid, Signal::KILL).is_ok() {
            killed += 1;
        }
    }
    killed
}

#[test]
fn a_killed_decoder_costs_no_radiograph_unsaid_and_stops_nobody() {
    if emulated() {
        return;
    }
    let (folder, kills) = (station(), asked("RAYMAP_WORKER_KILLS", WORKER_KILLS));
    let (at, mut random) = (folder.path(), Pcg32::seed_from_u64(12));
    assert!(start(at).wait().unwrap().success());
    let whole: Vec<Vec<String>> = told(at).into_values().collect();
    assert_eq!(whole.len() as u64, FILES);
    let (mut killed, mut read, mut failed) = (0, 0, 0);
    while killed < kills {
        let mut child = start(at);
        killed += kill_children(&mut child, &mut random);
        let lines = lines(at);
        let faults: Vec<&Line> = lines.iter().filter(|l| l.kind() == Kind::Fault).collect();
        let of_decoder = |l: &&&Line| l.get("code") == Some("decoder_died");
        let (died, readings) = (faults.iter().filter(of_decoder).count(), told(at));
        let results = lines.iter().filter(is_result).count();
        assert_eq!((results + died) as u64, FILES, "each is read, or it is said that it is not: {lines:?}");
        assert!(readings.values().all(|r| whole.contains(r)), "{readings:?} and {whole:?}");
        assert_eq!(lines.last().map(Line::kind), Some(Kind::End));
        (read, failed) = (read + readings.len(), failed + died);
    }
    verified(at);
    println!("{killed} kills of decoders, {read} radiographs read, {failed} said to be unread");
}

/// A process that was killed says nothing of the file: it is the memory of the whole machine that ran out, or somebody.
#[test]
fn a_radiograph_whose_decoder_was_killed_once_is_read() {
    if emulated() {
        return;
    }
    let folder = station();
    let at = folder.path();
    let mut child = start(at);
    let first = first_decoder(&child);
    // One that had just answered is gone, which costs nothing either.
    let _ = kill_process(first, Signal::KILL);
    assert!(child.wait().unwrap().success());
    let lines = lines(at);
    assert_eq!(lines.iter().filter(is_result).count() as u64, FILES, "{lines:?}");
    assert!(lines.iter().all(|l| l.kind() != Kind::Fault), "{lines:?}");
}

/// A decoder that hangs is ended after [`raymap::source::worker::DECODE_TIME_MAX`], longer than a stage may take: one
/// such file must not end the station, which would meet it again at each start.
#[test]
fn a_decoder_that_stands_still_is_no_hang_of_the_station() {
    if emulated() {
        return;
    }
    let folder = station();
    let at = folder.path();
    let board = fs::read_to_string(at.join("board.toml")).unwrap();
    fs::write(at.join("board.toml"), board + "station = { folder = \"state\", stage_s_max = 6 }\n").unwrap();
    let mut child = start(at);
    // One that had just answered is gone, and the next one is stopped.
    loop {
        let decoder = first_decoder(&child);
        let _ = kill_process(decoder, Signal::STOP);
        thread::sleep(Duration::from_millis(200));
        if children(child.id()).contains(&decoder) {
            break;
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let lines = lines(at);
    assert_eq!(lines.iter().filter(is_result).count() as u64, FILES - 1, "{lines:?}");
    assert!(lines.iter().any(|l| l.get("code") == Some("decoder_time")), "{lines:?}");
}
