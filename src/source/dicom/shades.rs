//! From stored values to shades of grey: modality LUT or rescale, then VOI LUT or window, then polarity.
//!
//! What is linear stays a window for `preprocess`, and stored values stay as they are. What is not, a table or
//! a sigmoid, is worked into the pixels here, since a window cannot say it. Inverting comes after either.
//! Source: DICOM PS3.3, C.11.1 (modality LUT), C.11.2 (VOI LUT and window), C.11.6 (presentation LUT shape).

use super::error::DicomError;
use super::scan::Dataset;
use super::shape::{Colour, Shape};
use super::table::{Table, palette};
use super::tag;
use crate::frame::{Photometric, WindowLevel};

/// Bits of what a sigmoid gives.
const SIGMOID_BITS: u8 = 16;

/// What becomes of stored values, as the frame has them: unsigned, the lowest possible value 0.
#[derive(Debug, Clone)]
pub(super) struct Shades {
    /// A shade for each stored value.
    table: Option<Vec<u16>>,
    pub bits: u8,
    pub photometric: Photometric,
    /// In shades.
    pub window: Option<WindowLevel>,
}

/// From stored values, with their sign, to what the detector measured.
enum Modality {
    Rescale { slope: f64, intercept: f64 },
    Table(Table),
}

/// From there to what is of interest.
enum Interest {
    All,
    /// Grey rises from black at `center - width / 2` to white at `center + width / 2`.
    Window {
        center: f64,
        width: f64,
    },
    Sigmoid {
        center: f64,
        width: f64,
    },
    Table(Table),
}

impl Shades {
    /// How the file wants its pixels shown; colour, which is luma by now, as it is.
    pub(super) fn read(dataset: &Dataset, shape: &Shape) -> Result<Self, DicomError> {
        match shape.colour {
            Colour::Grey(photometric) => Self::grey(dataset, shape, polarity(dataset, photometric)?),
            Colour::Palette => {
                let palette = palette(dataset, shape.signed)?;
                let bits = palette.bits;
                Ok(Self::plain(shape).with_table(shape, bits, |value| palette.at(value)))
            }
            Colour::Rgb | Colour::Ybr { .. } => Ok(Self::plain(shape)),
        }
    }

    /// The shade of a stored value.
    pub(super) fn of(&self, stored: u16) -> u16 {
        self.table.as_ref().map_or(stored, |table| table[usize::from(stored).min(table.len() - 1)])
    }

    fn plain(shape: &Shape) -> Self {
        // Bits stored are at most 16.
        let bits = shape.bits_stored as u8;
        Self { table: None, bits, photometric: Photometric::Monochrome2, window: None }
    }

    fn grey(dataset: &Dataset, shape: &Shape, photometric: Photometric) -> Result<Self, DicomError> {
        let plain = Self { photometric, ..Self::plain(shape) };
        Ok(match (Modality::read(dataset, shape)?, Interest::read(dataset, shape)?) {
            (Modality::Rescale { slope, intercept }, Interest::All) => {
                plain.rescaled(None, slope, intercept, shape)
            }
            (Modality::Rescale { slope, intercept }, Interest::Window { center, width }) => {
                plain.rescaled(Some((center, width)), slope, intercept, shape)
            }
            (Modality::Table(table), Interest::All) => {
                plain.with_table(shape, table.bits, |value| table.at(value))
            }
            (Modality::Table(table), Interest::Window { center, width }) => {
                let shades = plain.with_table(shape, table.bits, |value| table.at(value));
                Self { window: Some(window(center, width)), ..shades }
            }
            (modality, Interest::Sigmoid { center, width }) => {
                plain.with_table(shape, SIGMOID_BITS, |value| sigmoid(modality.of(value), center, width))
            }
            (modality, Interest::Table(table)) => {
                plain.with_table(shape, table.bits, |value| table.at(modality.of(value)))
            }
        })
    }

    /// The window moved from rescaled values to stored ones; a falling rescale turns grey values round.
    fn rescaled(self, window_: Option<(f64, f64)>, slope: f64, intercept: f64, shape: &Shape) -> Self {
        let photometric = match (self.photometric, slope < 0.0) {
            (photometric, false) => photometric,
            (Photometric::Monochrome1, true) => Photometric::Monochrome2,
            (Photometric::Monochrome2, true) => Photometric::Monochrome1,
        };
        let lift = f64::from(shape.sign_bit());
        let window = window_.map(|(c, w)| window((c - intercept) / slope + lift, libm::fabs(w / slope)));
        Self { photometric, window, ..self }
    }

