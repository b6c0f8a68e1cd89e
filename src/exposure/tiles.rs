//! Which parts of a live picture stand still, since when, and their averages.
//!
//! The picture is cut into square tiles. A tile whose mean leaves that of its first frame begins anew; until then
//! its frames are added up. A moving pointer or a blinking clock so costs its own tiles and nothing else.
//! Two radiographs can have the same mean in many tiles: where a tenth of them changes at once, all tiles add up
//! anew, and what an average shows is compared with a frame before it counts ([`Tiles::refresh`]).
//! This module does not know what the picture shows.

use std::time::Duration;

use super::levels_of;
use crate::frame::{Frame, FrameError};
use crate::units::PixelSize;

/// Tiles across a picture: 40 pixels of 1,920, so that a pointer covers four at most.
const TILES_ACROSS: u32 = 48;
/// Smallest tile; noise of single pixels must not move its mean.
const TILE_SIDE_MIN_PX: u32 = 8;
/// Difference of a tile's mean, in levels of 8 bits, from which it counts as changed; noise of 3 levels a pixel moves
/// the mean of the smallest tile by .4, hum of an analogue line by 1.
const CHANGE_LEVELS: f32 = 2.0;
/// Share of the tiles beyond which what changes is another picture: then nothing that was added up before is kept,
/// since tiles that look alike by their means may show something else. So much must stand still again before it counts,
/// so that there is time for a new average.
const ANOTHER_PICTURE_SHARE: f32 = 0.1;
/// Mean difference between a tile's average and a frame, in levels of 8 bits, from which the average shows something
/// else; noise of 4 levels a pixel gives 3.
const STALE_LEVELS: f32 = 4.0;
/// The same, by what a quarter of all tiles differ at most: where there is more noise, it is everywhere.
const STALE_BY_NOISE: f32 = 2.0;
/// Frames that are added up: noise falls to a quarter, and more would hardly show in 8 bits.
pub const FRAMES_AVERAGED_MAX: u32 = 16;
/// Bits that the average of so many frames has beyond theirs.
const AVERAGE_BITS: u8 = FRAMES_AVERAGED_MAX.ilog2() as u8;
/// The most that a frame stores.
const BITS_MAX: u8 = 16;

#[derive(Debug, Clone, Copy)]
struct Tile {
    /// Of the first frame since the last change.
    mean: f32,
    /// Frames since then.
    frames: u32,
    /// Of these, those that are added up.
    summed: u32,
    since: Duration,
}

/// The tiles of pictures of one size and depth.
#[derive(Debug)]
pub(super) struct Tiles {
    size: PixelSize,
    bits: u8,
    side: usize,
    columns: usize,
    tiles: Vec<Tile>,
    /// Row-major, of the frames that each pixel's tile has added up.
    sums: Vec<u32>,
}

impl Tiles {
    /// The tiles of pictures like `frame`, which is the first.
    pub fn new(frame: &Frame, now: Duration) -> Self {
        let size = frame.size();
        let side = size.width.div_ceil(TILES_ACROSS).max(TILE_SIDE_MIN_PX) as usize;
        let (columns, rows) = ((size.width as usize).div_ceil(side), (size.height as usize).div_ceil(side));
        let tile = Tile { mean: f32::NEG_INFINITY, frames: 0, summed: 0, since: now };
        let sums = vec![0; size.area()];
        let mut new =
            Self { size, bits: frame.bits_stored(), side, columns, tiles: vec![tile; columns * rows], sums };
        new.take(frame, now);
        new
    }

    /// Whether `frame` is a picture of the same kind.
    pub fn fit(&self, frame: &Frame) -> bool {
        frame.size() == self.size && frame.bits_stored() == self.bits
    }

    pub fn count(&self) -> usize {
        self.tiles.len()
    }

    /// Adds a frame that [`Tiles::fit`]s.
    pub fn take(&mut self, frame: &Frame, now: Duration) {
        let change = CHANGE_LEVELS / levels_of(self.bits);
        let means: Vec<f32> = (0..self.tiles.len()).map(|index| self.mean(index, frame.pixels())).collect();
        let mut changed = 0;
        for (tile, mean) in self.tiles.iter_mut().zip(means) {
            if (mean - tile.mean).abs() > change {
                *tile = Tile { mean, frames: 0, summed: 0, since: now };
                changed += 1;
            }
            tile.frames = tile.frames.saturating_add(1);
        }
        if changed as f32 > ANOTHER_PICTURE_SHARE * self.tiles.len() as f32 {
            self.tiles.iter_mut().for_each(|tile| tile.summed = 0);
        }
        (0..self.tiles.len()).for_each(|index| self.add(index, frame.pixels()));
    }

