//! A radiograph as an X-ray unit sends it.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{DefaultDicomObject, FileMetaTableBuilder, InMemDicomObject};
use raymap::source::phantom::{PhantomSpec, compute};
use raymap::units::Percent;

pub const STUDY: &str = "2.25.101";
pub const INSTANCE: &str = "2.25.103";

/// A phantom with a third of its lungs infected, of the patient DOE^JANE, 4711.
pub fn radiograph() -> DefaultDicomObject {
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
