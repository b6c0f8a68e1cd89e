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
/// The same for pictures with reflections, which change fast but steadily: third differences of the means.
const UNREST_LEVELS_MIN: f32 = 0.75;
/// Mean difference of neighbouring pixels above which a block is text; a radiograph's noise has 6.
const ROUGH_LEVELS_MAX: f32 = 14.0;
/// Difference of neighbouring lines of a block, each a mean along the edge of a block: from so many levels on, and from
/// this share of the range round it on, the line is the edge of a plane. Between organs the change is spread out.
const STEP_LEVELS_MAX: f32 = 4.0;
const STEP_SHARE_MAX: f32 = 0.6;
/// Of a block and its eight neighbours, how many must be tonal: fills small holes, drops single blocks.
const NEIGHBOURS_MIN: usize = 4;

/// How deep a strip along a side is that is cut off, as a share of the field's; and share of the side along which there
/// is an edge that cuts it off.
const STRIP_SHARE_MAX: f32 = 0.125;
const STRIP_EDGE_SHARE_MIN: f32 = 0.5;

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
    /// Upright and level ones, by block, where they were looked for.
    long_edges: Option<[Vec<bool>; 2]>,
}

impl Tone {
    /// The whole blocks of `frame`; what is left at the right and below belongs to none.
    pub fn of(frame: &Frame) -> Self {
        let drawn = |tone: &Self| (0..tone.blocks.len()).map(|at| tone.has_edge(at)).collect();
        Self::with(frame, drawn, |tone, at| tone.range(at) >= RANGE_LEVELS_MIN)
    }

    /// The same for a picture whose edges a lens has blurred: `edges` says which blocks, row by row, hold a long upright
    /// and a long level one, from the side of a block.
    pub fn of_blurred(frame: &Frame, edges: impl FnOnce(usize) -> [Vec<bool>; 2]) -> Self {
        let mut long = [Vec::new(), Vec::new()];
        let drawn = |tone: &Self| {
            long = edges(tone.side);
            let [upright, level] = &long;
            upright.iter().zip(level).map(|(upright, level)| *upright || *level).collect()
        };
        let mut tone = Self::with(frame, drawn, |tone, at| {
            tone.range(at) >= RANGE_LEVELS_MIN && tone.unrest(at) >= UNREST_LEVELS_MIN
        });
        tone.long_edges = Some(long);
        tone
    }

    fn with(
        frame: &Frame,
        drawn: impl FnOnce(&Self) -> Vec<bool>,
        changes: impl Fn(&Self, usize) -> bool,
    ) -> Self {
        let width = frame.size().width as usize;
        let side = (width / BLOCKS_ACROSS).max(BLOCK_SIDE_MIN_PX);
        let (columns, rows) = (width / side, frame.size().height as usize / side);
        let blocks = blocks(frame, side, [columns, rows]);
        let mut tone =
            Self { side, columns, rows, blocks, drawn: Vec::new(), tonal: Vec::new(), long_edges: None };
        let all = 0..columns * rows;
        tone.drawn = drawn(&tone);
        let is_plain = |at: usize| !tone.round(at).any(|near| tone.is_drawn(near));
        let seeds: Vec<bool> = all.clone().map(|at| changes(&tone, at) && is_plain(at)).collect();
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

    /// Whether a lens has blurred the picture.
    pub fn is_blurred(&self) -> bool {
        self.long_edges.is_some()
    }

    /// A rectangle `[left, top, right, bottom]` without the strips along its sides that a long edge cuts off.
    pub fn without_strips(&self, [left, top, right, bottom]: [usize; 4]) -> [usize; 4] {
        let Some([upright, level]) = &self.long_edges else { return [left, top, right, bottom] };
        let at = |edges: &[bool], x: usize, y: usize| edges.get(y * self.columns + x) == Some(&true);
        let column = |x: usize| (top..bottom).filter(|&y| at(upright, x, y) || at(upright, x + 1, y)).count();
        let row = |y: usize| (left..right).filter(|&x| at(level, x, y) || at(level, x, y + 1)).count();
        let [left_end, right_end] = strips([left, right], bottom - top, &column);
        let [top_end, bottom_end] = strips([top, bottom], right - left, &row);
        [left_end, top_end, right_end, bottom_end]
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
        rough > ROUGH_LEVELS_MAX || step > STEP_LEVELS_MAX && step > STEP_SHARE_MAX * self.range(at)
    }

    /// How unsteadily the means of a block and its neighbours change (third differences), on average.
    fn unrest(&self, at: usize) -> f32 {
        let (mut sum, mut count) = (0.0, 0.0f32);
        for near in self.round(at) {
            for step in [1, self.columns] {
                let four = [near.saturating_sub(step), near, near + step, near + 2 * step];
                if !four.iter().any(|at| self.is_drawn(*at)) {
                    let [a, b, c, d] = four.map(|at| self.mean(at));
                    sum += (a - 3.0 * (b - c) - d).abs();
                    count += 1.0;
                }
            }
        }
        sum / count.max(1.0)
    }
}

/// From behind the last long edge near the first line to before the first near the end; `count` of `whole` blocks of a
/// line, or of that beside it, are on an edge.
fn strips([from, end]: [usize; 2], whole: usize, count: &dyn Fn(usize) -> usize) -> [usize; 2] {
    let reach = ((end - from) as f32 * STRIP_SHARE_MAX) as usize;
    let is_edge = |line: &usize| count(*line) as f32 >= STRIP_EDGE_SHARE_MIN * whole as f32;
    let first = (from..from + reach).rev().find(is_edge).map_or(from, |line| line + 1);
    let last = (end - reach..end).find(is_edge).map_or(end, |line| line + 1);
    [first, last]
}

/// All blocks of `frame`, row by row. A row of them is summed line by line, which takes a third of what one block after
/// another takes.
fn blocks(frame: &Frame, side: usize, [columns, rows]: [usize; 2]) -> Vec<Block> {
    let width = frame.size().width as usize;
    let level = levels_of(frame.bits_stored());
    let mut all = Vec::with_capacity(columns * rows);
    let mut sums = RowOfBlocks::new(width, columns);
    for row in 0..rows {
        sums.clear();
        let lines = frame.pixels().chunks_exact(width).skip(row * side).take(side + 1);
        lines.enumerate().for_each(|(n, line)| sums.add(line, side, n));
        all.extend((0..columns).map(|column| sums.block(column * side, side, level)));
    }
    all
}

/// Sums of the lines under one row of blocks; the line behind its last one counts for its steps.
struct RowOfBlocks {
    /// Of each column's pixels.
    columns: Vec<u32>,
    /// Of the differences between each column's pixels and the next one's.
    jumps: Vec<u32>,
    /// Of the line before, by block.
    line: Vec<u32>,
    /// Largest difference of lines, by block.
    steps: Vec<u32>,
}

impl RowOfBlocks {
    fn new(width: usize, columns: usize) -> Self {
        let [line, steps] = [(); 2].map(|()| vec![0; columns]);
        Self { columns: vec![0; width], jumps: vec![0; width], line, steps }
    }

