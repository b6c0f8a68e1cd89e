//! Which part of a console's picture is the radiograph, on which levels it is drawn, and what it came through.

use std::fmt;

use crate::units::{Fraction, PixelSize};

/// A rectangle in a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub left: u32,
    pub top: u32,
    pub size: PixelSize,
}

/// `1280x720 from (0, 40)`.
impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from ({}, {})", self.size, self.left, self.top)
    }
}

/// The part of a picture that is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Crop {
    /// The same pixels of every picture; both sides at least 1.
    Pixels(Area),
    /// Shares of the picture's width and height.
    Shares { left: Fraction, top: Fraction, width: Fraction, height: Fraction },
}

impl Crop {
    /// The crop's pixels in a picture of `size`; `None` when it is empty or reaches beyond the picture.
    ///
    /// Shares are rounded to the nearest pixel, edges first, so that two that meet leave no gap.
    pub fn in_picture(self, size: PixelSize) -> Option<Area> {
        let area = match self {
            Self::Pixels(area) => area,
            Self::Shares { left, top, width, height } => {
                let [left, right] = edges(left, width, size.width);
                let [top, bottom] = edges(top, height, size.height);
                Area { left, top, size: PixelSize::new(right - left, bottom - top) }
            }
        };
        let fits = |from: u32, side: u32, whole: u32| {
            side > 0 && from.checked_add(side).is_some_and(|end| end <= whole)
        };
        let inside =
            fits(area.left, area.size.width, size.width) && fits(area.top, area.size.height, size.height);
        inside.then_some(area)
    }
}

fn edges(from: Fraction, share: Fraction, whole_px: u32) -> [u32; 2] {
    let at = |share: f64| (share * f64::from(whole_px) + 0.5).floor() as u32;
    let [from, share] = [from, share].map(|f| f64::from(f.get()));
    [at(from), at((from + share).min(1.0))]
}

/// Which levels stand for black and white.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LevelRange {
    /// 0 and 255.
    #[default]
    Full,
    /// 16 and 235, as video has it (ITU-R BT.709, 3.4); levels outside are clipped.
    Limited,
}

/// What lies between the picture that is shown and the picture that is captured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Optics {
    /// Nothing: a wire.
    #[default]
    None,
    /// A camera, which stands askew, blurs, and sees reflections and the monitor's grid.
    Camera,
}

impl Optics {
    pub const NAMES: [&str; 2] = ["none", "camera"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_that_meet_leave_no_gap() {
        let third = |left: f32| {
            let f = |v| Fraction::new(v).unwrap();
            Crop::Shares { left: f(left), top: f(0.0), width: f(1.0 / 3.0), height: f(1.0) }
        };
        let size = PixelSize::new(1000, 500);
        let areas = [0.0, 1.0 / 3.0, 2.0 / 3.0].map(|l| third(l).in_picture(size).unwrap());
        assert_eq!(areas.map(|a| (a.left, a.size.width)), [(0, 333), (333, 334), (667, 333)]);
        assert!(areas.iter().all(|a| a.size.height == 500));
    }

    #[test]
    fn what_reaches_beyond_the_picture_is_no_crop() {
        let crop = |left, width| Crop::Pixels(Area { left, top: 0, size: PixelSize::new(width, 10) });
        let size = PixelSize::new(100, 10);
        assert!(crop(10, 90).in_picture(size).is_some());
        for (left, width) in [(10, 91), (100, 1), (0, 0), (u32::MAX, 2)] {
            assert_eq!(crop(left, width).in_picture(size), None, "{left} {width}");
        }
    }
}
