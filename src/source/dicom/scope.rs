//! Whether a file says of itself that it is a chest radiograph of an adult.
//!
//! A file that says nothing is taken: whether it shows a chest is then judged from its pixels.
//! Sources: modalities from DICOM PS3.3, C.7.3.1.1.1; body parts from DICOM PS3.16, annex L.

use super::age;
use super::error::DicomError;
use super::scan::Dataset;
use super::tag;

/// Modalities of projection radiographs; SC because scanned films and exports are called so.
const RADIOGRAPHY: [&str; 7] = ["CR", "DX", "RG", "RF", "XA", "OT", "SC"];

/// Classes of raw detector values: digital X-ray, mammography and intra-oral, each for processing (DICOM PS3.4, B.5).
const FOR_PROCESSING: [&str; 3] =
    ["1.2.840.10008.5.1.4.1.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.2.1", "1.2.840.10008.5.1.4.1.1.1.3.1"];

/// Other modalities, in words.
const OTHERS: [(&str, &str); 20] = [
    ("CT", "a CT slice"),
    ("MR", "an MR slice"),
    ("US", "an ultrasound picture"),
    ("MG", "a mammogram"),
    ("NM", "a nuclear medicine picture"),
    ("PT", "a PET slice"),
    ("ES", "an endoscopy picture"),
    ("XC", "a photograph"),
    ("GM", "a microscope picture"),
    ("SM", "a slide microscope picture"),
    ("OP", "an eye photograph"),
    ("OCT", "an optical tomogram"),
    ("IO", "a dental radiograph"),
    ("PX", "a panoramic dental radiograph"),
    ("ECG", "an electrocardiogram"),
    ("SR", "a report"),
    ("PR", "a presentation state"),
    ("KO", "a list of images"),
    ("SEG", "a segmentation"),
    ("DOC", "a document"),
];

/// Body parts that are clearly not the chest, as written in files and in words.
const ELSEWHERE: [(&str, &str); 46] = [
    ("ABDOMEN", "abdomen"),
    ("ABDOMENPELVIS", "abdomen and pelvis"),
    ("ANKLE", "ankle"),
    ("ARM", "arm"),
    ("BRAIN", "brain"),
    ("BREAST", "breast"),
    ("CALCANEUS", "heel"),
    ("COCCYX", "coccyx"),
    ("CSPINE", "cervical spine"),
    ("ELBOW", "elbow"),
    ("EXTREMITY", "extremity"),
    ("EYE", "eye"),
    ("FACE", "face"),
    ("FEMUR", "femur"),
    ("FIBULA", "fibula"),
    ("FINGER", "finger"),
    ("FOOT", "foot"),
    ("FOREARM", "forearm"),
    ("HAND", "hand"),
    ("HEAD", "head"),
    ("HIP", "hip"),
    ("HUMERUS", "humerus"),
    ("JAW", "jaw"),
    ("KNEE", "knee"),
    ("LEG", "leg"),
    ("LSPINE", "lumbar spine"),
    ("MANDIBLE", "mandible"),
    ("MAXILLA", "maxilla"),
    ("NECK", "neck"),
    ("NOSE", "nose"),
    ("ORBIT", "orbit"),
    ("PATELLA", "patella"),
    ("PELVIS", "pelvis"),
    ("RADIUS", "radius"),
    ("SACRUM", "sacrum"),
    ("SHOULDER", "shoulder"),
    ("SINUS", "sinus"),
    ("SKULL", "skull"),
    ("SSPINE", "sacral spine"),
    ("TEETH", "teeth"),
    ("THIGH", "thigh"),
    ("THUMB", "thumb"),
    ("TIBIA", "tibia"),
    ("TOE", "toe"),
    ("ULNA", "ulna"),
    ("WRIST", "wrist"),
];

/// View positions of lateral views (DICOM PS3.3, C.8.7.3.1.3 and C.8.11.5.1; files write words, too).
/// Decubitus views (LLD, RLD) are frontal.
const LATERAL: [&str; 6] = ["LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT"];

/// Refuses a file whose modality, body part, view, patient or intent excludes a frontal chest radiograph of an adult to be
/// looked at.
pub(super) fn check(dataset: &Dataset) -> Result<(), DicomError> {
    if let Some(modality) = dataset.text(tag::MODALITY)
        && !RADIOGRAPHY.iter().any(|known| modality.eq_ignore_ascii_case(known))
    {
        let (modality, what) = find(&OTHERS, modality).unwrap_or(("another modality", "this file"));
        return Err(DicomError::NotRadiography { modality, what });
    }
    match dataset.text(tag::BODY_PART_EXAMINED).and_then(|part| find(&ELSEWHERE, part)) {
        Some((_, body_part)) => Err(DicomError::NotAChest { body_part }),
        None if is_lateral(dataset) => Err(DicomError::NotFrontal),
        None if age::is_child(dataset) => Err(DicomError::NotAdult),
        // PS3.3, C.8.11.1.1.1: such values are neither windowed nor in the order in which they are shown.
        None if is_for_processing(dataset) => Err(DicomError::ForProcessing),
        None => Ok(()),
    }
}