    /// Averages that show something else than `frame`, which was the last that was taken, begin anew with it.
    pub fn refresh(&mut self, frame: &Frame) {
        let differences: Vec<f32> =
            (0..self.tiles.len()).map(|index| self.difference(index, frame.pixels())).collect();
        let mut sorted = differences.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let noise = sorted.get(sorted.len() / 4).copied().unwrap_or_default();
        let stale = (STALE_LEVELS / levels_of(self.bits)).max(STALE_BY_NOISE * noise);
        for (index, difference) in differences.into_iter().enumerate() {
            if difference > stale {
                if let Some(tile) = self.tiles.get_mut(index) {
                    tile.summed = 0;
                }
                self.add(index, frame.pixels());
            }
        }
    }

    /// Tiles inside the rectangle `[left, top, right, bottom]` of pixels, and those of them that have stood still
    /// since `since`, for at least `frames`.
    pub fn still(&self, [left, top, right, bottom]: [usize; 4], since: Duration, frames: u32) -> [usize; 2] {
        let (mut all, mut still) = (0, 0);
        for row in top / self.side..bottom.div_ceil(self.side) {
            for column in left / self.side..right.div_ceil(self.side) {
                let Some(tile) = self.tiles.get(row * self.columns + column) else { continue };
                all += 1;
                still += usize::from(tile.since <= since && tile.frames >= frames);
            }
        }
        [all, still]
    }

    /// Tiles that changed after `time`.
    pub fn changed_after(&self, time: Duration) -> usize {
        self.tiles.iter().filter(|tile| tile.since > time).count()
    }

    /// The fewest frames that a tile's average is made of, over those that stood still for more than one.
    pub fn frames_averaged(&self) -> u32 {
        self.tiles.iter().filter(|tile| tile.frames > 1).map(|tile| tile.summed).min().unwrap_or(1)
    }

    /// The average of each tile's frames; it has [`AVERAGE_BITS`] more bits than they, up to 16 in all.
    pub fn average(&self, like: &Frame) -> Result<Frame, FrameError> {
        let bits = (self.bits + AVERAGE_BITS).min(BITS_MAX);
        let extra = bits - self.bits;
        let width = self.size.width as usize;
        let mut pixels = Vec::with_capacity(self.sums.len());
        for (y, row) in self.sums.chunks_exact(width).enumerate() {
            let tiles = self.tiles.get(y / self.side * self.columns..).unwrap_or_default();
            for (part, tile) in row.chunks(self.side).zip(tiles) {
                let n = tile.summed.max(1);
                pixels.extend(part.iter().map(|&sum| (((sum << extra) + n / 2) / n) as u16));
            }
        }
        Frame::new(self.size, pixels, bits, like.photometric())
    }

    fn mean(&self, index: usize, pixels: &[u16]) -> f32 {
        let (mut sum, mut count) = (0u64, 0usize);
        for row in self.rows(index) {
            let part = pixels.get(row).unwrap_or_default();
            sum += part.iter().map(|&v| u64::from(v)).sum::<u64>();
            count += part.len();
        }
        sum as f32 / count.max(1) as f32
    }

    /// How far a tile's average is from these pixels, in the mean.
    fn difference(&self, index: usize, pixels: &[u16]) -> f32 {
        let frames = self.tiles.get(index).map_or(1, |tile| tile.summed.max(1));
        let (mut sum, mut count) = (0u64, 0u64);
        for row in self.rows(index) {
            let (Some(sums), Some(pixels)) = (self.sums.get(row.clone()), pixels.get(row)) else { continue };
            let apart =
                sums.iter().zip(pixels).map(|(&of, &v)| u64::from(of.abs_diff(u32::from(v) * frames)));
            sum += apart.sum::<u64>();
            count += pixels.len() as u64;
        }
        sum as f32 / (count * u64::from(frames)).max(1) as f32
    }

    /// Adds a tile's pixels up, unless enough of them are.
    fn add(&mut self, index: usize, pixels: &[u16]) {
        let Some(tile) = self.tiles.get_mut(index).filter(|tile| tile.summed < FRAMES_AVERAGED_MAX) else {
            return;
        };
        let first = tile.summed == 0;
        tile.summed += 1;
        for row in self.rows(index) {
            let (Some(to), Some(from)) = (self.sums.get_mut(row.clone()), pixels.get(row)) else { continue };
            let pairs = to.iter_mut().zip(from);
            if first {
                pairs.for_each(|(sum, &v)| *sum = u32::from(v));
            } else {
                pairs.for_each(|(sum, &v)| *sum += u32::from(v));
            }
        }
    }

