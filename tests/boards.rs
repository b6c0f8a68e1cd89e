//! Every board file in the tree is in order; what is not understood is refused with its place.

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use program::{command, raymap};
use raymap::board::{BUILT_IN, Board, ModelConfig, ScreenConfig, SerialConfig, SourceConfig, Status};
use raymap::board::{is_part, known_keys, schema};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("board")
}

/// The board files of the tree by their names below `board/`, without `.toml`.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for below in ["", "sbc", "xray"] {
        for entry in fs::read_dir(folder().join(below)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "toml") {
                let name = path.strip_prefix(folder()).unwrap().with_extension("");
                names.insert(name.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    names
}

fn file(name: &str) -> PathBuf {
    folder().join(format!("{name}.toml"))
}

#[test]
fn every_board_file_in_the_tree_is_in_order_and_inside_the_program() {
    let built_in: BTreeSet<String> = BUILT_IN.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(built_in, names(), "src/board/builtin.rs lists what stands in board/");
    for (name, text) in BUILT_IN {
        let faults = Board::faults(&file(name));
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(*text, fs::read_to_string(file(name)).unwrap());
        if is_part(&file(name)) {
            continue;
        }
        let board = Board::load(&file(name)).unwrap();
        assert_eq!(board.name, *name);
        assert_eq!(board, Board::built_in(name).unwrap(), "the same from inside the program");
    }
}

#[test]
fn a_joined_board_has_two_lines_and_claims_no_more_than_its_parts() {
    for (name, text) in BUILT_IN.iter().filter(|(name, _)| !["host", "v4l"].contains(name)) {
        if !name.contains('/') {
            assert_eq!(text.lines().count(), 2, "{name}");
            assert_eq!(
                Board::built_in(name).unwrap().status,
                Status::Documents,
                "nobody has a board: {name}"
            );
        }
    }
}

#[test]
fn a_program_that_hangs_on_a_real_board_ends_in_time_for_a_new_start_and_for_every_watchdog() {
    // Of the 15 s until the next start: the unit's RestartSec=, a second for the reason, one for the start itself.
    let stage_max = Duration::from_secs(15 - 3 - 1 - 1);
    let simulated = ["host", "v4l", "emulated-hdmi-720p"];
    for (name, _) in BUILT_IN.iter().filter(|(name, _)| !name.contains('/') && !simulated.contains(name)) {
        let board = Board::built_in(name).unwrap();
        let station = board.station.unwrap_or_else(|| panic!("{name} has no [station]"));
        assert!(station.stage_max <= stage_max, "{name}: {:?}", station.stage_max);
        for watchdog in &board.facts.watchdogs {
            let longest = watchdog.timeout_s_max.map_or(Duration::MAX, |s| Duration::from_secs(s.into()));
            assert!(station.watchdog_time() <= longest, "{name}: {}", watchdog.text);
        }
    }
}

#[test]
fn the_host_board_needs_no_hardware() {
    let board = Board::load(&file("host")).unwrap();
    let SourceConfig::Phantom(phantoms) = &board.source else { panic!("{:?}", board.source) };
    let infected: Vec<f32> = phantoms.iter().map(|p| p.infected.get()).collect();
    assert_eq!(infected, [0.0, 8.0, 25.0, 55.0]);
    let ScreenConfig::Png { path, .. } = &board.screen else { panic!("{:?}", board.screen) };
    assert_eq!(path, Path::new("out/screen.png"));
    assert_eq!(board.serial, SerialConfig::File("out/serial.log".into()));
    assert_eq!((board.model, board.status), (ModelConfig::Embedded, Status::Tested));
}

/// A self-contained board with `from` replaced by `to` is refused: code, line, column.
fn check(from: &str, to: &str, expected: (&str, usize, usize)) {
    const TEXT: &str = r#"description = "A test."

[source]
kind = "phantom"
phantoms = [
    { seed = 1, infected = 0 },
    { seed = 2, infected = 8 },
]

[screen]
kind = "png"
path = "out/screen.png"
width = 800
height = 480

[serial]
file = "out/serial.log"
"#;
    assert!(TEXT.contains(from), "{from}");
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("mine.toml");
    fs::write(&path, TEXT.replacen(from, to, 1)).unwrap();
    let error = Board::load(&path).unwrap_err();
    let place = error.place().unwrap_or_else(|| panic!("no place: {error}"));
    assert_eq!((error.code(), place.line, place.column), expected, "{error}");
    assert!(error.to_string().contains("mine.toml, line "), "{error}");
}

#[test]
fn an_unknown_key_is_refused() {
    check("description =", "descripton =", ("board_syntax", 1, 1));
    check("width = 800", "widht = 800", ("board_syntax", 13, 1));
    check("seed = 1,", "sead = 1,", ("board_syntax", 6, 7));
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    check("width = 800", "width = \"800\"", ("board_syntax", 13, 9));
    check("infected = 8 ", "infected = true ", ("board_syntax", 7, 28));
}

#[test]
fn a_missing_key_is_refused() {
    check("height = 480\n", "", ("board_missing", 10, 1));
    check("[serial]\nfile = \"out/serial.log\"\n", "", ("board_missing", 1, 1));
}

#[test]
fn a_number_out_of_range_is_refused() {
    check("infected = 8 ", "infected = 108 ", ("board_range", 7, 28));
}

#[test]
fn a_missing_file_is_refused_by_its_name() {
    let error = Board::load(&folder().join("absent.toml")).unwrap_err();
    assert_eq!((error.code(), error.place()), ("board_read", None));
    assert!(error.to_string().contains("absent.toml"), "{error}");
}

#[test]
fn what_is_far_too_large_is_no_board() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("huge.toml");
    fs::write(&path, "#".repeat(70_000)).unwrap();
    assert_eq!(Board::load(&path).unwrap_err().code(), "board_too_large");
}

