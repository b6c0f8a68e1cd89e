//! A real file system on a disk whose every write is logged, and the disks that a power cut may have left of it.
//!
//! The disk is a file; QEMU's storage daemon serves it through its driver `blklogwrites`, which writes down each write
//! and each flush in the order in which they came. What came before a flush is on the disk after a cut; of what came
//! after it anything may be, in any order, down to single sectors.

// Each test file uses its own part of this.
#![allow(dead_code)]

pub mod failing;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rand_core::Rng;
use rand_pcg::Pcg32;

const SECTOR_BYTES: usize = 512;
/// In which the file system writes. Torn smaller, its own first block would be lost at times, and with it all of the
/// disk until somebody repairs it; what the record makes of torn sectors is tried on a simulated disk.
const BLOCK_BYTES: usize = 4_096;
/// Room for a file system with a journal, and small enough to be copied for each cut.
const DISK_BYTES: u64 = 24 << 20;
const DAEMON: &str = "qemu-storage-daemon";
/// What the log of `blklogwrites` begins with, as dm-log-writes has it.
const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const DISCARD: u64 = 4;
/// Far above what the daemon needs to start, and what a mounted disk stays in use.
const GENEROUS: Duration = Duration::from_secs(20);

/// Why no such disk can be had here: it takes root, loop devices, FUSE and QEMU's storage daemon.
pub fn missing() -> Option<String> {
    if !Path::new("/dev/fuse").exists() {
        return Some("there is no /dev/fuse".into());
    }
    lacking(DAEMON).or_else(unmountable).or_else(unservable)
}

/// Why a served disk cannot be mounted here, as in a container that may not use FUSE.
fn unservable() -> Option<String> {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    make_disk(&path("disk"));
    match Served::start(&file_node(folder.path(), "disk"), "disk", &path("served")) {
        Ok(_served) => Mounted::new(&path("served"), &path("at")).err(),
        Err(reason) => Some(reason),
    }
}

fn lacking(program: &str) -> Option<String> {
    let found = Command::new(program).arg("--help").output().is_ok();
    (!found).then(|| format!("{program} is not installed"))
}

/// Why no disk can be mounted here.
pub fn unmountable() -> Option<String> {
    if cfg!(not(target_arch = "x86_64")) {
        return Some("disks are no matter of the processor, and slow to emulate".into());
    }
    if !rustix::process::geteuid().is_root() {
        return Some("it takes root to mount a disk".into());
    }
    if let Some(reason) = lacking("mkfs.ext4") {
        return Some(reason);
    }
    let folder = folder();
    make_disk(&folder.path().join("disk"));
    Mounted::new(&folder.path().join("disk"), &folder.path().join("at")).err()
}

/// In memory where that can be: what counts is the log, and not where it lies.
pub fn folder() -> tempfile::TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory.or_else(|_| tempfile::tempdir()).unwrap()
}

/// An empty file system in a file.
pub fn make_disk(path: &Path) {
    fs::File::create(path).unwrap().set_len(DISK_BYTES).unwrap();
    let words = ["-q", "-F", "-b", "4096", "-J", "size=4"];
    assert!(Command::new("mkfs.ext4").args(words).arg(path).status().unwrap().success());
}

/// A file system that is mounted; it is unmounted with this.
pub struct Mounted(PathBuf);

