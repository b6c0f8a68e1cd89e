//! Whether two masks can be a pair of lungs on a frontal radiograph.
//!
//! The bounds are wide: a radiologist's mask of any lung of the training split passes them, and what passes them
//! has lung enough in view to be graded.

use super::Extent;
use crate::network::Segmentation;
use crate::units::Percent;

/// Smallest share of the radiograph that both lungs fill.
const BOTH_MIN: f32 = 0.07;
/// Largest share of the radiograph that both lungs fill.
const BOTH_MAX: f32 = 0.75;
/// Smallest share of the larger lung that the smaller one has.
const SMALLER_MIN: f32 = 0.22;
/// Smallest share of the shorter lung's height at which both lungs stand side by side.
const OVERLAP_MIN: f32 = 0.5;
/// Smallest height of a lung as a share of its width.
const SLENDER_MIN: f32 = 0.7;
/// Largest share of the lung field on which neither lung reaches 60 %.
const UNSURE_MAX: f32 = 0.35;

/// Why masks are no pair of lungs.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum LungFault {
    /// no pixel was taken for lung
    #[error("no lungs were found")]
    NotFound,
    /// one side is empty
    #[error("only one lung was found")]
    OneOnly,
    /// both lungs together are too small a part of the picture
    #[error("the lungs fill only {0} of the picture")]
    TooSmall(Percent),
    /// both lungs together are too large a part of the picture
    #[error("the lungs fill {0} of the picture")]
    TooLarge(Percent),
    /// one lung is far smaller than the other
    #[error("one lung is {0} the size of the other")]
    Unequal(Percent),
    /// the right lung is not on the image's left, or they do not stand side by side
    #[error("the lungs do not stand side by side")]
    NotSideBySide,
    /// a lung is wider than tall
    #[error("a lung is wider than it is tall")]
    Lying,
    /// the network hesitates over too much of the lung field
    #[error("{0} of the lung field is undecided")]
    Undecided(Percent),
}

impl LungFault {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "lungs_not_found",
            Self::OneOnly => "one_lung_only",
            Self::TooSmall(_) => "lungs_too_small",
            Self::TooLarge(_) => "lungs_too_large",
            Self::Unequal(_) => "lungs_unequal",
            Self::NotSideBySide => "lungs_not_side_by_side",
            Self::Lying => "lung_lying",
            Self::Undecided(_) => "lungs_undecided",
        }
    }
}

impl LungFault {
    /// Whether a lung that is opaque throughout would look like this: then the radiograph may be urgent.
    pub fn may_be_opaque_lung(&self) -> bool {
        matches!(self, Self::NotFound | Self::OneOnly | Self::Unequal(_))
    }
}

/// The first reason why these are no lungs.
pub fn fault(right: &[bool], left: &[bool], r: Extent, l: Extent, s: &Segmentation) -> Option<LungFault> {
    if r.pixels + l.pixels == 0 {
        return Some(LungFault::NotFound);
    }
    if r.pixels == 0 || l.pixels == 0 {
        return Some(LungFault::OneOnly);
    }
    size_fault(r, l, s)
        .or_else(|| place_fault(right, left, r, l, s.side))
        .or_else(|| doubt_fault(right, left, s))
}

fn size_fault(r: Extent, l: Extent, s: &Segmentation) -> Option<LungFault> {
    let both = (r.pixels + l.pixels) as f32 / s.letterbox.inner.area() as f32;
    let smaller = r.pixels.min(l.pixels) as f32 / r.pixels.max(l.pixels) as f32;
    if both < BOTH_MIN {
        Some(LungFault::TooSmall(percent(both)))
    } else if both > BOTH_MAX {
        Some(LungFault::TooLarge(percent(both)))
    } else if smaller < SMALLER_MIN {
        Some(LungFault::Unequal(percent(smaller)))
    } else {
        None
    }
}

fn place_fault(right: &[bool], left: &[bool], r: Extent, l: Extent, side: usize) -> Option<LungFault> {
    let shared = (r.bottom.min(l.bottom) + 1).saturating_sub(r.top.max(l.top)) as f32;
    let beside = shared >= OVERLAP_MIN * r.height().min(l.height()) as f32;
    let apart = mean_x(left, side) - mean_x(right, side);
    if !beside || apart < 0.5 * (r.width() + l.width()) as f32 * 0.5 {
        return Some(LungFault::NotSideBySide);
    }
    let lying = |e: Extent| (e.height() as f32) < SLENDER_MIN * e.width() as f32;
    (lying(r) || lying(l)).then_some(LungFault::Lying)
}

fn doubt_fault(right: &[bool], left: &[bool], s: &Segmentation) -> Option<LungFault> {
    let surest = s.right.iter().zip(&s.left).zip(&s.heart).map(|((r, l), h)| r.max(l + h));
    let (mut unsure, mut field) = (0usize, 0usize);
    for ((&right, &left), p) in right.iter().zip(left).zip(surest) {
        field += usize::from(right | left);
        unsure += usize::from((right | left) & (p < 0.6));
    }
    let share = unsure as f32 / field.max(1) as f32;
    (share > UNSURE_MAX).then(|| LungFault::Undecided(percent(share)))
}

fn mean_x(mask: &[bool], side: usize) -> f32 {
    let of_row = |row: &[bool]| -> u32 { (0..).zip(row).map(|(x, m)| x * u32::from(*m)).sum() };
    let sum: usize = mask.chunks_exact(side).map(|row| of_row(row) as usize).sum();
    sum as f32 / super::count(mask).max(1) as f32
}

fn percent(share: f32) -> Percent {
    crate::units::Fraction::clamped(share).percent()
}

#[cfg(test)]
mod tests {
    use crate::lung_field::tests::drawn;
    use crate::lung_field::{LungFault, LungField};

    fn check(right: [usize; 4], left: [usize; 4], code: Option<&str>) {
        let fault = LungField::of(&drawn(right, left)).fault();
        assert_eq!(fault.as_ref().map(LungFault::code), code);
    }

    #[test]
    fn bounds_tell_lungs_from_other_shapes() {
        check([10, 10, 28, 46], [36, 10, 54, 46], None);
        check([10, 10, 16, 16], [36, 10, 42, 16], Some("lungs_too_small"));
        check([0, 0, 31, 64], [32, 0, 64, 64], Some("lungs_too_large"));
        check([10, 4, 30, 60], [36, 10, 40, 30], Some("lungs_unequal"));
        check([10, 2, 28, 30], [36, 32, 54, 62], Some("lungs_not_side_by_side"));
        check([36, 10, 54, 46], [10, 10, 28, 46], Some("lungs_not_side_by_side"));
        check([2, 10, 30, 26], [34, 10, 62, 26], Some("lung_lying"));
    }

    #[test]
    fn a_lung_that_cannot_be_seen_may_be_an_opaque_one() {
        let fault = LungField::of(&drawn([10, 4, 30, 60], [36, 10, 40, 30])).fault();
        assert!(fault.is_some_and(|f| f.may_be_opaque_lung()));
        assert!(!LungFault::Lying.may_be_opaque_lung());
    }

    #[test]
    fn a_hesitant_network_is_not_believed() {
        let mut s = drawn([10, 10, 28, 46], [36, 10, 54, 46]);
        s.right.iter_mut().chain(&mut s.left).for_each(|p| *p *= 0.6);
        assert_eq!(LungField::of(&s).fault().map(|f| f.code()), Some("lungs_undecided"));
    }
}
