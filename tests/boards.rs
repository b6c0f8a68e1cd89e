//! Every board file in the tree loads; what is not understood is refused with its place.

use std::fs;
use std::path::{Path, PathBuf};

use raymap::board::{Board, ModelConfig, ScreenConfig, SerialConfig, SourceConfig};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("board")
}

#[test]
fn every_board_in_the_tree_loads_under_its_own_name() {
    let mut seen = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(path.extension().and_then(|e| e.to_str()), Some("toml"), "{}", path.display());
        let board = Board::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Some(board.name.as_str()), path.file_stem().and_then(|s| s.to_str()));
        seen += 1;
    }
    assert!(seen >= 2, "{seen} boards");
}

#[test]
fn the_host_board_needs_no_hardware() {
    let board = Board::load(&folder().join("host.toml")).unwrap();
    let SourceConfig::Phantom(phantoms) = &board.source else { panic!("{:?}", board.source) };
    let infected: Vec<f32> = phantoms.iter().map(|p| p.infected.get()).collect();
    assert_eq!(infected, [0.0, 8.0, 25.0, 55.0]);
    let ScreenConfig::Png { path, .. } = &board.screen;
    assert_eq!(path, Path::new("out/screen.png"));
    assert_eq!(board.serial, SerialConfig::File("out/serial.log".into()));
    assert_eq!(board.model, ModelConfig::Embedded);
}

/// The host board with `from` replaced by `to` is refused: code, line, column.
fn check(from: &str, to: &str, expected: (&str, usize, usize)) {
    let text = fs::read_to_string(folder().join("host.toml")).unwrap();
    assert!(text.contains(from), "{from}");
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("mine.toml");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let error = Board::load(&path).unwrap_err();
    let place = error.place().unwrap_or_else(|| panic!("no place: {error}"));
    assert_eq!((error.code(), place.line, place.column), expected, "{error}");
    assert!(error.to_string().contains("mine.toml, line "), "{error}");
}

#[test]
fn an_unknown_key_is_refused() {
    check("name = \"host\"", "nome = \"host\"", ("board_syntax", 4, 1));
    check("width = 800", "widht = 800", ("board_syntax", 19, 1));
    check("seed = 1,", "sead = 1,", ("board_syntax", 10, 7));
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    check("width = 800", "width = \"800\"", ("board_syntax", 19, 9));
    check("infected = 8 ", "infected = true ", ("board_syntax", 11, 28));
}

#[test]
fn a_missing_key_is_refused() {
    check("height = 480\n", "", ("board_syntax", 16, 1));
    check("[serial]\nfile = \"out/serial.log\"\n", "", ("board_syntax", 1, 1));
}

#[test]
fn a_number_out_of_range_is_refused() {
    check("infected = 55", "infected = 155", ("board_range", 13, 28));
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
