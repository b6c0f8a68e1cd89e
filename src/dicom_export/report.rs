//! The measurements of a graded reading as a Structured Report.
//!
//! Source: DICOM PS3.3, A.35.13 (Comprehensive SR IOD); PS3.16, TID 1500 (measurement report), TID 1004 (device
//! observer), TID 1501 (measurement group). Scores that have no code of DICOM's or SNOMED's have one of our own.

use super::element::{Code, Elements, concept};
use super::segmentation::referenced_series;
use super::{Kind, Object, Subject, reference};
use crate::reading::{DISCLAIMER, Finding};

const KIND: Kind = Kind {
    name: "report",
    class: "1.2.840.10008.5.1.4.1.1.88.33",
    modality: "SR",
    series_number: "9103",
    description: "raymap: measurements, not for diagnosis",
};
/// Relationships.
const CONTAINS: &str = "CONTAINS";
const MODIFIER: &str = "HAS CONCEPT MOD";
const CONTEXT: &str = "HAS OBS CONTEXT";
/// Units.
const PERCENT: Code = ["%", "UCUM", "percent"];
const NONE: Code = ["1", "UCUM", "no units"];

/// `None` where the radiograph came in no DICOM object, or was refused.
pub(super) fn object(subject: &Subject) -> Option<Object> {
    let source = subject.source()?;
    let finding = subject.study.reading.outcome.as_ref().ok()?;
    let mut evidence = Elements::default();
    evidence.items((0x0008, 0x1115), &[series(source)]).text((0x0020, 0x000D), b"UI", source.uids()[0]);
    let mut template = Elements::default();
    template.text((0x0008, 0x0105), b"CS", "DCMR").text((0x0040, 0xDB00), b"CS", "1500");
    let mut e = subject.common(KIND);
    // A report lies no way round.
    e.remove((0x0020, 0x0020))
        .items((0x0008, 0x1111), &[])
        .text((0x0040, 0xA040), b"CS", "CONTAINER")
        .code((0x0040, 0xA043), ["126000", "DCM", "Imaging Measurement Report"])
        .text((0x0040, 0xA050), b"CS", "SEPARATE")
        .items((0x0040, 0xA372), &[])
        .items((0x0040, 0xA375), &[evidence])
        .text((0x0040, 0xA491), b"CS", "COMPLETE")
        .text((0x0040, 0xA493), b"CS", "UNVERIFIED")
        .text((0x0040, 0xA496), b"CS", "PRELIMINARY")
        .items((0x0040, 0xA504), &[template])
        .items((0x0040, 0xA730), &content(subject, finding));
    Some(subject.finish(KIND, &e))
}

/// As evidence has it: objects of a series under another tag than in a segmentation.
fn series(source: &crate::frame::ObjectReference) -> Elements {
    let mut e = referenced_series(source);
    e.items((0x0008, 0x1199), &[reference(source)]).remove((0x0008, 0x114A));
    e
}

fn content(subject: &Subject, finding: &Finding) -> Vec<Elements> {
    let name = |value, meaning| [value, "DCM", meaning];
    let device = subject.device_uid();
    vec![
        code(
            MODIFIER,
            name("121049", "Language of Content Item and Descendants"),
            ["en", "RFC5646", "English"],
        ),
        code(CONTEXT, name("121005", "Observer Type"), name("121007", "Device")),
        uid(CONTEXT, name("121012", "Device Observer UID"), &device),
        text(CONTEXT, name("121013", "Device Observer Name"), subject.board),
        text(CONTEXT, name("121014", "Device Observer Manufacturer"), "raymap"),
        text(CONTEXT, name("121015", "Device Observer Model Name"), "raymap"),
        code(MODIFIER, name("121058", "Procedure reported"), ["399208008", "SCT", "Chest X-ray"]),
        text(CONTAINS, name("121106", "Comment"), DISCLAIMER),
        container(name("126010", "Imaging Measurements"), &groups(subject, finding)),
    ]
}

