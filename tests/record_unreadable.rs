//! The disk does not give some bytes while a record is opened: what was kept stays part of the journal.

mod powercut;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use powercut::{Acknowledged, SMALL, body, clock, journal, open, open_by, served};
use raymap::record::{Operation, Rule, SimulatedStorage, Storage, Store, Stored, Trouble, verify};

/// The records here are in the clear; `record_sealed.rs` tries the same with a key.
#[allow(dead_code)]
pub const KEY: Option<[u8; 32]> = None;

/// Linux's numbers for an input/output error and for a file that this user may not read.
const ERRORS: [i32; 2] = [5, 13];

/// A disk that gives an error for some bytes of one file.
#[derive(Clone)]
struct Scratched {
    disk: SimulatedStorage,
    name: String,
    bytes: Range<u64>,
    errno: i32,
    /// Errors until the disk gives the bytes after all.
    errors_left: Arc<AtomicU64>,
}

impl Scratched {
    fn new(disk: &SimulatedStorage, name: &str, bytes: Range<u64>, errno: i32) -> Self {
        let errors_left = Arc::new(AtomicU64::new(u64::MAX));
        Self { disk: disk.clone(), name: name.into(), bytes, errno, errors_left }
    }
}

impl Storage for Scratched {
    fn list(&self) -> io::Result<Vec<Stored>> {
        self.disk.list()
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        self.disk.create(name)
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.disk.append(name, bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.disk.sync(name)
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.disk.sync_folder()
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn read(&self, name: &str, at: u64, to: &mut [u8]) -> io::Result<usize> {
        let touches = at < self.bytes.end && self.bytes.start < at + to.len() as u64;
        let left = self.errors_left.load(Ordering::Relaxed);
        if name == self.name && touches && left > 0 {
            self.errors_left.store(left - 1, Ordering::Relaxed);
            return Err(io::Error::from_raw_os_error(self.errno));
        }
        self.disk.read(name, at, to)
    }
}

fn keep(store: &mut Store, readings: Range<u64>, kept: &mut Acknowledged) {
    for n in readings {
        let id = store.keep(&body(n), &clock()).unwrap().id;
        assert_eq!(kept.insert(id, n), None, "number {id} was given before");
    }
}

/// A record with `count` readings.
fn record(count: u64, rule: Rule) -> (SimulatedStorage, Acknowledged) {
    let (disk, mut kept) = (SimulatedStorage::default(), Acknowledged::new());
    keep(&mut open_by(disk.clone(), rule).unwrap(), 0..count, &mut kept);
    (disk, kept)
}

/// The record is opened twice and goes on while the disk does not give these bytes; later it gives them again.
fn check(disk: &SimulatedStorage, kept: &Acknowledged, name: &str, bytes: Range<u64>, errno: i32) {
    let (disk, mut kept) = (disk.copied(), kept.clone());
    let scratched = Scratched::new(&disk, name, bytes.clone(), errno);
    for from in [100, 200] {
        keep(&mut open_by(scratched.clone(), SMALL).unwrap(), from..from + 2, &mut kept);
    }
    let what = format!("{name}, bytes {bytes:?}, error {errno}");
    let found = served(&journal(disk.clone())).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(found, kept, "{what}");
    keep(&mut open(&disk).unwrap(), 300..301, &mut kept);
    assert_eq!(served(&journal(disk)).unwrap(), kept, "{what}: after it went on");
}

/// Each place of each file in turn, the segments' heads and the last entry's head and parts among them.
#[test]
fn what_the_disk_does_not_give_while_it_is_opened_is_not_cut_off() {
    let (disk, kept) = record(9, SMALL);
    for name in disk.names() {
        let content = disk.content(&name).len() as u64;
        for at in (0..content).step_by(101) {
            check(&disk, &kept, &name, at..at + 64, ERRORS[(at / 101 % 2) as usize]);
        }
        ERRORS.into_iter().for_each(|errno| check(&disk, &kept, &name, 0..u64::MAX, errno));
    }
}

#[test]
fn an_error_that_passes_leaves_no_trace() {
    let (disk, mut kept) = record(5, SMALL);
    let name = disk.names().pop().unwrap();
    let scratched = Scratched::new(&disk, &name, 0..u64::MAX, 5);
    // As many as the first look meets; the second one reads all.
    let looked = open_by(Scratched { disk: disk.copied(), ..scratched.clone() }, SMALL).unwrap();
    assert!(looked.journal().entries().len() < kept.len());
    scratched.errors_left.store(3, Ordering::Relaxed);
    keep(&mut open_by(scratched, SMALL).unwrap(), 5..7, &mut kept);
    assert!(kept.keys().copied().eq(1..8), "{kept:?}");
    assert!(verify(&disk).unwrap().is_clean());
}

#[test]
fn a_disk_that_gives_nothing_is_not_written_on() {
    let (disk, kept) = record(4, SMALL);
    disk.set_trouble(Trouble::Only(Operation::Read, 5));
    let changes = disk.changes();
    assert_eq!(open(&disk).map(drop).map_err(|e| e.code()), Err("record_read"));
    assert_eq!(disk.changes(), changes);
    disk.set_trouble(Trouble::None);
    assert_eq!(served(&journal(disk)).unwrap(), kept);
}

/// What begins in it is lost, and nothing behind.
#[test]
fn an_unreadable_page_hides_what_begins_in_it() {
    let (disk, kept) = record(30, Rule::of(1 << 24));
    let name = disk.names().pop().unwrap();
    let scratched = Scratched::new(&disk, &name, 8_192..12_288, 5);
    let listed = journal(scratched.clone()).readings().map(|e| e.sequence).collect::<Vec<_>>();
    assert!(listed.ends_with(&[28, 29, 30]) && listed.len() + 6 > kept.len(), "{listed:?}");
    let damages = verify(&scratched).unwrap().damages;
    assert!(damages.iter().any(|d| d.fault.code() == "unreadable"), "{damages:?}");
}
