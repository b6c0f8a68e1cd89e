//! A camera's picture of a monitor or a light box, set upright: its tilt and its perspective taken back.
//!
//! All straight edges of a console, a film and a radiograph are level or upright. From how they lean in the picture,
//! and how the lean changes across it, follows where the camera stood; what it saw is drawn anew as if it had stood
//! straight before it, at most [`WIDTH_MAX`] wide: the averages that this takes smooth moiré and noise.
//! Where too few edges agree, nothing is said: never a guess. The rules with their limits: `docs/exposure.md`.
//! This module does not know what the picture shows, or where in it.

mod barriers;
mod homography;
mod lines;

use self::homography::{Homography, Point};
use self::lines::{Levels, Line};
use super::field::{self, Field};
use super::levels_of;
use super::tone::Tone;
use crate::board::Area;
use crate::frame::{Frame, FrameError};
use crate::units::PixelSize;

/// Width of a picture that has been set upright, at most: twice to four times what the network sees of a radiograph.
const WIDTH_MAX: u32 = 960;
/// Samples across a pixel of it, at most.
const SAMPLES_MAX: u32 = 4;
/// How far a slope may lie from what the others say: .3 degrees.
const SLOPE_TOLERANCE: f64 = 0.005;
/// The steepest lean in the middle: 6 degrees, within what edges are looked for.
const LEAN_MAX: f64 = 0.105;
/// The largest change of lean from the middle to a side: what perspective does up to some 15 degrees.
const CHANGE_MAX: f64 = 0.12;
/// Two edges that tell of perspective are this share of the picture's side apart.
const APART_SHARE_MIN: f64 = 0.15;
/// Length of the edges that agree, in picture sides, and their share of the weight of all.
const AGREED_SIDES_MIN: f64 = 0.6;
const AGREED_SHARE_MIN: f64 = 0.5;
/// Where, in the picture's half side from its middle, the lines lie that are made upright.
const FRAME_SHARE: f64 = 0.8;

/// How the edges of one direction lean: `slope = lean + change * at`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Lean {
    lean: f64,
    change: f64,
}

/// A picture that has been set upright.
#[derive(Debug)]
pub struct Upright {
    pub frame: Frame,
    /// From its pixels to the camera's.
    back: Homography,
}

impl Upright {
    /// The camera's `picture` set upright; `None`: its edges do not tell how.
    pub fn of(picture: &Frame) -> Option<Self> {
        let levels = reduced(picture).smoothed();
        let [upright, level] = [lean(&levels), lean(&levels.turned())];
        let [upright, level] = match [upright, level] {
            // A turn of the camera leans both alike; only the perspective of one direction stays unknown.
            [Some(upright), None] => [upright, Lean { lean: -upright.lean, change: 0.0 }],
            [None, Some(level)] => [Lean { lean: -level.lean, change: 0.0 }, level],
            [Some(upright), Some(level)] => [upright, level],
            [None, None] => return None,
        };
        let back = back(picture.size(), [levels.width, levels.height], upright, level)?;
        let frame = drawn(picture, &back).ok()?;
        Some(Self { frame, back })
    }

    /// The fields of the upright picture, found in a smaller one in which neither moiré nor noise is left.
    pub fn fields(&self) -> Vec<Field> {
        let Ok(small) = halved(&self.frame).and_then(|half| smoothed(&half)) else { return Vec::new() };
        let levels = reduced(&small);
        let tone = Tone::of_blurred(&small, |side| barriers::both(&levels, side));
        let mut fields = field::find_in(&small, &tone);
        for area in fields.iter_mut().map(|field| &mut field.area) {
            let [left, top, width, height] =
                [area.left, area.top, area.size.width, area.size.height].map(|side| side * 2);
            *area = Area { left, top, size: PixelSize::new(width, height) };
        }
        fields
    }

    /// The part of the camera's picture, of `size`, that `area` was drawn from.
    pub fn seen(&self, area: Area, size: PixelSize) -> Area {
        let [left, top] = [area.left, area.top].map(f64::from);
        let (right, bottom) = (left + f64::from(area.size.width), top + f64::from(area.size.height));
        let corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
        let corners: Vec<Point> = corners.iter().filter_map(|corner| self.back.map(*corner)).collect();
        let bounds = |i: usize, side: u32| {
            let values = || corners.iter().map(|corner| corner[i].clamp(0.0, f64::from(side)));
            let low = values().fold(f64::from(side), f64::min) as u32;
            [low, (values().fold(0.0, f64::max) as u32).max(low)]
        };
        let ([left, right], [top, bottom]) = (bounds(0, size.width), bounds(1, size.height));
        Area { left, top, size: PixelSize::new(right - left, bottom - top) }
    }
}

