//! Lung field and infection map made ready for drawing larger than they are.
//!
//! Masks are softened so that outlines run smoothly between the square's pixels; probabilities are not, but go on
//! a little beyond the lung field, so that they do not fade at its edge. Shares are never computed from these.

use std::ops::Range;

use super::contour::{Segment, zero_lines};
use crate::infection_map::InfectionMap;
use crate::lung_field::{Extent, LungField, Zone};
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
    /// Where anything but 0 may stand.
    area: Area,
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
        let (side, zones, probability) = (field.side(), field.zones(), map.probability());
        let extents = [field.right(), field.left()];
        let lungs = [true, false].map(|right| {
            let lung = |i: usize| f32::from(u8::from(zones[i].is_some_and(|z| z.is_right() == right)));
            Area::around(&extents[usize::from(!right)..][..1], side).softened(lung)
        });
        let area = Area::around(&extents, side);
        let infected = |i: usize| match zones[i] {
            Some(_) => ((probability[i] - map.threshold()) * STEEPNESS + 0.5).clamp(0.0, 1.0),
            None => 0.0,
        };
        Self {
            side,
            probability: continued(field, probability, &lungs, area),
            infected: area.softened(infected),
            lungs,
            area,
            dashes: zone_boundaries(field),
        }
    }

    /// Which drawn columns have anything laid over them; `places` are theirs on the square.
    pub fn columns(&self, places: &[Between]) -> Range<usize> {
        reached(places, self.area.columns)
    }

    /// Which drawn rows have anything laid over them; `places` are theirs on the square.
    pub fn rows(&self, places: &[Between]) -> Range<usize> {
        reached(places, self.area.rows)
    }

    /// At drawn columns how far points are inside the right and the left lung, 0..=1 with the edge at one half, and
    /// their probability.
    pub fn stretched<'a>(&'a self, columns: &'a [Between]) -> [Stretched<'a>; 3] {
        let [right, left] = &self.lungs;
        [right, left, &self.probability].map(|plane| Stretched::new(plane, self.side, columns))
    }

    /// Between which rows or columns of the square a place in its continuous coordinates lies.
    pub fn between(&self, at: f32) -> Between {
        Between::of(at, self.side)
    }

    /// Outlines of both lungs.
    pub fn lung_lines(&self) -> Vec<Segment> {
        self.lungs.iter().flat_map(|mask| lines_at_half(mask, self.side)).collect()
    }

    /// Outlines of what counts as infected; regions of fewer than 3 x 3 pixels may have none.
    pub fn infected_lines(&self) -> Vec<Segment> {
        lines_at_half(&self.infected, self.side)
    }

    /// Dashes along the boundaries of zones.
    pub fn dashes(&self) -> &[Segment] {
        &self.dashes
    }
}

fn reached(places: &[Between], [from, to]: [usize; 2]) -> Range<usize> {
    places.partition_point(|p| p.second < from)..places.partition_point(|p| p.first < to)
}

fn lines_at_half(mask: &[f32], side: usize) -> Vec<Segment> {
    zero_lines(&mask.iter().map(|v| v - 0.5).collect::<Vec<_>>(), side)
}

/// A part of the square: from a first column and row to before a second.
#[derive(Debug, Clone, Copy)]
struct Area {
    side: usize,
    columns: [usize; 2],
    rows: [usize; 2],
}

impl Area {
    /// What softening reaches from the lungs of `extents`.
    fn around(extents: &[Extent], side: usize) -> Self {
        let lungs = || extents.iter().filter(|e| e.pixels > 0);
        let reach = |first: Option<usize>, last: Option<usize>| match (first, last) {
            (Some(first), Some(last)) => {
                [first.saturating_sub(SOFTENINGS), (last + 1 + SOFTENINGS).min(side)]
            }
            _ => [0, 0],
        };
        Self {
            side,
            columns: reach(lungs().map(|e| e.left).min(), lungs().map(|e| e.right).max()),
            rows: reach(lungs().map(|e| e.top).min(), lungs().map(|e| e.bottom).max()),
        }
    }

    /// Places of the square in each of the area's rows.
    fn lines(self) -> impl Iterator<Item = Range<usize>> {
        let [left, right] = self.columns;
        (self.rows[0]..self.rows[1]).map(move |y| y * self.side + left..y * self.side + right)
    }

    /// The values of the square softened; those outside the area are 0, and so are those inside that are within
    /// [`SOFTENINGS`] of its edge, unless that is the square's.
    fn softened(self, value: impl Fn(usize) -> f32) -> Vec<f32> {
        let mut out = vec![0.0; self.side * self.side];
        // A rim of one pixel around the area saves asking for its edge.
        let stride = self.columns[1] - self.columns[0] + 2;
        let mut now = vec![0.0; stride * (self.rows[1] - self.rows[0] + 2)];
        for (row, line) in now[stride..].chunks_exact_mut(stride).zip(self.lines()) {
            row[1..].iter_mut().zip(line).for_each(|(v, i)| *v = value(i));
        }
        let mut next = vec![0.0; now.len()];
        for _ in 0..SOFTENINGS {
            soften(&now, &mut next, stride);
            std::mem::swap(&mut now, &mut next);
        }
        for (row, line) in now[stride..].chunks_exact(stride).zip(self.lines()) {
            let width = line.len();
            out[line].copy_from_slice(&row[1..][..width]);
        }
        out
    }
}

