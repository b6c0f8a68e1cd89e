//! What a radiograph costs the run loop beside its reading, with a peer on the line that reads, one that never does,
//! and none.
//!
//!     cargo bench --bench serial_peer
//!
//! A station over small frames that are refused at once, on a pseudo-terminal: what is timed is all that the loop does
//! between two frames, record and screen left out.

#[path = "../tests/refusing/mod.rs"]
mod refusing;

use std::io::Read;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use raymap::clock::SystemClock;
use raymap::frame::Frame;
use raymap::serial::PortLink;
use raymap::source::Sourced;
use raymap::station::{About, Edges, Fault, Fed, Feed, Policy, Station};
use raymap::units::PixelSize;
use refusing::{NoPanel, Refuser};
use serialport::{SerialPort, TTYPort};

const BAUD_RATE: u32 = 115_200;
const FRAMES: usize = 5_000;
/// Between two frames: far more of them than any X-ray unit gives, and more than the line carries.
const PAUSE: Duration = Duration::from_millis(4);

/// Frames, and how long the loop was away after each.
struct Timed<'a> {
    left: usize,
    given: Option<Instant>,
    away: &'a Mutex<Vec<Duration>>,
}

impl Feed for Timed<'_> {
    fn next(&mut self) -> Option<Result<Fed, Fault>> {
        if let (Some(given), Ok(mut away)) = (self.given, self.away.lock()) {
            away.push(given.elapsed());
        }
        self.left = self.left.checked_sub(1)?;
        thread::sleep(PAUSE);
        let frame = Frame::from_grey8(PixelSize::new(64, 64), &[7; 4096]).expect("a frame");
        self.given = Some(Instant::now());
        Some(Ok(Fed::Radiograph(Sourced { name: "made up".into(), frame })))
    }
}

/// Runs a station with its line on `port`, and prints what its frames took.
fn measure(what: &str, port: &Path) {
    static AWAY: Mutex<Vec<Duration>> = Mutex::new(Vec::new());
    let (clock, mut reader, mut panel) = (SystemClock::start(), Refuser, NoPanel);
    let mut link = PortLink::start(port, BAUD_RATE).expect("a link");
    let edges =
        Edges { clock: &clock, reader: &mut reader, panel: &mut panel, serial: &mut link, record: None };
    let none = || "none".to_owned();
    let about = About {
        software: "0",
        board: none(),
        model_name: none(),
        model_version: none(),
        model_sha256: none(),
    };
    let summary = Station::new(edges, Policy::ONCE)
        .run(&about, vec![], &mut || Ok(Box::new(Timed { left: FRAMES, given: None, away: &AWAY })));
    let mut away = std::mem::take(&mut *AWAY.lock().expect("one thread"));
    away.sort();
    let at = |share: usize| away[(away.len() - 1) * share / 100].as_secs_f64() * 1e6;
    println!(
        "{what:12} {} frames: median {:.0} us, p99 {:.0} us, longest {:.0} us; {} lines lost",
        away.len(),
        at(50),
        at(99),
        at(100),
        summary.serial_dropped
    );
}

fn main() {
    let (mut peer, port) = TTYPort::pair().expect("a pseudo-terminal");
    let name = port.name().expect("a name");
    drop(port);
    peer.set_timeout(Duration::from_millis(50)).expect("a timeout");
    let reading = thread::spawn(move || {
        let (mut bytes, mut silent) = ([0; 4_096], 0);
        // Ends some seconds after the station has.
        while silent < 60 {
            silent = if peer.read(&mut bytes).is_ok_and(|n| n > 0) { 0 } else { silent + 1 };
            thread::sleep(Duration::from_millis(1));
        }
    });
    measure("reads", Path::new(&name));
    reading.join().expect("the peer");
    let (_peer, port) = TTYPort::pair().expect("a pseudo-terminal");
    measure("never reads", Path::new(&port.name().expect("a name")));
    measure("is not there", Path::new("/dev/raymap-no-such-port"));
}
