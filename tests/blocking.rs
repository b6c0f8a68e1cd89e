//! A screen, a button and a phone that block for ever hold up neither the capture nor the reading.
//!
//! Nothing here is a matter of time: were the station to wait for any of them, the test would never end.

#[allow(dead_code)]
mod console;

use std::collections::VecDeque;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use console::{Canvas, Console, shown};
use raymap::board::{Keyboard, PageConfig};
use raymap::clock::{BootId, Clock, SimulatedClock};
use raymap::exposure::SettleRules;
use raymap::frame::Frame;
use raymap::input::{Heard, Press};
use raymap::local_page::{self, Sources};
use raymap::operator::{Archive, OperatorPanel, Showcase, Start};
use raymap::pipeline::Study;
use raymap::preprocess::Display;
use raymap::reading::{Provenance, Refusal};
use raymap::record::{Journal, Recorder, Rule, SimulatedStorage};
use raymap::render::Language;
use raymap::screen::{self, Attached, Screen, ScreenError};
use raymap::serial::{Kind, MemoryLink};
use raymap::source::phantom::{self, PhantomSpec};
use raymap::source::{FrameSource, Sourced};
use raymap::station::{About, Edges, LiveFeed, Panel, Policy, Reader, Station, Summary, VitalsBoard};
use raymap::units::{Percent, PixelSize, Turn};

const SCREEN: PixelSize = PixelSize::new(640, 400);
const RADIOGRAPHS: u64 = 5;
/// More than the mailbox and one taken from it hold, so that most readings find no room.
const UNSHOWN_MIN: u64 = RADIOGRAPHS - 3;
const TOKEN: &str = "k3Jx-9QzTr7_mB2vLw8sYd4N";
/// More than the page answers at once.
const PEERS: usize = 40;

/// What of a screen never returns.
#[derive(Clone, Copy, PartialEq)]
enum Stuck {
    Opening,
    Showing,
    Checking,
}

/// Blocks whoever calls it until the test lets go.
#[derive(Clone)]
struct Block {
    entered: Sender<()>,
    /// Ends when the other side is dropped.
    until: Arc<Mutex<Receiver<()>>>,
}

impl Block {
    /// With what is heard when somebody is blocked, and what is dropped to let go.
    fn new() -> (Self, Receiver<()>, Sender<()>) {
        let ((entered, is_blocked), (hold, until)) = (channel(), channel());
        (Self { entered, until: Arc::new(Mutex::new(until)) }, is_blocked, hold)
    }

    fn wait(&self) {
        let _ = self.entered.send(());
        let _ = self.until.lock().unwrap_or_else(PoisonError::into_inner).recv();
    }
}

struct Hung(Stuck, Block);

impl Screen for Hung {
    fn size(&self) -> PixelSize {
        PixelSize::new(320, 240)
    }

    fn show(&mut self, _: &screen::Canvas) -> Result<(), ScreenError> {
        if self.0 == Stuck::Showing {
            self.1.wait();
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), ScreenError> {
        if self.0 == Stuck::Checking {
            self.1.wait();
        }
        Ok(())
    }
}

fn attached(stuck: Stuck, block: Block) -> Attached {
    Attached::new(Box::new(move || {
        if stuck == Stuck::Opening {
            block.wait();
        }
        Ok(Box::new(Hung(stuck, block.clone())))
    }))
}

#[derive(Debug, thiserror::Error)]
#[error("nothing comes")]
struct Silent;

/// A console's pictures, ten frames a second.
struct Stream(VecDeque<Frame>, Arc<SimulatedClock>);

impl Stream {
    /// A menu and a radiograph, and so on.
    fn new(clock: &Arc<SimulatedClock>) -> Self {
        let console = Console { size: SCREEN, wide: false };
        let radiograph = |seed| {
            let infected = Percent::new(20.0).unwrap();
            let spec = PhantomSpec { size: PixelSize::new(320, 350), ..PhantomSpec::new(seed, infected) };
            console.radiograph(&shown(&phantom::compute(&spec).frame), true).0
        };
        let pictures = (1..=RADIOGRAPHS).flat_map(|n| [console.menu(n as u32), radiograph(n)]);
        let frames = pictures.flat_map(|picture: Canvas| vec![picture.frame(); 15]);
        Self(frames.collect(), Arc::clone(clock))
    }
}

impl FrameSource for Stream {
    type Error = Silent;

