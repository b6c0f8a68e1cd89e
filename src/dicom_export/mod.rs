//! Readings as DICOM objects, for archives and viewers: what a study says, in new series that refer to its source.
//!
//! Every reading gives a Secondary Capture, its overlay, for viewers that know nothing else. Where the radiograph
//! came in a DICOM object there is a Segmentation of lungs and opacity besides, and a report of measurements.
//! The same reading always gives the same UIDs, so an archive that is sent it twice keeps one.
//! This module does not know of files, and it logs nothing: identities are of patients.

mod capture;
mod element;
mod report;
mod segmentation;

use sha2::{Digest, Sha256};

use self::element::Elements;
use crate::clock::WallTime;
use crate::frame::{Frame, ObjectReference};
use crate::identity::{ELEMENTS, Identity, Tag};
use crate::pipeline::Study;

/// Date and time of the study.
const STUDY_TIME: [Tag; 2] = [(0x0008, 0x0020), (0x0008, 0x0030)];

/// What is made into objects.
pub struct Subject<'a> {
    pub study: &'a Study,
    pub frame: &'a Frame,
    /// Of the DICOM file that the radiograph came in, where it is known: otherwise the patient stays empty.
    pub identity: Option<&'a Identity>,
    /// When the objects are said to be made.
    pub time: WallTime,
    /// Tells this reading from all others; UIDs are made of it.
    pub seed: &'a [u8],
    pub board: &'a str,
}

/// A new object, ready to be written.
pub struct Object {
    /// `capture`, `segmentation` or `report`.
    pub name: &'static str,
    pub class: &'static str,
    pub instance: String,
    /// A whole file.
    pub bytes: Vec<u8>,
    /// Where the dataset begins in it, behind what only a file has.
    dataset_at: usize,
}

impl Object {
    /// The dataset alone, in explicit VR, little endian.
    pub fn dataset(&self) -> &[u8] {
        &self.bytes[self.dataset_at..]
    }

    /// The same in implicit VR, little endian.
    pub fn implicit_dataset(&self) -> Vec<u8> {
        element::implicit(self.dataset())
    }
}

/// What a series is.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    class: &'static str,
    modality: &'static str,
    /// Above the numbers that units give their own series.
    series_number: &'static str,
    description: &'static str,
}

/// The objects that `subject` makes.
pub fn objects(subject: &Subject) -> Vec<Object> {
    let mut objects = vec![capture::object(subject)];
    objects.extend(segmentation::object(subject));
    objects.extend(report::object(subject));
    objects
}

impl Subject<'_> {
    /// The object that the radiograph came in.
    fn source(&self) -> Option<&ObjectReference> {
        self.frame.object()
    }

    /// A UID that this reading always has for `what`.
    fn uid(&self, what: &str) -> String {
        uid_of(self.seed, what)
    }

    /// The UID of the device, which all readings of a board of this name have.
    fn device_uid(&self) -> String {
        uid_of(self.board.as_bytes(), "device")
    }

    /// Date and time of day, as DICOM writes them.
    fn date_and_time(&self) -> [String; 2] {
        let digits: String = self.time.to_string().chars().filter(char::is_ascii_digit).collect();
        let (date, time) = digits.split_at(digits.len().min(8));
        [date.into(), time.chars().take(6).collect()]
    }

    /// What every object has: patient, study, series, equipment, SOP common.
    fn common(&self, kind: Kind) -> Elements {
        let mut e = Elements::default();
        for (tag, vr) in ELEMENTS {
            e.text(tag, vr, "");
        }
        e.text((0x0008, 0x0005), b"CS", "ISO_IR 192");
        for (tag, vr, value) in self.identity.iter().flat_map(|i| i.elements()) {
            e.bytes(tag, vr, value.to_vec());
        }
        let [date, time] = self.date_and_time();
        // When the object was made, and when its content was.
        for (day, hour) in [(0x0012, 0x0013), (0x0023, 0x0033)] {
            e.text((0x0008, day), b"DA", &date).text((0x0008, hour), b"TM", &time);
        }
        // It would count for the source's date and time too, which are in that one's own zone.
        if self.identity.is_none_or(|i| !i.elements().any(|(tag, ..)| STUDY_TIME.contains(&tag))) {
            e.text((0x0008, 0x0201), b"SH", "+0000");
        }
        let study = self.source().map_or_else(|| self.uid("study"), |s| s.uids()[0].into());
        e.text((0x0008, 0x0016), b"UI", kind.class)
            .text((0x0008, 0x0018), b"UI", &self.uid(kind.name))
            .text((0x0008, 0x0060), b"CS", kind.modality)
            .text((0x0008, 0x0070), b"LO", "raymap")
            .text((0x0008, 0x103E), b"LO", kind.description)
            .text((0x0008, 0x1090), b"LO", "raymap")
            .text((0x0018, 0x1000), b"LO", self.board)
            .text((0x0018, 0x1020), b"LO", env!("CARGO_PKG_VERSION"))
            .text((0x0020, 0x000D), b"UI", &study)
            .text((0x0020, 0x000E), b"UI", &self.uid(&format!("{} series", kind.name)))
            .text((0x0020, 0x0011), b"IS", kind.series_number)
            .text((0x0020, 0x0013), b"IS", "1");
        e
    }

    fn finish(&self, kind: Kind, elements: &Elements) -> Object {
        let (dataset, instance) = (elements.encode(), self.uid(kind.name));
        let bytes = element::file(kind.class, &instance, &dataset);
        let dataset_at = bytes.len() - dataset.len();
        Object { name: kind.name, class: kind.class, instance, bytes, dataset_at }
    }
}

