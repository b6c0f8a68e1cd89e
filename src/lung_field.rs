//! The lung field: which pixels are lung, which lung, which of six zones, and whether that is plausible.
//!
//! Terms: right and left are the patient's; the right lung lies on the image's left.
//! The left lung's field takes in the part that the heart covers, as the radiologists' masks of the infection
//! corpus do; every share of lung follows this convention.
//! Zones are the thirds of each lung's height: A, B, C = upper, middle, lower right; D, E, F = the left.
//! This module does not know of infection or severity.

use crate::network::Segmentation;
use crate::units::Fraction;

mod completeness;
mod components;
mod plausible;

pub use completeness::{Cut, Edge};
pub use plausible::LungFault;

/// Zones of both lungs, in the order A to F.
pub const ZONES: usize = 6;

/// Where the lungs are, on the network's square.
#[derive(Debug, Clone, PartialEq)]
pub struct LungField {
    side: usize,
    zone: Vec<Option<Zone>>,
    heart: Vec<bool>,
    right: Extent,
    left: Extent,
    of_frame: Fraction,
    fault: Option<LungFault>,
    cut: Option<Cut>,
}

/// One of the six zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    A,
    B,
    C,
    D,
    E,
    F,
}

impl Zone {
    pub const ALL: [Self; ZONES] = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F];

    /// 0 for A to 5 for F.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether the zone belongs to the patient's right lung.
    pub fn is_right(self) -> bool {
        self < Self::D
    }

    pub fn letter(self) -> char {
        ['A', 'B', 'C', 'D', 'E', 'F'][self.index()]
    }
}

/// The bounding box of one lung and its number of pixels; all 0 when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    pub pixels: usize,
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Extent {
    /// Height in pixels.
    pub fn height(&self) -> usize {
        if self.pixels == 0 { 0 } else { self.bottom - self.top + 1 }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        if self.pixels == 0 { 0 } else { self.right - self.left + 1 }
    }

    fn of(mask: &[bool], side: usize) -> Self {
        let mut e = Self { pixels: 0, left: side, top: side, right: 0, bottom: 0 };
        for (y, row) in mask.chunks_exact(side).enumerate() {
            let ends = (row.iter().position(|m| *m), row.iter().rposition(|m| *m));
            let (Some(first), Some(last)) = ends else { continue };
            e.pixels += count(row);
            (e.left, e.right) = (e.left.min(first), e.right.max(last));
            (e.top, e.bottom) = (e.top.min(y), y);
        }
        if e.pixels == 0 { Self::default() } else { e }
    }
}

impl LungField {
    /// The likeliest class of every pixel, the largest connected part of each lung, holes filled.
    pub fn of(segmentation: &Segmentation) -> Self {
        let side = segmentation.side;
        let (mut right, mut left) = likeliest(segmentation);
        for mask in [&mut right, &mut left] {
            components::keep_largest(mask, side);
            components::fill_holes(mask, side);
        }
        left.iter_mut().zip(&right).for_each(|(l, r)| *l &= !r);
        let shadow = segmentation.heart.iter().zip(&segmentation.left).map(|(heart, left)| heart > left);
        let heart = left.iter().zip(shadow).map(|(&l, shadow)| l & shadow).collect();
        let (right_extent, left_extent) = (Extent::of(&right, side), Extent::of(&left, side));
        let zone = zones([(right.as_slice(), right_extent, Zone::A), (&left, left_extent, Zone::D)], side);
        let inner = segmentation.letterbox.inner.area();
        let of_frame =
            Fraction::of(right_extent.pixels + left_extent.pixels, inner).unwrap_or(Fraction::ZERO);
        let fault = plausible::fault(&right, &left, right_extent, left_extent, segmentation);
        let cut = completeness::cut([(&right, right_extent), (&left, left_extent)], &segmentation.letterbox);
        Self { side, zone, heart, right: right_extent, left: left_extent, of_frame, fault, cut }
    }

    /// Side of the square in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The zone of every pixel of the square, row-major; `None` outside the lungs.
    pub fn zones(&self) -> &[Option<Zone>] {
        &self.zone
    }

    /// Whether the heart covers this pixel of the left lung's field.
    pub fn heart(&self) -> &[bool] {
        &self.heart
    }

    pub fn right(&self) -> Extent {
        self.right
    }

    pub fn left(&self) -> Extent {
        self.left
    }

    /// Share of the radiograph (without the letterbox bars) that is lung.
    pub fn fraction_of_frame(&self) -> Fraction {
        self.of_frame
    }

