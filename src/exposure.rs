//! Is a frame an exposure at all, before anything is made of it?
//!
//! Looks only at how many grey values there are and how they spread; what they show is for the network.
//! This module does not know of devices.

use crate::frame::Frame;
use crate::units::{Fraction, Percent};

/// Grey levels between the darkest and the brightest percent of a frame, below which nothing was exposed.
const LEVELS_MIN: usize = 12;
/// Largest share of pixels with one and the same value: collimated pictures reach two thirds.
const ONE_VALUE_MAX: f32 = 0.85;

/// Why a frame is no exposure.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ExposureFault {
    /// hardly any contrast
    #[error("the picture is empty: its grey values span only {0} levels")]
    Empty(usize),
    /// nearly all pixels are equal
    #[error("{0} of the picture is one single grey value")]
    Blank(Percent),
}

impl ExposureFault {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty(_) => "exposure_empty",
            Self::Blank(_) => "exposure_blank",
        }
    }
}

/// The first reason why `frame` is no exposure; `None` when it may be read.
pub fn fault(frame: &Frame) -> Option<ExposureFault> {
    let mut counts = vec![0usize; 1 << 16];
    for &v in frame.pixels() {
        counts[usize::from(v)] += 1;
    }
    let total = frame.pixels().len();
    let most = counts.iter().copied().max().unwrap_or(0);
    let share = Fraction::of(most, total)?;
    if share.get() > ONE_VALUE_MAX {
        return Some(ExposureFault::Blank(share.percent()));
    }
    let spread = level_of(&counts, total - total / 100).saturating_sub(level_of(&counts, total / 100));
    (spread < LEVELS_MIN).then_some(ExposureFault::Empty(spread))
}

/// The value of the pixel with this rank from the lowest.
fn level_of(counts: &[usize], rank: usize) -> usize {
    let mut seen = 0;
    counts
        .iter()
        .position(|n| {
            seen += n;
            seen > rank
        })
        .unwrap_or(counts.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::PixelSize;

    fn check(pixel: impl Fn(usize) -> u8, expected: Option<&str>) {
        let size = PixelSize::new(100, 100);
        let pixels: Vec<u8> = (0..size.area()).map(pixel).collect();
        let frame = Frame::from_grey8(size, &pixels).unwrap();
        assert_eq!(fault(&frame).map(|f| f.code()), expected);
    }

    #[test]
    fn empty_and_blank_frames_are_no_exposures() {
        check(|_| 7, Some("exposure_blank"));
        check(|i| 100 + (i % 5) as u8, Some("exposure_empty"));
        check(|i| (i % 200) as u8, None);
        check(|i| if i < 6000 { 0 } else { (i % 200) as u8 }, None);
    }
}