/// The UID that `seed` always has for `what`: of a version 8 UUID (RFC 9562, 5.8; PS3.5, B.2).
fn uid_of(seed: &[u8], what: &str) -> String {
    let digest = Sha256::new().chain_update(seed).chain_update([0]).chain_update(what).finalize();
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&digest[..16]);
    uuid[6] = uuid[6] & 0x0F | 0x80;
    uuid[8] = uuid[8] & 0x3F | 0x80;
    format!("2.25.{}", u128::from_be_bytes(uuid))
}

/// A reference to an object by class and instance.
fn reference(object: &ObjectReference) -> Elements {
    let [_, _, class, instance] = object.uids();
    let mut e = Elements::default();
    e.text((0x0008, 0x1150), b"UI", class).text((0x0008, 0x1155), b"UI", instance);
    e
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Photometric;
    use crate::preprocess::{Display, Letterbox};
    use crate::reading::{Provenance, Reading, Refusal, Timing};
    use crate::units::PixelSize;

    fn frame() -> Frame {
        Frame::new(PixelSize::new(64, 64), (0..4_096).map(|v| v % 256).collect(), 8, Photometric::Monochrome2)
            .unwrap()
    }

    /// A radiograph of which nothing could be made.
    fn refused(frame: &Frame) -> Study {
        let (model_name, model_version, model_sha256) = ("m".into(), "1".into(), "00".into());
        let reading = Reading {
            name: "x".into(),
            lung_field: None,
            outcome: Err(Refusal { code: "empty_exposure", text: "empty".into() }),
            warnings: Vec::new(),
            provenance: Provenance { model_name, model_version, model_sha256, kernels: "portable" },
            timing: Timing { preprocess_ms: 1.0, network_ms: 0.0, map_ms: 0.0 },
        };
        let display = Display::of(frame);
        let letterbox = Letterbox::new(display.size, 64);
        Study { reading, display, letterbox, field: None, map: None }
    }

    fn subject<'a>(study: &'a Study, frame: &'a Frame, seed: &'a [u8]) -> Subject<'a> {
        let time = WallTime::parse("2031-05-06T07:08:09Z").unwrap();
        Subject { study, frame, identity: None, time, seed, board: "room 3" }
    }

    #[test]
    fn readings_that_are_alike_have_uids_of_their_own_and_one_device() {
        let frame = frame();
        let study = refused(&frame);
        let [one, again, other] = [b"1", b"1", b"2"].map(|seed| subject(&study, &frame, seed));
        for what in ["capture", "capture series", "study"] {
            assert_eq!(one.uid(what), again.uid(what));
            assert_ne!(one.uid(what), other.uid(what));
        }
        assert_eq!(one.device_uid(), other.device_uid());
        let elsewhere = Subject { board: "room 4", ..subject(&study, &frame, b"1") };
        assert_ne!(one.device_uid(), elsewhere.device_uid());
    }

    #[test]
    fn a_zone_is_named_where_every_time_is_in_it() {
        let frame = frame();
        let study = refused(&frame);
        let is_named = |identity: Option<&Identity>| {
            let object = capture::object(&Subject { identity, ..subject(&study, &frame, b"1") });
            object.dataset().windows(8).any(|w| w == [0x08, 0x00, 0x01, 0x02, b'S', b'H', 6, 0])
        };
        let of = |said: Tag| Identity::of(|tag| if tag == said { b"20260102".to_vec() } else { Vec::new() });
        assert!(is_named(None));
        assert!(is_named(of((0x0010, 0x0030)).as_ref()), "a date of birth has no zone");
        assert!(!is_named(of((0x0008, 0x0020)).as_ref()));
    }
}