    fn with_table(self, shape: &Shape, bits: u8, shade: impl Fn(f64) -> u16) -> Self {
        let lift = f64::from(shape.sign_bit());
        let table = (0..=shape.mask()).map(|stored| shade(f64::from(stored) - lift)).collect();
        Self { table: Some(table), bits, ..self }
    }
}

impl Modality {
    fn read(dataset: &Dataset, shape: &Shape) -> Result<Self, DicomError> {
        let big_endian = dataset.syntax.encoding.big_endian;
        match dataset.table(tag::MODALITY_LUT_SEQUENCE) {
            Some(raw) => Table::read(raw, "the modality LUT", shape.signed, big_endian).map(Self::Table),
            None => Ok(Self::Rescale {
                slope: dataset.decimal(tag::RESCALE_SLOPE).filter(|s| *s != 0.0).unwrap_or(1.0),
                intercept: dataset.decimal(tag::RESCALE_INTERCEPT).unwrap_or(0.0),
            }),
        }
    }

    fn of(&self, value: f64) -> f64 {
        match self {
            Self::Rescale { slope, intercept } => value * slope + intercept,
            Self::Table(table) => table.at(value).into(),
        }
    }
}

impl Interest {
    /// The file's first choice; where it offers both a table and windows, the table.
    fn read(dataset: &Dataset, shape: &Shape) -> Result<Self, DicomError> {
        if let Some(raw) = dataset.table(tag::VOI_LUT_SEQUENCE) {
            let below_nothing = dataset.decimal(tag::RESCALE_INTERCEPT).is_some_and(|i| i < 0.0);
            let signed = shape.signed || below_nothing;
            let big_endian = dataset.syntax.encoding.big_endian;
            return Table::read(raw, "the VOI LUT", signed, big_endian).map(Self::Table);
        }
        let numbers = (dataset.decimal(tag::WINDOW_CENTER), dataset.decimal(tag::WINDOW_WIDTH));
        let (Some(center), Some(width)) = numbers else { return Ok(Self::All) };
        match dataset.text(tag::VOI_LUT_FUNCTION).unwrap_or("LINEAR") {
            // A width below 1 means nothing here, and some files write 0 for none.
            "LINEAR" if width < 1.0 => Ok(Self::All),
            "LINEAR" => Ok(Self::Window { center: center - 0.5, width: width - 1.0 }),
            "LINEAR_EXACT" | "SIGMOID" if width <= 0.0 => Ok(Self::All),
            "LINEAR_EXACT" => Ok(Self::Window { center, width }),
            "SIGMOID" => Ok(Self::Sigmoid { center, width }),
            _ => Err(DicomError::Shades { name: "VOI LUT Function" }),
        }
    }
}

/// As `preprocess` has windows: C.11.2.1.2.1 takes half a value off the center and one off the width.
fn window(center: f64, width: f64) -> WindowLevel {
    WindowLevel { center: (center + 0.5) as f32, width: (width + 1.0) as f32 }
}

/// C.11.2.1.3.1, onto all of [`SIGMOID_BITS`].
fn sigmoid(value: f64, center: f64, width: f64) -> u16 {
    let share = 1.0 / (1.0 + libm::exp(-4.0 * (value - center) / width));
    libm::rint(share * f64::from(u16::MAX)) as u16
}

/// The photometric interpretation, unless the presentation LUT shape says otherwise: of an image it may only
/// repeat it (C.8.11.3.1.2).
fn polarity(dataset: &Dataset, photometric: Photometric) -> Result<Photometric, DicomError> {
    match (dataset.text(tag::PRESENTATION_LUT_SHAPE), photometric) {
        (None, _)
        | (Some("IDENTITY"), Photometric::Monochrome2)
        | (Some("INVERSE"), Photometric::Monochrome1) => Ok(photometric),
        (Some("IDENTITY" | "INVERSE"), _) => Err(DicomError::Polarity),
        (Some(_), _) => Err(DicomError::Shades { name: "Presentation LUT Shape" }),
    }
}

#[cfg(test)]
#[path = "shades_tests.rs"]
mod tests;
