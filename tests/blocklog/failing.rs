//! A real file system on a disk of which every write fails from one moment on, as on a card that has worn out.
//!
//! QEMU's storage daemon puts its driver `blkdebug` before the disk when it is told so: reads go on, writes and flushes
//! give EIO, and Linux makes of that what it makes of it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Mounted, Served, file_node, folder, make_disk};

/// Linux's number for an input/output error.
const EIO: i32 = 5;

/// A disk that is sound until [`FailingDisk::fail`].
pub struct FailingDisk {
    // In the order in which they have to go.
    mounted: Mounted,
    served: Served,
    monitor: BufReader<UnixStream>,
    folder: tempfile::TempDir,
}

impl FailingDisk {
    pub fn new() -> Self {
        let folder = folder();
        make_disk(&folder.path().join("disk"));
        Self::of(folder)
    }

    fn of(folder: tempfile::TempDir) -> Self {
        let path = |name: &str| folder.path().join(name);
        let mut words = file_node(folder.path(), "disk").to_vec();
        let monitor = format!("socket,path={},server=on,wait=off,id=it", path("monitor").display());
        let more =
            ["--blockdev", "driver=raw,node-name=top,file=disk", "--chardev", &monitor, "--monitor", "it"];
        words.extend(more.map(String::from));
        let served = Served::start(&words, "top", &path("served")).unwrap();
        let mut monitor = BufReader::new(UnixStream::connect(path("monitor")).unwrap());
        monitor.read_line(&mut String::new()).unwrap();
        let mounted = Mounted::new(&path("served"), &path("at")).unwrap();
        let mut disk = Self { mounted, served, monitor, folder };
        disk.order("qmp_capabilities", json!({}));
        disk
    }

    /// Where the file system is.
    pub fn at(&self) -> PathBuf {
        self.mounted.path().into()
    }

    /// From now on every write fails.
    pub fn fail(&mut self) {
        let error = |what: &str| json!({"event": "none", "iotype": what, "errno": EIO});
        let bad = json!({"driver": "blkdebug", "node-name": "bad", "image": "disk",
            "inject-error": [error("write"), error("flush"), error("discard"), error("write-zeroes")]});
        self.order("blockdev-add", bad);
        let through = json!({"driver": "raw", "node-name": "top", "file": "bad"});
        self.order("blockdev-reopen", json!({"options": [through]}));
    }

    /// The same disk, sound again, put in anew: what was written to it while it failed is not there.
    pub fn replaced(self) -> Self {
        let Self { mounted, served, monitor, folder } = self;
        drop(mounted);
        drop(served);
        drop(monitor);
        let _ = std::fs::remove_file(folder.path().join("monitor"));
        Self::of(folder)
    }

    fn order(&mut self, what: &str, arguments: Value) {
        let order = json!({"execute": what, "arguments": arguments});
        writeln!(self.monitor.get_mut(), "{order}").unwrap();
        loop {
            let mut line = String::new();
            assert!(self.monitor.read_line(&mut line).unwrap() > 0, "the daemon is gone");
            let answer: Value = serde_json::from_str(&line).unwrap();
            assert!(answer.get("error").is_none(), "{what}: {answer}");
            if answer.get("return").is_some() {
                return;
            }
        }
    }
}
