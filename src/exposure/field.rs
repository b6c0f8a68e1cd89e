//! Where in a console's picture the radiograph is: menus around it, letterbox and collimation borders left out.
//!
//! A *field* is the rectangle round one coherent region of continuous tone ([`Tone`]) that is large enough, and
//! changes in both directions as no drawn gradient does. Whether it shows a chest is for the network to say.
//! The rules with their reasons: `docs/exposure.md`.

use super::levels_of;
use super::tone::Tone;
use crate::board::Area;
use crate::frame::Frame;
use crate::units::PixelSize;

/// Regions looked at, the largest first: consoles show up to four radiographs side by side.
pub const FIELDS_MAX: usize = 4;
/// Smallest share of the picture that a field covers; thumbnails of a work list are smaller.
const AREA_SHARE_MIN: f32 = 0.1;
/// Smallest share of the picture's height.
const HEIGHT_SHARE_MIN: f32 = 0.25;
/// Shorter by longer side; the narrowest radiographs of the corpus have .55.
const ASPECT_MIN: f32 = 0.4;
/// Share of a field's blocks that are tonal; air and metal inside a radiograph may be flat.
const TONAL_SHARE_MIN: f32 = 0.35;
/// A row or column belongs to the field when it has this share of the tonal blocks of the fullest.
const LINE_SHARE_MIN: f32 = 0.08;
/// Share of the variance that neither rows nor columns explain; 0 in any drawn gradient.
const TWO_WAY_SHARE_MIN: f32 = 0.04;
/// Spread of a field's blocks, in levels of 8 bits: `exposure::fault` asks for as much.
const SPREAD_LEVELS_MIN: f32 = 24.0;
/// An edge is looked for so many blocks to either side of where the blocks end.
const EDGE_BLOCKS: usize = 2;
/// How much stronger than its surroundings an edge is, and how strong at least, in levels of 8 bits.
const EDGE_TIMES: f32 = 3.0;
const EDGE_LEVELS_MIN: f32 = 4.0;
/// The same for edges that a lens has blurred, over the lines that one is wide.
const BLURRED_EDGE_TIMES: f32 = 1.5;
/// The share of the fullest line's blocks where reflections make tone too.
const BLURRED_LINE_SHARE_MIN: f32 = 0.25;

/// A radiograph's place in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    pub area: Area,
    /// Its tonal blocks: what a dialog covers is missing.
    pub tonal_blocks: usize,
}

/// The fields of `frame`, the largest first; none: no radiograph is shown.
pub fn find(frame: &Frame) -> Vec<Field> {
    find_in(frame, &Tone::of(frame))
}

/// The same, for whoever knows the frame's tone.
pub(super) fn find_in(frame: &Frame, tone: &Tone) -> Vec<Field> {
    let mut regions = regions(tone);
    regions.sort_by_key(|region| std::cmp::Reverse(region.len()));
    regions.truncate(FIELDS_MAX);
    regions.iter().filter_map(|region| field(frame, tone, region)).collect()
}

/// Coherent regions of tonal blocks that are not far too small.
fn regions(tone: &Tone) -> Vec<Vec<usize>> {
    let blocks = tone.columns * tone.rows;
    let least = (blocks as f32 * AREA_SHARE_MIN * TONAL_SHARE_MIN) as usize;
    let mut seen = vec![false; blocks];
    let mut regions = Vec::new();
    for start in 0..blocks {
        let region = region(tone, start, &mut seen);
        if region.len() > least.max(1) {
            regions.push(region);
        }
    }
    regions
}

/// The tonal blocks that hang together with `start`, which have not been seen.
fn region(tone: &Tone, start: usize, seen: &mut [bool]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut ahead = vec![start];
    while let Some(at) = ahead.pop() {
        let fresh = tone.is_tonal(at) && seen.get(at) == Some(&false);
        if !fresh {
            continue;
        }
        if let Some(mark) = seen.get_mut(at) {
            *mark = true;
        }
        found.push(at);
        let x = at % tone.columns;
        ahead.extend((x > 0).then(|| at - 1));
        ahead.extend((x + 1 < tone.columns).then_some(at + 1));
        ahead.extend(at.checked_sub(tone.columns));
        ahead.push(at + tone.columns);
    }
    found
}

/// The field round a region, where it can be a radiograph.
fn field(frame: &Frame, tone: &Tone, region: &[usize]) -> Option<Field> {
    let share = if tone.is_blurred() { BLURRED_LINE_SHARE_MIN } else { LINE_SHARE_MIN };
    let [left, right] = lines(region.iter().map(|at| at % tone.columns), tone.columns, share)?;
    let [top, bottom] = lines(region.iter().map(|at| at / tone.columns), tone.rows, share)?;
    let [left, top, right, bottom] = tone.without_strips([left, top, right, bottom]);
    let (width, height) = (right - left, bottom - top);
    let whole = (tone.columns * tone.rows) as f32;
    let aspect = width.min(height) as f32 / width.max(height) as f32;
    let inside = |at: &&usize| {
        (left..right).contains(&(**at % tone.columns)) && (top..bottom).contains(&(**at / tone.columns))
    };
    let tonal_blocks = region.iter().filter(inside).count();
    let fits = (width * height) as f32 >= AREA_SHARE_MIN * whole
        && height as f32 >= HEIGHT_SHARE_MIN * tone.rows as f32
        && aspect >= ASPECT_MIN
        && tonal_blocks as f32 >= TONAL_SHARE_MIN * (width * height) as f32
        && is_two_way(tone, [left, top, right, bottom]);
    fits.then(|| Field { area: refined(frame, tone, [left, top, right, bottom]), tonal_blocks })
}

