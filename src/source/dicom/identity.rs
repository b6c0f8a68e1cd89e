//! Whom and what a DICOM file is of, for new objects that are to lie beside it in an archive.
//!
//! This is patient data: it goes from one DICOM file into another, and nowhere else.
//! Source: DICOM PS3.3, C.7.1.1 (patient), C.7.2.1 (general study).

use super::scan::{Dataset, scan_for};
use super::tag::{self, Tag};
use crate::frame::ObjectReference;

/// Longest value that is taken over: names have 64 characters in three groups.
const VALUE_BYTES_MAX: usize = 1024;
/// What is of the patient and the study, with its value representation; of type 2 throughout: it may be empty.
pub const PATIENT_AND_STUDY: [(Tag, &[u8; 2]); 10] = [
    ((0x0008, 0x0020), b"DA"),
    ((0x0008, 0x0030), b"TM"),
    ((0x0008, 0x0050), b"SH"),
    ((0x0008, 0x0090), b"PN"),
    ((0x0010, 0x0010), b"PN"),
    ((0x0010, 0x0020), b"LO"),
    ((0x0010, 0x0030), b"DA"),
    ((0x0010, 0x0040), b"CS"),
    ((0x0020, 0x0010), b"SH"),
    ((0x0020, 0x0020), b"CS"),
];
/// In which characters their texts are.
const CHARACTER_SET: (Tag, &[u8; 2]) = ((0x0008, 0x0005), b"CS");
const UIDS: [Tag; 5] = [
    tag::TRANSFER_SYNTAX_UID,
    tag::STUDY_INSTANCE_UID,
    tag::SERIES_INSTANCE_UID,
    tag::SOP_CLASS_UID,
    tag::SOP_INSTANCE_UID,
];
const KEPT: [Tag; UIDS.len() + 1 + PATIENT_AND_STUDY.len()] = {
    let mut kept = [CHARACTER_SET.0; UIDS.len() + 1 + PATIENT_AND_STUDY.len()];
    let mut i = 0;
    while i < UIDS.len() {
        kept[i] = UIDS[i];
        i += 1;
    }
    let mut i = 0;
    while i < PATIENT_AND_STUDY.len() {
        kept[UIDS.len() + 1 + i] = PATIENT_AND_STUDY[i].0;
        i += 1;
    }
    kept
};

/// Patient and study of a file. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    pub object: ObjectReference,
    /// Tag, value representation and value of each element that is there, in the file's own character set.
    pub elements: Vec<(Tag, &'static [u8; 2], Vec<u8>)>,
}

impl Identity {
    /// Of the file with these bytes; `None` when it is no DICOM file or lacks one of its UIDs.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let dataset = scan_for(bytes, &KEPT).ok()?;
        let taken = [CHARACTER_SET].into_iter().chain(PATIENT_AND_STUDY);
        let taken = taken.map(|(tag, vr)| (tag, vr, dataset.bytes(tag).to_vec()));
        let elements = taken.filter(|(_, _, v)| (1..=VALUE_BYTES_MAX).contains(&v.len())).collect();
        Some(Self { object: object(&dataset)?, elements })
    }
}

/// The file's own UIDs; `None` when one is missing.
pub(super) fn object(dataset: &Dataset) -> Option<ObjectReference> {
    let uid = |tag| dataset.text(tag).unwrap_or_default();
    ObjectReference::new([
        uid(tag::STUDY_INSTANCE_UID),
        uid(tag::SERIES_INSTANCE_UID),
        uid(tag::SOP_CLASS_UID),
        uid(tag::SOP_INSTANCE_UID),
    ])
}
