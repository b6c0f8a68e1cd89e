//! Lungs and opacity as a binary Segmentation on the radiograph's own pixels.
//!
//! Source: DICOM PS3.3, A.51 (Segmentation IOD), C.8.20; codes from PS3.16, CID 7150 and 7151, and SNOMED CT.

use super::element::{Code, Elements};
use super::{Kind, Object, Subject, reference};
use crate::frame::ObjectReference;
use crate::pipeline::Study;

const KIND: Kind = Kind {
    name: "segmentation",
    class: "1.2.840.10008.5.1.4.1.1.66.4",
    modality: "SEG",
    series_number: "9102",
    description: "raymap: lungs and opacity, not for diagnosis",
};
const ANATOMY: Code = ["91723000", "SCT", "Anatomical Structure"];
const ABNORMAL: Code = ["49755003", "SCT", "Morphologically Abnormal Structure"];
/// Label, category and type of each segment, in the order of [`inside`].
const SEGMENTS: [(&str, Code, Code); 3] = [
    ("Right lung", ANATOMY, ["3341006", "SCT", "Right lung"]),
    ("Left lung", ANATOMY, ["44029006", "SCT", "Left lung"]),
    ("Lung opacity", ABNORMAL, ["52988006", "SCT", "Lesion"]),
];

/// `None` where the radiograph came in no DICOM object, or was refused before its lungs were found.
pub(super) fn object(subject: &Subject) -> Option<Object> {
    let source = subject.source()?;
    let pixels = packed(subject.study)?;
    let size = subject.frame.size();
    let mut e = subject.common(KIND);
    e.text((0x0008, 0x0008), b"CS", "DERIVED\\PRIMARY")
        .items((0x0008, 0x1115), &[referenced_series(source)])
        .short((0x0028, 0x0002), 1)
        .text((0x0028, 0x0004), b"CS", "MONOCHROME2")
        .text((0x0028, 0x0008), b"IS", &SEGMENTS.len().to_string())
        // Radiographs have at most 10,000 pixels a side.
        .short((0x0028, 0x0010), size.height as u16)
        .short((0x0028, 0x0011), size.width as u16)
        .short((0x0028, 0x0100), 1)
        .short((0x0028, 0x0101), 1)
        .short((0x0028, 0x0102), 0)
        .short((0x0028, 0x0103), 0)
        .text((0x0028, 0x2110), b"CS", "00")
        .text((0x0062, 0x0001), b"CS", "BINARY")
        .items((0x0062, 0x0002), &segments(subject))
        .text((0x0062, 0x0013), b"CS", "YES")
        .text((0x0070, 0x0080), b"CS", "LUNG_OPACITY")
        .text((0x0070, 0x0081), b"LO", KIND.description)
        .text((0x0070, 0x0084), b"PN", "")
        .items((0x5200, 0x9229), &[Elements::default()])
        .items((0x5200, 0x9230), &frames(source))
        .bytes((0x7FE0, 0x0010), b"OB", pixels);
    dimensions(&mut e, &subject.uid("dimensions"));
    Some(subject.finish(KIND, &e))
}

/// One bit to a pixel, the first in the lowest, without a gap between segments (PS3.5, 8.1.1 and PS3.3, C.8.20.2.1).
fn packed(study: &Study) -> Option<Vec<u8>> {
    let (field, map) = (study.field.as_ref()?, study.map.as_ref()?);
    let (letterbox, side) = (study.letterbox, field.side());
    let mut bits = vec![0u8; (SEGMENTS.len() * letterbox.frame.area()).div_ceil(8)];
    let mut at = 0;
    for segment in 0..SEGMENTS.len() {
        for y in 0..letterbox.frame.height {
            for x in 0..letterbox.frame.width {
                let (column, row) = letterbox.to_square(x, y);
                let place = (row as usize).min(side - 1) * side + (column as usize).min(side - 1);
                let zone = field.zones()[place];
                let set = match segment {
                    0 => zone.is_some_and(|z| z.is_right()),
                    1 => zone.is_some_and(|z| !z.is_right()),
                    _ => map.is_infected(place),
                };
                bits[at / 8] |= u8::from(set) << (at % 8);
                at += 1;
            }
        }
    }
    Some(bits)
}

fn segments(subject: &Subject) -> Vec<Elements> {
    let model = &subject.study.reading.provenance;
    let mut algorithm = Elements::default();
    algorithm
        .code((0x0066, 0x002F), ["123110", "DCM", "Artificial Intelligence"])
        .text((0x0066, 0x0031), b"LO", &model.model_version)
        .text((0x0066, 0x0036), b"LO", &model.model_name);
    let segment = |(number, (label, category, kind)): (u16, &(&str, Code, Code))| {
        let mut e = Elements::default();
        e.code((0x0062, 0x0003), *category)
            .short((0x0062, 0x0004), number)
            .text((0x0062, 0x0005), b"LO", label)
            .items((0x0062, 0x0007), std::slice::from_ref(&algorithm))
            .text((0x0062, 0x0008), b"CS", "AUTOMATIC")
            .text((0x0062, 0x0009), b"LO", &model.model_name)
            .code((0x0062, 0x000F), *kind);
        e
    };
    (1..).zip(&SEGMENTS).map(segment).collect()
}

pub(super) fn referenced_series(source: &ObjectReference) -> Elements {
    let mut e = Elements::default();
    e.items((0x0008, 0x114A), &[reference(source)]).text((0x0020, 0x000E), b"UI", source.uids()[1]);
    e
}

/// What each frame is of, and that it lies on the source's own pixels.
fn frames(source: &ObjectReference) -> Vec<Elements> {
    let mut from = reference(source);
    from.text((0x0028, 0x135A), b"CS", "YES")
        .code((0x0040, 0xA170), ["121322", "DCM", "Source image for image processing operation"]);
    let mut derivation = Elements::default();
    derivation.items((0x0008, 0x2112), &[from]).code((0x0008, 0x9215), ["113076", "DCM", "Segmentation"]);
    let frame = |number: u16| {
        let (mut content, mut segment, mut e) =
            (Elements::default(), Elements::default(), Elements::default());
        content.bytes((0x0020, 0x9157), b"UL", u32::from(number).to_le_bytes().into());
        segment.short((0x0062, 0x000B), number);
        e.items((0x0008, 0x9124), std::slice::from_ref(&derivation))
            .items((0x0020, 0x9111), &[content])
            .items((0x0062, 0x000A), &[segment]);
        e
    };
    (1..).take(SEGMENTS.len()).map(frame).collect()
}

/// Frames are told apart by their segment's number.
fn dimensions(e: &mut Elements, uid: &str) {
    let (mut organization, mut index) = (Elements::default(), Elements::default());
    organization.text((0x0020, 0x9164), b"UI", uid);
    index
        .text((0x0020, 0x9164), b"UI", uid)
        .tag((0x0020, 0x9165), (0x0062, 0x000B))
        .tag((0x0020, 0x9167), (0x0062, 0x000A))
        .text((0x0020, 0x9421), b"LO", "Referenced Segment Number");
    e.items((0x0020, 0x9221), &[organization]).items((0x0020, 0x9222), &[index]);
}
