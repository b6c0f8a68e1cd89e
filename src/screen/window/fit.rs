//! How a picture lies in a window that may be larger or smaller than it.

use super::super::Canvas;
use crate::units::PixelSize;

/// Each pixel enlarged by a whole factor, so that text stays sharp, and the picture in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    picture: PixelSize,
    factor: u32,
    left: u32,
    top: u32,
}

impl Fit {
    /// Of a picture in a window; one that is too large is cut off at the right and below.
    pub fn new(picture: PixelSize, window: PixelSize) -> Self {
        let factor = (window.width / picture.width.max(1)).min(window.height / picture.height.max(1)).max(1);
        let margin = |window: u32, picture: u32| window.saturating_sub(picture.saturating_mul(factor)) / 2;
        let left = margin(window.width, picture.width);
        Self { picture, factor, left, top: margin(window.height, picture.height) }
    }

    /// The share of the picture's width and height at a place in the window; beyond the edges, the nearest.
    pub fn share(&self, x: f64, y: f64) -> [f32; 2] {
        let share = |at: f64, start: u32, side: u32| {
            let side = f64::from(side.max(1)) * f64::from(self.factor);
            ((at - f64::from(start)) / side).clamp(0.0, 1.0) as f32
        };
        [share(x, self.left, self.picture.width), share(y, self.top, self.picture.height)]
    }

    /// Fills `pixels`, rows of a window that is `width` wide, with 0RGB; black round the picture.
    pub fn draw(&self, picture: &Canvas, width: u32, pixels: &mut [u32]) {
        let row_bytes = picture.size().width as usize * 3;
        for (y, row) in (0u32..).zip(pixels.chunks_mut(width.max(1) as usize)) {
            row.fill(0);
            let from = y.checked_sub(self.top).map(|y| (y / self.factor) as usize * row_bytes);
            let Some(bytes) = from.and_then(|at| picture.bytes().get(at..at + row_bytes)) else { continue };
            let out = row.iter_mut().skip(self.left as usize);
            let pixels = bytes.chunks_exact(3).map(|p| u32::from_be_bytes([0, p[0], p[1], p[2]]));
            let pixels = pixels.flat_map(|p| std::iter::repeat_n(p, self.factor as usize));
            out.zip(pixels).for_each(|(out, pixel)| *out = pixel);
        }
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::Pixel;
    use embedded_graphics::pixelcolor::Rgb888;
    use embedded_graphics::prelude::{DrawTarget, Point};

    use super::*;

    const SIZE: PixelSize = PixelSize::new(2, 1);

    /// A window's pixels with a picture of a white and a blue pixel in it.
    fn check(window: [u32; 2], expected: &[u32]) {
        let mut picture = Canvas::new(SIZE, Rgb888::new(255, 255, 255));
        picture.draw_iter([Pixel(Point::new(1, 0), Rgb888::new(0, 0, 255))]).unwrap();
        let mut pixels = vec![9; (window[0] * window[1]) as usize];
        Fit::new(SIZE, PixelSize::new(window[0], window[1])).draw(&picture, window[0], &mut pixels);
        assert_eq!(pixels, expected);
    }

    const W: u32 = 0x00ff_ffff;
    const B: u32 = 0xff;

    #[test]
    fn a_picture_is_enlarged_by_whole_factors_or_cut_off() {
        check([2, 1], &[W, B]);
        check([1, 1], &[W]);
        check([5, 2], &[W, W, B, B, 0, W, W, B, B, 0]);
        check([4, 1], &[0, W, B, 0]);
    }

    #[test]
    fn a_place_in_the_window_is_one_of_the_picture_s() {
        let fit = Fit::new(SIZE, PixelSize::new(6, 2));
        assert_eq!(fit.share(1.0, 0.0), [0.0, 0.0]);
        assert_eq!(fit.share(3.0, 1.0), [0.5, 0.5]);
        assert_eq!(fit.share(-9.0, 99.0), [0.0, 1.0]);
    }
}
