//! Lines of equal value on the network's square, by marching squares (Lorensen and Cline's rule in the plane).

/// Values that are looked at together where most are outside.
const STRIDE: usize = 16;

/// A piece of line in continuous coordinates, pixel centres at .5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    pub from: (f32, f32),
    pub to: (f32, f32),
}

impl Segment {
    /// The same piece with both ends moved by `f`.
    pub fn mapped(self, f: impl Fn((f32, f32)) -> (f32, f32)) -> Self {
        Self { from: f(self.from), to: f(self.to) }
    }
}

/// Where `values` (row-major, `side` x `side`) pass zero; every line is closed, since outside counts as `-1`.
pub fn zero_lines(values: &[f32], side: usize) -> Vec<Segment> {
    let mut segments = Vec::new();
    // Both rows of a line of cells with a column of the outside at either end, so that no cell asks where it is.
    let mut rows = [vec![-1.0; side + 2], vec![-1.0; side + 2]];
    let mut inside = [0..0, 0..0];
    for y in 0..=side {
        rows.swap(0, 1);
        inside.swap(0, 1);
        match values.get(y * side..).filter(|rest| rest.len() >= side) {
            Some(rest) => rows[1][1..=side].copy_from_slice(&rest[..side]),
            None => rows[1].fill(-1.0),
        }
        inside[1] = reached(&rows[1]);
        // Cells touch the columns on both their sides.
        let [from, to] = [inside.iter().map(|r| r.start).min(), inside.iter().map(|r| r.end).max()];
        let [above, below] = [&rows[0], &rows[1]];
        for x in from.unwrap_or(0).max(1) - 1..to.unwrap_or(0).min(side + 1) {
            let corners = [above[x], above[x + 1], below[x + 1], below[x]];
            let is_in = corners.map(|v| v >= 0.0);
            if is_in != [is_in[0]; 4] {
                cell(corners, (x as f32 - 0.5, y as f32 - 0.5), &mut segments);
            }
        }
    }
    segments
}

/// Columns beyond which no value is above zero; some more than need be.
fn reached(row: &[f32]) -> std::ops::Range<usize> {
    let mut chunks = row.chunks(STRIDE);
    let is_in = |chunk: &[f32]| chunk.iter().fold(false, |any, v| any | (*v >= 0.0));
    let (first, last) = (chunks.clone().position(is_in), chunks.rposition(is_in));
    match (first, last) {
        (Some(first), Some(last)) => first * STRIDE..((last + 1) * STRIDE).min(row.len()),
        _ => row.len()..0,
    }
}

/// The pieces inside one cell; corners clockwise from the upper left, which lies at `origin`.
fn cell(corners: [f32; 4], origin: (f32, f32), segments: &mut Vec<Segment>) {
    const PLACES: [(f32, f32); 4] = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
    let mut crossings = [(0.0, 0.0); 4];
    let mut count = 0;
    for k in 0..4 {
        let (a, b) = (corners[k], corners[(k + 1) % 4]);
        if (a >= 0.0) != (b >= 0.0) {
            let (from, to) = (PLACES[k], PLACES[(k + 1) % 4]);
            let t = a / (a - b);
            crossings[count] =
                (origin.0 + from.0 + (to.0 - from.0) * t, origin.1 + from.1 + (to.1 - from.1) * t);
            count += 1;
        }
    }
    match count {
        2 => segments.push(Segment { from: crossings[0], to: crossings[1] }),
        4 => {
            // A saddle: the middle tells which corners belong together.
            let middle_is_inside = corners.iter().sum::<f32>() >= 0.0;
            let first = usize::from(middle_is_inside == (corners[0] >= 0.0));
            for k in [first, first + 2] {
                segments.push(Segment { from: crossings[(k + 3) % 4], to: crossings[k % 4] });
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(segments: &[Segment]) -> f32 {
        segments.iter().map(|s| libm::hypotf(s.to.0 - s.from.0, s.to.1 - s.from.1)).sum()
    }

    #[test]
    fn a_disc_is_outlined_by_its_circle() {
        let side = 40;
        let distance =
            |i: usize| libm::hypotf((i % side) as f32 + 0.5 - 20.0, (i / side) as f32 + 0.5 - 20.0);
        let values: Vec<f32> = (0..side * side).map(|i| 10.0 - distance(i)).collect();
        let lines = zero_lines(&values, side);
        assert!((length(&lines) - 62.83).abs() < 0.3, "{}", length(&lines));
        assert!(lines.iter().all(|s| (libm::hypotf(s.from.0 - 20.0, s.from.1 - 20.0) - 10.0).abs() < 0.05));
    }

    #[test]
    fn a_region_at_the_border_is_closed() {
        assert_eq!(zero_lines(&[1.0; 4], 2).len(), 8);
        assert!(zero_lines(&[-1.0; 4], 2).is_empty());
    }

    #[test]
    fn corners_that_touch_stay_apart_when_the_middle_is_outside() {
        let lines = zero_lines(&[1.0, -3.0, -3.0, 1.0], 2);
        let near = |a: f32, b: f32| ((a + b) / 2.0 - 1.0).abs() < 0.45;
        let through_middle = |s: &&Segment| near(s.from.0, s.to.0) && near(s.from.1, s.to.1);
        let inner: Vec<&Segment> = lines.iter().filter(through_middle).collect();
        assert_eq!(inner.len(), 2);
        // Each piece cuts off its own corner: upper left and lower right.
        assert!(inner.iter().any(|s| s.from.0 + s.from.1 < 2.0 && s.to.0 + s.to.1 < 2.0));
    }
}
