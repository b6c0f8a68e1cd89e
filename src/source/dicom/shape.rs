//! How a file's pixels lie: size, depth, sign, photometric interpretation, padding.
//!
//! Source: DICOM PS3.3, C.7.6.3 (image pixel), C.7.5.1.1.2 (padding).

use super::error::DicomError;
use super::scan::Dataset;
use super::tag;
use crate::frame::{Photometric, check_size};
use crate::units::PixelSize;

/// What the samples of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Grey(Photometric),
    /// A number into a table of colours.
    Palette,
    Rgb,
    /// Luma first, then two colour differences, perhaps for every second pixel only.
    Ybr {
        halved: bool,
    },
}

/// The pixels' layout, checked.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub size: PixelSize,
    pub colour: Colour,
    pub samples: usize,
    /// One plane after another instead of one pixel after another.
    pub planar: bool,
    pub bits_allocated: u16,
    pub bits_stored: u16,
    /// Bits below the lowest stored one.
    pub low_bit: u16,
    pub signed: bool,
    /// Padding values as written in the file.
    padding: Option<(u16, u16)>,
}

impl Shape {
    /// The layout that a dataset states; fails where it is not one that is read.
    pub(super) fn read(dataset: &Dataset) -> Result<Self, DicomError> {
        let number = |tag, name| dataset.short(tag).ok_or(DicomError::Missing { name });
        let rows = number(tag::ROWS, "Rows")?;
        let columns = number(tag::COLUMNS, "Columns")?;
        let size = PixelSize::new(columns.into(), rows.into());
        check_size(size)?;
        single_frame(dataset)?;
        let bits_allocated = number(tag::BITS_ALLOCATED, "Bits Allocated")?;
        let bits_stored = dataset.short(tag::BITS_STORED).unwrap_or(bits_allocated);
        let high_bit = dataset.short(tag::HIGH_BIT).unwrap_or(bits_stored.wrapping_sub(1));
        let fits = bits_stored >= 1 && high_bit < bits_allocated && high_bit + 1 >= bits_stored;
        if ![8, 16].contains(&bits_allocated) || !fits {
            return Err(DicomError::Bits { allocated: bits_allocated, stored: bits_stored, high: high_bit });
        }
        let (colour, samples) = colour(dataset)?;
        let padding = dataset.short(tag::PIXEL_PADDING_VALUE);
        Ok(Self {
            size,
            colour,
            samples,
            planar: dataset.short(tag::PLANAR_CONFIGURATION) == Some(1),
            bits_allocated,
            bits_stored,
            low_bit: high_bit + 1 - bits_stored,
            signed: dataset.short(tag::PIXEL_REPRESENTATION) == Some(1),
            padding: padding.map(|p| (p, dataset.short(tag::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(p))),
        })
    }

    /// All stored bits set.
    pub(super) fn mask(&self) -> u16 {
        u16::MAX >> (16 - self.bits_stored)
    }

    /// The bit whose flipping moves signed values up to start at 0; none for unsigned values.
    pub(super) fn sign_bit(&self) -> u16 {
        if self.signed { 1 << (self.bits_stored - 1) } else { 0 }
    }

    /// A sample as written, as the frame has it: unsigned, the lowest possible value 0.
    pub(super) fn unsigned(&self, raw: u16) -> u16 {
        (raw & self.mask()) ^ self.sign_bit()
    }

    /// Whether the file names padding.
    pub(super) fn has_padding(&self) -> bool {
        self.padding.is_some()
    }

    /// Whether a pixel of this value as the frame has it, and of this word in the file, is padding.
    ///
    /// A padding value that has more than the stored bits is no grey value: only a word can be it.
    pub(super) fn is_padding(&self, value: u16, word: Option<u16>) -> bool {
        let Some((one, other)) = self.padding else { return false };
        let within = |one: u16, other: u16, value: u16| (one.min(other)..=one.max(other)).contains(&value);
        if self.fits(one) && self.fits(other) {
            within(self.unsigned(one), self.unsigned(other), value)
        } else {
            word.is_some_and(|word| within(one, other, word))
        }
    }

    /// Whether a value as written needs the stored bits alone: none above them, or those of its sign.
    fn fits(&self, value: u16) -> bool {
        let above = !self.mask();
        let negative = self.signed && value & self.sign_bit() != 0;
        value & above == 0 || (negative && value & above == above)
    }
}

fn single_frame(dataset: &Dataset) -> Result<(), DicomError> {
    match dataset.text(tag::NUMBER_OF_FRAMES).and_then(|frames| frames.parse().ok()) {
        Some(frames @ 2..) => Err(DicomError::MultiFrame(frames)),
        _ => Ok(()),
    }
}

fn colour(dataset: &Dataset) -> Result<(Colour, usize), DicomError> {
    let missing = DicomError::Missing { name: "Photometric Interpretation" };
    let (colour, expected) = match dataset.text(tag::PHOTOMETRIC_INTERPRETATION).ok_or(missing)? {
        "MONOCHROME1" => (Colour::Grey(Photometric::Monochrome1), 1),
        "MONOCHROME2" => (Colour::Grey(Photometric::Monochrome2), 1),
        // The last two are transforms within JPEG 2000, whose decoder undoes them.
        "RGB" | "YBR_ICT" | "YBR_RCT" => (Colour::Rgb, 3),
        "YBR_FULL" => (Colour::Ybr { halved: false }, 3),
        "YBR_FULL_422" => (Colour::Ybr { halved: true }, 3),
        "PALETTE COLOR" => (Colour::Palette, 1),
        "YBR_PARTIAL_420" => return Err(DicomError::Photometric { name: "YBR_PARTIAL_420" }),
        "YBR_PARTIAL_422" => return Err(DicomError::Photometric { name: "YBR_PARTIAL_422" }),
        "XYB" => return Err(DicomError::Photometric { name: "XYB" }),
        _ => return Err(DicomError::Photometric { name: "of an unknown name" }),
    };
    let samples = dataset.short(tag::SAMPLES_PER_PIXEL).unwrap_or(expected);
    if samples != expected {
        return Err(DicomError::Missing { name: "a Samples per Pixel that fits the colour" });
    }
    Ok((colour, expected.into()))
}
