//! Lung field and infection map made ready for drawing larger than they are.
//!
//! Masks are softened so that outlines run smoothly between the square's pixels; probabilities are not, but go on
//! a little beyond the lung field, so that they do not fade at its edge. Shares are never computed from these.

use super::contour::{Segment, zero_lines};
use crate::infection_map::InfectionMap;
use crate::lung_field::{LungField, Zone};
use crate::preprocess::Letterbox;
use crate::units::PixelSize;

/// How often a mask is softened; four times leaves no steps in an outline at six drawn pixels to one of the square.
const SOFTENINGS: usize = 4;
/// How steeply the mask of the infected region rises with the probability: it goes from none to all within a twelfth
/// around the threshold, so that its outline runs between pixels where the map does.
const STEEPNESS: f32 = 12.0;
/// Columns drawn of a zone's boundary, then as many left out.
const DASH_PX: usize = 2;

/// What is drawn over a radiograph, on the network's square.
#[derive(Debug, Clone)]
pub struct Layers {
    side: usize,
    /// Softened masks of the patient's right and left lung, 0..=1; the outline runs at one half.
    lungs: [Vec<f32>; 2],
    /// Probability of infection, continued beyond the lung field.
    probability: Vec<f32>,
    /// Softened mask of what counts as infected, 0..=1; the outline runs at one half.
    infected: Vec<f32>,
    dashes: Vec<Segment>,
}

impl Layers {
    pub fn of(field: &LungField, map: &InfectionMap) -> Self {
        let side = field.side();
        let lung = |right: bool| -> Vec<f32> {
            field
                .zones()
                .iter()
                .map(|z| f32::from(u8::from(z.is_some_and(|z| z.is_right() == right))))
                .collect()
        };
        let soft = |mask| (0..SOFTENINGS).fold(mask, |m: Vec<f32>, _| softened(&m, side));
        let inside: Vec<bool> = field.zones().iter().map(Option::is_some).collect();
        let infected = |(i, p): (usize, &f32)| {
            if inside[i] { ((p - map.threshold()) * STEEPNESS + 0.5).clamp(0.0, 1.0) } else { 0.0 }
        };
        Self {
            side,
            lungs: [soft(lung(true)), soft(lung(false))],
            probability: continued(map.probability(), &inside, side),
            infected: soft(map.probability().iter().enumerate().map(infected).collect()),
            dashes: zone_boundaries(field),
        }
    }

    /// How far point (`x`, `y`) is inside the lung field, 0..=1 with its edge at one half, and its probability.
    pub fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let sample = |values| bilinear(values, self.side, x, y);
        (sample(&self.lungs[0]).max(sample(&self.lungs[1])), sample(&self.probability))
    }

    /// Outlines of both lungs.
    pub fn lung_lines(&self) -> Vec<Segment> {
        self.lungs
            .iter()
            .flat_map(|m| zero_lines(&m.iter().map(|v| v - 0.5).collect::<Vec<_>>(), self.side))
            .collect()
    }

    /// Outlines of what counts as infected; regions of fewer than 3 x 3 pixels may have none.
    pub fn infected_lines(&self) -> Vec<Segment> {
        zero_lines(&self.infected.iter().map(|v| v - 0.5).collect::<Vec<_>>(), self.side)
    }

    /// Dashes along the boundaries of zones.
    pub fn dashes(&self) -> &[Segment] {
        &self.dashes
    }
}

/// Where a drawn radiograph lies on the network's square.
#[derive(Debug, Clone, Copy)]
pub struct Placement {
    letterbox: Letterbox,
    drawn: PixelSize,
}

impl Placement {
    /// The radiograph of `letterbox`, drawn in `drawn` pixels.
    pub fn new(letterbox: Letterbox, drawn: PixelSize) -> Self {
        Self { letterbox, drawn }
    }

    /// Centre of the drawn pixel (`x`, `y`) on the square: [`Letterbox::to_square`] without its step to whole
    /// pixels of the frame.
    pub fn to_square(self, x: u32, y: u32) -> (f32, f32) {
        let l = &self.letterbox;
        let along = |k: u32, inner: u32, drawn: u32, start: u32| {
            (k as f32 + 0.5) * inner as f32 / drawn as f32 + start as f32
        };
        (
            along(x, l.inner.width, self.drawn.width, l.left),
            along(y, l.inner.height, self.drawn.height, l.top),
        )
    }

    /// A point of the square in the drawn picture's continuous coordinates.
    pub fn to_drawn(self, p: (f32, f32)) -> (f32, f32) {
        let (x, y) = self.letterbox.to_frame(p.0, p.1);
        let frame = self.letterbox.frame;
        (x * self.drawn.width as f32 / frame.width as f32, y * self.drawn.height as f32 / frame.height as f32)
    }
}

