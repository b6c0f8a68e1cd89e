//! Long straight edges that are nearly upright or nearly level: a monitor's frame, its menus, a film, a radiograph.
//!
//! An edge is found where many pixels that change mostly across it lie on one line (Hough's way), and then laid through
//! them. Coordinates are from the picture's middle; those of level edges have x and y exchanged.

/// Difference of the pixels to either side from which one can be on an edge, in levels of 8 bits.
const JUMP_LEVELS_MIN: f32 = 5.0;
/// Change along the edge by change across it, at most: edges of letters and organs go all ways.
const ALONG_SHARE_MAX: f32 = 0.5;
/// Slopes that are looked for to either side of none, and their distance: 7 degrees.
const SLOPES_EACH_SIDE: i32 = 40;
const SLOPE_STEP: f64 = 0.003;
/// How far a pixel may lie from an edge that it is on.
const REACH_PX: f64 = 1.5;
/// And how far one that is left out afterwards: a blurred edge is so wide.
const CLEARED_PX: f64 = 3.0;
/// How often a line is laid anew through the pixels that are near it.
const FITS: usize = 3;
/// Length of an edge, counted in its pixels, as a share of the picture's side.
const LENGTH_SHARE_MIN: f64 = 0.15;
/// Edges looked for of each kind, from dark to bright and from bright to dark: a console has dozens.
const LINES_MAX: usize = 16;
/// Pixels that can be on an edge; beyond them every n-th counts, as in a picture of snow.
const CANDIDATES_MAX: usize = 1 << 16;

/// An edge, upright: `x = at + slope * y`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub at: f64,
    pub slope: f64,
    /// Pixels on it.
    pub length: f64,
}

impl Line {
    /// How much it counts among others: a long one is surer by its length twice over.
    pub fn weight(&self) -> f64 {
        self.length * self.length
    }
}

/// A picture in levels of 8 bits, row-major.
#[derive(Debug)]
pub struct Levels {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Levels {
    /// Each pixel the mean of it and its eight neighbours; those at the border stay.
    pub fn smoothed(&self) -> Self {
        let mut values = self.values.clone();
        let rows: Vec<&[f32]> = self.values.chunks_exact(self.width.max(1)).collect();
        let to = values.chunks_exact_mut(self.width.max(1)).skip(1);
        for (to, near) in to.zip(rows.windows(3)) {
            for (i, to) in to.iter_mut().skip(1).enumerate().take(self.width.saturating_sub(2)) {
                *to = near.iter().filter_map(|row| row.get(i..i + 3)).flatten().sum::<f32>() / 9.0;
            }
        }
        Self { values, ..*self }
    }