/// A board file and what it inherits, in a folder of their own.
fn scratch(files: &[(&str, &str)]) -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = scratch.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    scratch
}

#[test]
fn the_schema_for_editors_is_the_one_of_the_program() {
    let written = fs::read_to_string(folder().join("board.schema.json")).unwrap();
    assert_eq!(written, format!("{:#}\n", schema()), "raymap board schema > board/board.schema.json");
}

#[test]
fn the_parser_and_the_schema_know_the_same_keys() {
    let tables = known_keys();
    assert!(tables.len() >= 10, "{tables:?}");
    for (table, keys) in tables {
        let text = table.rsplit('.').filter(|t| !t.is_empty()).fold("zzz = 1".to_owned(), |inner, key| {
            match key.strip_suffix("[]") {
                Some(key) => format!("{key} = [{{ {inner} }}]"),
                None => format!("{key} = {{ {inner} }}"),
            }
        });
        let error = Board::parse(&text, Path::new("t.toml")).unwrap_err().to_string();
        let (_, expected) =
            error.split_once("unknown field `zzz`, expected").unwrap_or_else(|| panic!("{error}"));
        let parsed: BTreeSet<&str> = expected.split('`').skip(1).step_by(2).collect();
        assert_eq!(parsed, keys.into_iter().collect(), "table {table:?}");
    }
}

