//! Whom and what a DICOM file is of.

use super::scan::{Dataset, scan_for};
use super::tag::{self, Tag};
use crate::frame::ObjectReference;
use crate::identity::{ELEMENTS, Identity};

const UIDS: [Tag; 5] = [
    tag::TRANSFER_SYNTAX_UID,
    tag::STUDY_INSTANCE_UID,
    tag::SERIES_INSTANCE_UID,
    tag::SOP_CLASS_UID,
    tag::SOP_INSTANCE_UID,
];
const KEPT: [Tag; UIDS.len() + ELEMENTS.len()] = {
    let mut kept = [UIDS[0]; UIDS.len() + ELEMENTS.len()];
    let mut i = 0;
    while i < kept.len() {
        kept[i] = if i < UIDS.len() { UIDS[i] } else { ELEMENTS[i - UIDS.len()].0 };
        i += 1;
    }
    kept
};

/// The file's own object, and its patient and study; `None` when it is no DICOM file or lacks one of these.
pub fn owner(bytes: &[u8]) -> Option<(ObjectReference, Identity)> {
    let dataset = scan_for(bytes, &KEPT).ok()?;
    Some((object(&dataset)?, Identity::of(|tag| dataset.bytes(tag).to_vec())?))
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