    /// x and y exchanged.
    pub fn turned(&self) -> Self {
        let columns = (0..self.width).flat_map(|x| self.values.iter().skip(x).step_by(self.width.max(1)));
        Self { width: self.height, height: self.width, values: columns.copied().collect() }
    }
}

/// The upright edges of `picture`.
pub fn upright(picture: &Levels) -> Vec<Line> {
    let least = LENGTH_SHARE_MIN * picture.height as f64;
    // Along an edge it is brighter on one and the same side; along what only looks like one, now here and now there.
    let [brighter, darker] = [1.0, -1.0].map(|sign| among(candidates(picture, sign), picture.width, least));
    [brighter, darker].concat()
}

/// The lines on which most of `pixels` lie, one after another.
fn among(mut pixels: Vec<[f64; 2]>, width: usize, least: f64) -> Vec<Line> {
    let mut votes = Votes::new(width);
    pixels.iter().for_each(|&pixel| votes.count(pixel, 1));
    let mut lines = Vec::new();
    while lines.len() < LINES_MAX {
        let (found, count) = votes.most();
        if f64::from(count) < least {
            break;
        }
        let line = (0..FITS).fold(found, |line, _| laid(&pixels, line));
        let on = |pixel: &[f64; 2]| {
            distance(&line, *pixel) <= CLEARED_PX || distance(&found, *pixel) <= CLEARED_PX
        };
        let (taken, rest): (Vec<_>, Vec<_>) = pixels.into_iter().partition(on);
        taken.iter().for_each(|&pixel| votes.count(pixel, -1));
        pixels = rest;
        if line.length >= least {
            lines.push(line);
        }
    }
    lines
}

/// Pixels across which the picture changes most, towards brighter (`sign` 1) or darker (-1), and along which it does not.
fn candidates(picture: &Levels, sign: f32) -> Vec<[f64; 2]> {
    let Levels { width, height, values } = picture;
    let (middle_x, middle_y) = (*width as f64 / 2.0, *height as f64 / 2.0);
    let mut found = Vec::new();
    let rows: Vec<&[f32]> = values.chunks_exact((*width).max(1)).collect();
    for (y, rows) in rows.windows(3).enumerate() {
        let [above, row, below] = rows else { continue };
        let jumps: Vec<f32> = row.windows(3).map(|w| (w[2] - w[0]) * sign).collect();
        for (i, w) in jumps.windows(3).enumerate() {
            let x = i + 2;
            let along = match (above.get(x), below.get(x)) {
                (Some(above), Some(below)) => (above - below).abs(),
                _ => continue,
            };
            if w[1] >= JUMP_LEVELS_MIN && w[1] > w[0] && w[1] >= w[2] && along <= ALONG_SHARE_MAX * w[1] {
                // To a part of a pixel: the top of the parabola through the three.
                let bend = f64::from(w[0] - 2.0 * w[1] + w[2]);
                let off = if bend < 0.0 { f64::from(w[0] - w[2]) / (2.0 * bend) } else { 0.0 };
                found.push([x as f64 + 0.5 + off - middle_x, y as f64 + 1.5 - middle_y]);
            }
        }
    }
    let step = found.len().div_ceil(CANDIDATES_MAX).max(1);
    found.into_iter().step_by(step).collect()
}

fn distance(line: &Line, [x, y]: [f64; 2]) -> f64 {
    (x - line.at - line.slope * y).abs()
}

/// The line through the pixels near `line` that leaves the least squares.
fn laid(pixels: &[[f64; 2]], line: Line) -> Line {
    let near: Vec<&[f64; 2]> = pixels.iter().filter(|p| distance(&line, **p) <= REACH_PX).collect();
    let count = near.len() as f64;
    let mean = |i: usize| near.iter().map(|p| p[i]).sum::<f64>() / count.max(1.0);
    let (x, y) = (mean(0), mean(1));
    let spread: f64 = near.iter().map(|p| (p[1] - y) * (p[1] - y)).sum();
    if spread <= 0.0 {
        return Line { length: count, ..line };
    }
    let slope = near.iter().map(|p| (p[0] - x) * (p[1] - y)).sum::<f64>() / spread;
    Line { at: x - slope * y, slope, length: count }
}

/// How many pixels lie on each line.
struct Votes {
    across: usize,
    /// For each slope, for each place.
    counts: Vec<i32>,
}

impl Votes {
    fn new(width: usize) -> Self {
        let slopes = 2 * SLOPES_EACH_SIDE as usize + 1;
        Self { across: width, counts: vec![0; slopes * width] }
    }

    fn slope(index: usize) -> f64 {
        f64::from(index as i32 - SLOPES_EACH_SIDE) * SLOPE_STEP
    }

    fn count(&mut self, [x, y]: [f64; 2], by: i32) {
        let middle = self.across as f64 / 2.0;
        for (index, places) in self.counts.chunks_exact_mut(self.across.max(1)).enumerate() {
            let at = x - Self::slope(index) * y + middle;
            if at >= 0.0
                && let Some(count) = places.get_mut(at as usize)
            {
                *count += by;
            }
        }
    }

    /// The line with most pixels, those of the place beside it included.
    fn most(&self) -> (Line, i32) {
        let mut most = (Line { at: 0.0, slope: 0.0, length: 0.0 }, 0);
        for (index, places) in self.counts.chunks_exact(self.across.max(1)).enumerate() {
            for (i, two) in places.windows(2).enumerate() {
                let count = two[0] + two[1];
                if count > most.1 {
                    let at = i as f64 + 1.0 - self.across as f64 / 2.0;
                    most = (Line { at, slope: Self::slope(index), length: f64::from(count) }, count);
                }
            }
        }
        most
    }
}
