//! A station with a page, as the tests need it.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Answer, GENEROUS, request, send};
use super::program::{self, raymap};

pub const TOKEN: &str = "k3Jx-9QzTr7_mB2vLw8sYd4N";
/// A name that only a file has.
pub const NAME: &str = "Doe-John-19440102";

/// A station with a page that watches a folder.
pub struct Station {
    folder: tempfile::TempDir,
    pub address: SocketAddr,
    child: Child,
}

impl Station {
    pub fn start(files: &[&str], token_mode: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        // A port that is free now.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        fs::write(at.join("secret-token"), format!("{TOKEN}\n")).unwrap();
        fs::set_permissions(at.join("secret-token"), fs::Permissions::from_mode(token_mode)).unwrap();
        let board = format!(
            "name = \"test\"\ndescription = \"A folder with a page.\"\n\
             source = {{ kind = \"folder\", path = \"in\" }}\n\
             screen = {{ kind = \"png\", path = \"screen.png\", width = 800, height = 480 }}\n\
             serial = {{ file = \"serial.log\" }}\n\
             record = {{ folder = \"rec\", bytes_max = 67_108_864 }}\n\
             page = {{ address = \"{address}\", token_file = \"secret-token\" }}\n"
        );
        fs::write(at.join("board.toml"), board).unwrap();
        fs::create_dir(at.join("in")).unwrap();
        files.iter().for_each(|file| put(at, file));
        let mut command = program::command();
        command.args(["run", "--forever", "--board", "board.toml"]).current_dir(at).env("RUST_LOG", "debug");
        let log = fs::File::create(at.join("log")).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { folder, address, child }
    }

    pub fn at(&self) -> &Path {
        self.folder.path()
    }

    /// With the token.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &format!("Authorization: Bearer {TOKEN}\r\n"))
    }

    pub fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        send(self.address, &request(method, path, headers)).expect("an answer")
    }

    /// Waits until the page is there.
    pub fn is_open(&self) {
        wait_for("the page", || std::net::TcpStream::connect(self.address).is_ok());
    }

    /// Waits until this many radiographs were read.
    pub fn has_read(&self, count: usize) {
        wait_for("readings", || {
            let text = fs::read_to_string(self.at().join("serial.log")).unwrap_or_default();
            [" reading n=", " refused n="].iter().map(|kind| text.matches(kind).count()).sum::<usize>()
                >= count
        });
    }

    /// Waits until the first reading can be looked at.
    pub fn shows(&self, path: &str) {
        wait_for(path, || self.get(path).status == 200);
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A radiograph into the watched folder: `A` and `B` are phantoms, `blank` is none.
pub fn put(at: &Path, what: &str) {
    let made = at.join("made").join(what);
    let (seed, infected) = if what == "A" { ("2", "40") } else { ("3", "8") };
    if what == "blank" {
        fs::create_dir_all(&made).unwrap();
        image::GrayImage::from_pixel(640, 640, image::Luma([90])).save(made.join("radiograph.png")).unwrap();
    } else {
        let out = made.to_str().unwrap();
        let output = raymap(at, &["phantom", "--seed", seed, "--infected", infected, "--out", out]);
        assert!(output.status.success());
    }
    let is_radiograph = |path: &PathBuf| path.to_string_lossy().ends_with("radiograph.png");
    let mut files = fs::read_dir(&made).unwrap().map(|e| e.unwrap().path());
    fs::copy(files.find(is_radiograph).unwrap(), at.join(format!("in/{NAME}-{what}.png"))).unwrap();
}

pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < GENEROUS, "{what} did not come");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Every file of the record with its bytes.
pub fn record(at: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(at.join("rec"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
