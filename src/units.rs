//! Checked quantities: every number that crosses a module carries its unit in its type.
//!
//! A value that exists is in range; nothing downstream checks again.
//! This module knows nothing of radiographs, files or devices.

use std::fmt;

/// A quantity outside its range.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum UnitError {
    /// a share must lie between 0 and 1
    #[error("{0} is no share: it must lie between 0 and 1")]
    Fraction(f64),
    /// a percentage must lie between 0 and 100
    #[error("{0} is no percentage: it must lie between 0 and 100")]
    Percent(f64),
}

/// A share of a whole, 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Fraction(f32);

impl Fraction {
    pub const ZERO: Self = Self(0.0);
    pub const ONE: Self = Self(1.0);

    /// `value` as a share; fails outside 0..=1 and on NaN.
    pub fn new(value: f32) -> Result<Self, UnitError> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(UnitError::Fraction(value.into())) }
    }

    /// The nearest share to `value`; NaN becomes 0.
    pub fn clamped(value: f32) -> Self {
        if value.is_nan() { Self::ZERO } else { Self(value.clamp(0.0, 1.0)) }
    }

    /// `part` of `whole`, or `None` when there is no whole.
    pub fn of(part: usize, whole: usize) -> Option<Self> {
        (whole > 0).then(|| Self::clamped((part as f64 / whole as f64) as f32))
    }

    /// The share as a number, 0..=1.
    pub fn get(self) -> f32 {
        self.0
    }

    /// To four decimals, as readings keep it: the last ones say nothing, and what is told is what is kept.
    pub fn rounded(self) -> Self {
        Self((f64::from(self.0) * 1e4).round() as f32 / 1e4)
    }

    pub fn percent(self) -> Percent {
        Percent(self.0 * 100.0)
    }
}

/// A percentage, 0..=100.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(f32);

impl Percent {
    /// `value` as a percentage; fails outside 0..=100 and on NaN.
    pub fn new(value: f32) -> Result<Self, UnitError> {
        if (0.0..=100.0).contains(&value) { Ok(Self(value)) } else { Err(UnitError::Percent(value.into())) }
    }

    /// The percentage as a number, 0..=100.
    pub fn get(self) -> f32 {
        self.0
    }

    pub fn fraction(self) -> Fraction {
        Fraction(self.0 / 100.0)
    }
}

/// Whole percent with its sign: `34 %`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} %", self.0)
    }
}

/// Width and height in pixels, both at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelSize {
    pub width: u32,
    pub height: u32,
}

impl PixelSize {
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Number of pixels; a size that nobody has checked may have more than a 32-bit processor can count: the most.
    pub const fn area(self) -> usize {
        (self.width as usize).saturating_mul(self.height as usize)
    }
}

/// `800x480`.
impl fmt::Display for PixelSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A clockwise turn by quarters, such as that of a panel mounted on its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turn {
    #[default]
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    /// `None` for what is no quarter turn: 0, 90, 180 and 270 are.
    pub const fn from_degrees(degrees: i64) -> Option<Self> {
        match degrees {
            0 => Some(Self::None),
            90 => Some(Self::Quarter),
            180 => Some(Self::Half),
            270 => Some(Self::ThreeQuarters),
            _ => None,
        }
    }

    /// The turn that undoes this one.
    pub const fn back(self) -> Self {
        match self {
            Self::Quarter => Self::ThreeQuarters,
            Self::ThreeQuarters => Self::Quarter,
            other => other,
        }
    }

    /// The size of a picture of `size` once it is turned.
    pub const fn turned(self, size: PixelSize) -> PixelSize {
        match self {
            Self::None | Self::Half => size,
            Self::Quarter | Self::ThreeQuarters => PixelSize::new(size.height, size.width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_above_one_is_refused() {
        assert_eq!(Fraction::new(1.01), Err(UnitError::Fraction(f64::from(1.01f32))));
        assert!(Fraction::new(f32::NAN).is_err());
        assert_eq!(Fraction::new(1.0).unwrap().percent().get(), 100.0);
    }

    #[test]
    fn a_rounded_share_is_the_one_that_is_read_back_from_its_decimals() {
        for k in 0..=10_000_u32 {
            let kept: f64 = (f64::from(k) / 1e4).to_string().parse().unwrap();
            let near = Fraction::new((f64::from(k) / 1e4 + 0.000_04).min(1.0) as f32).unwrap();
            assert_eq!(near.rounded(), Fraction::new(kept as f32).unwrap(), "{k}");
        }
    }

    #[test]
    fn a_part_of_nothing_is_no_share() {
        assert_eq!(Fraction::of(0, 0), None);
        assert_eq!(Fraction::of(1, 4).unwrap().get(), 0.25);
    }

    #[test]
    fn the_area_of_any_size_can_be_asked_for() {
        assert_eq!(PixelSize::new(640, 480).area(), 307_200);
        assert!(PixelSize::new(u32::MAX, u32::MAX).area() >= u32::MAX as usize);
    }

    #[test]
    fn a_percentage_prints_whole_with_its_sign() {
        assert_eq!(Percent::new(33.6).unwrap().to_string(), "34 %");
        assert!(Percent::new(-0.1).is_err());
    }
}
