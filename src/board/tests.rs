//! What a board file may and may not say.

use super::*;

const GOOD: &str = r#"name = "test"
description = "A test."
source = { kind = "folder", path = "in" }
screen = { kind = "png", path = "out/screen.png", width = 800, height = 480 }
serial = { file = "out/serial.log" }
"#;

/// `GOOD` with the line that begins with `key` in another form: the error's code, line and column.
fn check(line: usize, text: &str, expected: (&str, usize, usize)) {
    let mut lines: Vec<&str> = GOOD.lines().collect();
    lines.splice(line - 1..line.min(lines.len()), [text]);
    let error = Board::parse(&lines.join("\n"), Path::new("t.toml")).unwrap_err();
    let place = error.place().unwrap();
    assert_eq!((error.code(), place.line, place.column), expected, "{error}");
    assert!(error.to_string().starts_with("t.toml, line "), "{error}");
}

fn parse(line: usize, text: &str) -> Board {
    let mut lines: Vec<&str> = GOOD.lines().collect();
    lines.splice(line - 1..line.min(lines.len()), [text]);
    Board::parse(&lines.join("\n"), Path::new("t.toml")).unwrap()
}

#[test]
fn what_is_left_out_is_the_embedded_model() {
    let board = Board::parse(GOOD, Path::new("t.toml")).unwrap();
    assert_eq!(board.model, ModelConfig::Embedded);
    assert_eq!(parse(6, "model = 'm'").model, ModelConfig::Folder("m".into()));
}

#[test]
fn a_v4l_source_keeps_its_numbers() {
    let text = "source = { kind = 'v4l', card = 'USB Video', width = 720, height = 576, format = 'Y16', timeout_ms = 500 }";
    let SourceConfig::Capture(capture) = parse(3, text).source else { panic!("another source") };
    assert_eq!(capture.device, CaptureDevice::Card("USB Video".into()));
    assert_eq!(capture.size, Some(PixelSize::new(720, 576)));
    assert_eq!((capture.format, capture.timeout), (Some(*b"Y16 "), Some(Duration::from_millis(500))));
}

#[test]
fn a_port_has_a_usual_rate() {
    let serial = parse(5, "serial = { port = '/dev/ttyS0' }").serial;
    assert_eq!(serial, SerialConfig::Port { path: "/dev/ttyS0".into(), baud_rate: 115_200 });
}

#[test]
fn what_does_not_go_together_is_refused_where_it_stands() {
    check(3, "source = { kind = 'phantom' }", ("board_missing", 3, 10));
    check(3, "source = { kind = 'folder', path = 'a', card = 'b' }", ("board_surplus", 3, 48));
    check(3, "source = { kind = 'v4l', device = 'a', card = 'b' }", ("board_surplus", 3, 47));
    check(3, "source = { kind = 'v4l', device = 'a', width = 640 }", ("board_missing", 3, 10));
    check(5, "serial = { file = 'a', port = 'b' }", ("board_surplus", 5, 31));
    check(5, "serial = { file = 'a', baud_rate = 9600 }", ("board_surplus", 5, 36));
    check(5, "serial = {}", ("board_missing", 5, 10));
}

#[test]
fn what_cannot_be_is_refused_where_it_stands() {
    check(1, "name = 'Dr Röntgen'", ("board_form", 1, 8));
    check(3, "source = { kind = 'camera' }", ("board_kind", 3, 19));
    check(3, "source = { kind = 'phantom', phantoms = [] }", ("board_phantom_count", 3, 41));
    let phantom = "source = { kind = 'phantom', phantoms = [{ seed = 1, infected = 101 }] }";
    check(3, phantom, ("board_range", 3, 65));
    check(4, "screen = { kind = 'hologram', path = 'a', width = 800, height = 480 }", ("board_kind", 4, 19));
    check(4, "screen = { kind = 'png', path = 'a', width = 8, height = 480 }", ("board_range", 4, 46));
    check(5, "serial = { port = 'a', baud_rate = 0 }", ("board_range", 5, 36));
    check(6, "model = ''", ("board_form", 6, 9));
}

#[test]
fn characters_are_counted_not_bytes() {
    check(2, "description = 'é' ; x", ("board_syntax", 2, 19));
}
