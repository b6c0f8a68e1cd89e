//! Which parts of a live picture stand still, since when, and their averages.
//!
//! The picture is cut into square tiles. A tile whose mean leaves that of its first frame begins anew; until then
//! its frames are added up. A moving pointer or a blinking clock so costs its own tiles and nothing else.
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
    /// Frames added up since then.
    frames: u32,
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
        let tile = Tile { mean: f32::NEG_INFINITY, frames: 0, since: now };
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
        for index in 0..self.tiles.len() {
            let mean = self.mean(index, frame.pixels());
            let Some(tile) = self.tiles.get_mut(index) else { continue };
            if (mean - tile.mean).abs() > change {
                *tile = Tile { mean, frames: 0, since: now };
            }
            if tile.frames < FRAMES_AVERAGED_MAX {
                let first = tile.frames == 0;
                tile.frames += 1;
                self.add(index, frame.pixels(), first);
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
        self.tiles.iter().map(|tile| tile.frames).filter(|&n| n > 1).min().unwrap_or(1)
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
                let n = tile.frames.max(1);
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

    fn add(&mut self, index: usize, pixels: &[u16], first: bool) {
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