    /// Why this can be no pair of lungs; `None` when it is plausible.
    pub fn fault(&self) -> Option<LungFault> {
        self.fault
    }

    /// Where the lungs run into an edge of the radiograph; `None` when they are whole in it.
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }
}

/// Masks of the patient's right and left lung by the likeliest class; heart shadow counts as left lung.
fn likeliest(s: &Segmentation) -> (Vec<bool>, Vec<bool>) {
    let pixels = || s.right.iter().zip(&s.left).zip(&s.heart).map(|((r, l), h)| (*r, *l, *h));
    let field = |(r, l, h): (f32, f32, f32)| r + l + h > 0.5;
    let is_right = |(r, l, h): (f32, f32, f32)| r >= l + h;
    // Both sides of each `&` are always computed, so that several pixels are at once.
    (pixels().map(|p| field(p) & is_right(p)).collect(), pixels().map(|p| field(p) & !is_right(p)).collect())
}

/// Pixels of a mask that are set.
fn count(mask: &[bool]) -> usize {
    mask.iter().map(|m| usize::from(*m)).sum()
}

/// The zone of every pixel: each lung's mask with its extent and its uppermost zone.
fn zones(lungs: [(&[bool], Extent, Zone); 2], side: usize) -> Vec<Option<Zone>> {
    let [(right, ..), (left, ..)] = lungs;
    let mut zones = Vec::with_capacity(right.len());
    for (y, (r, l)) in right.chunks_exact(side).zip(left.chunks_exact(side)).enumerate() {
        let [of_right, of_left] = lungs.map(|(_, e, upper)| {
            (e.pixels > 0 && (e.top..=e.bottom).contains(&y)).then(|| zone_at(y, e, upper))
        });
        let zone = |r: bool, l: bool| if r { of_right } else { of_left.filter(|_| l) };
        zones.extend(r.iter().zip(l).map(|(&r, &l)| zone(r, l)));
    }
    zones
}

fn zone_at(y: usize, extent: Extent, upper: Zone) -> Zone {
    let third = ((y - extent.top) * 3 / extent.height()).min(2);
    Zone::ALL[upper.index() + third]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::network::Fitness;
    use crate::preprocess::Letterbox;
    use crate::units::PixelSize;

    /// A segmentation of `side` 64 drawn by two rectangles (left, top, right, bottom), exclusive at the end.
    pub(crate) fn drawn(right: [usize; 4], left: [usize; 4]) -> Segmentation {
        let side = 64;
        let inside = |r: [usize; 4], i: usize| {
            let (x, y) = (i % side, i / side);
            x >= r[0] && x < r[2] && y >= r[1] && y < r[3]
        };
        let map = |r: [usize; 4]| (0..side * side).map(|i| if inside(r, i) { 0.9 } else { 0.0 }).collect();
        Segmentation {
            side,
            letterbox: Letterbox::new(PixelSize::new(640, 640), 64),
            right: map(right),
            left: map(left),
            heart: vec![0.0; side * side],
            infection: vec![0.0; side * side],
            fitness: Fitness::plain(1.0),
        }
    }

    #[test]
    fn zones_are_thirds_of_each_lung() {
        let f = LungField::of(&drawn([10, 10, 28, 40], [36, 16, 54, 52]));
        let at = |x: usize, y: usize| f.zones()[y * 64 + x];
        assert_eq!((at(12, 10), at(12, 25), at(12, 39)), (Some(Zone::A), Some(Zone::B), Some(Zone::C)));
        assert_eq!((at(40, 16), at(40, 34), at(40, 51)), (Some(Zone::D), Some(Zone::E), Some(Zone::F)));
        assert_eq!((at(12, 41), f.fault()), (None, None));
    }

    #[test]
    fn crumbs_beside_the_lungs_are_dropped() {
        let mut s = drawn([10, 10, 28, 46], [36, 10, 54, 46]);
        s.right[63] = 0.9;
        let f = LungField::of(&s);
        assert_eq!((f.zones()[63], f.right().pixels), (None, 18 * 36));
    }

    #[test]
    fn no_lung_is_a_fault_and_no_share() {
        let f = LungField::of(&drawn([0; 4], [0; 4]));
        assert_eq!((f.fault(), f.fraction_of_frame()), (Some(LungFault::NotFound), Fraction::ZERO));
    }

    #[test]
    fn one_lung_alone_is_a_fault() {
        let f = LungField::of(&drawn([10, 10, 28, 46], [0; 4]));
        assert_eq!(f.fault(), Some(LungFault::OneOnly));
    }
}
