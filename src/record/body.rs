//! What is kept of a reading: the reading itself, the radiograph, the lung field and the infection map.

use image::ImageError;
use serde_json::{Value, json};

use super::error::RecordError;
use super::header::{HEADER_BYTES, SECTIONS_MAX, SectionKind};
use super::picture;
use super::verify::hexadecimal;
use crate::frame::{Frame, ObjectReference, Photometric};
use crate::identity::{Identity, Tag};
use crate::infection_map::InfectionMap;
use crate::lung_field::LungField;
use crate::pipeline::Study;
use crate::units::PixelSize;

/// Version of the JSON part.
pub const SCHEMA: u32 = 1;
/// Added to a zone's number where the heart covers the left lung.
pub const HEART: u8 = 16;

/// The parts of one entry, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body(Vec<(SectionKind, Vec<u8>)>);

impl Body {
    /// All of `study` and the frame that it was read from, on board `board`.
    ///
    /// A refused radiograph is kept like any other, without what was not made of it.
    /// What the frame's file says of patient and study is not: see [`Body::with_identity`].
    pub fn of(board: &str, frame: &Frame, study: &Study) -> Result<Self, RecordError> {
        Self::made(reading_json(board, frame, study), frame, study)
    }

    /// The same with patient and study, for a record that is sealed.
    pub fn with_identity(board: &str, frame: &Frame, study: &Study) -> Result<Self, RecordError> {
        let mut json = reading_json(board, frame, study);
        json["frame"]["identity"] = frame.identity().map_or(Value::Null, identity_json);
        Self::made(json, frame, study)
    }

    fn made(json: Value, frame: &Frame, study: &Study) -> Result<Self, RecordError> {
        let mut sections = vec![(SectionKind::Reading, json.to_string().into_bytes())];
        let size = frame.size();
        sections.push((SectionKind::Radiograph, picture::of_frame(frame).map_err(encode_error(size))?));
        if let Some(field) = &study.field {
            let side = PixelSize::new(field.side() as u32, field.side() as u32);
            let png = picture::of_bytes(side, field_bytes(field)).map_err(encode_error(side))?;
            sections.push((SectionKind::Field, png));
        }
        if let Some(map) = &study.map {
            let side = PixelSize::new(map.side() as u32, map.side() as u32);
            let png = picture::of_bytes(side, map_bytes(map)).map_err(encode_error(side))?;
            sections.push((SectionKind::Map, png));
        }
        Ok(Self(sections))
    }

    /// Parts as they are; at most [`SECTIONS_MAX`].
    pub fn from_sections(sections: Vec<(SectionKind, Vec<u8>)>) -> Self {
        assert!(sections.len() <= SECTIONS_MAX, "an entry has at most {SECTIONS_MAX} parts");
        Self(sections)
    }

    pub fn sections(&self) -> &[(SectionKind, Vec<u8>)] {
        &self.0
    }

    /// Bytes of the whole entry.
    pub fn entry_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + self.0.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>()
    }
}

fn encode_error(size: PixelSize) -> impl Fn(ImageError) -> RecordError {
    move |source| RecordError::Encode { width: size.width, height: size.height, source }
}

fn reading_json(board: &str, frame: &Frame, study: &Study) -> Value {
    let map = study.map.as_ref().map(|m| json!({"side": m.side(), "threshold": m.threshold()}));
    json!({
        "record": SCHEMA,
        "board": board,
        "frame": frame_json(frame),
        "field": study.field.as_ref().map(|f| json!({"side": f.side()})),
        "map": map,
        "letterbox_side": study.letterbox.side,
        "reading": study.reading.to_json(),
    })
}

/// Bytes in hexadecimal under their tags, since they may be in any character set.
fn identity_json(identity: &Identity) -> Value {
    identity.elements().map(|(tag, _, value)| (tag_name(tag), Value::from(hexadecimal(value)))).collect()
}

/// Eight hexadecimal digits, as in the DICOM JSON model (PS3.18, F.2).
pub(super) fn tag_name((group, element): Tag) -> String {
    format!("{group:04X}{element:04X}")
}

fn frame_json(frame: &Frame) -> Value {
    let photometric = match frame.photometric() {
        Photometric::Monochrome1 => "MONOCHROME1",
        Photometric::Monochrome2 => "MONOCHROME2",
    };
    json!({
        "width": frame.size().width,
        "height": frame.size().height,
        "bits_stored": frame.bits_stored(),
        "photometric": photometric,
        "window": frame.window().map(|w| json!({"center": w.center, "width": w.width})),
        "object": frame.object().map(ObjectReference::uids),
        "person": frame.person().map(|person| hexadecimal(person.digest())),
    })
}

/// 0 outside the lungs, 1 to 6 for zones A to F, [`HEART`] more where the heart covers the lung.
fn field_bytes(field: &LungField) -> Vec<u8> {
    let byte = |(zone, heart): (&Option<crate::lung_field::Zone>, &bool)| {
        zone.map_or(0, |z| z.index() as u8 + 1 + if *heart { HEART } else { 0 })
    };
    field.zones().iter().zip(field.heart()).map(byte).collect()
}

/// Probabilities in 255ths, rounded, but never across the threshold: what counts as infected stays exact.
fn map_bytes(map: &InfectionMap) -> Vec<u8> {
    map.probability().iter().map(|p| quantised(*p, map.threshold())).collect()
}

fn quantised(probability: f32, threshold: f32) -> u8 {
    let nearest = libm::rintf(probability.clamp(0.0, 1.0) * 255.0) as u8;
    let reaches = |byte: u8| f32::from(byte) / 255.0 >= threshold;
    match (probability >= threshold, reaches(nearest)) {
        (true, false) => nearest.saturating_add(1),
        (false, true) => nearest.saturating_sub(1),
        _ => nearest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_never_crosses_the_threshold() {
        for t in 1..1_000u32 {
            let threshold = t as f32 / 1_000.0;
            for step in [-0.003, -0.001, -1e-6, 0.0, 1e-6, 0.001, 0.003] {
                let p = (threshold + step).clamp(0.0, 1.0);
                let kept = f32::from(quantised(p, threshold)) / 255.0;
                assert_eq!(kept >= threshold, p >= threshold, "{p} at {threshold}");
                assert!((kept - p).abs() <= 1.01 / 255.0, "{p} became {kept}");
            }
        }
    }
}