    /// The pixels of a tile, row by row.
    fn rows(&self, index: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let (left, top) = (index % self.columns * self.side, index / self.columns * self.side);
        let right = (left + self.side).min(width);
        (top..(top + self.side).min(height)).map(move |y| y * width + left..y * width + right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PixelSize = PixelSize::new(384, 192);
    const WHOLE: [usize; 4] = [0, 0, 384, 192];

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Grey `value` with a square of `square` at (`left`, `top`).
    fn frame(value: u8, left: usize, top: usize, square: u8) -> Frame {
        let mut pixels = vec![value; SIZE.area()];
        for y in top..top + 12 {
            pixels[y * 384 + left..y * 384 + left + 12].fill(square);
        }
        Frame::from_grey8(SIZE, &pixels).unwrap()
    }

    #[test]
    fn a_pointer_costs_the_tiles_that_it_touches_and_no_others() {
        let mut tiles = Tiles::new(&frame(90, 40, 40, 255), ms(0));
        assert_eq!(tiles.count(), 48 * 24);
        tiles.take(&frame(90, 80, 40, 255), ms(100));
        assert_eq!(tiles.changed_after(ms(0)), 8);
        let [all, still] = tiles.still(WHOLE, ms(0), 2);
        assert_eq!((all, still), (48 * 24, 48 * 24 - 8));
    }

    #[test]
    fn a_pointer_that_has_left_is_not_in_the_average() {
        let mut tiles = Tiles::new(&frame(90, 40, 40, 255), ms(0));
        for i in 1..6 {
            tiles.take(&frame(90, 80, 40, 200), ms(i * 100));
        }
        let average = tiles.average(&frame(90, 0, 0, 90)).unwrap();
        assert_eq!(average.bits_stored(), 12);
        let at = |x: usize, y: usize| average.pixels()[y * 384 + x];
        assert_eq!([at(45, 45), at(85, 45), at(300, 100)], [90 * 16, 200 * 16, 90 * 16]);
    }

    /// Stripes of one pixel: of the same mean in every tile, whichever way they stand.
    fn stripes(upright: bool, quarter: u8) -> Frame {
        let at = |i: usize| if upright { i % 384 } else { i / 384 };
        let mut pixels: Vec<u8> =
            (0..SIZE.area()).map(|i| if at(i).is_multiple_of(2) { 60 } else { 120 }).collect();
        // A quarter that changes as a new picture does.
        (0..192).for_each(|y| pixels[y * 384..y * 384 + 96].fill(quarter));
        Frame::from_grey8(SIZE, &pixels).unwrap()
    }

    #[test]
    fn nothing_of_a_picture_is_in_the_average_of_the_next_though_its_tiles_have_the_same_means() {
        let (before, after) = (stripes(true, 10), stripes(false, 90));
        let mut tiles = Tiles::new(&before, ms(0));
        (1..30).for_each(|i| tiles.take(&before, ms(i * 100)));
        (30..33).for_each(|i| tiles.take(&after, ms(i * 100)));
        let average = tiles.average(&after).unwrap();
        assert!(average.pixels().iter().zip(after.pixels()).all(|(a, v)| *a == v * 16));
        assert_eq!(tiles.frames_averaged(), 3);
    }

    #[test]
    fn an_average_that_shows_something_else_is_dropped_before_it_counts() {
        let (before, other) = (stripes(true, 10), stripes(false, 10));
        // The lower half shows something else.
        let half = SIZE.area() / 2;
        let pixels: Vec<u8> =
            before.pixels()[..half].iter().chain(&other.pixels()[half..]).map(|&v| v as u8).collect();
        let after = Frame::from_grey8(SIZE, &pixels).unwrap();
        let mut tiles = Tiles::new(&before, ms(0));
        (1..30).for_each(|i| tiles.take(&before, ms(i * 100)));
        tiles.take(&after, ms(3_000));
        assert_eq!(tiles.changed_after(ms(0)), 0, "no mean has changed");
        tiles.refresh(&after);
        let average = tiles.average(&after).unwrap();
        assert!(average.pixels().iter().zip(after.pixels()).all(|(a, v)| *a == v * 16));
    }

    #[test]
    fn noise_is_nothing_else() {
        let mut state = 1u32;
        let mut noisy = || {
            let value = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                90 + (state >> 24) as u8 % 9
            };
            Frame::from_grey8(SIZE, &std::iter::repeat_with(value).take(SIZE.area()).collect::<Vec<_>>())
                .unwrap()
        };
        let mut tiles = Tiles::new(&noisy(), ms(0));
        (1..20).for_each(|i| tiles.take(&noisy(), ms(i * 100)));
        tiles.refresh(&noisy());
        assert_eq!(tiles.frames_averaged(), FRAMES_AVERAGED_MAX);
    }

    #[test]
    fn a_slow_fade_is_no_standstill() {
        let mut tiles = Tiles::new(&frame(0, 0, 0, 0), ms(0));
        (1..=10).for_each(|i| tiles.take(&frame(i as u8, 0, 0, i as u8), ms(i * 100)));
        assert_eq!(tiles.still(WHOLE, ms(600), 1)[1], 0);
        assert_eq!(tiles.changed_after(ms(600)), tiles.count());
    }

    #[test]
    fn sixteen_bits_stay_sixteen() {
        let white = Frame::new(SIZE, vec![u16::MAX; SIZE.area()], 16, crate::frame::Photometric::Monochrome2);
        let white = white.unwrap();
        let mut tiles = Tiles::new(&white, ms(0));
        (1..40).for_each(|i| tiles.take(&white, ms(i * 10)));
        assert!(tiles.average(&white).unwrap().pixels().iter().all(|&v| v == u16::MAX));
        assert_eq!(tiles.frames_averaged(), FRAMES_AVERAGED_MAX);
    }
}