    fn clear(&mut self) {
        [&mut self.columns, &mut self.jumps, &mut self.steps].into_iter().for_each(|sums| sums.fill(0));
    }

    /// Adds line `n` of `side`, or the one behind them.
    fn add(&mut self, line: &[u16], side: usize, n: usize) {
        for ((before, step), part) in self.line.iter_mut().zip(&mut self.steps).zip(line.chunks_exact(side)) {
            let sum = part.iter().map(|&v| u32::from(v)).sum();
            *step = (*step).max(if n > 0 { before.abs_diff(sum) } else { 0 });
            *before = sum;
        }
        if n < side {
            self.columns.iter_mut().zip(line).for_each(|(sum, &v)| *sum += u32::from(v));
            let neighbours = line.iter().zip(line.get(1..).unwrap_or_default());
            self.jumps.iter_mut().zip(neighbours).for_each(|(sum, (a, b))| *sum += u32::from(a.abs_diff(*b)));
        }
    }

    /// The block whose first column is `x`; the column behind its last one counts for its steps.
    fn block(&self, x: usize, side: usize, level: f32) -> Block {
        let end = (x + side + 1).min(self.columns.len());
        let columns = self.columns.get(x..end).unwrap_or_default();
        let jumps: u32 = self.jumps.get(x..end - 1).unwrap_or_default().iter().sum();
        let step = self.steps.get(x / side).copied().unwrap_or(0);
        let step = columns.windows(2).map(|w| w[0].abs_diff(w[1])).fold(step, u32::max);
        let sum: u32 = columns.iter().take(side).sum();
        let lines = side as f32;
        Block {
            mean: sum as f32 / (lines * lines) * level,
            rough: jumps as f32 / (lines * (end - x - 1) as f32) * level,
            step: step as f32 / lines * level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::PixelSize;

    /// The definition, pixel by pixel.
    fn plain(frame: &Frame, side: usize, x: usize, y: usize) -> [f32; 3] {
        let [width, height] = [frame.size().width, frame.size().height].map(|s| s as usize);
        let at = |x: usize, y: usize| i64::from(frame.pixels()[y * width + x]);
        let (right, below) = ((x + side + 1).min(width), (y + side + 1).min(height));
        let lines = |y: usize| (x..x + side).map(|x| at(x, y)).sum::<i64>();
        let columns = |x: usize| (y..y + side).map(|y| at(x, y)).sum::<i64>();
        let steps = (y + 1..below).map(|y| lines(y) - lines(y - 1));
        let steps = steps.chain((x + 1..right).map(|x| columns(x) - columns(x - 1)));
        let step = steps.map(i64::abs).max().unwrap();
        let all = (y..y + side).flat_map(|y| (x + 1..right).map(move |x| (x, y)));
        let jumps: i64 = all.map(|(x, y)| (at(x, y) - at(x - 1, y)).abs()).sum();
        let sum: i64 = (x..x + side).map(columns).sum();
        let n = side as f32;
        [sum as f32 / (n * n), jumps as f32 / (n * (right - x - 1) as f32), step as f32 / n]
    }

    #[test]
    fn blocks_are_their_definition_at_the_ends_too() {
        for (width, height) in [(69, 71), (68, 72)] {
            let pixels: Vec<u8> = (0..width * height).map(|n| (n * 7919 % 251) as u8).collect();
            let frame = Frame::from_grey8(PixelSize::new(width, height), &pixels).unwrap();
            let tone = Tone::of(&frame);
            assert_eq!([tone.side, tone.columns, tone.rows], [4, width as usize / 4, height as usize / 4]);
            for (at, block) in tone.blocks.iter().enumerate() {
                let (x, y) = (at % tone.columns * 4, at / tone.columns * 4);
                assert_eq!([block.mean, block.rough, block.step], plain(&frame, 4, x, y), "{x} {y}");
            }
        }
    }
}