/// One pass of the 3 x 3 binomial filter; outside counts as 0.
fn softened(values: &[f32], side: usize) -> Vec<f32> {
    let at = |x: usize, y: usize, dx: usize, dy: usize| {
        let (x, y) = ((x + dx).wrapping_sub(1), (y + dy).wrapping_sub(1));
        if x < side && y < side { values[y * side + x] } else { 0.0 }
    };
    const WEIGHTS: [f32; 3] = [0.25, 0.5, 0.25];
    let mut out = vec![0.0; values.len()];
    for (i, value) in out.iter_mut().enumerate() {
        let (x, y) = (i % side, i / side);
        for (dy, wy) in WEIGHTS.iter().enumerate() {
            for (dx, wx) in WEIGHTS.iter().enumerate() {
                *value += wx * wy * at(x, y, dx, dy);
            }
        }
    }
    out
}

/// `values` where `inside`; elsewhere the mean of the inside near by, or 0 where there is none.
fn continued(values: &[f32], inside: &[bool], side: usize) -> Vec<f32> {
    let weights: Vec<f32> = inside.iter().map(|&i| f32::from(u8::from(i))).collect();
    let weighted: Vec<f32> = values.iter().zip(&weights).map(|(v, w)| v * w).collect();
    let spread = |m: Vec<f32>| (0..SOFTENINGS).fold(m, |m, _| softened(&m, side));
    let (sums, counts) = (spread(weighted), spread(weights));
    (0..values.len())
        .map(|i| match (inside[i], counts[i] > 0.0) {
            (true, _) => values[i],
            (false, true) => sums[i] / counts[i],
            (false, false) => 0.0,
        })
        .collect()
}

fn zone_boundaries(field: &LungField) -> Vec<Segment> {
    let (side, zones) = (field.side(), field.zones());
    let boundary = |above: Option<Zone>, below: Option<Zone>| match (above, below) {
        (Some(a), Some(b)) => a != b && a.is_right() == b.is_right(),
        _ => false,
    };
    (side..zones.len())
        .filter(|i| (i % side / DASH_PX).is_multiple_of(2) && boundary(zones[i - side], zones[*i]))
        .map(|i| {
            let (x, y) = ((i % side) as f32, (i / side) as f32);
            Segment { from: (x, y), to: (x + 1.0, y) }
        })
        .collect()
}

/// The value at a point between four pixel centres; beyond the outermost centres theirs.
fn bilinear(values: &[f32], side: usize, x: f32, y: f32) -> f32 {
    let last = (side - 1) as f32;
    let (x, y) = ((x - 0.5).clamp(0.0, last), (y - 0.5).clamp(0.0, last));
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(side - 1), (y0 + 1).min(side - 1));
    let (tx, ty) = (x - x0 as f32, y - y0 as f32);
    let row = |y: usize| values[y * side + x0] * (1.0 - tx) + values[y * side + x1] * tx;
    row(y0) * (1.0 - ty) + row(y1) * ty
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lung_field::tests::drawn;
    use crate::units::Fraction;

    fn layers(threshold: f32) -> Layers {
        let mut s = drawn([10, 10, 28, 46], [36, 10, 54, 46]);
        for (i, p) in s.infection.iter_mut().enumerate() {
            *p = if i % 64 < 20 { 0.9 } else { 0.1 };
        }
        let field = LungField::of(&s);
        let map = InfectionMap::of(&s, &field, Fraction::new(threshold).unwrap()).unwrap();
        Layers::of(&field, &map)
    }

    #[test]
    fn probabilities_do_not_fade_at_the_edge_of_the_lung() {
        let l = layers(0.5);
        assert_eq!((l.at(10.0, 28.0).1, l.at(16.0, 28.0)), (0.9, (1.0, 0.9)));
        assert_eq!(l.at(2.0, 28.0), (0.0, 0.0));
    }

    #[test]
    fn the_infected_outline_lies_inside_the_lung_and_follows_the_threshold() {
        let lines = layers(0.5).infected_lines();
        let (left, right) = lines
            .iter()
            .flat_map(|s| [s.from.0, s.to.0])
            .fold((64.0f32, 0.0f32), |(a, b), x| (a.min(x), b.max(x)));
        assert!((left - 10.0).abs() < 0.3 && (right - 20.0).abs() < 0.3, "{left} {right}");
        assert!(layers(0.95).infected_lines().is_empty());
    }

    #[test]
    fn boundaries_of_zones_lie_at_thirds() {
        let rows: std::collections::BTreeSet<u32> =
            layers(0.5).dashes().iter().map(|s| s.from.1 as u32).collect();
        assert_eq!(rows.into_iter().collect::<Vec<_>>(), [22, 34]);
    }

    #[test]
    fn drawn_pixels_and_the_square_agree_both_ways() {
        let l = Letterbox::new(PixelSize::new(900, 600), 256);
        let p = Placement::new(l, PixelSize::new(450, 300));
        let (x, y) = p.to_drawn(p.to_square(100, 30));
        assert!((x - 100.5).abs() < 0.01 && (y - 30.5).abs() < 0.01);
    }
}
