//! Straight edges of a picture that stands upright, however blurred: what tone does not cross.
//!
//! A lens makes the edge of a plane as soft as that of an organ; but it is straight, exactly upright or level, and no
//! wider than the blur.

use super::lines::Levels;

/// Lines between which the picture changes at an edge: a blurred edge is so wide.
const GAP: usize = 3;
/// Lines between which most of all change must be the edge's: that of organs is spread out.
const AROUND: usize = 9;
const SHARE_MIN: f32 = 0.7;
/// Change at an edge, in levels of 8 bits.
const JUMP_LEVELS_MIN: f32 = 4.0;
/// Blocks along which an edge is straight: a seventh of a picture's height; in each it has this share of its mean change
/// at least, but for some.
const RUN_BLOCKS: usize = 16;
const RUN_GAPS_MAX: usize = 2;
const STEADY_SHARE_MIN: f32 = 0.4;

/// A side of an edge that is a plane: from so many lines beside it to so many, in the middle of the run, means change
/// no faster than this, in levels of 8 bits (third differences, which a reflection has not). Within a radiograph no side is one.
const SIDE: (usize, usize) = (3, 9);
const UNREST_LEVELS_MAX: f32 = 1.0;

/// Which blocks of `side` pixels, row by row, hold a long edge that is upright, and which one that is level.
pub fn both(picture: &Levels, side: usize) -> [Vec<bool>; 2] {
    let (columns, rows) = (picture.width / side, picture.height / side);
    let (across, down) = (upright(picture, side), upright(&picture.turned(), side));
    let level = |at: usize| down.get(at % columns * rows + at / columns) == Some(&true);
    let level = (0..columns * rows).map(level).collect();
    [across, level]
}

/// Which blocks hold a long edge that is upright, row by row.
fn upright(picture: &Levels, side: usize) -> Vec<bool> {
    let (columns, rows) = (picture.width / side, picture.height / side);
    let mut marks = vec![false; columns * rows];
    let strips: Vec<Vec<f32>> =
        picture.values.chunks_exact(picture.width * side).map(|s| means(s, picture.width)).collect();
    for (first, run) in strips.windows(RUN_BLOCKS).enumerate() {
        for x in edges(run) {
            for row in first..first + RUN_BLOCKS {
                let at = row * columns + (x / side).min(columns - 1);
                marks.iter_mut().skip(at).take(1).for_each(|mark| *mark = true);
            }
        }
    }
    marks
}

/// The means of a strip's columns.
fn means(strip: &[f32], width: usize) -> Vec<f32> {
    let mut means = vec![0.0; width];
    for row in strip.chunks_exact(width) {
        means.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let rows = (strip.len() / width.max(1)).max(1) as f32;
    means.iter_mut().for_each(|mean| *mean /= rows);
    means
}

/// Where an edge goes through all of a run of strips.
fn edges(run: &[Vec<f32>]) -> Vec<usize> {
    let Some(first) = run.first() else { return Vec::new() };
    let mean: Vec<f32> =
        (0..first.len()).map(|x| run.iter().map(|strip| strip[x]).sum::<f32>() / run.len() as f32).collect();
    let jump = |means: &[f32], x: usize| means[x + GAP - GAP / 2] - means[x - GAP / 2];
    let around = |x: usize| mean[x + AROUND - AROUND / 2] - mean[x - AROUND / 2];
    let within = SIDE.1..first.len().saturating_sub(AROUND.max(SIDE.1 + 1));
    let is_edge = |x: &usize| {
        let here = jump(&mean, *x);
        let sign = here.signum();
        let steady =
            run.iter().filter(|strip| jump(strip, *x) * sign >= STEADY_SHARE_MIN * here.abs()).count();
        here.abs() >= JUMP_LEVELS_MIN
            && here.abs() >= SHARE_MIN * around(*x).abs()
            && here.abs() >= jump(&mean, x - 1).abs()
            && here.abs() >= jump(&mean, x + 1).abs()
            && steady + RUN_GAPS_MAX >= run.len()
            && (unrest(run, *x - SIDE.1..*x - SIDE.0) <= UNREST_LEVELS_MAX
                || unrest(run, *x + 1 + SIDE.0..*x + 1 + SIDE.1) <= UNREST_LEVELS_MAX)
    };
    within.filter(is_edge).collect()
}

/// How unsteadily the means of some columns change along a run of strips.
fn unrest(run: &[Vec<f32>], columns: std::ops::Range<usize>) -> f32 {
    let count = columns.len() as f32;
    let means: Vec<f32> =
        run.iter().map(|strip| strip[columns.clone()].iter().sum::<f32>() / count).collect();
    let mut bends: Vec<f32> = means.windows(4).map(|w| (w[0] - 3.0 * (w[1] - w[2]) - w[3]).abs()).collect();
    bends.sort_by(f32::total_cmp);
    bends.get(bends.len() / 2).copied().unwrap_or(0.0)
}
