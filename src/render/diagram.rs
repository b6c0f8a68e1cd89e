//! A small diagram of both lungs with their six zones: share in numbers, and hatching that grows denser with it.
//!
//! It is seen like the radiograph: the patient's right on the left, in every language.

use std::ops::Range;

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;

use super::Surface;
use super::palette::{Colours, Ink};
use super::sheet::Look;
use super::text::{self, Align, Face, Writing};
use super::words;
use crate::infection_map::Shares;
use crate::lung_field::Zone;
use crate::units::Fraction;

/// Width of the whole diagram in units.
pub const WIDTH: i32 = 180;
/// Height of the whole diagram in units.
pub const HEIGHT: i32 = 150;
/// Width and height of one lung.
const LUNG: (i32, i32) = (72, 128);
/// Where the lungs begin: room for letters beside them and for the sides' names above.
const LUNG_AT: [(i32, i32); 2] = [(15, 20), (93, 20)];
/// Lateral and medial edge of the right lung at rows from 0 to 1000, all in thousandths.
const OUTLINE: [(i32, i32, i32); 11] = [
    (0, 570, 700),
    (15, 490, 760),
    (45, 400, 810),
    (90, 310, 845),
    (170, 215, 872),
    (300, 130, 890),
    (500, 60, 900),
    (700, 20, 890),
    (900, 0, 850),
    (950, 0, 560),
    (1000, 0, 120),
];
/// Rows at which the shares of the three zones are written, in thousandths.
const SHARE_AT: [i32; 3] = [220, 510, 800];
/// Up to which share hatching lines stand how many units apart.
const HATCH: [(f32, i32); 4] = [(0.1, 18), (0.3, 11), (0.6, 6), (1.0, 3)];

/// A diagram at a place, `scale` thousandths of a pixel to a unit.
#[derive(Debug)]
pub struct Diagram<'a> {
    pub look: &'a Look,
    pub corner: Point,
    pub scale: i32,
}

impl Diagram<'_> {
    /// Pixels of units.
    pub fn px(&self, units: i32) -> i32 {
        (units * self.scale + 500) / 1000
    }

    fn place(&self, (x, y): (i32, i32)) -> Point {
        self.corner + Point::new(self.px(x), self.px(y))
    }

    fn colours(&self) -> &'static Colours {
        self.look.colours
    }

    /// Draws both lungs; `None` leaves them empty.
    pub fn draw<S: Surface>(&self, s: &mut S, shares: Option<&Shares>) -> Result<(), S::Error> {
        for (side, at) in LUNG_AT.into_iter().enumerate() {
            let zones = shares.map(|s| std::array::from_fn(|k| s.zones[side * 3 + k]));
            self.lung(s, at, side == 0, zones)?;
        }
        shares.map_or(Ok(()), |shares| self.labels(s, shares))
    }

    fn labels<S: Surface>(&self, s: &mut S, shares: &Shares) -> Result<(), S::Error> {
        let small = self.face(false, 15);
        for zone in Zone::ALL {
            let (at, right) = (LUNG_AT[usize::from(!zone.is_right())], zone.is_right());
            let y = at.1 + LUNG.1 * SHARE_AT[zone.index() % 3] / 1000;
            let x = if right { at.0 - 7 } else { at.0 + LUNG.0 + 7 };
            let letter = self.place((x, y)) + Point::new(0, small.capital_height() / 2);
            self.write(s, &zone.letter().to_string(), letter, small, self.colours().label())?;
            let middle = at.0 + LUNG.0 * if right { 510 } else { 490 } / 1000;
            self.share(s, (middle, y), shares.zones[zone.index()])?;
        }
        for (name, at) in ["R", "L"].into_iter().zip(LUNG_AT) {
            let top = self.place((at.0 + LUNG.0 / 2, 12));
            self.write(s, name, top, self.face(true, 17), self.colours().plain())?;
        }
        Ok(())
    }

    /// A size in units, but not below what can be read.
    fn face(&self, bold: bool, units: i32) -> Face {
        Face { bold, px: self.px(units).max(self.look.sizes.least) }
    }

    fn write<S: Surface>(
        &self,
        s: &mut S,
        words: &str,
        at: Point,
        face: Face,
        ink: Ink,
    ) -> Result<(), S::Error> {
        text::write(s, words, at, Writing { face, ink, align: Align::Centre, right_to_left: false })
    }

    /// A share centred on a place in units, on a ground of its own so that hatching does not run through it.
    fn share<S: Surface>(&self, s: &mut S, at: (i32, i32), value: Fraction) -> Result<(), S::Error> {
        let face = self.face(true, 17);
        let words = words::percent(value);
        let (width, height) = (text::width(&words, face), face.capital_height());
        let (middle, rim) = (self.place(at), self.px(3).max(2));
        let corner = middle - Point::new(width / 2 + rim, height / 2 + rim);
        let size = Size::new((width + 2 * rim) as u32, (height + 2 * rim) as u32);
        s.fill_solid(&Rectangle::new(corner, size), self.colours().ground)?;
        self.write(s, &words, middle + Point::new(0, (height + 1) / 2), face, self.colours().plain())
    }

    fn lung<S: Surface>(
        &self,
        s: &mut S,
        at: (i32, i32),
        right: bool,
        shares: Option<[Fraction; 3]>,
    ) -> Result<(), S::Error> {
        let (width, height, colours) = (self.px(LUNG.0).max(2), self.px(LUNG.1).max(2), self.colours());
        let corner = self.place(at);
        let spans: Vec<Range<i32>> = (0..height).map(|y| span(right, y, width, height)).collect();
        let nowhere = 0..0;
        let at = |y: i32| usize::try_from(y).ok().and_then(|y| spans.get(y)).unwrap_or(&nowhere);
        let zone = |y: i32| (y * 3 / height) as usize;
        let spacing = shares.map(|s| s.map(|v| hatch(v).map(|units| self.px(units).max(2))));
        let thick = self.px(1).max(1);
        let row = |y: i32| {
            let (own, [above, below]) = (at(y).clone(), [y - thick, y + thick].map(|y| at(y).clone()));
            let is_last = zone(y + thick) != zone(y);
            let step = spacing.and_then(|s| s[zone(y)]);
            move |x: i32| -> Rgb888 {
                let is_inside = [x - thick, x + thick].iter().all(|x| own.contains(x));
                if !own.contains(&x) {
                    colours.ground
                } else if !is_inside || !above.contains(&x) || !below.contains(&x) {
                    colours.lung_line
                } else if is_last {
                    colours.rule
                } else {
                    let is_hatched = step.is_some_and(|step| (x + y).rem_euclid(step) < thick);
                    if is_hatched { colours.accent } else { colours.ground }
                }
            }
        };
        let area = Rectangle::new(corner, Size::new(width as u32, height as u32));
        s.fill_contiguous(&area, (0..height).flat_map(|y| (0..width).map(row(y))))
    }
}

