//! Where a picture has continuous tone, as radiographs have it and menus have not.
//!
//! Terms: *blocks* are small squares of pixels; a block is *drawn* when it holds text, a line or the straight edge of a
//! plane; it is *tonal* when the means round it change and nothing near it is drawn.
//! Values are levels of 8 bits, whatever the picture stores.

use super::levels_of;
use crate::frame::Frame;

/// Blocks across a picture: 8 pixels of 1,920.
const BLOCKS_ACROSS: usize = 240;
/// Smallest block; noise of single pixels must not move its mean.
const BLOCK_SIDE_MIN_PX: usize = 4;
/// Range of the means of a block and its neighbours below which there is a plane of one grey; noise makes .4 in the
/// smallest blocks of three frames' average.
const RANGE_LEVELS_MIN: f32 = 0.75;
/// Mean difference of neighbouring pixels above which a block is text; a radiograph's noise has 6.
const ROUGH_LEVELS_MAX: f32 = 14.0;
/// Difference of neighbouring lines of a block, each a mean along the edge of a block: from so many levels on, and from
/// this share of the range round it on, the line is the edge of a plane. Between organs the change is spread out.
const STEP_LEVELS_MAX: f32 = 4.0;
const STEP_SHARE_MAX: f32 = 0.6;
/// Of a block and its eight neighbours, how many must be tonal: fills small holes, drops single blocks.
const NEIGHBOURS_MIN: usize = 4;

/// What one block holds.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    mean: f32,
    /// Mean difference of horizontal neighbours.
    rough: f32,
    /// Largest difference of neighbouring columns' or rows' means.
    step: f32,
}

/// A picture in blocks.
#[derive(Debug)]
pub(super) struct Tone {
    /// Of a block, in pixels.
    pub side: usize,
    pub columns: usize,
    pub rows: usize,
    blocks: Vec<Block>,
    drawn: Vec<bool>,
    tonal: Vec<bool>,
}

impl Tone {
    /// The whole blocks of `frame`; what is left at the right and below belongs to none.
    pub fn of(frame: &Frame) -> Self {
        let width = frame.size().width as usize;
        let side = (width / BLOCKS_ACROSS).max(BLOCK_SIDE_MIN_PX);
        let (columns, rows) = (width / side, frame.size().height as usize / side);
        let places = (0..rows).flat_map(|y| (0..columns).map(move |x| (x * side, y * side)));
        let blocks = places.map(|(x, y)| Block::of(frame, side, x, y)).collect();
        let mut tone = Self { side, columns, rows, blocks, drawn: Vec::new(), tonal: Vec::new() };
        let all = 0..columns * rows;
        tone.drawn = all.clone().map(|at| tone.has_edge(at)).collect();
        let seeds: Vec<bool> = all.clone().map(|at| tone.is_seed(at)).collect();
        let is_seed = |at: &usize| seeds.get(*at) == Some(&true);
        tone.tonal = all.map(|at| tone.round(at).filter(is_seed).count() >= NEIGHBOURS_MIN).collect();
        tone
    }

    pub fn mean(&self, at: usize) -> f32 {
        self.block(at).mean
    }

    pub fn is_tonal(&self, at: usize) -> bool {
        self.tonal.get(at) == Some(&true)
    }

    pub fn is_drawn(&self, at: usize) -> bool {
        self.drawn.get(at) == Some(&true)
    }

    /// A block and its neighbours, those that there are.
    pub fn round(&self, at: usize) -> impl Iterator<Item = usize> + use<> {
        let (columns, rows) = (self.columns, self.rows);
        let (x, y) = (at % columns, at / columns);
        let across = x.saturating_sub(1)..(x + 2).min(columns);
        (y.saturating_sub(1)..(y + 2).min(rows))
            .flat_map(move |y| across.clone().map(move |x| y * columns + x))
    }

    fn block(&self, at: usize) -> Block {
        self.blocks.get(at).copied().unwrap_or_default()
    }

    /// How far the means of a block and its neighbours lie apart.
    fn range(&self, at: usize) -> f32 {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for mean in self.round(at).map(|near| self.mean(near)) {
            (low, high) = (low.min(mean), high.max(mean));
        }
        high - low
    }

    fn has_edge(&self, at: usize) -> bool {
        let Block { rough, step, .. } = self.block(at);
        rough > ROUGH_LEVELS_MAX || step > STEP_LEVELS_MAX.max(STEP_SHARE_MAX * self.range(at))
    }

    fn is_seed(&self, at: usize) -> bool {
        self.range(at) >= RANGE_LEVELS_MIN && !self.round(at).any(|near| self.is_drawn(near))
    }
}

impl Block {
    /// The block whose upper left pixel is (`x`, `y`); the lines behind its last ones count for its steps.
    fn of(frame: &Frame, side: usize, x: usize, y: usize) -> Self {
        let width = frame.size().width as usize;
        let level = levels_of(frame.bits_stored());
        let end = (x + side + 1).min(width);
        let mut columns = vec![0u32; end - x];
        let (mut jumps, mut row_before, mut step) = (0, None, 0);
        for line in frame.pixels().chunks_exact(width).skip(y).take(side + 1).enumerate() {
            let part = line.1.get(x..end).unwrap_or_default();
            let row: u32 = part.iter().take(side).map(|&v| u32::from(v)).sum();
            step = step.max(row_before.map_or(0, |before| row.abs_diff(before)));
            row_before = Some(row);
            if line.0 < side {
                columns.iter_mut().zip(part).for_each(|(sum, &v)| *sum += u32::from(v));
                jumps += part.windows(2).map(|w| u32::from(w[0].abs_diff(w[1]))).sum::<u32>();
            }
        }
        step = columns.windows(2).map(|w| w[0].abs_diff(w[1])).fold(step, u32::max);
        let sum: u32 = columns.iter().take(side).sum();
        let lines = side as f32;
        Self {
            mean: sum as f32 / (lines * lines) * level,
            rough: jumps as f32 / (lines * (end - x - 1) as f32) * level,
            step: step as f32 / lines * level,
        }
    }
}