fn groups(subject: &Subject, f: &Finding) -> Vec<Elements> {
    let both = ["39607008", "SCT", "Lung"];
    let share = |value, meaning| [value, "99RAYMAP", meaning];
    let percent = |v: crate::units::Fraction| f64::from(v.get()) * 100.0;
    let infected = share("SHARE", "Share of lung with opacity");
    let [low, high] = f.interval90.map(percent);
    let number = |name, value, unit| measurement(subject, name, value, unit);
    let mut whole = vec![
        number(infected, percent(f.infected.total), PERCENT),
        number(share("SHARE_LOW90", "Lower end of its 90 % interval"), low, PERCENT),
        number(share("SHARE_HIGH90", "Upper end of its 90 % interval"), high, PERCENT),
        number(share("EXTENT", "Geographic extent, 0 to 8"), f.severity.geographic_extent.into(), NONE),
        number(share("TOUSSIE", "Toussie score, 0 to 6"), f.severity.toussie.into(), NONE),
        number(share("BRIXIA", "Brixia score, estimated, 0 to 18"), f.severity.brixia_estimate.into(), NONE),
        number(share("PROBABILITY", "Probability of opacity"), percent(f.detection.probability), PERCENT),
    ];
    let grade = f.severity.grade.name();
    whole.push(code(CONTAINS, share("GRADE", "Severity grade of the device"), [grade, "99RAYMAP", grade]));
    let right = vec![number(infected, percent(f.infected.right), PERCENT)];
    let left = vec![number(infected, percent(f.infected.left), PERCENT)];
    vec![
        group(subject, "both lungs", both, whole),
        group(subject, "right lung", ["3341006", "SCT", "Right lung"], right),
        group(subject, "left lung", ["44029006", "SCT", "Left lung"], left),
    ]
}

fn group(subject: &Subject, label: &str, site: Code, measurements: Vec<Elements>) -> Elements {
    let tracking = subject.uid(label);
    let mut items = vec![
        text(CONTEXT, ["112039", "DCM", "Tracking Identifier"], label),
        uid(CONTEXT, ["112040", "DCM", "Tracking Unique Identifier"], &tracking),
        code(CONTAINS, ["121071", "DCM", "Finding"], ["52988006", "SCT", "Lesion"]),
        code(MODIFIER, ["363698007", "SCT", "Finding Site"], site),
    ];
    items.extend(measurements);
    if let Some(source) = subject.source() {
        let mut image = item(CONTAINS, "IMAGE", ["121112", "DCM", "Source of Measurement"]);
        image.items((0x0008, 0x1199), &[reference(source)]);
        items.push(image);
    }
    container(["125007", "DCM", "Measurement Group"], &items)
}

/// A number, what made it, and its unit; four significant places say all.
fn measurement(subject: &Subject, name: Code, value: f64, unit: Code) -> Elements {
    let model = &subject.study.reading.provenance;
    let mut measured = Elements::default();
    let rounded = libm::rint(value * 100.0) / 100.0;
    measured.code((0x0040, 0x08EA), unit).text((0x0040, 0xA30A), b"DS", &rounded.to_string());
    let mut e = item(CONTAINS, "NUM", name);
    e.items((0x0040, 0xA300), &[measured]).items(
        (0x0040, 0xA730),
        &[
            text(MODIFIER, ["111001", "DCM", "Algorithm Name"], &model.model_name),
            text(MODIFIER, ["111003", "DCM", "Algorithm Version"], &model.model_version),
        ],
    );
    e
}

/// A content item without its value.
fn item(relationship: &str, kind: &str, name: Code) -> Elements {
    let mut e = Elements::default();
    e.text((0x0040, 0xA010), b"CS", relationship)
        .text((0x0040, 0xA040), b"CS", kind)
        .code((0x0040, 0xA043), name);
    e
}

fn container(name: Code, items: &[Elements]) -> Elements {
    let mut e = item(CONTAINS, "CONTAINER", name);
    e.text((0x0040, 0xA050), b"CS", "SEPARATE").items((0x0040, 0xA730), items);
    e
}

fn code(relationship: &str, name: Code, value: Code) -> Elements {
    let mut e = item(relationship, "CODE", name);
    e.items((0x0040, 0xA168), &[concept(value)]);
    e
}

fn text(relationship: &str, name: Code, value: &str) -> Elements {
    let mut e = item(relationship, "TEXT", name);
    e.text((0x0040, 0xA160), b"UT", value);
    e
}

fn uid(relationship: &str, name: Code, value: &str) -> Elements {
    let mut e = item(relationship, "UIDREF", name);
    e.text((0x0040, 0xA124), b"UI", value);
    e
}