/// One pass of the 3 x 3 binomial filter over all but a rim of one pixel.
fn soften(now: &[f32], next: &mut [f32], stride: usize) {
    const WEIGHTS: [f32; 3] = [0.25, 0.5, 0.25];
    let width = stride - 2;
    for (y, out) in next.chunks_exact_mut(stride).enumerate().skip(1).take(now.len() / stride - 2) {
        let near: [[&[f32]; 3]; 3] = std::array::from_fn(|dy| {
            let row = &now[(y + dy - 1) * stride..][..stride];
            std::array::from_fn(|dx| &row[dx..][..width])
        });
        for (x, out) in out[1..][..width].iter_mut().enumerate() {
            // One order of sums everywhere: they are not exact.
            let mut sum = 0.0;
            for (row, wy) in near.iter().zip(WEIGHTS) {
                for (values, wx) in row.iter().zip(WEIGHTS) {
                    sum += wx * wy * values[x];
                }
            }
            *out = sum;
        }
    }
}

/// Between which two rows or columns of the square a place lies, and how near it is to the second.
#[derive(Debug, Clone, Copy)]
pub struct Between {
    first: usize,
    second: usize,
    share: f32,
}

impl Between {
    /// Between the pixel centres beside `at`; beyond the outermost centres theirs.
    fn of(at: f32, side: usize) -> Self {
        let at = (at - 0.5).clamp(0.0, (side - 1) as f32);
        let first = at as usize;
        Self { first, second: (first + 1).min(side - 1), share: at - first as f32 }
    }

    fn mix(self, first: f32, second: f32) -> f32 {
        first * (1.0 - self.share) + second * self.share
    }

    /// The values at this place between two rows.
    pub fn down<'a>(self, [above, below]: [&'a [f32]; 2]) -> impl Iterator<Item = f32> + use<'a> {
        above.iter().zip(below).map(move |(a, b)| self.mix(*a, *b))
    }
}

/// A plane of the square at the drawn columns: its last two rows are remembered.
#[derive(Debug)]
pub struct Stretched<'a> {
    plane: &'a [f32],
    side: usize,
    columns: &'a [Between],
    rows: [(usize, Vec<f32>); 2],
}

impl<'a> Stretched<'a> {
    fn new(plane: &'a [f32], side: usize, columns: &'a [Between]) -> Self {
        Self { plane, side, columns, rows: [(usize::MAX, Vec::new()), (usize::MAX, Vec::new())] }
    }

    /// The rows of the square on both sides of `at`, at the drawn columns.
    pub fn beside(&mut self, at: Between) -> [&[f32]; 2] {
        for row in [at.first, at.second] {
            // The one that is not needed gives way.
            let other = usize::from(self.rows[0].0 == at.first || self.rows[0].0 == at.second);
            if self.rows.iter().all(|r| r.0 != row) {
                let values = &self.plane[row * self.side..][..self.side];
                let (number, stretched) = &mut self.rows[other];
                *number = row;
                stretched.clear();
                stretched.extend(self.columns.iter().map(|c| c.mix(values[c.first], values[c.second])));
            }
        }
        let place = |row: usize| usize::from(self.rows[0].0 != row);
        [at.first, at.second].map(|row| self.rows[place(row)].1.as_slice())
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

/// `values` in the lung field; elsewhere the mean of those near by, or 0 where there are none.
fn continued(field: &LungField, values: &[f32], lungs: &[Vec<f32>; 2], area: Area) -> Vec<f32> {
    let is_inside = |i: usize| field.zones()[i].is_some();
    let sums = area.softened(|i| if is_inside(i) { values[i] } else { 0.0 });
    let mut out = vec![0.0; values.len()];
    for i in area.lines().flatten() {
        // The lungs do not overlap, and their softened masks are whole 65,536ths: the sum is that of both at once.
        let count = lungs[0][i] + lungs[1][i];
        out[i] = match (is_inside(i), count > 0.0) {
            (true, _) => values[i],
            (false, true) => sums[i] / count,
            (false, false) => 0.0,
        };
    }
    out
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

    /// How far a point is inside the lung field, and its probability.
    fn at(l: &Layers, x: f32, y: f32) -> (f32, f32) {
        let (columns, row) = ([l.between(x)], l.between(y));
        let value = |mut plane: Stretched| row.down(plane.beside(row)).next().unwrap();
        let [right, left, probability] = l.stretched(&columns).map(value);
        (right.max(left), probability)
    }

    #[test]
    fn probabilities_do_not_fade_at_the_edge_of_the_lung() {
        let l = layers(0.5);
        assert_eq!((at(&l, 10.0, 28.0).1, at(&l, 16.0, 28.0)), (0.9, (1.0, 0.9)));
        assert_eq!(at(&l, 2.0, 28.0), (0.0, 0.0));
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
