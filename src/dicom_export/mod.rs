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
use crate::identity::{ELEMENTS, Identity};
use crate::pipeline::Study;

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

    /// A UID that this reading always has for `what`: of a version 8 UUID (RFC 9562, 5.8; PS3.5, B.2).
    fn uid(&self, what: &str) -> String {
        let digest = Sha256::new().chain_update(self.seed).chain_update([0]).chain_update(what).finalize();
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&digest[..16]);
        uuid[6] = uuid[6] & 0x0F | 0x80;
        uuid[8] = uuid[8] & 0x3F | 0x80;
        format!("2.25.{}", u128::from_be_bytes(uuid))
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
        let study = self.source().map_or_else(|| self.uid("study"), |s| s.uids()[0].into());
        e.text((0x0008, 0x0016), b"UI", kind.class)
            .text((0x0008, 0x0018), b"UI", &self.uid(kind.name))
            .text((0x0008, 0x0060), b"CS", kind.modality)
            .text((0x0008, 0x0070), b"LO", "raymap")
            .text((0x0008, 0x0201), b"SH", "+0000")
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

/// A reference to an object by class and instance.
fn reference(object: &ObjectReference) -> Elements {
    let [_, _, class, instance] = object.uids();
    let mut e = Elements::default();
    e.text((0x0008, 0x1150), b"UI", class).text((0x0008, 0x1155), b"UI", instance);
    e
}
