//! A whole client, in Python, on the station's serial line: through pulled cables, and beside peers that misbehave.
//!
//! `RAYMAP_READINGS=10000 RAYMAP_PULLS=1000 RAYMAP_DWELL_MS=100` and `RAYMAP_RUBBISH=1000000` make the runs longer. What
//! was lost is sent again at 16 lines a second, so there cannot be a pull for every ten readings at 50 a second.

mod program;
mod refusing;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use program::emulator;
use raymap::clock::SystemClock;
use raymap::frame::Frame;
use raymap::serial::{Kind, Line, PortLink};
use raymap::source::Sourced;
use raymap::station::{About, Edges, Fault, Fed, Feed, Policy, Station, Summary};
use raymap::units::PixelSize;
use refusing::{NoPanel, Refuser};
use serde_json::Value;
use serialport::{SerialPort, TTYPort};

const BAUD_RATE: u32 = 115_200;
/// Milliseconds between two readings: 50 a second, far more than any X-ray unit gives.
const DWELL_MS: u64 = 20;
/// How much more memory rubbish may take, however much of it comes: some of the allocator's own pages.
const RUBBISH_KB_MAX: u64 = 8 * 1024;

/// Ends the station, whatever a test fails of.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A number from the environment.
fn wanted(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

fn dwell() -> Duration {
    Duration::from_millis(wanted("RAYMAP_DWELL_MS", DWELL_MS))
}

/// Memory of this process, in kB.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// So many radiographs, all alike.
struct Many(u64);

impl Feed for Many {
    fn next(&mut self) -> Option<Result<Fed, Fault>> {
        self.0 = self.0.checked_sub(1)?;
        let frame = Frame::from_grey8(PixelSize::new(64, 64), &[7; 4096]).unwrap();
        Some(Ok(Fed::Radiograph(Sourced { name: "made up".into(), frame })))
    }
}

/// Runs a station with its line on `port` over `readings` radiographs, until `done`.
fn station(port: &Path, readings: u64, done: &AtomicBool) -> Summary {
    let (clock, mut reader, mut panel) = (SystemClock::start(), Refuser, NoPanel);
    let mut link = PortLink::start(port, BAUD_RATE).unwrap();
    let edges =
        Edges { clock: &clock, reader: &mut reader, panel: &mut panel, serial: &mut link, record: None };
    let about = About {
        software: "0",
        board: "test".into(),
        model_name: "m".into(),
        model_version: "1".into(),
        model_sha256: "00".into(),
    };
    let policy = Policy { dwell: dwell(), between_rounds: Duration::from_millis(100), ..Policy::FOREVER };
    let station = Station::new(edges, policy);
    let (stop, mut left) = (station.stopper(), readings);
    station.run(&about, vec![], &mut || {
        stop.store(done.load(Ordering::Relaxed), Ordering::Relaxed);
        Ok(Box::new(Many(std::mem::take(&mut left))))
    })
}

/// One test at a time: a station that is about to end looks for its port again, and would find another test's under the
/// name of a terminal that has been given up.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A cable between two paths that can be pulled.
struct Cable {
    ends: [TTYPort; 2],
}

impl Cable {
    /// Puts a cable between `station` and `client`.
    fn plug(paths: [&Path; 2]) -> Self {
        let end = |path: &Path| {
            let (end, port) = TTYPort::pair().unwrap();
            symlink(port.name().unwrap(), path).unwrap();
            end
        };
        let mut ends = paths.map(end);
        ends.iter_mut().for_each(|e| e.set_timeout(Duration::from_millis(1)).unwrap());
        Self { ends }
    }

    /// Carries bytes both ways for `time`.
    fn carry(&mut self, time: Duration, done: &AtomicBool) {
        let start = Instant::now();
        let mut bytes = [0; 512];
        while start.elapsed() < time && !done.load(Ordering::Relaxed) {
            let mut idle = true;
            for (from, to) in [(0, 1), (1, 0)] {
                // No byte within a millisecond, or nobody at this end: nothing to carry.
                let count = self.ends[from].read(&mut bytes).unwrap_or(0);
                idle &= count == 0;
                // What the other end does not take is lost, as on a wire.
                let _ = self.ends[to].write_all(&bytes[..count]);
            }
            if idle {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    fn pull(self, paths: [&Path; 2]) {
        // First the paths: the system gives a terminal's name to the next one as soon as it is free.
        paths.iter().for_each(|path| std::fs::remove_file(path).unwrap());
        drop(self);
    }
}

/// Whether there is a Python, and an emulator that opens ports; says so where not.
fn cannot(test: &str) -> bool {
    let python = Command::new("python3").arg("--version").output().is_ok();
    let (_peer, port) = TTYPort::pair().unwrap();
    let name = port.name().unwrap();
    drop(port);
    let opens = emulator::runner().is_none() || serialport::new(name, BAUD_RATE).open_native().is_ok();
    if !python || !opens {
        println!("skipped: {test}: python3 {python}, emulator opens ports {opens}");
    }
    !python || !opens
}

#[test]
fn a_client_gets_every_reading_once_through_pulled_cables() {
    let _alone = alone();
    if cannot("a_client_gets_every_reading_once_through_pulled_cables") {
        return;
    }
    let (readings, pulls) = (wanted("RAYMAP_READINGS", 300), wanted("RAYMAP_PULLS", 6));
    let folder = tempfile::tempdir().unwrap();
    let (near, far) = (folder.path().join("station"), folder.path().join("client"));
    let done = AtomicBool::new(false);
    // Pulls are spread over the readings' time; the rest of the time catches up.
    let plugged = dwell() * u32::try_from(readings / pulls.max(1)).unwrap();
    let timeout = 120 + readings / 20 + pulls + readings * dwell().as_millis() as u64 / 1_000;
    let lines: Vec<Value> = thread::scope(|scope| {
        let _ends = Ends(&done);
        let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/serial_client/client.py");
        let mut client = Command::new("python3")
            .arg(client)
            .arg(&far)
            .args(["--until", &readings.to_string(), "--timeout", &timeout.to_string(), "--ask", "status"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(client.stdout.take().unwrap()).lines();
        let mut said = said.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        // A client that comes too late finds a gap, as the protocol says.
        assert_eq!(said.next().unwrap()["kind"], "listening");
        scope.spawn(|| station(&near, readings, &done));
        scope.spawn(|| {
            for _ in 0..pulls {
                let mut cable = Cable::plug([&near, &far]);
                cable.carry(plugged, &done);
                cable.pull([&near, &far]);
                thread::sleep(Duration::from_millis(100));
            }
            Cable::plug([&near, &far]).carry(Duration::from_secs(timeout), &done);
        });
        let lines = said.collect();
        client.wait().unwrap();
        lines
    });
    let numbers = lines.iter().filter(|l| l["kind"] == "refused").map(|l| l["n"].as_str().unwrap());
    let numbers: Vec<u64> = numbers.map(|n| n.parse().unwrap()).collect();
    println!("{}", lines.last().unwrap());
    assert_eq!(numbers, (1..=readings).collect::<Vec<_>>());
    assert!(lines.iter().all(|l| l["kind"] != "gap"));
}

#[test]
fn a_peer_that_sends_rubbish_and_hangs_up_changes_nothing() {
    let _alone = alone();
    if cannot("a_peer_that_sends_rubbish_and_hangs_up_changes_nothing") {
        return;
    }
    let rubbish = wanted("RAYMAP_RUBBISH", 20_000);
    let folder = tempfile::tempdir().unwrap();
    let near = folder.path().join("station");
    let done = AtomicBool::new(false);
    let (mut peer, port) = TTYPort::pair().unwrap();
    symlink(port.name().unwrap(), &near).unwrap();
    drop(port);
    thread::scope(|scope| {
        let _ends = Ends(&done);
        let running = scope.spawn(|| station(&near, 200, &done));
        peer.set_timeout(Duration::from_secs(20)).unwrap();
        let mut heard = vec![0; 4096];
        // The first line says that the port is open; before, there is nobody at the other end.
        while !peer.read(&mut heard).is_ok_and(|bytes| bytes > 0) {
            thread::sleep(Duration::from_millis(10));
        }
        let before_kb = resident_kb();
        for n in 0..rubbish {
            let line = match n % 4 {
                0 => "rubbish\r\n".to_owned(),
                1 => format!("RM1 {n} 0 ask do=status*0000\r\n"),
                2 => "\u{1}\u{7f}*=+%\n".repeat(3),
                _ => "x".repeat(300) + "\n",
            };
            peer.write_all(line.as_bytes()).unwrap();
        }
        let taken_kb = resident_kb().saturating_sub(before_kb);
        println!("{rubbish} lines of rubbish took {taken_kb} kB of memory");
        assert!(taken_kb < RUBBISH_KB_MAX, "{taken_kb} kB");
        let question = Line::new(Kind::Ask, 77, Duration::ZERO).text("do", "status").encode();
        let (start, mut text) = (Instant::now(), String::new());
        peer.set_timeout(Duration::from_millis(500)).unwrap();
        // Asked again and again, since an answer may be lost among the lines that nobody read until now.
        let answer = "answer re=77 ok=1 state=";
        while !text.contains(answer) && start.elapsed() < Duration::from_secs(60) {
            peer.write_all(format!("\r\n{question}\r\n").as_bytes()).unwrap();
            let count = peer.read(&mut heard).unwrap_or(0);
            text.push_str(&String::from_utf8_lossy(&heard[..count]));
        }
        assert!(text.contains(answer), "{text}");
        drop(peer);
        thread::sleep(Duration::from_millis(300));
        done.store(true, Ordering::Relaxed);
        let summary = running.join().unwrap();
        assert_eq!((summary.radiographs, summary.refused), (200, 200));
    });
}
