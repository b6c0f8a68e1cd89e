//! Projective maps of the plane: how a plane looks to a camera that stands askew before it.
//!
//! Sums, products and quotients only, in a fixed order: every processor gives the same bits.

/// x to the right, y down.
pub type Point = [f64; 2];

/// Below this a pivot is nothing: the points that give the map lie on one line. Coordinates are pixels.
const PIVOT_MIN: f64 = 1e-9;
/// Below this a point lies at the horizon or behind it.
const DEPTH_MIN: f64 = 1e-6;
/// Numbers that a map has beside its last, which is 1.
const UNKNOWNS: usize = 8;

/// A projective map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Homography([f64; UNKNOWNS]);

impl Homography {
    /// The map that takes each of four points to its partner; `None` where there is none, or not only one.
    pub fn of(from: [Point; 4], to: [Point; 4]) -> Option<Self> {
        let mut rows = [[0.0; UNKNOWNS + 1]; UNKNOWNS];
        for (pair, (&[x, y], [u, v])) in rows.chunks_exact_mut(2).zip(from.iter().zip(to)) {
            if let [first, second] = pair {
                *first = [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u];
                *second = [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v];
            }
        }
        solved(rows).map(Self)
    }

    /// Where `point` goes; `None`: beyond the horizon.
    pub fn map(&self, [x, y]: Point) -> Option<Point> {
        let [a, b, c, d, e, f, g, h] = self.0;
        let depth = g * x + h * y + 1.0;
        (depth > DEPTH_MIN).then(|| [(a * x + b * y + c) / depth, (d * x + e * y + f) / depth])
    }
}

/// The solution of eight equations, each with its right side last (Gauss, with the largest pivot of each column).
fn solved(mut rows: [[f64; UNKNOWNS + 1]; UNKNOWNS]) -> Option<[f64; UNKNOWNS]> {
    for column in 0..UNKNOWNS {
        let size = |row: &[f64; UNKNOWNS + 1]| row[column].abs();
        let largest = (column..UNKNOWNS).max_by(|&a, &b| size(&rows[a]).total_cmp(&size(&rows[b])))?;
        rows.swap(column, largest);
        let pivot = rows[column];
        if size(&pivot).is_nan() || size(&pivot) <= PIVOT_MIN {
            return None;
        }
        for row in (0..UNKNOWNS).filter(|row| *row != column) {
            let times = rows[row][column] / pivot[column];
            rows[row].iter_mut().zip(pivot).for_each(|(value, above)| *value -= times * above);
        }
    }
    let mut solution = [0.0; UNKNOWNS];
    for (i, value) in solution.iter_mut().enumerate() {
        *value = rows[i][UNKNOWNS] / rows[i][i];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a pixel.
    const TOLERANCE: f64 = 1e-6;
    const SQUARE: [Point; 4] = [[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]];

    fn check(map: Homography, from: Point, expected: Point) {
        let [x, y] = map.map(from).unwrap();
        let near = (x - expected[0]).abs() < TOLERANCE && (y - expected[1]).abs() < TOLERANCE;
        assert!(near, "{x} {y}, expected {expected:?}");
    }

    #[test]
    fn each_corner_goes_to_its_partner_and_the_diagonals_meet_where_they_met() {
        let quad = [[12.0, 7.0], [95.0, 15.0], [110.0, 90.0], [3.0, 101.0]];
        let map = Homography::of(SQUARE, quad).unwrap();
        SQUARE.iter().zip(quad).for_each(|(from, to)| check(map, *from, to));
        // The quad's diagonals, (12, 7) to (110, 90) and (95, 15) to (3, 101), meet where the square's middle goes.
        let [[x1, y1], [x2, y2], [x3, y3], [x4, y4]] = quad;
        let along =
            ((x1 - x2) * (y2 - y4) - (y1 - y2) * (x2 - x4)) / ((x1 - x3) * (y2 - y4) - (y1 - y3) * (x2 - x4));
        check(map, [50.0, 50.0], [x1 + along * (x3 - x1), y1 + along * (y3 - y1)]);
    }

    #[test]
    fn there_and_back_is_where_it_was() {
        let quad = [[12.0, 7.0], [95.0, 15.0], [110.0, 90.0], [3.0, 101.0]];
        let (there, back) = (Homography::of(SQUARE, quad).unwrap(), Homography::of(quad, SQUARE).unwrap());
        for point in [[1.0, 2.0], [33.0, 71.0], [99.0, 50.0]] {
            check(back, there.map(point).unwrap(), point);
        }
    }

    #[test]
    fn corners_on_a_line_and_points_behind_the_horizon_have_no_place() {
        let line = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [0.0, 5.0]];
        assert_eq!(Homography::of(line, SQUARE), None);
        assert_eq!(Homography::of([[f64::NAN; 2]; 4], SQUARE), None);
        let steep = Homography::of(SQUARE, [[40.0, 0.0], [60.0, 0.0], [100.0, 100.0], [0.0, 100.0]]).unwrap();
        assert_eq!(steep.map([50.0, 1e4]), None);
    }
}
