//! Each operation on a record's disk fails in turn, and real disks are full or read-only: it is said, nothing that was
//! kept is lost, and readings are kept again once the disk takes them.

mod blocklog;
mod powercut;
mod program;

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use blocklog::failing::FailingDisk;
use blocklog::{Mounted, make_disk};
use powercut::{Acknowledged, SMALL, body, clock, journal, open_by, served, sound};
use program::raymap;
use raymap::record::{Access, DiskStorage, Rule, SimulatedStorage, Storage, Store, Stored, Trouble, verify};
use raymap::serial::{Kind, Line};

/// The records here are in the clear; `record_sealed.rs` tries the same with a key.
#[allow(dead_code)]
pub const KEY: Option<[u8; 32]> = None;

/// Errors of Linux, and the code that says each: input/output, no space, read-only file system.
const ERRORS: [(i32, &str); 3] = [(5, "record_"), (28, "record_full"), (30, "record_read_only")];
/// Readings of one record: enough that the oldest go.
const READINGS: u64 = 34;
/// Operations in a row that fail: one, some, and all that are left of one reading.
const ROWS: [u64; 3] = [1, 3, 12];
/// Bytes that are left free on a disk that is about to be full: a handful of readings.
const LEFT_BYTES: u64 = 64 * 1024;

/// A disk of which some changing operations fail, by their number.
#[derive(Clone)]
struct Failing {
    disk: SimulatedStorage,
    count: Arc<AtomicU64>,
    fails: std::ops::Range<u64>,
    errno: i32,
    /// From now on nothing fails.
    is_well: Arc<AtomicBool>,
}

impl Failing {
    fn new(fails: std::ops::Range<u64>, errno: i32) -> Self {
        Self {
            disk: SimulatedStorage::default(),
            count: Arc::default(),
            fails,
            errno,
            is_well: Arc::default(),
        }
    }

    /// The disk for the next operation that changes something.
    fn next(&mut self) -> &mut SimulatedStorage {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let fails = self.fails.contains(&number) && !self.is_well.load(Ordering::Relaxed);
        self.disk.set_trouble(if fails { Trouble::Writes(self.errno) } else { Trouble::None });
        &mut self.disk
    }

