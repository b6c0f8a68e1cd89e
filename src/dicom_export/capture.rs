//! The overlay as a Secondary Capture.
//!
//! Source: DICOM PS3.3, A.8.1 (Secondary Capture Image IOD).

use super::{Kind, Object, Subject, reference};
use crate::reading::DISCLAIMER;
use crate::render;

const KIND: Kind = Kind {
    name: "capture",
    class: "1.2.840.10008.5.1.4.1.1.7",
    modality: "OT",
    series_number: "9101",
    description: "raymap: infection map, not for diagnosis",
};

pub(super) fn object(subject: &Subject) -> Object {
    let overlay = render::overlay(subject.study);
    let size = overlay.size();
    let mut e = subject.common(KIND);
    e.text((0x0008, 0x0008), b"CS", "DERIVED\\SECONDARY")
        .text((0x0008, 0x0064), b"CS", "WSD")
        .text((0x0008, 0x2111), b"ST", DISCLAIMER)
        .text((0x0020, 0x0060), b"CS", "")
        .short((0x0028, 0x0002), 3)
        .text((0x0028, 0x0004), b"CS", "RGB")
        .short((0x0028, 0x0006), 0)
        // Radiographs have at most 10,000 pixels a side.
        .short((0x0028, 0x0010), size.height as u16)
        .short((0x0028, 0x0011), size.width as u16)
        .short((0x0028, 0x0100), 8)
        .short((0x0028, 0x0101), 8)
        .short((0x0028, 0x0102), 7)
        .short((0x0028, 0x0103), 0)
        .text((0x0028, 0x0301), b"CS", "YES")
        .bytes((0x7FE0, 0x0010), b"OB", overlay.bytes().to_vec());
    if let Some(source) = subject.source() {
        e.items((0x0008, 0x2112), &[reference(source)]);
    }
    subject.finish(KIND, &e)
}
