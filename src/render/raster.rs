//! Outlines to coverage: how much of each pixel lies inside.
//!
//! Exact areas, summed in one fixed order in strict 32-bit floating point: every processor gives the same bytes.

use super::shaper::{self, EM, FontName, Rings};

/// Longest side of a glyph's picture in pixels: ten times the largest size in use.
const SIDE_MAX: i32 = 1024;
/// Straight pieces that make one curve: at 100 pixels to the em they stay within a tenth of a pixel of it.
const PIECES: u16 = 6;
/// Places within a pixel at which a glyph may begin.
pub const FRACTIONS: i32 = 4;

/// A drawn glyph.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// From the glyph's origin to the upper left corner, y downwards.
    pub left: i32,
    pub top: i32,
    pub width: i32,
    /// 0..=255 for each pixel, row-major.
    pub values: Vec<u8>,
}

/// A glyph at `px` pixels to the em, shifted right by `fraction` of [`FRACTIONS`].
pub fn glyph(font: FontName, id: u32, px: i32, fraction: i32) -> Coverage {
    let mut path =
        Path { scale: px as f32 / EM as f32, shift: fraction as f32 / FRACTIONS as f32, ..Path::default() };
    shaper::outline(font, id, &mut path);
    path.filled()
}

/// Straight pieces in pixels, y downwards.
#[derive(Default)]
struct Path {
    scale: f32,
    shift: f32,
    start: (f32, f32),
    now: (f32, f32),
    pieces: Vec<[(f32, f32); 2]>,
}

impl Path {
    fn placed(&self, (x, y): (f32, f32)) -> (f32, f32) {
        (x * self.scale + self.shift, -y * self.scale)
    }

    fn to(&mut self, to: (f32, f32)) {
        self.pieces.push([self.now, to]);
        self.now = to;
    }

    fn filled(&self) -> Coverage {
        let points = || self.pieces.iter().flatten();
        let low = points().fold((f32::MAX, f32::MAX), |a, p| (a.0.min(p.0), a.1.min(p.1)));
        let high = points().fold((f32::MIN, f32::MIN), |a, p| (a.0.max(p.0), a.1.max(p.1)));
        if self.pieces.is_empty() {
            return Coverage::default();
        }
        // `as` rounds towards zero: one pixel more on each side keeps negative places inside too.
        let (left, top) = (low.0 as i32 - 1, low.1 as i32 - 1);
        let (width, height) = (high.0 as i32 + 2 - left, high.1 as i32 + 2 - top);
        if width > SIDE_MAX || height > SIDE_MAX {
            return Coverage::default();
        }
        let mut areas = Areas { width: width as usize, values: vec![0.0; (width * height) as usize + 2] };
        let moved = |p: (f32, f32)| (p.0 - left as f32, p.1 - top as f32);
        self.pieces.iter().for_each(|[a, b]| areas.add(moved(*a), moved(*b)));
        Coverage { left, top, width, values: areas.summed((width * height) as usize) }
    }
}

impl Rings for Path {
    fn start(&mut self, at: (f32, f32)) {
        self.start = self.placed(at);
        self.now = self.start;
    }

    fn straight(&mut self, to: (f32, f32)) {
        self.to(self.placed(to));
    }

    fn curve(&mut self, by: (f32, f32), to: (f32, f32)) {
        let (from, by, to) = (self.now, self.placed(by), self.placed(to));
        for k in 1..=PIECES {
            let t = f32::from(k) / f32::from(PIECES);
            let along = |a: f32, b: f32, c: f32| {
                let (ab, bc) = (a + (b - a) * t, b + (c - b) * t);
                ab + (bc - ab) * t
            };
            self.to((along(from.0, by.0, to.0), along(from.1, by.1, to.1)));
        }
    }

    fn close(&mut self) {
        self.to(self.start);
    }
}

/// For each pixel how the covered area changes from the pixel left of it.
struct Areas {
    width: usize,
    values: Vec<f32>,
}

impl Areas {
    /// Adds the area to the right of one piece, row by row; upward pieces take away what downward ones give.
    fn add(&mut self, a: (f32, f32), b: (f32, f32)) {
        let (sign, top, bottom) = if a.1 < b.1 { (1.0, a, b) } else { (-1.0, b, a) };
        let height = bottom.1 - top.1;
        if height <= 0.0 {
            return;
        }
        let slope = (bottom.0 - top.0) / height;
        for row in top.1 as usize..=bottom.1 as usize {
            let from = top.1.max(row as f32);
            let to = bottom.1.min((row + 1) as f32);
            if to > from {
                let x = |y: f32| top.0 + (y - top.1) * slope;
                self.row(row, sign * (to - from), x(from), x(to));
            }
        }
    }

