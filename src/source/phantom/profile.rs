//! A length that changes along an axis: knots in centimetres, joined smoothly.
//!
//! Used for outlines: the half-width of the chest at each height, the height of a dome at each width.

/// Table step; outlines bend over millimetres.
const STEP: f32 = 0.025;
/// Entries of the longest table: 50 units along the axis.
const STEPS_MAX: usize = 2_000;

/// `value(axis)`, tabulated; beyond the knots the end values hold.
#[derive(Debug, Clone)]
pub struct Profile {
    start: f32,
    table: Vec<f32>,
}

impl Profile {
    /// Through `knots`, pairs of axis and value, the axis ascending; at least two.
    ///
    /// Cubic pieces whose slopes are limited so that they do not swing beyond their knots.
    /// Source: Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5 (1984), the harmonic mean of slopes.
    pub fn through(knots: &[(f32, f32)]) -> Self {
        assert!(knots.len() >= 2 && knots.windows(2).all(|k| k[0].0 < k[1].0));
        let (start, end) = (knots[0].0, knots[knots.len() - 1].0);
        let steps = (((end - start) / STEP) as usize + 2).min(STEPS_MAX);
        let mut piece = 0;
        let table = (0..steps)
            .map(|i| {
                let axis = start + i as f32 * STEP;
                while piece + 2 < knots.len() && axis >= knots[piece + 1].0 {
                    piece += 1;
                }
                hermite(knots, piece, axis.min(end))
            })
            .collect();
        Self { start, table }
    }

    pub fn at(&self, axis: f32) -> f32 {
        let position = ((axis - self.start) / STEP).clamp(0.0, (self.table.len() - 1) as f32);
        let index = (position as usize).min(self.table.len() - 2);
        let share = position - index as f32;
        self.table[index] + (self.table[index + 1] - self.table[index]) * share
    }
}

fn hermite(knots: &[(f32, f32)], piece: usize, axis: f32) -> f32 {
    let ((x0, y0), (x1, y1)) = (knots[piece], knots[piece + 1]);
    let width = x1 - x0;
    let t = (axis - x0) / width;
    let (m0, m1) = (slope(knots, piece) * width, slope(knots, piece + 1) * width);
    let (t2, t3) = (t * t, t * t * t);
    y0 * (2.0 * t3 - 3.0 * t2 + 1.0) + m0 * (t3 - 2.0 * t2 + t) + y1 * (3.0 * t2 - 2.0 * t3) + m1 * (t3 - t2)
}

fn slope(knots: &[(f32, f32)], at: usize) -> f32 {
    let secant = |i: usize| (knots[i + 1].1 - knots[i].1) / (knots[i + 1].0 - knots[i].0);
    if at == 0 {
        return secant(0);
    }
    if at + 1 == knots.len() {
        return secant(at - 1);
    }
    let (before, after) = (secant(at - 1), secant(at));
    if before * after <= 0.0 { 0.0 } else { 2.0 * before * after / (before + after) }
}