/// Distance of hatching lines; `None` for a zone without infection.
fn hatch(share: Fraction) -> Option<i32> {
    let step = HATCH.iter().find(|(up_to, _)| share.get() <= *up_to)?;
    (share > Fraction::ZERO).then_some(step.1)
}

/// The columns of a lung in row `y` of a diagram of `width` x `height`.
fn span(right: bool, y: i32, width: i32, height: i32) -> Range<i32> {
    let row = y * 1000 / (height - 1);
    let k = OUTLINE.iter().rposition(|o| o.0 <= row).unwrap_or(0).min(OUTLINE.len() - 2);
    let ((y0, l0, m0), (y1, l1, m1)) = (OUTLINE[k], OUTLINE[k + 1]);
    let along = |a: i32, b: i32| a + (b - a) * (row - y0) / (y1 - y0);
    let edges = along(l0, l1)..=along(m0, m1);
    let is_inside = |x: &i32| edges.contains(&((2 * x + 1) * 1000 / (2 * width)));
    let first = (0..width).find(is_inside).unwrap_or(width);
    let end = (first..width).rev().find(is_inside).map_or(first, |last| last + 1);
    if right { first..end } else { width - end..width - first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hatching_grows_denser_with_the_share() {
        let steps = [0.0, 0.01, 0.3, 0.6, 1.0].map(|v| hatch(Fraction::new(v).unwrap()));
        assert_eq!(steps, [None, Some(18), Some(11), Some(6), Some(3)]);
    }

    #[test]
    fn a_lung_has_three_zones_of_about_one_height() {
        let in_zone =
            |k: i32| (0..128).filter(|y| y * 3 / 128 == k && span(true, *y, 72, 128).contains(&40)).count();
        let counts = [0, 1, 2].map(in_zone);
        assert!(counts.iter().all(|&c| c >= 30), "{counts:?}");
        let (right, left) = (span(true, 90, 72, 128), span(false, 90, 72, 128));
        assert_eq!((left.start, left.end), (72 - right.end, 72 - right.start), "its mirror image");
    }
}