    /// Spreads `height` of one row over the pixels that the piece crosses between `x0` and `x1`.
    fn row(&mut self, row: usize, height: f32, x0: f32, x1: f32) {
        let (low, high) = (x0.min(x1).max(0.0), x0.max(x1).max(0.0));
        let first = low as usize;
        let last = (high as usize).min(self.width - 1);
        let mut before = 0.0;
        for column in first..=last {
            // The share of the piece's height that lies left of the pixel's right side, and the area right of it.
            let covered = covered_to((column + 1) as f32, low, high);
            self.put(row, column, height * (covered - before));
            before = covered;
        }
        self.put(row, last + 1, height * (1.0 - before));
    }

    fn put(&mut self, row: usize, column: usize, change: f32) {
        if let Some(value) = self.values.get_mut(row * self.width + column) {
            *value += change;
        }
    }

    fn summed(&self, count: usize) -> Vec<u8> {
        let mut sum = 0.0f32;
        let cover = |change: &f32| {
            sum += change;
            libm::rintf(sum.abs().min(1.0) * 255.0) as u8
        };
        self.values.iter().take(count).map(cover).collect()
    }
}

/// Area between a straight piece from `low` to `high` (over a height of one) and `x` to its right, up to one pixel:
/// the mean over the piece of how far `x` lies beyond it.
fn covered_to(x: f32, low: f32, high: f32) -> f32 {
    if high - low < 1e-6 {
        return (x - low).clamp(0.0, 1.0);
    }
    let beyond = |d: f32| if d > 0.0 { d * d / 2.0 } else { 0.0 };
    // The integral of clamp(x - s, 0, 1) over s from low to high.
    let ramp = beyond(x - low) - beyond(x - high) - beyond(x - 1.0 - low) + beyond(x - 1.0 - high);
    ramp / (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(rings: &[&[(f32, f32)]]) -> Coverage {
        let mut path = Path { scale: 1.0, ..Path::default() };
        for ring in rings {
            path.start(ring[0]);
            ring[1..].iter().for_each(|p| path.straight(*p));
            path.close();
        }
        path.filled()
    }

    fn at(c: &Coverage, x: i32, y: i32) -> u8 {
        c.values[((y - c.top) * c.width + x - c.left) as usize]
    }

    #[test]
    fn a_square_covers_what_lies_inside_it_and_no_more() {
        // y upwards: the square from row -3 to row -1.
        let c = filled(&[&[(1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0)]]);
        assert_eq!([at(&c, 0, -2), at(&c, 1, -2), at(&c, 2, -3), at(&c, 3, -2)], [0, 255, 255, 0]);
        assert_eq!([at(&c, 1, -1), at(&c, 1, -4)], [0, 0]);
    }

    #[test]
    fn half_covered_pixels_are_half_grey_in_both_directions() {
        let c = filled(&[&[(0.5, 0.5), (2.5, 0.5), (2.5, 2.5), (0.5, 2.5)]]);
        assert_eq!(
            [at(&c, 0, -2), at(&c, 1, -2), at(&c, 2, -2), at(&c, 1, -1), at(&c, 0, -1)],
            [128, 255, 128, 128, 64]
        );
    }

    #[test]
    fn a_slanted_edge_covers_by_area() {
        let c = filled(&[&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)]]);
        assert_eq!([at(&c, 0, -1), at(&c, 1, -1), at(&c, 1, -2), at(&c, 0, -2)], [128, 255, 128, 0]);
        let sum: u32 = c.values.iter().map(|v| u32::from(*v)).sum();
        assert!((8 * 255 - 4..=8 * 255 + 4).contains(&sum), "{sum}");
    }

    #[test]
    fn a_ring_inside_another_way_round_is_a_hole() {
        let outer: &[(f32, f32)] = &[(0.0, 0.0), (6.0, 0.0), (6.0, 6.0), (0.0, 6.0)];
        let hole: &[(f32, f32)] = &[(2.0, 2.0), (2.0, 4.0), (4.0, 4.0), (4.0, 2.0)];
        let c = filled(&[outer, hole]);
        assert_eq!([at(&c, 1, -3), at(&c, 3, -3), at(&c, 5, -3)], [255, 0, 255]);
    }
}
