//! What a radiograph costs the run loop beside its reading: with a peer on the serial line that reads, one that never
//! does, and none; with an operator's screen that takes pictures at once, one as slow as an SPI panel, and one that hangs.
//!
//!     cargo bench --bench run_loop
//!
//! A station over small frames that are refused at once: what is timed is all that the loop does between two frames,
//! record left out.

#[path = "../tests/refusing/mod.rs"]
mod refusing;

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use raymap::board::Keyboard;
use raymap::clock::SystemClock;
use raymap::frame::Frame;
use raymap::operator::{Archive, OperatorPanel, Start};
use raymap::reading::Provenance;
use raymap::render::Language;
use raymap::screen::{self, Attached, Screen, ScreenError};
use raymap::serial::PortLink;
use raymap::source::Sourced;
use raymap::station::{About, Edges, Fault, Fed, Feed, Panel, Policy, Station};
use raymap::units::{PixelSize, Turn};
use refusing::{NoPanel, Refuser};
use serialport::{SerialPort, TTYPort};

const BAUD_RATE: u32 = 115_200;
const FRAMES: usize = 5_000;
/// Between two frames: far more of them than any X-ray unit gives, and more than the line carries.
const PAUSE: Duration = Duration::from_millis(4);

/// What an SPI panel takes for a whole picture at the least, 800 x 480 of 16 bits at 32 MHz.
const SLOW: Duration = Duration::from_millis(192);
/// Longer than all frames.
const NEVER: Duration = Duration::from_secs(600);

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

/// A screen that takes so long for a picture.
struct Slow(Duration);

impl Screen for Slow {
    fn size(&self) -> PixelSize {
        PixelSize::new(800, 480)
    }

    fn show(&mut self, _: &screen::Canvas) -> Result<(), ScreenError> {
        thread::sleep(self.0);
        Ok(())
    }
}

/// The operator's panel on such a screen.
fn panel(takes: Duration) -> OperatorPanel {
    let none = || "none".to_owned();
    let model =
        Provenance { model_name: none(), model_version: none(), model_sha256: none(), kernels: "none" };
    let (language, keyboard) = (Language::English, Keyboard::Us);
    let start = Start { source: none(), model, language, keyboard };
    let screen = Attached::new(Box::new(move || Ok(Box::new(Slow(takes)))));
    let clock = Arc::new(SystemClock::start());
    OperatorPanel::without_buttons(start, Archive::none(), screen, Turn::None, clock, None).expect("a panel")
}

/// Runs a station with its line on `port`, and prints what its frames took.
fn measure(what: &str, port: &Path, panel: &mut dyn Panel) {
    static AWAY: Mutex<Vec<Duration>> = Mutex::new(Vec::new());
    let (clock, mut reader) = (SystemClock::start(), Refuser);
    let mut link = PortLink::start(port, BAUD_RATE).expect("a link");
    let edges = Edges { clock: &clock, reader: &mut reader, panel, serial: &mut link, record: None };
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
        "{what:26} {} frames: median {:.0} us, p99 {:.0} us, longest {:.0} us; {} lines lost",
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
    measure("a peer that reads", Path::new(&name), &mut NoPanel);
    reading.join().expect("the peer");
    let (_peer, port) = TTYPort::pair().expect("a pseudo-terminal");
    measure("a peer that never reads", Path::new(&port.name().expect("a name")), &mut NoPanel);
    let nowhere = Path::new("/dev/raymap-no-such-port");
    measure("no peer", nowhere, &mut NoPanel);
    for (what, takes) in [("at once", Duration::ZERO), ("slowly", SLOW), ("never", NEVER)] {
        measure(&format!("a screen that shows {what}"), nowhere, &mut panel(takes));
    }
}
