//! Radiographs in DICOM files.
//!
//! What a file says is taken in this order: `scan` walks its elements within bounds, `scope` refuses what is
//! no chest radiograph of an adult, `shape` reads how the pixels lie, `shades` how they are to be shown, `pixels`
//! decodes them by their transfer syntax.
//! Only the elements named in [`tag`] and [`crate::identity`] are ever kept of a file that is read. Of those that say
//! who the patient is come one digest ([`crate::person::Person`]) and, for a sealed record, the values themselves;
//! errors carry numbers and words of our own, never a file's text (a UID of digits and dots excepted).
//!
//! The one reader is our own, so that every length in a file is held against the bytes that are left: the
//! general readers allocate what a header declares and recurse as deep as a file nests.
//! A linear window and the inversion of MONOCHROME1 belong to `preprocess`; this module does not do them.

mod age;
mod error;
mod identity;
mod jpeg;
mod jpeg2000;
mod jpegls;
mod person;
mod pixels;
mod rle;
mod scan;
mod scope;
mod shades;
mod shape;
mod syntax;
mod table;
mod tag;

pub use error::DicomError;
pub use identity::owner;
pub use jpeg2000::Jpeg2000Error;
pub use jpegls::JpegLsError;
pub use scan::looks_like_dataset;
pub use syntax::{Uid, is_read};

use crate::frame::Frame;

/// Bytes of a file up to the end of its mark: a 128-byte preamble and `DICM` (DICOM PS3.10, 7.1).
pub const DICOM_MARK_END: usize = 132;
/// Length of the preamble, whose bytes mean nothing here.
const PREAMBLE_BYTES: usize = 128;

/// Whether `bytes` begin with a preamble and the mark `DICM`.
pub fn has_preamble(bytes: &[u8]) -> bool {
    bytes.get(PREAMBLE_BYTES..DICOM_MARK_END) == Some(b"DICM")
}

/// The radiograph in a DICOM file, with or without preamble.
///
/// Pixels are the stored values, moved up where they are signed so that the lowest possible value is 0;
/// the window is the file's first, expressed in those values. Where the file shows its values by a table or a
/// sigmoid, pixels are what these give, before any inversion.
/// Fails with a refusal ([`DicomError::is_refusal`]) before any pixel is decoded when the file says that it
/// is no radiograph, or not of an adult's chest.
pub fn read(bytes: &[u8]) -> Result<Frame, DicomError> {
    let dataset = scan::scan(bytes)?;
    scope::check(&dataset)?;
    let frame = pixels::frame(&dataset)?.with_person(person::of(&dataset));
    Ok(frame.with_object(identity::object(&dataset)).with_identity(identity::of(&dataset)))
}

#[cfg(test)]
mod tests;