/// Size of an upright picture of what the camera saw in `size`.
fn drawn_size(size: PixelSize) -> PixelSize {
    if size.width <= WIDTH_MAX {
        return size;
    }
    let height = u64::from(size.height) * u64::from(WIDTH_MAX) / u64::from(size.width);
    PixelSize::new(WIDTH_MAX, height as u32)
}

/// Averages of squares of pixels, so that about [`WIDTH_MAX`] are left across.
fn reduced(picture: &Frame) -> Levels {
    let size = picture.size();
    let side = size.width.div_ceil(WIDTH_MAX).max(1) as usize;
    let (width, height) = (size.width as usize / side, size.height as usize / side);
    let level = levels_of(picture.bits_stored()) / (side * side) as f32;
    let mut values = Vec::with_capacity(width * height);
    let mut sums = vec![0u32; width];
    for rows in picture.pixels().chunks_exact(size.width as usize * side) {
        sums.fill(0);
        for row in rows.chunks_exact(size.width as usize) {
            let parts = row.chunks_exact(side);
            sums.iter_mut()
                .zip(parts)
                .for_each(|(sum, part)| *sum += part.iter().map(|&v| u32::from(v)).sum::<u32>());
        }
        values.extend(sums.iter().map(|&sum| sum as f32 * level));
    }
    Levels { width, height, values }
}

fn halved(frame: &Frame) -> Result<Frame, FrameError> {
    let width = frame.size().width as usize;
    let size = PixelSize::new(frame.size().width / 2, frame.size().height / 2);
    let mut pixels = Vec::with_capacity(size.area());
    for rows in frame.pixels().chunks_exact(2 * width) {
        let (upper, lower) = rows.split_at(width);
        let sum = |two: &[u16]| two.iter().map(|&v| u32::from(v)).sum::<u32>();
        let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
        pixels.extend(pairs.map(|(upper, lower)| ((sum(upper) + sum(lower) + 2) / 4) as u16));
    }
    Frame::new(size, pixels, frame.bits_stored(), frame.photometric())
}

/// Each pixel the mean of it and its eight neighbours.
fn smoothed(frame: &Frame) -> Result<Frame, FrameError> {
    let width = frame.size().width as usize;
    let across = |row: &[u16]| -> Vec<u32> {
        let at = |x: usize| u32::from(row.get(x.min(width - 1)).copied().unwrap_or(0));
        (0..width).map(|x| at(x.saturating_sub(1)) + at(x) + at(x + 1)).collect()
    };
    let rows: Vec<Vec<u32>> = frame.pixels().chunks_exact(width).map(across).collect();
    let mut pixels = Vec::with_capacity(frame.size().area());
    for y in 0..rows.len() {
        let near = [y.saturating_sub(1), y, (y + 1).min(rows.len() - 1)];
        pixels.extend((0..width).map(|x| ((near.iter().map(|y| rows[*y][x]).sum::<u32>() + 4) / 9) as u16));
    }
    Frame::new(frame.size(), pixels, frame.bits_stored(), frame.photometric())
}

/// How the upright edges of a picture lean; `None` where too few agree.
fn lean(picture: &Levels) -> Option<Lean> {
    let lines = lines::upright(picture);
    let apart = APART_SHARE_MIN * picture.width as f64;
    let half = picture.width as f64 / 2.0;
    let fits = |lean: &Lean| lean.lean.abs() <= LEAN_MAX && (lean.change * half).abs() <= CHANGE_MAX;
    let mut best = (0.0, Lean::default());
    for (i, a) in lines.iter().enumerate() {
        for b in lines.iter().skip(i + 1).filter(|b| (a.at - b.at).abs() >= apart) {
            let change = (a.slope - b.slope) / (a.at - b.at);
            let lean = Lean { lean: a.slope - change * a.at, change };
            let length = agreed(&lines, lean).map(|line| line.weight()).sum::<f64>();
            if fits(&lean) && length > best.0 {
                best = (length, lean);
            }
        }
    }
    let all = lines.iter().map(Line::weight).sum::<f64>();
    let agreed_length = agreed(&lines, best.1).map(|line| line.length).sum::<f64>();
    let enough =
        agreed_length >= AGREED_SIDES_MIN * picture.height as f64 && best.0 >= AGREED_SHARE_MIN * all;
    enough.then(|| settled(&lines, best.1)).filter(fits)
}

