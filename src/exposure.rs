//! Is a frame an exposure at all, before anything is made of it? And which frame of a live picture is one?
//!
//! [`fault`] looks only at how many grey values there are, how they spread and how neighbours resemble each other; what
//! they show is for the network. Every bound leaves room beside all 1,685 radiographs of adults in the training and
//! validation splits (`docs/fitness.md`).
//! [`Settler`] finds new radiographs in a console's live picture (`docs/exposure.md`).
//! This module does not know of devices.

mod tone;
mod field;
mod tiles;
mod signature;
mod statistics;
mod camera;
mod live;
mod settle;
mod outlook;

pub use field::{FIELDS_MAX, Field, find};
pub use live::Live;
pub use settle::{Exposure, Look, SETTLE_DEFAULT, SETTLE_MAX, SETTLE_MIN, SettleRules, Settler};
pub use tiles::FRAMES_AVERAGED_MAX;

use crate::frame::{Frame, Histogram, Photometric};
use crate::units::{Fraction, Percent};

/// Grey levels between the darkest and the brightest percent of a frame, below which nothing was exposed.
/// The flattest radiograph of the corpus has 61.
const LEVELS_MIN: usize = 24;
/// Largest share of pixels with one and the same value; .49 in the corpus, and tightly collimated pictures reach
/// two thirds.
const ONE_VALUE_MAX: f32 = 0.85;
/// Largest share of pixels at the black end; .51 in the corpus, where collimation is black.
const BLACK_MAX: f32 = 0.75;
/// Largest share of pixels at the white end; .21 in the corpus.
const WHITE_MAX: f32 = 0.45;
/// Largest difference between neighbours as a share of that between distant pixels; .33 in the corpus, 1 in noise.
const NOISE_MAX: f64 = 0.7;
/// Pixels per thousand beyond which grey values count as outliers: the window's percentiles (`preprocess`).
const OUTLIERS_PER_MILLE: usize = 5;
/// Distant pixels are this part of the width apart.
const DISTANT_PARTS: usize = 4;

/// Why a frame is no exposure that can be read.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ExposureFault {
    /// hardly any contrast
    #[error("the picture is empty: its grey values span only {0} levels")]
    Empty(usize),
    /// nearly all pixels are equal
    #[error("{0} of the picture is one single grey value")]
    Blank(Percent),
    /// too much of it at the black end
    #[error("{0} of the picture is black: the exposure is too strong, or the window cuts it off")]
    Dark(Percent),
    /// too much of it at the white end
    #[error("{0} of the picture is white: the exposure is too weak, or the window cuts it off")]
    Bright(Percent),
    /// neighbours are as different as distant pixels
    #[error("the picture is noise: neighbouring pixels have nothing in common")]
    Noise,
}

impl ExposureFault {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty(_) => "exposure_empty",
            Self::Blank(_) => "exposure_blank",
            Self::Dark(_) => "exposure_dark",
            Self::Bright(_) => "exposure_bright",
            Self::Noise => "exposure_noise",
        }
    }
}

/// The first reason why `frame` is no exposure; `None` when it may be read.
///
/// `histogram` is the frame's.
pub fn fault(frame: &Frame, histogram: &Histogram) -> Option<ExposureFault> {
    let counts = histogram.counts();
    let total = frame.pixels().len();
    let most = counts.iter().copied().max().unwrap_or(0);
    let share = Fraction::of(most as usize, total)?;
    if share.get() > ONE_VALUE_MAX {
        return Some(ExposureFault::Blank(share.percent()));
    }
    let spread = level_of(counts, total - total / 100).saturating_sub(level_of(counts, total / 100));
    if spread < LEVELS_MIN {
        return Some(ExposureFault::Empty(spread));
    }
    clipped(counts, total, frame.photometric()).or_else(|| is_noise(frame).then_some(ExposureFault::Noise))
}

/// Whether too many pixels crowd at either end of the grey values; an end is a hundredth of what lies between the
/// outliers.
fn clipped(counts: &[u32], total: usize, photometric: Photometric) -> Option<ExposureFault> {
    let outliers = total * OUTLIERS_PER_MILLE / 1000;
    let (low, high) = (level_of(counts, outliers), level_of(counts, total - 1 - outliers));
    let end = (high - low) / 100;
    let sum = |of: &[u32]| of.iter().map(|&n| n as usize).sum();
    let share = |of: &[u32]| Fraction::of(sum(of), total).unwrap_or(Fraction::ZERO);
    let (lowest, highest) = (share(&counts[..=low + end]), share(&counts[high - end..]));
    let (black, white) = match photometric {
        Photometric::Monochrome2 => (lowest, highest),
        Photometric::Monochrome1 => (highest, lowest),
    };
    if black.get() > BLACK_MAX {
        return Some(ExposureFault::Dark(black.percent()));
    }
    (white.get() > WHITE_MAX).then(|| ExposureFault::Bright(white.percent()))
}