impl Mounted {
    pub fn new(disk: &Path, at: &Path) -> Result<Self, String> {
        fs::create_dir_all(at).map_err(|e| e.to_string())?;
        let output = Command::new("mount").args(["-o", "loop,noatime"]).args([disk, at]).output();
        let output = output.map_err(|e| e.to_string())?;
        let said = || format!("mount: {}", String::from_utf8_lossy(&output.stderr).trim());
        if output.status.success() { Ok(Self(at.into())) } else { Err(said()) }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // It is in use as long as a child that another test has just forked has not begun its own program. The next
        // step writes to the same file, so it must be gone by then.
        let unmount = || Command::new("umount").arg(&self.0).stderr(Stdio::null()).status();
        let began = Instant::now();
        while !unmount().is_ok_and(|s| s.success()) {
            if began.elapsed() > GENEROUS {
                eprintln!("{} is still in use: what follows may find another disk there", self.0.display());
                let _ = Command::new("umount").arg("-l").arg(&self.0).status();
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// QEMU's storage daemon, which serves a disk as a file; it ends with this.
struct Served(Child);

impl Served {
    /// Serves node `node` of those that `words` make, in the file `at`, which it covers meanwhile.
    fn start(words: &[String], node: &str, at: &Path) -> Result<Self, String> {
        fs::File::create(at).unwrap();
        let export = format!("fuse,id=it,node-name={node},mountpoint={},writable=on", at.display());
        let mut command = Command::new(DAEMON);
        command.args(words).args(["--export", &export]).stdout(Stdio::null());
        let mut served = Self(command.spawn().map_err(|e| e.to_string())?);
        let began = Instant::now();
        while fs::metadata(at).map_or(0, |m| m.len()) != DISK_BYTES {
            let has_ended = served.0.try_wait().is_ok_and(|status| status.is_some());
            if has_ended || began.elapsed() > GENEROUS {
                return Err(format!("{DAEMON} does not serve the disk"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // On SIGTERM it gives up its mount. One that has ended may have left its number to another.
        if self.0.try_wait().is_ok_and(|status| status.is_none())
            && let Some(pid) = rustix::process::Pid::from_raw(self.0.id() as i32)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

/// A node of the daemon that is the file `name` in `folder`.
fn file_node(folder: &Path, name: &str) -> [String; 2] {
    let path = folder.join(name).display().to_string();
    ["--blockdev".into(), format!("driver=file,node-name={name},filename={path}")]
}

/// An empty file system whose writes are logged.
pub struct LoggedDisk {
    // In the order in which they have to go.
    mounted: Mounted,
    served: Served,
    folder: tempfile::TempDir,
    before: Vec<u8>,
}

impl LoggedDisk {
    pub fn new() -> Self {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        make_disk(&path("disk"));
        let before = fs::read(path("disk")).unwrap();
        fs::File::create(path("log")).unwrap();
        let mut words = [file_node(folder.path(), "disk"), file_node(folder.path(), "log")].concat();
        words.push("--blockdev".into());
        words.push("driver=blklogwrites,node-name=both,file=disk,log=log,log-sector-size=512".into());
        let served = Served::start(&words, "both", &path("served")).unwrap();
        let mounted = Mounted::new(&path("served"), &path("at")).unwrap();
        Self { mounted, served, folder, before }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the file system is.
    pub fn at(&self) -> PathBuf {
        self.path("at")
    }

    /// Bytes of the log so far: a cut at an entry behind them comes later than this moment.
    pub fn moment(&self) -> u64 {
        fs::metadata(self.path("log")).unwrap().len()
    }

    /// Unmounts it; what was written, in its order.
    pub fn finish(self) -> Log {
        let Self { mounted, served, folder, before } = self;
        drop(mounted);
        drop(served);
        Log { before, entries: entries(&fs::read(folder.path().join("log")).unwrap()) }
    }
}

/// One write or flush.
pub struct Entry {
    /// Its place in the log.
    moment: u64,
    at: usize,
    bytes: Vec<u8>,
    flush: bool,
}

/// What came to a disk.
pub struct Log {
    before: Vec<u8>,
    entries: Vec<Entry>,
}

fn entries(log: &[u8]) -> Vec<Entry> {
    let word = |at: usize| u64::from_le_bytes(*log[at..].first_chunk().unwrap());
    assert_eq!((word(0), word(8)), (MAGIC, 1), "the log is of another form");
    let (count, mut at, mut entries) = (word(16), SECTOR_BYTES, Vec::new());
    for _ in 0..count {
        let [sector, sectors, flags] = [0, 8, 16].map(|n| word(at + n));
        let (moment, length) = (at as u64, sectors as usize * SECTOR_BYTES);
        at += SECTOR_BYTES;
        let bytes = if flags & DISCARD != 0 { vec![0; length] } else { log[at..at + length].to_vec() };
        at += if flags & DISCARD != 0 { 0 } else { length };
        let flush = flags & FLUSH != 0;
        entries.push(Entry { moment, at: sector as usize * SECTOR_BYTES, bytes, flush });
    }
    entries
}

/// How a cut treats what was not flushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All of it is there in its order; the last write is torn.
    InOrder,
    /// Any of it is there, each write whole, torn or not at all.
    Reordered,
}

impl Log {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// When entry `n` came.
    pub fn moment(&self, n: usize) -> u64 {
        self.entries[n].moment
    }

    /// The disk whose power went while entry `n` was being written, into the file `to`.
    pub fn cut(&self, n: usize, how: Cut, random: &mut Pcg32, to: &Path) {
        let flushed = self.entries[..n].iter().rposition(|e| e.flush).map_or(0, |last| last + 1);
        let file = fs::File::options().write(true).create(true).truncate(false).open(to).unwrap();
        file.write_all_at(&self.before, 0).unwrap();
        for (k, entry) in self.entries[..=n].iter().enumerate() {
            let (whole, length) = (k < flushed || how == Cut::InOrder && k < n, entry.bytes.len());
            match if whole { 0 } else { random.next_u32() % 3 } {
                0 => file.write_all_at(&entry.bytes, entry.at as u64).unwrap(),
                1 if k < n => {}
                _ => {
                    let torn = random.next_u32() as usize % (length / BLOCK_BYTES + 1) * BLOCK_BYTES;
                    file.write_all_at(&entry.bytes[..torn], entry.at as u64).unwrap();
                }
            }
        }
    }
}
