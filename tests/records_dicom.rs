//! A DICOM radiograph that a station has read comes out again as DICOM objects beside it.

mod dicom_radiograph;
mod program;

use std::fs;
use std::path::Path;
use std::process::Command;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_object::{DefaultDicomObject, InMemDicomObject, open_file};
use dicom_radiograph::{INSTANCE, STUDY, radiograph};
use program::raymap;

const BOARD: &str = r#"name = "test"
description = "A folder, kept."
source = { kind = "folder", path = "in" }
screen = { kind = "png", path = "screen.png", width = 800, height = 480 }
serial = { file = "serial.log" }
record = { folder = "kept", bytes_max = 30_000_000 }
"#;

fn run(folder: &Path, words: &[&str]) {
    let output = raymap(folder, &[words, &["--board", "board.toml"]].concat());
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn text(object: &DefaultDicomObject, tag: Tag) -> String {
    object.element(tag).unwrap().to_str().unwrap().trim_end_matches(['\0', ' ']).to_owned()
}

/// The UID of the object that a sequence's first item refers to.
fn referred(object: &InMemDicomObject, sequence: Tag) -> String {
    let items = object.element(sequence).unwrap().items().unwrap();
    items[0].element(tags::REFERENCED_SOP_INSTANCE_UID).unwrap().to_str().unwrap().into_owned()
}

/// Bits set in each of a segmentation's frames.
fn areas(object: &DefaultDicomObject) -> Vec<usize> {
    let bytes = object.element(tags::PIXEL_DATA).unwrap().to_bytes().unwrap();
    let side = |tag| object.element(tag).unwrap().to_int::<usize>().unwrap();
    let area = side(tags::ROWS) * side(tags::COLUMNS);
    let set = |i: usize| bytes[i / 8] >> (i % 8) & 1 == 1;
    (0..3).map(|frame| (frame * area..(frame + 1) * area).filter(|i| set(*i)).count()).collect()
}

/// A station's folder in which a radiograph was read; the objects are in `out`.
fn exported() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("board.toml"), BOARD).unwrap();
    fs::create_dir(at.join("in")).unwrap();
    radiograph().write_to_file(at.join("in/a.dcm")).unwrap();
    run(at, &["run"]);
    run(at, &["records", "export", "out", "--dicom", "--sources", "in"]);
    folder
}

#[test]
fn a_reading_goes_back_to_its_study_as_capture_segmentation_and_report() {
    let folder = exported();
    let at = folder.path();
    run(at, &["records", "export", "bare", "--dicom"]);

    let open = |name: &str| open_file(at.join(name)).unwrap();
    let [capture, segmentation, report] =
        ["capture", "segmentation", "report"].map(|what| open(&format!("out/0000001-{what}.dcm")));
    for object in [&capture, &segmentation, &report] {
        assert_eq!(text(object, tags::STUDY_INSTANCE_UID), STUDY);
        assert_eq!(text(object, tags::PATIENT_NAME), "DOE^JANE");
        assert_eq!(text(object, tags::PATIENT_ID), "4711");
    }
    assert_eq!(text(&capture, tags::SOP_CLASS_UID), uids::SECONDARY_CAPTURE_IMAGE_STORAGE);
    assert_eq!(referred(&capture, tags::SOURCE_IMAGE_SEQUENCE), INSTANCE);
    let series = segmentation.element(tags::REFERENCED_SERIES_SEQUENCE).unwrap().items().unwrap();
    assert_eq!(referred(&series[0], tags::REFERENCED_INSTANCE_SEQUENCE), INSTANCE);

    let table = fs::read_to_string(at.join("out/records.csv")).unwrap();
    let share: f64 = csv::Reader::from_reader(table.as_bytes())
        .deserialize::<std::collections::BTreeMap<String, String>>()
        .map(|row| row.unwrap()["infected"].parse().unwrap())
        .next()
        .unwrap();
    let [right, left, opacity] = areas(&segmentation)[..] else { panic!("three segments") };
    assert!(right > 0 && left > 0);
    // Counted on the radiograph's pixels here, on the network's there.
    let counted = opacity as f64 / (right + left) as f64;
    assert!((counted - share).abs() < 0.01, "{counted} and {share}");

    let bare = open("bare/0000001-capture.dcm");
    assert_eq!(
        text(&bare, tags::SOP_INSTANCE_UID),
        text(&capture, tags::SOP_INSTANCE_UID),
        "always the same"
    );
    assert_eq!(
        (text(&bare, tags::STUDY_INSTANCE_UID), text(&bare, tags::PATIENT_NAME)),
        (STUDY.into(), "".into())
    );
    let lines = fs::read_to_string(at.join("serial.log")).unwrap();
    assert!(!lines.contains("DOE") && !table.contains("DOE"), "patients are named in DICOM only");
}

#[test]
fn a_sealed_record_may_keep_the_patient_for_what_is_made_of_its_readings() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let sealed = BOARD.replace("30_000_000", "30_000_000, key_file = \"key\", patient = true");
    fs::write(at.join("board.toml"), sealed).unwrap();
    fs::create_dir(at.join("in")).unwrap();
    radiograph().write_to_file(at.join("in/a.dcm")).unwrap();
    assert!(raymap(at, &["records", "key", "key"]).status.success());
    run(at, &["run"]);
    run(at, &["records", "export", "out", "--dicom"]);
    for what in ["capture", "segmentation", "report"] {
        let object = open_file(at.join(format!("out/0000001-{what}.dcm"))).unwrap();
        assert_eq!(
            [tags::PATIENT_NAME, tags::PATIENT_ID, tags::STUDY_INSTANCE_UID].map(|tag| text(&object, tag)),
            ["DOE^JANE", "4711", STUDY]
        );
    }
    for file in ["serial.log", "out/records.csv"] {
        let text = fs::read_to_string(at.join(file)).unwrap();
        assert!(!text.contains("DOE") && !text.contains("4711"), "{file}: {text}");
    }
}

/// What a program of others makes of an object; `None` where that program is not installed.
fn read_by(program: &str, object: &Path) -> Option<String> {
    let output = Command::new(program).arg(object).output().ok()?;
    Some([output.stdout, output.stderr].map(|o| String::from_utf8_lossy(&o).into_owned()).concat())
}

#[test]
fn programs_of_others_find_no_error_in_the_objects() {
    let folder = exported();
    let at = folder.path();
    for (what, is) in
        [("capture", "SCImage"), ("segmentation", "Segmentation"), ("report", "ComprehensiveSR")]
    {
        let object = at.join(format!("out/0000001-{what}.dcm"));
        match read_by("dciodvfy", &object) {
            Some(said) => {
                assert!(said.lines().any(|l| l == is), "{what}: {said}");
                assert!(!said.contains("Error"), "{what}: {said}");
            }
            None => println!("skipped: {what} before dciodvfy (dicom3tools)"),
        }
    }
    match read_by("dsrdump", &at.join("out/0000001-report.dcm")) {
        Some(said) => {
            assert!(said.contains("Share of lung with opacity") && said.contains("both lungs"), "{said}")
        }
        None => println!("skipped: the report before dsrdump (dcmtk)"),
    }
    // The control: a report without its title is found out.
    let mut report = open_file(at.join("out/0000001-report.dcm")).unwrap();
    report.remove_element(tags::CONCEPT_NAME_CODE_SEQUENCE);
    report.write_to_file(at.join("untitled.dcm")).unwrap();
    if let Some(said) = read_by("dciodvfy", &at.join("untitled.dcm")) {
        assert!(said.contains("Error"), "{said}");
    }
}