/// Whether neighbours along the rows differ nearly as much as pixels a quarter of the width apart.
fn is_noise(frame: &Frame) -> bool {
    let width = frame.size().width as usize;
    let near = mean_difference(frame.pixels(), width, 1);
    let far = mean_difference(frame.pixels(), width, width / DISTANT_PARTS);
    near > NOISE_MAX * far
}

/// Mean absolute difference of pixels `apart` in the same row; 0 < `apart` < `width`.
fn mean_difference(pixels: &[u16], width: usize, apart: usize) -> f64 {
    // A row's sum fits 32 bits: frames are at most 10,000 pixels wide.
    let of_row =
        |row: &[u16]| -> u32 { row.iter().zip(&row[apart..]).map(|(a, b)| u32::from(a.abs_diff(*b))).sum() };
    let sum: u64 = pixels.chunks_exact(width).map(|row| u64::from(of_row(row))).sum();
    sum as f64 / (pixels.len() / width * (width - apart)) as f64
}

/// How many levels of 8 bits one stored unit is worth.
fn levels_of(bits_stored: u8) -> f32 {
    256.0 / (1u32 << bits_stored) as f32
}

/// The value of the pixel with this rank from the lowest.
fn level_of(counts: &[u32], rank: usize) -> usize {
    let mut seen = 0;
    counts
        .iter()
        .position(|&n| {
            seen += n as usize;
            seen > rank
        })
        .unwrap_or(counts.len() - 1)
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;
    use rand_pcg::Pcg32;

    use super::*;
    use crate::source::phantom::{self, PhantomSpec};
    use crate::units::{Percent, PixelSize};

    const SIZE: PixelSize = PixelSize::new(100, 100);

    fn check(photometric: Photometric, pixel: impl FnMut(usize) -> u16, expected: Option<&str>) {
        let pixels: Vec<u16> = (0..SIZE.area()).map(pixel).collect();
        let frame = Frame::new(SIZE, pixels, 12, photometric).unwrap();
        assert_eq!(fault(&frame, &frame.histogram()).map(|f| f.code()), expected);
    }

    #[test]
    fn empty_and_blank_frames_are_no_exposures() {
        let m2 = Photometric::Monochrome2;
        check(m2, |_| 7, Some("exposure_blank"));
        check(m2, |i| 100 + (i % 20) as u16, Some("exposure_empty"));
        check(m2, |i| (i % 200) as u16, None);
        check(m2, |i| if i < 6000 { 0 } else { (i % 200) as u16 }, None);
    }

    #[test]
    fn a_frame_at_one_end_of_its_grey_values_is_clipped() {
        let (m1, m2) = (Photometric::Monochrome1, Photometric::Monochrome2);
        let low = |i: usize| if i < 8000 { (i % 2) as u16 } else { 100 + (i % 1000) as u16 };
        check(m2, low, Some("exposure_dark"));
        check(m1, low, Some("exposure_bright"));
        check(m2, |i| 4095 - low(i), Some("exposure_bright"));
        check(m1, |i| 4095 - low(i), Some("exposure_dark"));
    }

    #[test]
    fn noise_of_an_unexposed_detector_is_no_exposure() {
        let mut chance = Pcg32::new(3, 1);
        check(Photometric::Monochrome2, |_| 200 + (chance.next_u32() >> 25) as u16, Some("exposure_noise"));
    }

    #[test]
    fn phantoms_are_exposures_however_they_are_stored() {
        for seed in 1..=3 {
            let size = PixelSize::new(320, 320);
            let spec = PhantomSpec { size, ..PhantomSpec::new(seed, Percent::new(30.0).unwrap()) };
            let frame = phantom::compute(&spec).frame;
            let top = (1u16 << frame.bits_stored()) - 1;
            let negative: Vec<u16> = frame.pixels().iter().map(|v| top - v).collect();
            let m1 = Frame::new(size, negative, frame.bits_stored(), Photometric::Monochrome1).unwrap();
            assert_eq!(
                (fault(&frame, &frame.histogram()), fault(&m1, &m1.histogram())),
                (None, None),
                "seed {seed}"
            );
        }
    }
}
