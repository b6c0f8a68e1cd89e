//! What a board file may and may not say.

use super::*;
use crate::units::Turn;

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
fn what_is_left_out_is_the_embedded_model_and_no_record() {
    let board = Board::parse(GOOD, Path::new("t.toml")).unwrap();
    assert_eq!(board.model, ModelConfig::Embedded);
    assert_eq!(parse(6, "model = 'm'").model, ModelConfig::Folder("m".into()));
    assert_eq!(board.record, None);
    let key_file = Some("/k".into());
    let record = RecordConfig { folder: "r".into(), bytes_max: 2_000_000, key_file: None, patient: false };
    assert_eq!(parse(6, "record = { folder = 'r', bytes_max = 2_000_000 }").record, Some(record));
    let sealed = parse(6, "record = { folder = 'r', bytes_max = 2_000_000, key_file = '/k' }");
    assert_eq!(sealed.record.and_then(|r| r.key_file), key_file);
    let text = "record = { folder = 'r', bytes_max = 2_000_000, key_file = '/k', patient = true }";
    assert!(parse(6, text).record.is_some_and(|r| r.patient));
    let open = "record = { folder = 'r', bytes_max = 2_000_000, patient = true }";
    check(6, open, ("board_missing", 6, 59));
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
fn a_receiver_of_dicom_has_one_address_and_known_callers() {
    let text = "source = { kind = 'dicom-net', path = 'in', bind = '10.0.0.1:104', callers = ['XRAY 1'] }";
    let SourceConfig::DicomNet(net) = parse(3, text).source else { panic!("another source") };
    assert_eq!((net.bind.to_string().as_str(), net.title.as_str()), ("10.0.0.1:104", "RAYMAP"));
    assert_eq!((net.callers, net.folder), (vec!["XRAY 1".to_owned()], PathBuf::from("in")));
    let check_net = |rest: &str, expected| {
        check(3, &format!("source = {{ kind = 'dicom-net', path = 'in', {rest} }}"), expected);
    };
    check_net("bind = '0.0.0.0:104', callers = ['X']", ("board_form", 3, 52));
    check_net("bind = '[::]:104', callers = ['X']", ("board_form", 3, 52));
    check_net("bind = 'eth0', callers = ['X']", ("board_form", 3, 52));
    check_net("bind = '10.0.0.1:104'", ("board_missing", 3, 10));
    check_net("bind = '10.0.0.1:104', callers = []", ("board_range", 3, 78));
    check_net("bind = '10.0.0.1:104', callers = ['SEVENTEEN LETTERS']", ("board_form", 3, 79));
    check(3, "source = { kind = 'folder', path = 'in', title = 'X' }", ("board_surplus", 3, 50));
}

#[test]
fn readings_are_sent_to_one_address_from_a_record() {
    let record = "record = { folder = 'r', bytes_max = 2_000_000 }";
    let send = |rest: &str| format!("{record}\ndicom_send = {{ address = '10.0.0.2', {rest} }}");
    let board = parse(6, &send("port = 104, called_ae = 'ARCHIVE'"));
    let config = board.dicom_send.unwrap();
    assert_eq!((config.address.to_string().as_str(), config.called.as_str()), ("10.0.0.2:104", "ARCHIVE"));
    assert_eq!((config.calling.as_str(), parse(6, record).dicom_send), ("RAYMAP", None));
    check(6, &send("port = 0, called_ae = 'A'"), ("board_range", 7, 45));
    check(6, &send("port = 104, called_ae = ''"), ("board_form", 7, 62));
    let alone = "dicom_send = { address = '10.0.0.2', port = 104, called_ae = 'A' }";
    check(6, alone, ("board_missing", 6, 14));
    let text = format!("{record}\ndicom_send = {{ address = 'archive', port = 104, called_ae = 'A' }}");
    check(6, &text, ("board_form", 7, 26));
}

#[test]
fn a_page_is_at_one_named_address_with_a_token() {
    let page = |rest: &str| format!("page = {{ {rest} }}");
    let config = parse(6, &page("address = '10.0.0.1:8080', token_file = 't'")).page.unwrap();
    assert_eq!((config.address.to_string().as_str(), config.token_file), ("10.0.0.1:8080", "t".into()));
    for address in ["0.0.0.0:8080", "[::]:8080", "[::ffff:0.0.0.0]:8080", "10.0.0.1", "10.0.0.1:0", "host:80"]
    {
        let text = page(&format!("address = '{address}', token_file = 't'"));
        check(6, &text, ("board_form", 6, 20));
    }
    check(6, &page("address = '10.0.0.1:8080'"), ("board_syntax", 6, 8));
    check(6, &page("address = '10.0.0.1:8080', token_file = ''"), ("board_form", 6, 50));
    check(6, &page("address = '10.0.0.1:8080', token_file = 't', token = 'x'"), ("board_syntax", 6, 55));
}

#[test]
fn a_wait_for_a_frame_ends_well_within_what_a_stage_may_take() {
    let waits = |ms: u32, station: &str| {
        GOOD.lines()
            .map(|line| match line.starts_with("source") {
                true => format!("source = {{ kind = 'v4l', device = 'a', timeout_ms = {ms} }}\n"),
                false => format!("{line}\n"),
            })
            .chain([station.to_owned()])
            .collect::<String>()
    };
    let parse = |ms, station| Board::parse(&waits(ms, station), Path::new("t.toml"));
    for (ms, station) in [
        (5_000, "station = {}"),
        (2_500, "station = { stage_s_max = 5 }"),
        (10_000, ""),
        (1_000, "station = { stage_s_max = 2 }"),
    ] {
        parse(ms, station).unwrap_or_else(|e| panic!("{ms} {station}: {e}"));
    }
    for (ms, station) in [(5_001, "station = {}"), (10_000, "station = { stage_s_max = 5 }")] {
        let error = parse(ms, station).unwrap_err();
        let column = error.place().map(|p| (p.line, p.column));
        assert_eq!((error.code(), column), ("board_range", Some((3, 53))), "{error}");
        assert!(error.to_string().contains("stage_s_max"), "{error}");
    }
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
    check(6, "record = { folder = 'r', bytes_max = 4096 }", ("board_range", 6, 38));
    check(6, "record = { folder = 'r' }", ("board_syntax", 6, 10));
}

#[test]
fn a_screen_says_how_it_is_mounted() {
    let screen = |rest: &str| parse(4, &format!("screen = {{ {rest} }}")).screen;
    assert_eq!(screen("kind = 'auto', rotate = 90"), ScreenConfig::Auto { turn: Turn::Quarter });
    assert_eq!(screen("kind = 'drm'"), ScreenConfig::Drm(DrmConfig::default()));
    let drm = screen("kind = 'drm', connector = 'HDMI-A-1', width = 1280, height = 800, rotate = 180");
    let mode = Some(PixelSize::new(1280, 800));
    let connector = Some("HDMI-A-1".into());
    let expected = DrmConfig { device: None, connector, mode, turn: Turn::Half };
    assert_eq!(drm, ScreenConfig::Drm(expected));
    let spi = "kind = 'spi', panel = 'st7789', device = '/dev/spidev0.0', gpio_chip = '/dev/gpiochip0'";
    let ScreenConfig::Spi(panel) = screen(&format!("{spi}, data_pin = 25, inverted = true")) else {
        panic!("another screen")
    };
    assert_eq!((panel.panel, panel.data_pin, panel.reset_pin), (PanelModel::St7789, 25, None));
    assert_eq!((panel.size, panel.clock_hz), (PixelSize::new(240, 320), 32_000_000));
    check(4, &format!("screen = {{ {spi} }}"), ("board_missing", 4, 10));
    assert_eq!(screen("kind = 'window'"), ScreenConfig::Window { size: PixelSize::new(800, 480) });
    let size = PixelSize::new(1024, 600);
    assert_eq!(screen("kind = 'window', width = 1024, height = 600"), ScreenConfig::Window { size });
    check(4, "screen = { kind = 'window', rotate = 90 }", ("board_surplus", 4, 38));
    check(4, "screen = { kind = 'auto', rotate = 45 }", ("board_form", 4, 36));
    check(4, "screen = { kind = 'auto', width = 800 }", ("board_surplus", 4, 35));
    check(4, "screen = { kind = 'drm', width = 800 }", ("board_missing", 4, 10));
    assert_eq!((parse(6, "language = 'sw'").language.as_str(), GOOD.contains("language")), ("sw", false));
    check(6, "language = 'de'", ("board_form", 6, 12));
    assert_eq!((parse(6, "keyboard = 'fr'").keyboard, parse(6, "").keyboard), (Keyboard::Fr, Keyboard::Us));
    check(6, "keyboard = 'qwertz'", ("board_form", 6, 12));
    check(4, "screen = { kind = 'png', width = 800, height = 480 }", ("board_missing", 4, 10));
}

#[test]
fn characters_are_counted_not_bytes() {
    check(2, "description = 'é' ; x", ("board_syntax", 2, 19));
}

/// A board that inherits, made of files in a folder: the error's code and its file, line and column.
fn check_files(files: &[(&str, &str)], expected: (&str, &str)) {
    let error = load_files(files).unwrap_err();
    let place = error.place().map(|p| {
        let name = p.path.file_name().unwrap().to_string_lossy().into_owned();
        format!("{name} {}:{}", p.line, p.column)
    });
    assert_eq!((error.code(), place.unwrap_or_default().as_str()), expected, "{error}");
}

fn load_files(files: &[(&str, &str)]) -> Result<Board, BoardError> {
    let scratch = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = scratch.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Board::load(&scratch.path().join(files[0].0))
}

const PART: &str = "description = 'A part.'\nstatus = 'tested'\n\
                    [screen]\nkind = 'png'\npath = 'a'\nwidth = 800\nheight = 480\n\
                    [serial]\nport = '/dev/ttyS1'\nbaud_rate = 9600\n";
const MINE: &str = "description = 'Mine.'\ninherits = ['sbc/part', 'xray/in']\n";
const IN: &str =
    "description = 'In.'\nstatus = 'emulated'\nsource = { kind = 'v4l', device = 'd', range = 'limited' }\n";

#[test]
fn a_board_says_only_what_differs() {
    let mine = format!("{MINE}[serial]\nbaud_rate = 19_200\n[source]\ncard = 'C'\n");
    let board = load_files(&[("mine.toml", &mine), ("sbc/part.toml", PART), ("xray/in.toml", IN)]).unwrap();
    assert_eq!((board.name.as_str(), board.description.as_str()), ("mine", "Mine."));
    assert_eq!(board.serial, SerialConfig::Port { path: "/dev/ttyS1".into(), baud_rate: 19_200 });
    let SourceConfig::Capture(capture) = board.source else { panic!("another source") };
    assert_eq!(capture.device, CaptureDevice::Card("C".into()), "which hides the device");
    assert_eq!((capture.live.range, capture.live.crop), (LevelRange::Limited, None));
    assert_eq!(board.status, Status::Emulated, "the weakest of its parts");
}

#[test]
fn another_kind_begins_anew() {
    let mine = format!("{MINE}source = {{ kind = 'folder', path = 'f' }}\nserial = {{ file = 's' }}\n");
    let board = load_files(&[("mine.toml", &mine), ("sbc/part.toml", PART), ("xray/in.toml", IN)]).unwrap();
    let folder = FolderConfig { path: "f".into(), remember: None };
    assert_eq!(board.source, SourceConfig::Folder(folder));
    assert_eq!(board.serial, SerialConfig::File("s".into()));
}

#[test]
fn a_fault_is_told_of_the_file_that_has_it() {
    let part = PART.replace("9600", "1");
    check_files(
        &[("mine.toml", MINE), ("sbc/part.toml", &part), ("xray/in.toml", IN)],
        ("board_range", "part.toml 10:13"),
    );
    let unknown = IN.replace("range", "rnage");
    let files = [("mine.toml", MINE), ("sbc/part.toml", PART), ("xray/in.toml", &unknown)];
    check_files(&files, ("board_syntax", "in.toml 3:40"));
}

#[test]
fn what_is_inherited_ends_somewhere() {
    check_files(&[("mine.toml", MINE)], ("board_parent", "mine.toml 2:13"));
    let circle = "description = 'C.'\ninherits = ['xray/in', 'sbc/part']\n";
    let files = [("mine.toml", MINE), ("xray/in.toml", IN), ("sbc/part.toml", circle)];
    check_files(&files, ("board_cycle", "part.toml 2:24"));
    check_files(&[("mine.toml", "inherits = ['mine']\n")], ("board_cycle", "mine.toml 1:13"));
    let link = |to: &str| format!("inherits = ['sbc/{to}']\n");
    let [a, b, c, d] = ["b", "c", "d", "e"].map(link);
    let deep =
        [("sbc/a.toml", &*a), ("sbc/b.toml", &b), ("sbc/c.toml", &c), ("sbc/d.toml", &d), ("sbc/e.toml", "")];
    check_files(&deep, ("board_too_many", "d.toml 1:13"));
    for name in ["../mine", "/etc/passwd", "sbc/a/b", "Sbc/a", ""] {
        let text = format!("inherits = ['{name}']\n");
        check_files(&[("mine.toml", &text)], ("board_form", "mine.toml 1:13"));
    }
}

#[test]
fn a_crop_is_pixels_or_shares() {
    let crop = |crop: &str| {
        let text =
            format!("source = {{ kind = 'v4l', device = 'a', width = 640, height = 480, crop = {crop} }}");
        let SourceConfig::Capture(capture) = parse(3, &text).source else { panic!("another source") };
        capture.live.crop.unwrap().in_picture(PixelSize::new(640, 480)).unwrap().to_string()
    };
    assert_eq!(crop("{ left = 10, top = 0, width = 600, height = 480 }"), "600x480 from (10, 0)");
    assert_eq!(crop("{ left = 0.25, top = 0, width = 0.5, height = 1 }"), "320x480 from (160, 0)");
    let source = |rest: &str| format!("source = {{ kind = 'v4l', device = 'a', {rest} }}");
    let beyond =
        source("width = 640, height = 480, crop = { left = 100, top = 0, width = 600, height = 480 }");
    check(3, &beyond, ("board_crop", 3, 74));
    check(3, &source("crop = { left = 0.5, top = 0, width = 0.5, height = 1.5 }"), ("board_range", 3, 92));
    check(3, &source("crop = { left = 0.5, top = 0, width = 0.0, height = 1.0 }"), ("board_crop", 3, 47));
    check(3, &source("crop = { left = 'a', top = 0, width = 1, height = 1 }"), ("board_syntax", 3, 56));
    check(3, &source("range = 'tv'"), ("board_form", 3, 48));
    check(3, "source = { kind = 'folder', path = 'a', range = 'full' }", ("board_surplus", 3, 49));
}

#[test]
fn threads_kernels_and_facts_are_checked() {
    let board = parse(6, "compute = { threads = 4, kernels = 'neon-dot' }");
    assert_eq!((board.compute.threads, board.compute.kernels.as_deref()), (Some(4), Some("neon-dot")));
    check(6, "compute = { threads = 0 }", ("board_range", 6, 23));
    check(6, "compute = { kernels = 'NEON' }", ("board_form", 6, 23));
    check(6, "status = 'works'", ("board_form", 6, 10));
    let facts =
        |rest: &str| format!("facts.uarts = [{{ text = 'a', status = 'documents', source = 's'{rest} }}]");
    assert_eq!(parse(6, &facts(", setup = ['x=1']")).facts.uarts[0].setup, ["x=1"]);
    check(6, &facts(", timeout_s_max = 5"), ("board_surplus", 6, 82));
    check(6, &facts(", setup = ['a|b']"), ("board_form", 6, 75));
    check(6, "facts.uarts = [{ text = 'a', status = 'tested' }]", ("board_syntax", 6, 16));
}
