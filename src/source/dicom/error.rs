//! What a DICOM file can lack, in numbers and in words of our own.

use super::jpeg2000::Jpeg2000Error;
use super::jpegls::JpegLsError;
use super::scan::{DEPTH_MAX, ELEMENTS_MAX};
use super::syntax::Uid;
use crate::frame::FrameError;
use crate::person::ADULT_FROM_YEARS;
use crate::source::raster::RasterError;
use crate::units::PixelSize;

/// Why a DICOM file gave no frame. Tags are written as (group,element), in hexadecimal.
#[derive(Debug, thiserror::Error)]
pub enum DicomError {
    /// not an X-ray projection
    #[error("{what} ({modality}) is no radiograph: only projection radiographs are read (CR, DX)")]
    NotRadiography { modality: &'static str, what: &'static str },
    /// another part of the body
    #[error("the file says that it shows the {body_part}, not the chest")]
    NotAChest { body_part: &'static str },

    /// another view of the chest
    #[error("the file says that it is a lateral view: only frontal chest radiographs are read (PA, AP)")]
    NotFrontal,

    /// a child
    #[error(
        "the file says that the patient is younger than {ADULT_FROM_YEARS} years: only radiographs of adults are read; \
         where that is wrong, correct it on the X-ray unit and send the radiograph again"
    )]
    NotAdult,

    /// raw detector values
    #[error(
        "the file holds the detector's raw values (FOR PROCESSING), not the radiograph that is looked at: \
         send the one FOR PRESENTATION"
    )]
    ForProcessing,

    /// an element that is longer than the file
    #[error(
        "element ({group:04x},{element:04x}) declares {declared} bytes, but {left} are left: \
         the DICOM file is cut short or damaged, copy it again"
    )]
    Length { group: u16, element: u16, declared: u32, left: usize },
    /// ends inside an element's header
    #[error("the DICOM file ends after {bytes} bytes, inside the header of an element: copy it again")]
    Cut { bytes: usize },
    /// sequences in sequences
    #[error("sequences are nested more than {DEPTH_MAX} deep: the DICOM file is damaged")]
    Nesting,
    /// more elements than any radiograph has
    #[error("there are more than {ELEMENTS_MAX} elements before the pixels: the DICOM file is damaged")]
    Elements,
    /// a value representation that is no two letters, or an item out of place
    #[error("({group:04x},{element:04x}) is no element where it stands: the DICOM file is damaged")]
    Element { group: u16, element: u16 },
    /// a transfer syntax without a decoder
    #[error("transfer syntax {name} ({uid}) is not supported: export the radiograph uncompressed")]
    Syntax { name: &'static str, uid: Uid },

    /// something without which pixels cannot be read
    #[error("{name} is missing or has no usable value: export the DICOM file again")]
    Missing { name: &'static str },
    /// no pixel data element
    #[error(
        "there are no pixels in this DICOM file: it is a report or an index, or cut short; name the image's own file"
    )]
    NoPixels,
    /// fragments where none belong, or none where they do
    #[error("the pixels are not stored as transfer syntax {name} has them: export the DICOM file again")]
    Form { name: &'static str },
    /// a colour model that is not converted
    #[error("photometric interpretation {name} is not supported: export the radiograph in grey")]
    Photometric { name: &'static str },
    /// two elements of which one says white and the other black
    #[error(
        "Photometric Interpretation and Presentation LUT Shape contradict each other, so that it cannot be told \
         which end of the grey values is white: export the DICOM file again"
    )]
    Polarity,
    /// how grey values are shown, in a way that is not known
    #[error("{name} has a value that is not supported: export the radiograph with a window or a table")]
    Shades { name: &'static str },
    /// a table that cannot be used
    #[error("{name} names {entries} entries, but has {bytes} bytes: export the DICOM file again")]
    Table { name: &'static str, entries: usize, bytes: usize },
    /// depths that contradict each other or are not built in
    #[error(
        "{allocated} bits allocated, {stored} stored, high bit {high} is not supported: \
         8 or 16 allocated with up to as many stored are"
    )]
    Bits { allocated: u16, stored: u16, high: u16 },
    /// a series or film in one file
    #[error("the file holds {0} frames: export the radiograph as a single frame")]
    MultiFrame(u32),
    /// fewer pixels than rows and columns need
    #[error("the pixels need {expected} bytes, but {got} came: the DICOM file is cut short, copy it again")]
    PixelsShort { expected: usize, got: usize },
    /// the coded picture and the header disagree
    #[error("the header says {stated} pixels, the coded picture {coded}: export the DICOM file again")]
    CodedSize { stated: PixelSize, coded: PixelSize },
    /// a damaged run-length header
    #[error("the run-length header names {segments} segments, {expected} are needed: the file is damaged")]
    RleHeader { segments: u32, expected: usize },
    /// a JPEG process without a decoder
    #[error(
        "JPEG process SOF{process} with {bits} bits{and} is not supported: export the radiograph uncompressed"
    )]
    JpegProcess { process: u8, bits: u8, and: &'static str },
    /// damaged lossless JPEG
    #[error("the JPEG stream of {bytes} bytes is damaged: export the DICOM file again")]
    Jpeg { bytes: usize },

    /// the picture inside is faulty
    #[error(transparent)]
    Raster(#[from] RasterError),
    /// JPEG-LS
    #[error(transparent)]
    JpegLs(#[from] JpegLsError),
    /// JPEG 2000
    #[error(transparent)]
    Jpeg2000(#[from] Jpeg2000Error),
    /// not of a radiograph's size
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl DicomError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotRadiography { .. } => "not_radiography",
            Self::NotAChest { .. } => "not_chest",
            Self::NotFrontal => "not_frontal",
            Self::NotAdult => "not_adult",
            Self::ForProcessing => "not_for_presentation",
            Self::Length { .. } => "dicom_length",
            Self::Cut { .. } => "dicom_truncated",
            Self::Nesting => "dicom_nesting",
            Self::Elements => "dicom_elements",
            Self::Element { .. } => "dicom_element",
            Self::Syntax { .. } => "dicom_transfer_syntax",
            Self::Missing { .. } => "dicom_missing_element",
            Self::NoPixels => "dicom_no_pixels",
            Self::Form { .. } => "dicom_pixel_form",
            Self::Photometric { .. } => "dicom_photometric",
            Self::Polarity => "dicom_polarity",
            Self::Shades { .. } => "dicom_shades",
            Self::Table { .. } => "dicom_table",
            Self::Bits { .. } => "dicom_bits",
            Self::MultiFrame(_) => "dicom_multi_frame",
            Self::PixelsShort { .. } => "dicom_pixels_short",
            Self::CodedSize { .. } => "dicom_coded_size",
            Self::RleHeader { .. } => "dicom_rle",
            Self::JpegProcess { .. } => "dicom_jpeg_process",
            Self::Jpeg { .. } => "dicom_jpeg",
            Self::Raster(error) => error.code(),
            Self::JpegLs(error) => error.code(),
            Self::Jpeg2000(error) => error.code(),
            Self::Frame(error) => error.code(),
        }
    }

    /// Whether the file is sound but shows no chest radiograph of an adult that can be read.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::NotRadiography { .. }
                | Self::NotAChest { .. }
                | Self::NotFrontal
                | Self::NotAdult
                | Self::ForProcessing
        )
    }
}