/// From the first to behind the last line that has its share of the fullest line's blocks.
fn lines(places: impl Iterator<Item = usize>, count: usize, share: f32) -> Option<[usize; 2]> {
    let mut counts = vec![0usize; count];
    places.for_each(|at| counts.iter_mut().skip(at).take(1).for_each(|n| *n += 1));
    let least = (*counts.iter().max()? as f32 * share).max(1.0);
    let enough = |n: &usize| *n as f32 >= least;
    Some([counts.iter().position(enough)?, counts.iter().rposition(enough)? + 1])
}

/// Whether the blocks of a rectangle spread, and not by row and column alone.
fn is_two_way(tone: &Tone, [left, top, right, bottom]: [usize; 4]) -> bool {
    let row = |y: usize| (left..right).map(|x| tone.mean(y * tone.columns + x)).collect::<Vec<f32>>();
    let rows: Vec<Vec<f32>> = (top..bottom).map(row).collect();
    let (width, height) = ((right - left) as f32, rows.len().max(1) as f32);
    let row_means: Vec<f32> = rows.iter().map(|r| r.iter().sum::<f32>() / width).collect();
    let column_means: Vec<f32> =
        (0..right - left).map(|x| rows.iter().filter_map(|r| r.get(x)).sum::<f32>() / height).collect();
    let mean = row_means.iter().sum::<f32>() / height;
    let (mut all, mut left_over) = (0.0, 0.0);
    for (row, row_mean) in rows.iter().zip(&row_means) {
        for (value, column_mean) in row.iter().zip(&column_means) {
            all += (value - mean).powi(2);
            left_over += (value - row_mean - column_mean + mean).powi(2);
        }
    }
    let mut values: Vec<f32> = rows.concat();
    values.sort_by(f32::total_cmp);
    let at = |share: usize| values.get(values.len() * share / 100).copied().unwrap_or(0.0);
    at(98) - at(2) >= SPREAD_LEVELS_MIN && left_over >= TWO_WAY_SHARE_MIN * all
}

/// The rectangle of blocks in pixels, each side moved to the edge that is near, if there is one.
fn refined(frame: &Frame, tone: &Tone, blocks: [usize; 4]) -> Area {
    let [width, height] = [frame.size().width, frame.size().height].map(|side| side as usize);
    let [left, top, right, bottom] = blocks.map(|b| b * tone.side);
    // Pixels that make no whole block belong to the last one.
    let right = if blocks[2] == tone.columns { width } else { right };
    let bottom = if blocks[3] == tone.rows { height } else { bottom };
    let reach = EDGE_BLOCKS * tone.side;
    let pixel = |x: usize, y: usize| frame.pixels().get(y * width + x).copied().unwrap_or(0);
    let level = levels_of(frame.bits_stored());
    // The lines before and behind one between which an edge lies.
    let (before, behind, times) =
        if tone.is_blurred() { (2, 1, BLURRED_EDGE_TIMES) } else { (1, 0, EDGE_TIMES) };
    let column = |x: usize| {
        let [a, b] = [x.saturating_sub(before), (x + behind).min(width - 1)];
        let jumps = (top..bottom).map(|y| u64::from(pixel(b, y).abs_diff(pixel(a, y)))).sum::<u64>();
        jumps as f32 * level / (bottom - top) as f32
    };
    let row = |y: usize| {
        let [a, b] = [y.saturating_sub(before), (y + behind).min(height - 1)];
        let jumps = (left..right).map(|x| u64::from(pixel(x, b).abs_diff(pixel(x, a)))).sum::<u64>();
        jumps as f32 * level / (right - left) as f32
    };
    let [left, right] = [left, right].map(|x| edge(x, width, reach, times, &column));
    let [top, bottom] = [top, bottom].map(|y| edge(y, height, reach, times, &row));
    let [left, top, right, bottom] = [left, top, right, bottom].map(|side| side as u32);
    let size = PixelSize::new(right.saturating_sub(left).max(1), bottom.saturating_sub(top).max(1));
    Area { left, top, size }
}

/// The line at which pixels jump most, within `reach` of `at`; `at` itself where none stands out or the picture ends.
fn edge(at: usize, end: usize, reach: usize, times: f32, jump: &dyn Fn(usize) -> f32) -> usize {
    if at == 0 || at >= end {
        return at.min(end);
    }
    let jumps: Vec<(usize, f32)> =
        (at.saturating_sub(reach).max(1)..(at + reach + 1).min(end)).map(|i| (i, jump(i))).collect();
    let mut sorted: Vec<f32> = jumps.iter().map(|j| j.1).collect();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    let strongest = jumps.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    match strongest {
        Some(&(line, jump)) if jump >= (times * usual).max(EDGE_LEVELS_MIN) => line,
        _ => at,
    }
}