#[test]
fn check_names_each_fault_with_its_file_line_and_column() {
    let bad = "description = \"B.\"\ninherits = [\"sbc/mine\"]\n[source]\nkind = \"folder\"\n[compute]\nthreads = 5\n";
    let part =
        "description = \"P.\"\nstatus = \"documents\"\n[serial]\nport = \"/dev/ttyS0\"\nbaud_rate = 1\n";
    let scratch = scratch(&[("bad.toml", bad), ("sbc/mine.toml", part)]);
    fs::copy(file("host"), scratch.path().join("good.toml")).unwrap();
    let output = raymap(scratch.path(), &["board", "check", "good.toml", "bad.toml", "sbc/mine.toml"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("good.toml: in order"));
    for expected in [
        "bad.toml, line 1, column 1: a board file needs screen",
        "bad.toml, line 3, column 1: a folder source needs path",
        "bad.toml, line 6, column 11: threads = 5 is out of range",
        "sbc/mine.toml, line 5, column 13: baud_rate = 1 is out of range",
        "2 of 3 board files cannot be used",
    ] {
        assert!(errors.contains(expected), "{expected}:\n{errors}");
    }
}

#[test]
fn explain_says_which_file_says_what() {
    let manifest = "description = \"Mine.\"\ninherits = [\"sbc/raspberry-pi-4b\", \"xray/hdmi-grabber-1080p\"]\n\
                    [source]\ncard = \"Mine\"\n";
    let scratch = scratch(&[("board.toml", manifest)]);
    let output = raymap(scratch.path(), &["board", "explain", "board.toml"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    for expected in [
        "source.card = \"Mine\"  # board.toml:4",
        "source.width = 1920  # (built in)/xray/hdmi-grabber-1080p.toml:",
        "serial.port = \"/dev/ttyAMA0\"  # (built in)/sbc/raspberry-pi-4b.toml:",
        "facts.watchdogs[0].timeout_s_max = 15  # (built in)/sbc/raspberry-pi-4b.toml:",
        "compute.threads = 4  # (built in)/sbc/raspberry-pi-4b.toml:",
        "model = \"embedded\"  # default",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    assert!(!text.contains("source.device"), "a card hides the device:\n{text}");
}

#[test]
fn list_shows_every_board_once_with_its_status() {
    let scratch = scratch(&[("board/host.toml", "description = 1\n"), ("board/sbc/x.toml", "")]);
    let output = raymap(scratch.path(), &["board", "list"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let boards = BUILT_IN.iter().filter(|(name, _)| !name.contains('/')).count();
    assert_eq!((output.status.code(), text.lines().count()), (Some(0), boards), "{text}");
    let line =
        |name: &str| text.lines().find(|l| l.split_whitespace().next() == Some(name)).unwrap().to_owned();
    assert!(line("host").contains("refused    here"), "{text}");
    assert!(line("raspberry-pi-5-dicom").contains("documents  built in  Raspberry Pi 5"), "{text}");
}

/// A board with nothing connected to it.
const QUIET: &str = r#"name = "test"
description = "One phantom."
source = { kind = "phantom", phantoms = [{ seed = 2, infected = 30 }] }
screen = { kind = "png", path = "screen.png", width = 800, height = 480 }
serial = { file = "serial.log" }
"#;

#[test]
fn a_reader_that_has_seen_enough_is_no_bug() {
    let scratch = scratch(&[("board.toml", QUIET)]);
    for arguments in [
        &["board", "list"][..],
        &["board", "explain", "host"],
        &["board", "schema"],
        &["explain"],
        &["devices"],
        &["doctor", "--board", "board.toml"],
        &["doctor", "--board", "board.toml", "--json"],
        &["model", "verify"],
        &["phantom"],
        &["bench", "--runs", "1", "--json"],
        &["run", "--board", "board.toml"],
        &["evaluate", "none.csv", "--json"],
        &["record", "--board", "board.toml", "--out", "frames"],
    ] {
        // As `| head` closes it.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = command();
        let output = command.args(arguments).current_dir(scratch.path()).stdout(writer).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(7), "{arguments:?}: {errors}");
        assert!(errors.contains("standard output could not be written"), "{errors}");
    }
}

/// The integrator's guide.
fn guide() -> String {
    fs::read_to_string(folder().with_file_name("docs").join("integrators.md")).unwrap()
}

#[test]
fn the_guide_has_the_table_of_the_program() {
    let output = raymap(&folder(), &["board", "list", "--table"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.lines().count() > 10, "{table}");
    let guide = guide();
    let marked = |mark: &str| guide.split_once(&format!("<!-- board list --table: {mark} -->\n")).unwrap();
    let written = marked("begin").1.split_once("<!-- board list").unwrap().0;
    assert_eq!(written, table, "docs/integrators.md, section 2");
}

#[test]
fn the_guide_has_every_line_that_a_board_needs() {
    let guide = guide();
    let mut lines = 0;
    for (name, _) in BUILT_IN.iter().filter(|(name, _)| !name.contains('/')) {
        let board = Board::built_in(name).unwrap();
        let facts = &board.facts;
        for fact in facts.uarts.iter().chain(&facts.screens).chain(&facts.cameras) {
            for line in &fact.setup {
                assert!(guide.contains(&format!("`{line}`")), "{name}: {line}");
                lines += 1;
            }
        }
        if let (SerialConfig::Port { path, .. }, false) =
            (&board.serial, ["v4l", "emulated-hdmi-720p"].contains(name))
        {
            assert!(guide.contains(&format!("`{}`", path.display())), "{name}: {}", path.display());
        }
    }
    assert!(lines >= 5, "{lines} lines");
}

#[test]
fn a_board_of_the_program_is_found_from_any_folder() {
    let scratch = tempfile::tempdir().unwrap();
    for name in ["host", "board/host.toml", "raspberry-pi-4b-hdmi-1080p", "sbc/rock-3a"] {
        let output = raymap(scratch.path(), &["board", "explain", name]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("(built in)"), "{name}: {text}");
    }
    let output = raymap(scratch.path(), &["run", "--board", "nothing.toml"]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn bench_says_how_long_each_stage_takes_and_on_what() {
    let scratch = tempfile::tempdir().unwrap();
    let output = raymap(scratch.path(), &["bench", "--json", "--runs", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let bench: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sizes = bench["sizes"].as_array().unwrap();
    let pixels: Vec<_> = sizes.iter().map(|s| (s["width"].as_u64(), s["height"].as_u64())).collect();
    assert_eq!(pixels, [(Some(1280), Some(720)), (Some(3000), Some(2500))]);
    for size in sizes {
        assert_eq!(size["graded"], true, "every stage has run: {size}");
        for stage in ["preprocess", "network", "map", "draw", "total"] {
            let ms = |name: &str| size["stages_ms"][stage][name].as_f64().unwrap();
            assert!(ms("min") <= ms("median") && ms("median") <= ms("max"), "{size}");
        }
    }
    assert!(bench["threads"].as_u64() >= Some(1) && bench["kernels"].is_string(), "{bench}");
    assert!(bench["machine"]["cores"].as_u64() >= Some(1) && bench["machine"]["temperature_c"].is_array());
    assert!(bench["note"].as_str().unwrap().contains("nothing of a board"), "{bench}");
    assert_eq!(raymap(scratch.path(), &["bench", "--runs", "0"]).status.code(), Some(2));
}
