//! The screen in a window, on an X server without a display (Xvfb): pictures to the pixel, keys, clicks, the end.
//!
//! Skipped where Xvfb, xdotool or xwd is not installed.
#![cfg(feature = "window")]

mod program;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, Point};
use raymap::board::ScreenConfig;
use raymap::input::{Control, Heard, Key, Press, window};
use raymap::screen::{Attached, Canvas, open};
use raymap::units::PixelSize;

/// Set for the copy of this program that runs on the server's display.
const INSIDE: &str = "RAYMAP_WINDOW_INSIDE";
const SIZE: PixelSize = PixelSize::new(800, 480);
/// What slow machines need; nothing waits so long where all is well.
const PATIENCE: Duration = Duration::from_secs(120);

/// An X server of its own, with its name.
struct Server(Child, String);

impl Server {
    /// `None`, said by name, where something is not installed.
    fn start() -> Option<Self> {
        let missing = ["Xvfb", "xdotool", "xwd"].into_iter().find(|name| {
            let found = Command::new("which").arg(name).stdout(Stdio::null()).status();
            !found.is_ok_and(|s| s.success())
        });
        if let Some(name) = missing {
            println!("skipped: {name} is not installed");
            return None;
        }
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-screen", "0", "800x480x24", "-nolisten", "tcp"]);
        let mut server = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Some(Self(server, format!(":{}", number.trim())))
    }

    fn on(&self, mut command: Command) -> Command {
        command.env("DISPLAY", &self.1).env_remove("WAYLAND_DISPLAY");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Does what an X client's user does.
fn xdotool(display: &str, words: &str) {
    let mut command = Command::new("xdotool");
    let done = command.args(words.split(' ')).env("DISPLAY", display).output().unwrap();
    assert!(done.status.success(), "{words}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Closes the window as its frame's button does; `false`, said, where xdotool is too old to (before 2021).
fn close(display: &str) -> bool {
    let help = Command::new("xdotool").arg("help").env("DISPLAY", display).output().unwrap();
    let can = String::from_utf8_lossy(&[help.stdout, help.stderr].concat()).contains("windowquit");
    if can {
        xdotool(display, "search --name raymap windowquit");
    } else {
        println!("skipped: this xdotool cannot close a window");
    }
    can
}

/// All that the server shows, as RGB: xwd's form, 32 bits a pixel (X11/XWDFile.h).
fn shown(display: &str) -> Vec<u8> {
    let dump = Command::new("xwd").args(["-root", "-silent", "-display", display]).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let bytes = dump.stdout;
    let number = |at: usize| u32::from_be_bytes(bytes[4 * at..4 * at + 4].try_into().unwrap()) as usize;
    let (header, low_first, bits, stride, colours) =
        (number(0), number(7) == 0, number(11), number(12), number(19));
    assert_eq!((number(4), number(5), low_first, bits, stride), (800, 480, true, 32, 3_200));
    bytes[header + 12 * colours..].chunks_exact(4).flat_map(|p| [p[2], p[1], p[0]]).collect()
}

/// Waits until `holds`.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn golden(name: &str) -> Canvas {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let mut picture = Canvas::new(SIZE, Rgb888::new(0, 0, 0));
    let pixels = image::open(path).unwrap().into_rgb8();
    let pixel = |(x, y, p): (u32, u32, &image::Rgb<u8>)| {
        Pixel(Point::new(x as i32, y as i32), Rgb888::new(p[0], p[1], p[2]))
    };
    picture.draw_iter(pixels.enumerate_pixels().map(pixel)).unwrap();
    picture
}

fn heard(told: &Receiver<Heard>, expected: Press) {
    let presses = || told.recv_timeout(PATIENCE).expect("nothing is heard");
    let press = std::iter::repeat_with(presses).find_map(|heard| match heard {
        Heard::Press(press) => Some(press),
        _ => None,
    });
    assert_eq!(press, Some(expected));
}

/// On the server's display: every pixel, a key, a click, the end.
fn inside() {
    let display = std::env::var("DISPLAY").unwrap();
    let mut screen: Attached = open(&ScreenConfig::Window { size: SIZE });
    assert!(screen.attend(Duration::ZERO).unwrap());
    let (tell, told) = channel();
    window::start(move |heard| tell.send(heard).is_ok()).unwrap();
    for name in ["boot-800x480.png", "confirm-shut-down-800x480.png"] {
        let picture = golden(name);
        screen.show(&picture, Duration::ZERO).unwrap();
        until(name, || shown(&display) == picture.bytes());
    }
    xdotool(&display, "search --sync --name raymap windowfocus key m");
    heard(&told, Press::Control(Control::Key(Key::Map)));
    xdotool(&display, "mousemove 200 360 click 1");
    let Press::Tap(spot) = std::iter::repeat_with(|| told.recv_timeout(PATIENCE).unwrap())
        .find_map(|h| if let Heard::Press(p) = h { Some(p) } else { None })
        .unwrap()
    else {
        panic!("no tap")
    };
    assert_eq!((spot.x, spot.y), (0.25, 0.75));
    if close(&display) {
        heard(&told, Press::Closed);
    }
    // It is given back, and may come again.
    drop(screen);
    until("the window is gone", || shown(&display).iter().all(|byte| *byte == 0));
    let mut again = open(&ScreenConfig::Window { size: SIZE });
    assert!(again.attend(Duration::ZERO).unwrap());
}

#[test]
fn a_window_shows_pictures_to_the_pixel_and_hears_keys_clicks_and_its_end() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let Some(server) = Server::start() else { return };
    let mut copy = server.on(Command::new(std::env::current_exe().unwrap()));
    let name = "a_window_shows_pictures_to_the_pixel_and_hears_keys_clicks_and_its_end";
    let done = copy.args(["--exact", name, "--nocapture"]).env(INSIDE, "1").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn board(folder: &Path) {
    let text = "description = 'in a window'\nstatus = 'documents'\n[source]\nkind = 'phantom'\nphantoms = [{ seed = 3, infected = 25 }]\n\
                [screen]\nkind = 'window'\n[serial]\nfile = 'serial.log'\n";
    std::fs::write(folder.join("board.toml"), text).unwrap();
}

#[test]
fn the_station_runs_in_a_window_until_it_is_closed() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    board(folder.path());
    let mut station = server.on(program::command());
    station.args(["run", "--forever", "--board", "board.toml"]).current_dir(folder.path());
    let mut station = station.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Boot, reading and result follow one another; what stands still for a while is the last.
    let mut before = shown(&server.1);
    until("a result", || {
        thread::sleep(Duration::from_secs(3));
        let now = shown(&server.1);
        let is_settled = now == before && now.iter().any(|byte| *byte != 0);
        before = now;
        is_settled
    });
    xdotool(&server.1, "search --sync --name raymap windowfocus key m");
    until("another picture after a key", || shown(&server.1) != before);
    if !close(&server.1) {
        station.kill().unwrap();
        station.wait().unwrap();
        return;
    }
    let mut ended = None;
    until("the end after the window was closed", || {
        ended = station.try_wait().unwrap();
        ended.is_some()
    });
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
}

#[test]
fn without_a_desktop_the_station_says_so_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    board(folder.path());
    let mut station = program::command();
    station.args(["run", "--board", "board.toml"]).current_dir(folder.path());
    let done = station.env("DISPLAY", ":60000").env_remove("WAYLAND_DISPLAY").output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    let told = std::fs::read_to_string(folder.path().join("serial.log")).unwrap();
    assert!(told.contains("screen_desktop"), "{said}\n{told}");
    assert!(told.contains(" reading n=1 grade="), "a reading all the same: {told}");
}