    fn next_frame(&mut self) -> Option<Result<Sourced, Silent>> {
        self.1.advance(Duration::from_millis(100));
        self.0.pop_front().map(|frame| Ok(Sourced { name: "live".into(), frame }))
    }
}

struct Refusing;

impl Reader for Refusing {
    fn read(&mut self, name: &str, frame: &Frame) -> Study {
        let refusal = Refusal { code: "lungs_not_found", text: "no lungs were found".into() };
        Study::refused(name, Display::of(frame), 64, provenance(), refusal)
    }
}

fn provenance() -> Provenance {
    let text = |t: &str| t.to_owned();
    Provenance {
        model_name: text("m"),
        model_version: text("1"),
        model_sha256: text("00"),
        kernels: "portable",
    }
}

fn about() -> About {
    let text = || "x".to_owned();
    let (board, model_name, model_version, model_sha256) = (text(), text(), text(), text());
    About { software: "0", board, model_name, model_version, model_sha256 }
}

/// A station's edges, and what is to be seen of them afterwards.
struct World {
    clock: Arc<SimulatedClock>,
    showcase: Showcase,
    vitals: VitalsBoard,
    link: MemoryLink,
    disk: SimulatedStorage,
}

impl World {
    fn new() -> Self {
        Self {
            clock: Arc::new(SimulatedClock::new(BootId::unknown())),
            showcase: Showcase::default(),
            vitals: VitalsBoard::default(),
            link: MemoryLink::default(),
            disk: SimulatedStorage::default(),
        }
    }

