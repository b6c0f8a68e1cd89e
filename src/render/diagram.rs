//! A small diagram of both lungs with their six zones: share in numbers, and hatching that grows denser with it.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;

use super::Surface;
use super::palette::{ACCENT, GROUND, LABEL, LUNG_LINE, PLAIN, RULE};
use super::pen::Pen;
use super::{text, words};
use crate::infection_map::Shares;
use crate::lung_field::Zone;
use crate::units::Fraction;

/// Width of the whole diagram in units.
pub const WIDTH: i32 = 178;
/// Height of the whole diagram in units.
pub const HEIGHT: i32 = 150;
/// Width and height of one lung.
const LUNG: (i32, i32) = (72, 128);
/// Where the lungs begin: room for letters beside them and for the sides' names above.
const LUNG_AT: [(i32, i32); 2] = [(13, 20), (93, 20)];
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

/// Draws both lungs; `None` leaves them empty.
pub fn draw<S: Surface>(pen: &mut Pen<S>, shares: Option<&Shares>) -> Result<(), S::Error> {
    for (side, at) in LUNG_AT.into_iter().enumerate() {
        let zones = shares.map(|s| std::array::from_fn(|k| s.zones[side * 3 + k]));
        lung(&mut pen.at(at.0, at.1), side == 0, zones)?;
    }
    if let Some(shares) = shares {
        labels(pen, shares)?;
    }
    Ok(())
}

fn labels<S: Surface>(pen: &mut Pen<S>, shares: &Shares) -> Result<(), S::Error> {
    let (small, strong) = (pen.scale.small, pen.scale.strong);
    for zone in Zone::ALL {
        let (at, right) = (LUNG_AT[usize::from(!zone.is_right())], zone.is_right());
        let y = at.1 + LUNG.1 * SHARE_AT[zone.index() % 3] / 1000;
        let capital = pen.scale.px(y) + small.capital_height() / 2;
        let x = if right { 0 } else { at.0 + LUNG.0 + 4 };
        let letter = pen.origin + Point::new(pen.scale.px(x), capital);
        let align = embedded_graphics::text::Alignment::Left;
        text::write(pen.surface, &zone.letter().to_string(), letter, small, LABEL, align)?;
        let middle = at.0 + LUNG.0 * if right { 510 } else { 490 } / 1000;
        share(pen, (middle, y), shares.zones[zone.index()])?;
    }
    pen.text(LUNG_AT[0].0 + 30, 12, "R", strong, PLAIN)?;
    pen.text(LUNG_AT[1].0 + 32, 12, "L", strong, PLAIN)
}

/// A share centred on a place in units, on a ground of its own so that hatching does not run through it.
fn share<S: Surface>(pen: &mut Pen<S>, (x, y): (i32, i32), value: Fraction) -> Result<(), S::Error> {
    let face = pen.scale.strong;
    let words = words::percent(value);
    let (width, height) = (text::width(&words, face), face.capital_height());
    let corner = pen.place(x, y) - Point::new(width / 2, height / 2);
    let ground = Rectangle::new(corner - Point::new(3, 3), Size::new(width as u32 + 6, height as u32 + 6));
    pen.surface.fill_solid(&ground, GROUND)?;
    let at = corner + Point::new(0, height - 1);
    text::write(pen.surface, &words, at, face, PLAIN, embedded_graphics::text::Alignment::Left)
}

fn lung<S: Surface>(pen: &mut Pen<S>, right: bool, shares: Option<[Fraction; 3]>) -> Result<(), S::Error> {
    let (width, height) = (pen.scale.px(LUNG.0), pen.scale.px(LUNG.1));
    let zone = |x: i32, y: i32| zone_at(if right { x } else { width - 1 - x }, y, width, height);
    let spacing = shares.map(|s| s.map(|v| hatch(v).map(|units| pen.scale.px(units))));
    let thick = pen.scale.px(1).max(1);
    let colour = |x: i32, y: i32| -> Rgb888 {
        let Some(own) = zone(x, y) else { return GROUND };
        let around = [(x - thick, y), (x + thick, y), (x, y - thick), (x, y + thick)];
        if around.iter().any(|&(x, y)| zone(x, y).is_none()) {
            return LUNG_LINE;
        }
        if zone(x, y + thick) != Some(own) {
            return RULE;
        }
        match spacing.and_then(|s| s[own]) {
            Some(step) if (x + y).rem_euclid(step) < thick => ACCENT,
            _ => GROUND,
        }
    };
    let area = Rectangle::new(pen.origin, Size::new(width as u32, height as u32));
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| colour(x, y));
    pen.surface.fill_contiguous(&area, pixels)
}

/// Distance of hatching lines; `None` for a zone without infection.
fn hatch(share: Fraction) -> Option<i32> {
    let step = HATCH.iter().find(|(up_to, _)| share.get() <= *up_to)?;
    (share > Fraction::ZERO).then_some(step.1)
}

/// Which third of the right lung, 0 the upper, holds pixel (`x`, `y`) of a diagram of `width` x `height`.
fn zone_at(x: i32, y: i32, width: i32, height: i32) -> Option<usize> {
    if !(0..width).contains(&x) || !(0..height).contains(&y) {
        return None;
    }
    let row = y * 1000 / (height - 1);
    let k = OUTLINE.iter().rposition(|o| o.0 <= row)?.min(OUTLINE.len() - 2);
    let ((y0, l0, m0), (y1, l1, m1)) = (OUTLINE[k], OUTLINE[k + 1]);
    let along = |a: i32, b: i32| a + (b - a) * (row - y0) / (y1 - y0);
    let column = (2 * x + 1) * 1000 / (2 * width);
    (along(l0, l1)..=along(m0, m1)).contains(&column).then(|| (y * 3 / height) as usize)
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
        let zones: Vec<Option<usize>> = (0..128).map(|y| zone_at(40, y, 72, 128)).collect();
        let counts: Vec<usize> = (0..3).map(|k| zones.iter().filter(|z| **z == Some(k)).count()).collect();
        assert!(counts.iter().all(|&c| c >= 30), "{counts:?}");
        assert_eq!(zone_at(-1, 5, 72, 128), None);
    }
}
