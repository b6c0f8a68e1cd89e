//! `raymap doctor` says what works and what to do; `raymap calibrate` refuses to guess.

mod program;

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use program::raymap;
use raymap::station::Advice;
use serde_json::Value;
use sha2::{Digest, Sha256};

const BOARD: &str = r#"name = "test"
description = "Nothing is connected."
source = { kind = "phantom", phantoms = [{ seed = 2, infected = 30 }] }
screen = { kind = "png", path = "out/screen.png", width = 800, height = 480 }
serial = { file = "out/serial.log" }
record = { folder = "out/records", bytes_max = 30_000_000 }
"#;

/// Examines a board; the exit code, and what was found by its code.
fn check(folder: &Path, board: &str) -> (Option<i32>, Vec<(String, bool, String)>) {
    fs::write(folder.join("board.toml"), board).unwrap();
    let output = raymap(folder, &["doctor", "--board", "board.toml", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let test = |t: &Value| {
        let code = t["code"].as_str().unwrap().to_owned();
        assert!(Advice::of(&code).is_some(), "{code}");
        assert_eq!(t["remedy"].is_string(), t["passed"] == false, "{t}");
        (code, t["passed"] == true, t["text"].as_str().unwrap().to_owned())
    };
    (output.status.code(), found["tests"].as_array().unwrap().iter().map(test).collect())
}

fn failed(tests: &[(String, bool, String)]) -> Vec<&str> {
    tests.iter().filter(|(_, passed, _)| !passed).map(|(code, ..)| code.as_str()).collect()
}

#[test]
fn a_board_in_order_passes_every_test_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (_, tests) = check(folder.path(), BOARD);
    let codes: Vec<&str> = tests.iter().map(|(code, ..)| code.as_str()).collect();
    assert_eq!(codes, ["model", "record", "screen", "source", "serial", "clock", "space", "temperature"]);
    // The machine that tests may be hot or full; what the board names is in order.
    assert!(failed(&tests).iter().all(|code| ["space", "temperature"].contains(code)), "{tests:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the board file and nothing else");
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let board = BOARD
        .replace("serial = { file = \"out/serial.log\" }", "serial = { port = \"/none/ttyS9\" }")
        .replace(
            "kind = \"phantom\", phantoms = [{ seed = 2, infected = 30 }]",
            "kind = \"folder\", path = \"in\"",
        );
    let (code, tests) = check(folder.path(), &board);
    let failed: Vec<&str> = failed(&tests).into_iter().filter(|c| ["source", "serial"].contains(c)).collect();
    assert_eq!((code, failed), (Some(5), vec!["source", "serial"]));
}

#[test]
fn what_to_do_about_a_source_fits_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let phantom = "kind = \"phantom\", phantoms = [{ seed = 2, infected = 30 }]";
    let advice = |source: &str| {
        fs::write(folder.path().join("board.toml"), BOARD.replace(phantom, source)).unwrap();
        let output = raymap(folder.path(), &["doctor", "--board", "board.toml", "--json"]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let tests = found["tests"].as_array().unwrap();
        tests.iter().find(|t| t["code"] == "source").unwrap()["remedy"].as_str().unwrap().to_owned()
    };
    let no_folder = advice("kind = \"folder\", path = \"in\"");
    assert!(no_folder.contains("Check that it is there"), "{no_folder}");
    if cfg!(feature = "dicom-net") {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let busy = advice(&format!(
            "kind = \"dicom-net\", bind = \"{}\", title = \"RAYMAP\", callers = [\"XRAY\"], path = \"inbox\"",
            other.local_addr().unwrap()
        ));
        assert!(busy.contains("no other program has the port") && !busy.contains("cable"), "{busy}");
    }
    if cfg!(feature = "v4l") {
        let no_grabber = advice("kind = \"v4l\", device = \"/none/video9\"");
        assert!(no_grabber.contains("raymap devices"), "{no_grabber}");
    }
}

#[test]
fn what_a_board_or_the_environment_has_wrong_ends_it_as_it_ends_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let board = format!("{BOARD}[station]\noperating_point = \"none.toml\"\n");
    assert_eq!(check(at, &board).0, Some(3));
    fs::write(at.join("board.toml"), BOARD).unwrap();
    for command in ["doctor", "run"] {
        let mut program = program::command();
        let output = program
            .args([command, "--board", "board.toml"])
            .current_dir(at)
            .env("RAYMAP_KERNELS", "none-such")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn it_says_whose_cases_the_threshold_was_measured_on() {
    let folder = tempfile::tempdir().unwrap();
    let model = |board: &str| check(folder.path(), board).1.remove(0).2;
    assert!(model(BOARD).ends_with("its threshold was not measured on this unit (raymap calibrate)"));
    let manifest = Sha256::digest(include_bytes!("../models/lite0-unet-256/manifest.toml"));
    let manifest: String = manifest.iter().map(|b| format!("{b:02x}")).collect();
    let point = format!(
        "schema = 2\nmanifest_sha256 = \"{manifest}\"\nmodel = \"lite0-unet-256\"\nthreshold = 0.5\nsensitivity = 0.9\n\
         specificity = 0.8\npositives = 30\nnegatives = 30\nrefused = 0\nwish = \"none\"\nmeasured_on = \"cases.csv\"\n"
    );
    fs::write(folder.path().join("point.toml"), point).unwrap();
    let board = format!("{BOARD}[station]\noperating_point = \"point.toml\"\n");
    let said = model(&board);
    assert!(said.contains("+point.") && said.ends_with("measured on cases of your own"), "{said}");
}

#[test]
fn too_few_cases_choose_no_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert!(raymap(at, &["phantom", "--seed", "3", "--infected", "0", "--out", "p"]).status.success());
    let radiograph = fs::read_dir(at.join("p")).unwrap().flatten().map(|e| e.file_name());
    let mut radiograph = radiograph.filter(|n| n.to_string_lossy().contains("radiograph"));
    let name = radiograph.next().unwrap().into_string().unwrap();
    fs::write(at.join("cases.csv"), format!("file,finding\np/{name},normal\n")).unwrap();
    let output = raymap(at, &["calibrate", "cases.csv", "--out", "point.toml"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("at least 30 of each are needed"), "{text}");
    assert!(!at.join("point.toml").exists());
}