    fn operations(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Storage for Failing {
    fn list(&self) -> io::Result<Vec<Stored>> {
        self.disk.list()
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        self.next().create(name)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.next().append(name, bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.next().sync(name)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.next().sync_folder()
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.next().remove(name)
    }

    fn read(&self, name: &str, at: u64, to: &mut [u8]) -> io::Result<usize> {
        self.disk.read(name, at, to)
    }
}

/// Keeps readings as a station does, which opens the record again after it could not be opened; what was kept, and the
/// codes of what failed.
fn keep_all(disk: &Failing) -> (Option<Store>, Acknowledged, Vec<&'static str>) {
    let (mut store, mut kept, mut codes) = (None, Acknowledged::new(), Vec::new());
    for n in 0..READINGS {
        if n % 7 == 0 {
            store = None;
        }
        let opened = match store.take() {
            Some(store) => Ok(store),
            None => open_by(disk.clone(), SMALL),
        };
        match opened {
            Ok(opened) => match store.insert(opened).keep(&body(n), &clock()) {
                Ok(done) => drop(kept.insert(done.id, n)),
                Err(error) => codes.push(error.code()),
            },
            Err(error) => codes.push(error.code()),
        }
    }
    (store, kept, codes)
}

/// Operations from number `from` on fail, `row` of them.
fn check(from: u64, row: u64, (errno, code): (i32, &str)) {
    let disk = Failing::new(from..from + row, errno);
    let (store, mut kept, codes) = keep_all(&disk);
    let what = format!("operations {from} to {} fail with {errno}", from + row - 1);
    assert!(!codes.is_empty(), "{what}: nobody was told");
    assert!(codes.iter().all(|c| c.starts_with(code)), "{what}: {codes:?}");
    // Each failed attempt takes at least one of the failing operations with it.
    assert!(codes.len() as u64 <= row, "{what}: {codes:?}");
    assert_eq!((kept.len() + codes.len()) as u64, READINGS, "{what}");
    // What failed last may have left an unfinished tail, which the next reading passes over.
    disk.is_well.store(true, Ordering::Relaxed);
    let mut store = store.unwrap_or_else(|| open_by(disk.clone(), SMALL).unwrap());
    kept.insert(store.keep(&body(READINGS), &clock()).unwrap().id, READINGS);
    let check = |store: &Store| sound(store, &disk.disk, &kept).unwrap_or_else(|e| panic!("{what}: {e}"));
    check(&store);
    check(&open_by(disk.disk.clone(), SMALL).unwrap());
}

#[test]
fn each_operation_may_fail_and_it_costs_what_was_said() {
    let whole = Failing::new(0..0, 0);
    keep_all(&whole);
    let operations = whole.operations();
    assert!(operations > 100, "{operations}");
    for error in ERRORS {
        for row in ROWS {
            (0..=operations - row).for_each(|from| check(from, row, error));
        }
    }
    println!("{operations} operations, {} runs", operations * 9);
}

fn skipped(test: &str, missing: Option<String>) -> bool {
    if let Some(reason) = &missing {
        println!("skipped: {test}: {reason}");
    }
    missing.is_some()
}

/// Fills a file system until about `left` bytes are free.
fn fill(at: &Path, left: u64) {
    let stat = rustix::fs::statvfs(at).unwrap();
    let bytes = (stat.f_bavail * stat.f_frsize).saturating_sub(left);
    fs::write(at.join("filler"), vec![0xA5; bytes as usize]).unwrap();
}

/// Keeps reading after reading until one is not kept; the code of it.
fn keep_until_refused(store: &mut Store, kept: &mut Acknowledged) -> &'static str {
    for n in 1_000.. {
        match store.keep(&body(n), &clock()) {
            Ok(done) => drop(kept.insert(done.id, n)),
            Err(error) => return error.code(),
        }
        assert!(n < 2_000, "the disk takes anything");
    }
    unreachable!("it counts without end")
}

fn remount(at: &Path, how: &str) {
    let options = format!("remount,{how}");
    assert!(Command::new("mount").args(["-o", &options]).arg(at).status().unwrap().success());
}

#[test]
fn a_real_disk_that_is_full_or_read_only_is_said_and_keeps_again_when_it_can() {
    if skipped(
        "a_real_disk_that_is_full_or_read_only_is_said_and_keeps_again_when_it_can",
        blocklog::unmountable(),
    ) {
        return;
    }
    let folder = blocklog::folder();
    make_disk(&folder.path().join("disk"));
    let mounted = Mounted::new(&folder.path().join("disk"), &folder.path().join("at")).unwrap();
    let (at, records) = (mounted.path(), mounted.path().join("kept"));
    let open = |access| DiskStorage::open(&records, access).unwrap();
    let mut store = open_by(open(Access::Write), Rule::of(1 << 30)).unwrap();
    let mut kept = Acknowledged::new();
    kept.extend((0..5).map(|n| (store.keep(&body(n), &clock()).unwrap().id, n)));

    fill(at, LEFT_BYTES);
    for _ in 0..3 {
        assert_eq!(keep_until_refused(&mut store, &mut kept), "record_full");
        assert_eq!(served(&journal(open(Access::Read))).unwrap(), kept);
    }
    fs::remove_file(at.join("filler")).unwrap();
    kept.insert(store.keep(&body(50), &clock()).unwrap().id, 50);
    sound(&store, &open(Access::Read), &kept).unwrap();

    // While a file is open to write, a file system cannot become read-only by its own will.
    drop(store);
    remount(at, "ro");
    let refused = open_read_only(&records);
    assert!(refused.starts_with("record_"), "{refused}");
    assert!(verify(&open(Access::Read)).unwrap().is_clean());
    remount(at, "rw");
    let mut store = open_by(open(Access::Write), Rule::of(1 << 30)).unwrap();
    kept.insert(store.keep(&body(51), &clock()).unwrap().id, 51);
    sound(&store, &open(Access::Read), &kept).unwrap();
}

/// What is said where the folder's lock cannot be taken, or the record not be opened.
fn open_read_only(records: &Path) -> &'static str {
    let opened = DiskStorage::open(records, Access::Write).and_then(|disk| open_by(disk, SMALL).map(drop));
    opened.expect_err("it cannot be written").code()
}

/// A board of five phantoms whose readings are kept in `kept`.
fn station(at: &Path, kept: &str) {
    let seeds: Vec<String> = (1..=5).map(|seed| format!("{{ seed = {seed}, infected = 30 }}")).collect();
    let board = format!(
        "name = \"test\"\ndescription = \"Phantoms on a disk in trouble.\"\n\
         source = {{ kind = \"phantom\", phantoms = [{}] }}\n\
         screen = {{ kind = \"png\", path = \"screen.png\", width = 800, height = 480 }}\n\
         serial = {{ file = \"serial.log\" }}\nrecord = {{ folder = \"{kept}\", bytes_max = 1_000_000_000 }}\n",
        seeds.join(", ")
    );
    fs::write(at.join("board.toml"), board).unwrap();
}

fn lines(at: &Path) -> Vec<Line> {
    let text = fs::read_to_string(at.join("serial.log")).unwrap();
    text.lines().map(|l| Line::parse(l).unwrap()).collect()
}

/// The whole program on a disk with room for one radiograph of five: it reads all, and says of each whether it is kept.
#[test]
fn a_station_on_a_full_disk_reads_on_and_says_what_is_not_kept() {
    if skipped("a_station_on_a_full_disk_reads_on_and_says_what_is_not_kept", blocklog::unmountable()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    make_disk(&at.join("disk"));
    let mounted = Mounted::new(&at.join("disk"), &at.join("small")).unwrap();
    station(at, "small/kept");
    fill(mounted.path(), 3 << 20);
    let output = raymap(at, &["run", "--board", "board.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = lines(at);
    let readings: Vec<&Line> = lines.iter().filter(|l| l.kind() == Kind::Reading).collect();
    let kept = readings.iter().filter(|l| l.get("id").is_some()).count();
    let said = lines.iter().filter(|l| l.get("code") == Some("record_full")).count();
    assert_eq!((readings.len(), kept + said), (5, 5), "{lines:?}");
    assert!(kept > 0 && said > 0, "{lines:?}");
    let output = raymap(at, &["records", "verify", "--board", "board.toml", "--json"]);
    let verdict = String::from_utf8_lossy(&output.stdout);
    assert!(verdict.contains(&format!("\"readings\":{kept},")), "{verdict}");

    fs::remove_file(mounted.path().join("filler")).unwrap();
    let said = raymap(at, &["run", "--board", "board.toml"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("5 readings kept, 0 not"));
    assert_eq!(raymap(at, &["records", "verify", "--board", "board.toml"]).status.code(), Some(0));
}

#[test]
fn a_real_disk_of_which_every_write_fails_is_said_and_what_was_kept_is_there() {
    if skipped(
        "a_real_disk_of_which_every_write_fails_is_said_and_what_was_kept_is_there",
        blocklog::missing(),
    ) {
        return;
    }
    let mut disk = FailingDisk::new();
    let records = disk.at().join("kept");
    let open = |access| DiskStorage::open(&records, access).unwrap();
    let mut store = open_by(open(Access::Write), SMALL).unwrap();
    let mut kept = Acknowledged::new();
    kept.extend((0..5).map(|n| (store.keep(&body(n), &clock()).unwrap().id, n)));

    disk.fail();
    for n in 100..120 {
        let refused = store.keep(&body(n), &clock()).expect_err("no write reaches the disk").code();
        assert!(refused.starts_with("record_"), "{refused}");
        assert_eq!(served(store.journal()).unwrap(), kept);
        // Whoever reads beside may see what Linux still has in memory; none of it half, and nothing is missing.
        let beside = served(&journal(open(Access::Read))).unwrap();
        assert!(kept.iter().all(|(id, n)| beside.get(id) == Some(n)), "{beside:?}");
    }
    drop(store);
    let disk = disk.replaced();
    assert_eq!(disk.at(), records.parent().unwrap());
    let mut store = open_by(open(Access::Write), SMALL).unwrap();
    kept.insert(store.keep(&body(50), &clock()).unwrap().id, 50);
    sound(&store, &open(Access::Read), &kept).unwrap();
}

/// The whole program on such a disk: it reads all, and says of each reading that it is not kept.
#[test]
fn a_station_on_a_disk_of_which_every_write_fails_reads_on_and_says_what_is_not_kept() {
    let name = "a_station_on_a_disk_of_which_every_write_fails_reads_on_and_says_what_is_not_kept";
    if skipped(name, blocklog::missing()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (at, mut disk) = (folder.path(), FailingDisk::new());
    station(at, disk.at().join("kept").to_str().unwrap());
    let run = |kept: &str| {
        let output = raymap(at, &["run", "--board", "board.toml"]);
        let text = [&output.stdout, &output.stderr].map(|o| String::from_utf8_lossy(o).into_owned()).concat();
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains(kept), "{text}");
    };
    run("5 readings kept, 0 not");
    disk.fail();
    run("0 readings kept, 5 not");
    let lines = lines(at);
    let readings: Vec<&Line> = lines.iter().filter(|l| l.kind() == Kind::Reading).collect();
    assert!(readings.len() == 5 && readings.iter().all(|l| l.get("id").is_none()), "{lines:?}");
    let is_said = |l: &Line| l.get("code").is_some_and(|c| c.starts_with("record_"));
    assert!(lines.iter().any(is_said), "{lines:?}");

    let _disk = disk.replaced();
    run("5 readings kept, 0 not");
    let output = raymap(at, &["records", "verify", "--board", "board.toml", "--json"]);
    let verdict = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && verdict.contains("\"readings\":10,"), "{verdict}");
}