    fn time(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    /// A panel on a screen of which `stuck` blocks.
    fn panel(&self, stuck: Stuck, block: Block) -> OperatorPanel {
        let (language, keyboard) = (Language::English, Keyboard::Us);
        let start = Start { source: "a console".into(), model: provenance(), language, keyboard };
        let screen = attached(stuck, block);
        let showcase = Some(self.showcase.clone());
        let (archive, turn) = (Archive::none(), Turn::None);
        OperatorPanel::without_buttons(start, archive, screen, turn, self.time(), showcase).unwrap()
    }

    /// Watches the console to its end.
    fn watch(&self, panel: &mut dyn Panel) -> Summary {
        let disk = self.disk.clone();
        let rule = Rule { bytes_max: 1 << 24, segment_bytes_max: 1 << 20, entries_max: 100 };
        let mut record = Recorder::new("test".into(), rule, Box::new(move || Ok(Box::new(disk.clone()))));
        let mut serial = self.link.clone();
        let edges = Edges {
            clock: self.clock.as_ref(),
            reader: &mut Refusing,
            panel,
            serial: &mut serial,
            record: Some(&mut record),
        };
        let station = Station::new(edges, Policy::ONCE).with_vitals(Some(self.vitals.clone()));
        station.run(&about(), vec![], &mut || {
            let rules = SettleRules::default();
            Ok(Box::new(LiveFeed::new(Stream::new(&self.clock), |_| "silent", rules, self.time())))
        })
    }

    /// Each radiograph was read, kept and told, in its order.
    fn has_all(&self, summary: &Summary) {
        assert_eq!((summary.radiographs, summary.kept), (RADIOGRAPHS, RADIOGRAPHS), "{summary:?}");
        let journal = Journal::open(Box::new(self.disk.clone())).unwrap();
        assert_eq!(journal.readings().count() as u64, RADIOGRAPHS);
        let lines = self.link.lines();
        let told: Vec<&str> =
            lines.iter().filter(|l| l.kind() == Kind::Refused).filter_map(|l| l.get("n")).collect();
        let all: Vec<String> = (1..=RADIOGRAPHS).map(|n| n.to_string()).collect();
        assert_eq!(told, all);
        assert_eq!(self.vitals.look().summary.radiographs, RADIOGRAPHS);
    }

    /// How often it was told that the screen takes nothing.
    fn told_busy(&self) -> u64 {
        self.link.lines().iter().filter(|l| l.get("code") == Some("screen_busy")).count() as u64
    }
}

/// A screen of which `stuck` blocks from before the first radiograph until after the last.
fn check(stuck: Stuck) {
    let (block, is_blocked, hold) = Block::new();
    let world = World::new();
    let mut panel = world.panel(stuck, block);
    // A screen that works is asked now and then whether it is still there.
    while is_blocked.recv_timeout(Duration::from_millis(50)).is_err() {
        world.clock.advance(Duration::from_secs(1));
    }
    let summary = world.watch(&mut panel);
    world.has_all(&summary);
    assert!((UNSHOWN_MIN..=RADIOGRAPHS + 1).contains(&world.told_busy()), "{} times", world.told_busy());
    drop(hold);
    panel.finish().expect("a screen that goes on again shows the last picture");
}

#[test]
fn a_screen_that_never_ends_showing_a_picture_holds_up_nothing() {
    check(Stuck::Showing);
}

#[test]
fn a_screen_that_never_opens_holds_up_nothing() {
    check(Stuck::Opening);
}

#[test]
fn a_screen_that_never_says_whether_it_is_there_holds_up_nothing() {
    check(Stuck::Checking);
}

#[test]
fn a_button_that_floods_and_then_blocks_its_thread_holds_up_nothing() {
    let (block, is_blocked, hold) = Block::new();
    let world = World::new();
    let mut panel = world.panel(Stuck::Showing, block.clone());
    is_blocked.recv().unwrap();
    panel.listen(|mut tell| {
        thread::spawn(move || {
            (0..100_000).for_each(|_| assert!(tell(Heard::Press(Press::Held))));
            block.wait();
        });
        Ok(())
    });
    is_blocked.recv().unwrap();
    let summary = world.watch(&mut panel);
    world.has_all(&summary);
    drop(hold);
    panel.finish().unwrap();
}

/// Opens the page of `world`; where it is.
fn page(world: &World, folder: &Path) -> SocketAddr {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let token_file = folder.join("token");
    std::fs::write(&token_file, TOKEN).unwrap();
    std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o400)).unwrap();
    let (showcase, vitals) = (world.showcase.clone(), world.vitals.clone());
    let sources = Sources { showcase, vitals, clock: world.time(), about: about(), record: None };
    local_page::start(PageConfig { address, token_file }, sources).unwrap();
    while TcpStream::connect(address).is_err() {
        thread::yield_now();
    }
    address
}

#[test]
fn peers_of_the_page_that_neither_end_what_they_ask_nor_read_what_they_get_hold_up_nothing() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let address = page(&world, folder.path());
    let (block, is_blocked, hold) = Block::new();
    let mut panel = world.panel(Stuck::Showing, block);
    // From here on the screen's picture is there for the page, and the screen blocks.
    is_blocked.recv().unwrap();
    let peers: Vec<TcpStream> = (0..PEERS)
        .map(|n| {
            let mut peer = TcpStream::connect(address).unwrap();
            let ask = format!("GET /screen.png HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n");
            let whole = if n % 2 == 0 { format!("{ask}\r\n").repeat(20) } else { ask };
            // One that has been turned away already is no worse.
            let _ = peer.write_all(whole.as_bytes());
            peer
        })
        .collect();
    let summary = world.watch(&mut panel);
    world.has_all(&summary);
    drop((peers, hold));
    panel.finish().unwrap();
}
