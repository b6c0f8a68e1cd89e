//! `raymap records` on what a station has kept.

mod program;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use program::raymap;
use raymap::source::phantom::{PhantomSpec, compute};
use raymap::units::Percent;
use serde_json::Value;

const BOARD: &str = r#"name = "test"
description = "Two phantoms, kept."
source = { kind = "phantom", phantoms = [{ seed = 2, infected = 30 }, { seed = 3, infected = 0 }] }
screen = { kind = "png", path = "screen.png", width = 800, height = 480 }
serial = { file = "serial.log" }
record = { folder = "kept/records", bytes_max = 30_000_000 }
"#;

/// Runs a command in `folder`; its exit code and what it printed.
fn check(folder: &Path, words: &[&str], expected: i32) -> String {
    let output = raymap(folder, &[words, &["--board", "board.toml"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// A folder in which a station has kept two phantoms.
fn station() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("board.toml"), BOARD).unwrap();
    let said = check(folder.path(), &["run"], 0);
    assert!(said.contains("record: kept/records: 2 readings kept, 0 not"), "{said}");
    folder
}

fn segment(folder: &Path) -> PathBuf {
    folder.join("kept/records/0000000001.rmj")
}

#[test]
fn what_a_station_keeps_is_listed_shown_and_exported() {
    let folder = station();
    let at = folder.path();
    let serial = fs::read_to_string(at.join("serial.log")).unwrap();
    assert!(serial.contains("test=record") && serial.contains("0+readings+kept"), "{serial}");
    // A second start of the same station.
    check(at, &["run"], 0);
    let list = check(at, &["records", "list", "--json"], 0);
    let lines: Vec<Value> = list.lines().map(json).collect();
    let numbers = |key: &str| lines.iter().map(|l| l[key].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((numbers("id"), numbers("start")), (vec![1, 2, 3, 4], vec![1, 1, 2, 2]));
    let said = check(at, &["records", "list"], 0);
    assert!(said.contains("4 readings"), "{said}");
    let first = &lines[0];
    let percent = |share: &Value| format!("{:.0}", 100.0 * share.as_f64().unwrap());
    let [low, high] = [0, 1].map(|k| percent(&first["interval90"][k]));
    let line = said.lines().next().unwrap();
    assert!(line.contains(&format!("{} % ({low}-{high} %)", percent(&first["infected"]))), "{line}");
    assert!(!line.contains('!') && first["warnings"].as_array().is_some_and(Vec::is_empty), "{first}");
    assert!(lines.iter().all(|l| l["notice"].as_str().is_some_and(|n| n.contains("Not for diagnosis"))));

    let shown = json(&check(at, &["records", "show", "1"], 0));
    assert_eq!(
        (&shown["id"], &shown["board"], &shown["reading"]["schema"]),
        (&1.into(), &"test".into(), &1.into())
    );
    assert!(shown["parts"].as_array().unwrap().iter().all(|p| p["whole"] == true));
    check(at, &["records", "show", "9"], 2);

    let done = json(&check(at, &["records", "export", "usb", "--from", "2", "--to", "3", "--json"], 0));
    assert_eq!((&done["readings"], &done["files"], &done["damaged"]), (&2.into(), &5.into(), &0.into()));
    let mut table = csv::Reader::from_path(at.join("usb/records.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|r| r[0].to_owned()).collect::<Vec<_>>(), ["2", "3"]);
    let phantom = compute(&PhantomSpec::new(3, Percent::new(0.0).unwrap())).frame;
    let radiograph = image::open(at.join("usb/0000002-radiograph.png")).unwrap().into_luma16();
    let spread = phantom.pixels().iter().map(|v| v << (16 - phantom.bits_stored()));
    assert!(radiograph.into_raw().into_iter().eq(spread));
    assert!(image::open(at.join("usb/0000003-overlay.png")).unwrap().width() > 100);
    // Nothing is trusted to be of that day, so nothing is exported.
    let none = json(&check(at, &["records", "export", "usb2", "--from", "2031-01-01", "--json"], 0));
    assert_eq!(none["readings"], 0);
    check(at, &["records", "export", "usb3", "--from", "yesterday"], 2);
}

#[test]
fn damage_is_found_said_and_put_up_with_only_when_told_to() {
    let folder = station();
    let at = folder.path();
    let clean = json(&check(at, &["records", "verify", "--json"], 0));
    assert_eq!((&clean["clean"], &clean["readings"]), (&true.into(), &2.into()));
    let mut bytes = fs::read(segment(at)).unwrap();
    let (damaged_at, whole) = (10_000, bytes.clone());
    bytes[damaged_at] ^= 1;
    fs::write(segment(at), &bytes).unwrap();

    let said = check(at, &["records", "verify", "--json"], 7);
    let verdict = json(said.lines().next().unwrap());
    assert_eq!(verdict["damages"][0]["code"], "damaged_radiograph", "{said}");
    assert_eq!(
        (&verdict["damages"][0]["entry"], verdict["damages"].as_array().unwrap().len()),
        (&1.into(), 1)
    );
    assert!(check(at, &["records", "verify"], 7).contains("DAMAGED: segment 1"));
    // The reading itself stands, and so does the other one.
    assert_eq!(check(at, &["records", "list", "--json"], 0).lines().count(), 2);
    let shown = json(&check(at, &["records", "show", "1"], 0));
    assert!(shown["reading"]["fit"].is_boolean());
    let done = check(at, &["records", "export", "usb", "--json"], 7);
    let done = json(done.lines().next().unwrap());
    assert_eq!((&done["readings"], &done["damaged"]), (&2.into(), &1.into()));

    assert!(check(at, &["records", "repair"], 0).contains("1 damages written down"));
    assert_eq!(json(&check(at, &["records", "verify", "--json"], 0))["acknowledged"][0]["entry"], 1);
    let said = check(at, &["records", "verify"], 0);
    assert!(
        said.contains("known: segment 1") && said.contains("every other byte is as it was written"),
        "{said}"
    );
    assert!(fs::read(segment(at)).unwrap().starts_with(&bytes) && bytes != whole);
}

#[test]
fn a_record_that_is_not_there_is_storage_trouble_and_none_at_all_a_matter_of_the_board() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("board.toml"), BOARD).unwrap();
    let said = check(folder.path(), &["records", "list", "--json"], 7);
    assert_eq!(json(&said)["error"]["code"], "record_folder");
    assert!(!folder.path().join("kept").exists());
    let without: String =
        BOARD.lines().filter(|l| !l.starts_with("record")).map(|l| format!("{l}\n")).collect();
    fs::write(folder.path().join("board.toml"), without).unwrap();
    check(folder.path(), &["records", "list"], 3);
}

#[test]
fn a_station_whose_record_cannot_be_written_reads_on_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("board.toml"), BOARD).unwrap();
    // A file where the folder should be.
    fs::write(folder.path().join("kept"), "x").unwrap();
    let said = check(folder.path(), &["run"], 0);
    assert!(said.contains("0 readings kept, 2 not"), "{said}");
    let serial = fs::read_to_string(folder.path().join("serial.log")).unwrap();
    assert_eq!(serial.lines().filter(|l| l.contains("origin=record")).count(), 2, "{serial}");
    assert!(serial.lines().any(|l| l.contains("test=record") && l.contains("ok=0")), "{serial}");
}

/// As `sudo raymap records repair` beside a service of another user.
#[test]
fn what_root_repairs_the_service_can_still_write() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can give files away");
        return;
    }
    let folder = station();
    let kept = folder.path().join("kept/records");
    let files = || fs::read_dir(&kept).unwrap().map(|f| f.unwrap().path()).collect::<Vec<_>>();
    // The lock is made anew too.
    fs::remove_file(kept.join("lock")).unwrap();
    let newest = files().into_iter().max().unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    bytes.truncate(bytes.len() - 100);
    fs::write(&newest, bytes).unwrap();
    let service = (4_711, 4_712);
    for path in files().iter().chain([&kept]) {
        std::os::unix::fs::chown(path, Some(service.0), Some(service.1)).unwrap();
    }
    let before = files().len();
    check(folder.path(), &["records", "repair"], 0);
    assert_eq!(files().len(), before + 2, "a lock and a segment");
    for path in files() {
        let about = fs::metadata(&path).unwrap();
        assert_eq!((about.uid(), about.gid()), service, "{}", path.display());
    }
}