/// By the intent's name, or by the object's class.
fn is_for_processing(dataset: &Dataset) -> bool {
    let intent = dataset.text(tag::PRESENTATION_INTENT_TYPE).unwrap_or_default();
    let class = dataset.text(tag::SOP_CLASS_UID).unwrap_or_default();
    intent.eq_ignore_ascii_case("FOR PROCESSING") || FOR_PROCESSING.contains(&class)
}

/// By the view's name, or by rows that run to the patient's front or back (PS3.3, C.7.6.1.1.1).
fn is_lateral(dataset: &Dataset) -> bool {
    let view = dataset.text(tag::VIEW_POSITION).unwrap_or_default();
    let rows = dataset.text(tag::PATIENT_ORIENTATION).unwrap_or_default();
    LATERAL.iter().any(|name| view.eq_ignore_ascii_case(name)) || rows.starts_with(['A', 'P'])
}

fn find(table: &[(&'static str, &'static str)], text: &str) -> Option<(&'static str, &'static str)> {
    table.iter().find(|(written, _)| text.eq_ignore_ascii_case(written)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_says(modality: &str, body_part: &str, code: Option<&str>) {
        let mut dataset = Dataset::empty();
        dataset.put(tag::MODALITY, modality.as_bytes());
        dataset.put(tag::BODY_PART_EXAMINED, body_part.as_bytes());
        assert_eq!(check(&dataset).err().map(|error| error.code()), code, "{modality} {body_part}");
    }

    #[test]
    fn only_what_is_clearly_no_chest_is_refused() {
        check_says("DX", "CHEST ", None);
        check_says("CR", "", None);
        check_says("", "", None);
        check_says("OT", "THORAX", None);
        check_says("CT", "CHEST", Some("not_radiography"));
        check_says("cr", "Ankle", Some("not_chest"));
    }

    #[test]
    fn a_lateral_view_is_refused_by_its_name_or_its_rows() {
        let check_view = |view: &str, orientation: &str, code: Option<&str>| {
            let mut dataset = Dataset::empty();
            dataset.put(tag::VIEW_POSITION, view.as_bytes());
            dataset.put(tag::PATIENT_ORIENTATION, orientation.as_bytes());
            let error = check(&dataset).err();
            assert_eq!(error.as_ref().map(|e| e.code()), code, "{view} {orientation}");
            assert!(error.is_none_or(|e| e.is_refusal()));
        };
        for view in ["LL", "RL ", "lateral", "LAT"] {
            check_view(view, "", Some("not_frontal"));
        }
        for view in ["PA", "AP", "LLD", "RLD", "LLO", ""] {
            check_view(view, "", None);
        }
        check_view("", "A\\F", Some("not_frontal"));
        check_view("", "PL\\F", Some("not_frontal"));
        check_view("", "L\\F", None);
        check_view("PA", "R\\F", None);
    }

    #[test]
    fn raw_values_are_refused_by_their_intent_or_their_class() {
        let check_raw = |intent: &str, class: &str, code: Option<&str>| {
            let mut dataset = Dataset::empty();
            dataset.put(tag::PRESENTATION_INTENT_TYPE, intent.as_bytes());
            dataset.put(tag::SOP_CLASS_UID, class.as_bytes());
            assert_eq!(check(&dataset).err().map(|error| error.code()), code, "{intent} {class}");
        };
        for intent in ["FOR PROCESSING", "For Processing ", "for processing"] {
            check_raw(intent, "", Some("not_for_presentation"));
        }
        check_raw("", "1.2.840.10008.5.1.4.1.1.1.1.1\0", Some("not_for_presentation"));
        check_raw("FOR PRESENTATION", "1.2.840.10008.5.1.4.1.1.1.1", None);
        check_raw("", "1.2.840.10008.5.1.4.1.1.1", None);
    }

    #[test]
    fn a_refusal_repeats_no_text_of_the_file() {
        let mut dataset = Dataset::empty();
        dataset.put(tag::MODALITY, b"DOE^JANE");
        assert!(!check(&dataset).unwrap_err().to_string().contains("DOE"));
    }
}
