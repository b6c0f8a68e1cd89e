//! A DICOM radiograph that a station has read comes out again as DICOM objects beside it.

mod program;

use std::fs;
use std::path::Path;

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{DefaultDicomObject, FileMetaTableBuilder, InMemDicomObject, open_file};
use program::raymap;
use raymap::source::phantom::{PhantomSpec, compute};
use raymap::units::Percent;

const BOARD: &str = r#"name = "test"
description = "A folder, kept."
source = { kind = "folder", path = "in" }
screen = { kind = "png", path = "screen.png", width = 800, height = 480 }
serial = { file = "serial.log" }
record = { folder = "kept", bytes_max = 30_000_000 }
"#;
const STUDY: &str = "2.25.101";
const INSTANCE: &str = "2.25.103";

fn run(folder: &Path, words: &[&str]) {
    let output = raymap(folder, &[words, &["--board", "board.toml"]].concat());
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A phantom with a third of its lungs infected, as an X-ray unit would send it.
fn radiograph() -> DefaultDicomObject {
    let infected = Percent::new(35.0).unwrap();
    let frame = compute(&PhantomSpec::new(2, infected)).frame;
    let mut object = InMemDicomObject::new_empty();
    for (tag, vr, value) in [
        (tags::SOP_CLASS_UID, VR::UI, uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE),
        (tags::SOP_INSTANCE_UID, VR::UI, INSTANCE),
        (tags::STUDY_INSTANCE_UID, VR::UI, STUDY),
        (tags::SERIES_INSTANCE_UID, VR::UI, "2.25.102"),
        (tags::MODALITY, VR::CS, "CR"),
        (tags::PATIENT_NAME, VR::PN, "DOE^JANE"),
        (tags::PATIENT_ID, VR::LO, "4711"),
        (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2"),
    ] {
        object.put_str(tag, vr, value);
    }
    assert_eq!(frame.photometric(), raymap::frame::Photometric::Monochrome2);
    let bits = u16::from(frame.bits_stored());
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, frame.size().height as u16),
        (tags::COLUMNS, frame.size().width as u16),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, bits),
        (tags::HIGH_BIT, bits - 1),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        object.put_element(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    let pixels = PrimitiveValue::U16(frame.pixels().to_vec().into());
    object.put_element(DataElement::new(tags::PIXEL_DATA, VR::OW, pixels));
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    object.with_meta(meta).unwrap()
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

#[test]
fn a_reading_goes_back_to_its_study_as_capture_segmentation_and_report() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("board.toml"), BOARD).unwrap();
    fs::create_dir(at.join("in")).unwrap();
    radiograph().write_to_file(at.join("in/a.dcm")).unwrap();
    run(at, &["run"]);
    run(at, &["records", "export", "out", "--dicom", "--sources", "in"]);
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
