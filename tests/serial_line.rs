//! The serial line over pseudo-terminals: what is sent arrives, and no peer can hold the station up.

mod program;

use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use program::{emulator, raymap};
use raymap::serial::{FLUSH_MAX, Kind, Line, PortLink, QUEUE_LINES_MAX, SerialLink, checksum};
use serialport::{SerialPort, TTYPort};

const BAUD_RATE: u32 = 115_200;
/// Far above what is measured, far below what a hanging write would take.
const GENEROUS: Duration = Duration::from_secs(10);

/// A peer, and the path of the port that leads to it.
fn peer() -> (TTYPort, String) {
    let (peer, port) = TTYPort::pair().unwrap();
    let name = port.name().unwrap();
    (peer, name)
}

/// Whether the emulator below lacks the ioctl TCGETS2, without which the serialport crate opens nothing.
///
/// QEMU's user emulation of Debian 12 does; the same tests run on the machine's own processor, and the port is
/// tried there. Never true without an emulator.
fn emulator_opens_no_port(test: &str) -> bool {
    let (_peer, port) = peer();
    let opened = serialport::new(port, BAUD_RATE).open_native();
    let lacking = emulator::runner().is_some() && opened.is_err();
    if lacking {
        println!("skipped: {test}: this emulator opens no serial port ({:?})", opened.err());
    }
    lacking
}

fn line(sequence: u32) -> Line {
    let text = "a sentence of the usual length on what was found in a self-test";
    Line::new(Kind::SelfTest, sequence, Duration::from_millis(12)).text("text", text)
}

/// Reads until `count` lines have come or time is up.
fn receive(peer: &mut TTYPort, count: usize) -> Vec<Line> {
    let (start, mut received) = (Instant::now(), Vec::new());
    let lines = |bytes: &[u8]| -> Vec<Line> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        whole
            .lines()
            .filter(|l| !l.is_empty())
            .map(|l| Line::parse(l).unwrap_or_else(|e| panic!("{e}: {text:?}")))
            .collect()
    };
    while lines(&received).len() < count && start.elapsed() < GENEROUS {
        let mut bytes = [0; 512];
        // A peer's read times out when there is nothing; then it looks again.
        let bytes_read = peer.read(&mut bytes).unwrap_or(0);
        received.extend_from_slice(&bytes[..bytes_read]);
    }
    lines(&received)
}

fn sequences(lines: &[Line]) -> Vec<u32> {
    lines.iter().map(Line::sequence).collect()
}

#[test]
fn what_is_sent_arrives() {
    if emulator_opens_no_port("what_is_sent_arrives") {
        return;
    }
    let (mut peer, port) = peer();
    let mut link = PortLink::start(Path::new(&port), BAUD_RATE).unwrap();
    (1..=20).for_each(|n| link.write_line(&line(n)).unwrap());
    let received = receive(&mut peer, 20);
    assert_eq!(received, (1..=20).map(line).collect::<Vec<_>>());
    let counts = link.finish();
    assert_eq!((counts.written, counts.dropped), (20, 0));
    assert_eq!(link.write_line(&line(21)).unwrap_err().code(), "serial_ended");
}

#[test]
fn a_peer_that_never_reads_holds_nobody_up() {
    let (_peer, port) = peer();
    let mut link = PortLink::start(Path::new(&port), BAUD_RATE).unwrap();
    let (start, mut refused) = (Instant::now(), 0);
    // Some 3,000 lines of 100 bytes: far more than a pseudo-terminal's buffers and the queue take.
    for n in 0..3_000 {
        refused += u64::from(link.write_line(&line(n)).is_err());
        if n % 10 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    assert!(start.elapsed() < GENEROUS, "{:?}", start.elapsed());
    assert!(refused > 0 && link.counts().dropped >= refused);
    let start = Instant::now();
    let counts = link.finish();
    assert!(start.elapsed() < FLUSH_MAX + Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(counts.written + counts.dropped, 3_000);
    assert!(counts.dropped as usize > QUEUE_LINES_MAX);
}

#[test]
fn a_port_that_is_not_there_is_no_reason_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let mut link = PortLink::start(&folder.path().join("ttyNONE"), BAUD_RATE).unwrap();
    link.write_line(&line(1)).unwrap();
    assert!(!link.is_connected() && start.elapsed() < GENEROUS);
    assert_eq!(link.finish().dropped, 1);
    assert!(start.elapsed() < FLUSH_MAX + Duration::from_secs(3));
}

#[test]
fn a_hang_up_is_survived_and_the_next_peer_is_found() {
    if emulator_opens_no_port("a_hang_up_is_survived_and_the_next_peer_is_found") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ttyCABLE");
    let (mut first, port) = peer();
    symlink(&port, &path).unwrap();
    let mut link = PortLink::start(&path, BAUD_RATE).unwrap();
    link.write_line(&line(1)).unwrap();
    assert_eq!(sequences(&receive(&mut first, 1)), [1]);

    drop(first);
    std::fs::remove_file(&path).unwrap();
    link.write_line(&line(2)).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let (mut second, port) = peer();
    symlink(&port, &path).unwrap();
    link.write_line(&line(3)).unwrap();
    let received = sequences(&receive(&mut second, 2));
    assert_eq!(received, [2, 3]);
    assert_eq!(link.finish().reconnects, 1);
}

#[test]
fn the_documented_example_is_a_line() {
    let text = include_str!("../docs/serial.md");
    let examples: Vec<&str> = text.lines().filter(|l| l.starts_with("RM1 ")).collect();
    assert!(examples.len() >= Kind::ALL.len(), "{} examples", examples.len());
    for kind in Kind::ALL {
        let found =
            examples.iter().any(|e| Line::parse(e).unwrap_or_else(|x| panic!("{e}: {x}")).kind() == kind);
        assert!(found, "no example of {}", kind.word());
    }
    assert_eq!(checksum(b"123456789"), 0x29B1);
    assert!(text.contains("0x29B1"));
}

/// Two phantoms, of which the first is awaited: when the last holder of a pseudo-terminal goes, its peer may see only
/// the hang-up and not the line before it, so nothing is asked of the last lines here.
#[test]
fn a_station_reports_through_the_port_of_its_board_file() {
    if emulator_opens_no_port("a_station_reports_through_the_port_of_its_board_file") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut peer, port) = peer();
    let board = format!(
        "name = \"pty\"\ndescription = \"phantoms, told through a port\"\nserial = {{ port = \"{port}\" }}\n\
         source = {{ kind = \"phantom\", phantoms = [{{ seed = 2, infected = 30 }}, {{ seed = 3, infected = 0 }}] }}\n\
         screen = {{ kind = \"png\", path = \"screen.png\", width = 800, height = 480 }}\n"
    );
    std::fs::write(folder.path().join("board.toml"), board).unwrap();
    let (received, output) = std::thread::scope(|scope| {
        let station = scope.spawn(|| raymap(folder.path(), &["run", "--board", "board.toml"]));
        (receive(&mut peer, 9), station.join().unwrap())
    });
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let kinds: Vec<Kind> = received.iter().map(Line::kind).take(9).collect();
    assert_eq!((kinds[0], kinds[8]), (Kind::Boot, Kind::Reading));
    assert!(kinds[1..8].iter().all(|kind| *kind == Kind::SelfTest));
    assert!(received[1..8].iter().all(|l| l.get("test") != Some("serial") || l.get("ok") == Some("1")));
    assert_eq!(sequences(&received)[..9], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(received[8].get("grade").is_some());
}