fn agreed(lines: &[Line], lean: Lean) -> impl Iterator<Item = &Line> {
    lines.iter().filter(move |l| (l.slope - lean.lean - lean.change * l.at).abs() <= SLOPE_TOLERANCE)
}

/// The lean that leaves the least squares over the edges that agree with `lean`, each by its length.
fn settled(lines: &[Line], lean: Lean) -> Lean {
    let sum = |of: &dyn Fn(&Line) -> f64| agreed(lines, lean).map(|l| l.weight() * of(l)).sum::<f64>();
    let all = sum(&|_| 1.0);
    let (at, slope) = (sum(&|l| l.at) / all, sum(&|l| l.slope) / all);
    let spread = sum(&|l| (l.at - at) * (l.at - at));
    if spread.is_nan() || spread <= 0.0 {
        return lean;
    }
    let change = sum(&|l| (l.at - at) * (l.slope - slope)) / spread;
    Lean { lean: slope - change * at, change }
}

/// From an upright picture's pixels to the camera's, whose edges lean so in a picture `reduced` to these sides.
fn back(size: PixelSize, reduced: [usize; 2], upright: Lean, level: Lean) -> Option<Homography> {
    let drawn = drawn_size(size);
    let [half_x, half_y] = reduced.map(|side| side as f64 / 2.0);
    let signs = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
    let corner = |[x, y]: [f64; 2]| {
        let (x, y) = (x * FRAME_SHARE * half_x, y * FRAME_SHARE * half_y);
        let (s, t) = (upright.lean + upright.change * x, level.lean + level.change * y);
        // Where x + s v = u and y + t u = v meet.
        let u = (x + s * y) / (1.0 - s * t);
        let v = y + t * u;
        [(u / half_x + 1.0) / 2.0 * f64::from(size.width), (v / half_y + 1.0) / 2.0 * f64::from(size.height)]
    };
    let place = |[x, y]: [f64; 2]| {
        let along = |sign: f64, side: u32| (sign * FRAME_SHARE + 1.0) / 2.0 * f64::from(side);
        [along(x, drawn.width), along(y, drawn.height)]
    };
    Homography::of(signs.map(place), signs.map(corner))
}

/// `picture` through `back`, each pixel the mean of samples between pixels; what the camera did not see is black.
fn drawn(picture: &Frame, back: &Homography) -> Result<Frame, FrameError> {
    let size = drawn_size(picture.size());
    let samples = picture.size().width.div_ceil(size.width.max(1)).clamp(1, SAMPLES_MAX);
    let places: Vec<f64> = (0..samples).map(|i| (f64::from(i) + 0.5) / f64::from(samples)).collect();
    let count = (samples * samples) as f32;
    let mut pixels = Vec::with_capacity(size.area());
    for y in 0..size.height {
        for x in 0..size.width {
            let mut sum = 0.0;
            for in_y in &places {
                for in_x in &places {
                    let at = back.map([f64::from(x) + in_x, f64::from(y) + in_y]);
                    sum += at.map_or(0.0, |at| between(picture, at));
                }
            }
            pixels.push((sum / count + 0.5) as u16);
        }
    }
    Frame::new(size, pixels, picture.bits_stored(), picture.photometric())
}

/// The value at a place between four pixels.
fn between(picture: &Frame, [x, y]: Point) -> f32 {
    let (width, height) = (picture.size().width as usize, picture.size().height as usize);
    let inside = x >= 0.0 && y >= 0.0 && x < width as f64 && y < height as f64;
    if !inside {
        return 0.0;
    }
    let (x, y) = ((x - 0.5).max(0.0), (y - 0.5).max(0.0));
    let (left, top) = (x as usize, y as usize);
    let (right, below) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (part_x, part_y) = ((x - left as f64) as f32, (y - top as f64) as f32);
    let value = |x: usize, y: usize| f32::from(picture.pixels().get(y * width + x).copied().unwrap_or(0));
    let upper = value(left, top) * (1.0 - part_x) + value(right, top) * part_x;
    let lower = value(left, below) * (1.0 - part_x) + value(right, below) * part_x;
    upper * (1.0 - part_y) + lower * part_y
}

#[cfg(test)]
mod tests;
