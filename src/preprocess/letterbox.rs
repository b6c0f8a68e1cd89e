//! The square that the network sees, and the way back to the frame's pixels.

use fast_image_resize as fir;
use fir::images::{TypedImage, TypedImageRef};
use fir::pixels::U8;

use super::window_level::Display;
use crate::units::PixelSize;

/// Why no input could be made.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// the resizing library refused the picture's buffer
    #[error("a picture of {0} pixels could not be scaled")]
    Buffer(PixelSize, #[source] fir::ImageBufferError),
    /// the resizing library refused the pair of pictures
    #[error("a picture of {0} pixels could not be scaled")]
    Resize(PixelSize, #[source] fir::ResizeError),
}

/// Where a frame lies inside the network's square.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letterbox {
    /// The frame's size.
    pub frame: PixelSize,
    /// Side of the square in pixels.
    pub side: u32,
    /// Size of the scaled frame inside the square.
    pub inner: PixelSize,
    /// Columns of black on the left.
    pub left: u32,
    /// Rows of black above.
    pub top: u32,
}

impl Letterbox {
    /// The longer side of `frame` fills `side`; the shorter is centred.
    pub fn new(frame: PixelSize, side: u32) -> Self {
        let scale = f64::from(side) / f64::from(frame.width.max(frame.height));
        let scaled = |length: u32| (libm::rint(f64::from(length) * scale) as u32).clamp(1, side);
        let inner = PixelSize::new(scaled(frame.width), scaled(frame.height));
        Self { frame, side, inner, left: (side - inner.width) / 2, top: (side - inner.height) / 2 }
    }

    /// Centre of frame pixel (`x`, `y`) in the square's continuous coordinates (pixel centres at .5).
    pub fn to_square(&self, x: u32, y: u32) -> (f32, f32) {
        let (sx, sy) = self.scale();
        ((x as f32 + 0.5) * sx + self.left as f32, (y as f32 + 0.5) * sy + self.top as f32)
    }

    /// Point (`x`, `y`) of the square, in continuous coordinates, in the frame's continuous coordinates.
    pub fn to_frame(&self, x: f32, y: f32) -> (f32, f32) {
        let (sx, sy) = self.scale();
        ((x - self.left as f32) / sx, (y - self.top as f32) / sy)
    }

    /// Pixels of the square per pixel of the frame, across and down.
    fn scale(&self) -> (f32, f32) {
        (
            self.inner.width as f32 / self.frame.width as f32,
            self.inner.height as f32 / self.frame.height as f32,
        )
    }
}

/// What the network is given: `side` x `side` bytes, row-major, 0 black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkInput {
    pixels: Vec<u8>,
    letterbox: Letterbox,
}

impl NetworkInput {
    /// The picture scaled by a triangle's weights into a square of `side` pixels.
    pub fn of(display: &Display, side: u32) -> Result<Self, InputError> {
        let letterbox = Letterbox::new(display.size, side);
        let inner = scaled(display, letterbox.inner)?;
        let mut pixels = vec![0u8; side as usize * side as usize];
        let (left, top, width) =
            (letterbox.left as usize, letterbox.top as usize, letterbox.inner.width as usize);
        for (row, line) in inner.chunks_exact(width).enumerate() {
            let start = (top + row) * side as usize + left;
            pixels[start..start + width].copy_from_slice(line);
        }
        Ok(Self { pixels, letterbox })
    }

    /// A square picture as it is, for a bundle's golden input; `pixels` are `side` x `side`.
    pub fn square(pixels: Vec<u8>, side: u32) -> Option<Self> {
        let size = PixelSize::new(side, side);
        (pixels.len() == size.area()).then(|| Self { pixels, letterbox: Letterbox::new(size, side) })
    }

    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The square's mirror image, left and right exchanged; the letterbox is that of the picture as it stands.
    pub fn mirrored(&self) -> Self {
        let lines = self.pixels.chunks_exact(self.letterbox.side as usize);
        Self { pixels: lines.flat_map(|line| line.iter().rev().copied()).collect(), ..*self }
    }

    pub fn letterbox(&self) -> Letterbox {
        self.letterbox
    }
}

fn scaled(display: &Display, to: PixelSize) -> Result<Vec<u8>, InputError> {
    let from = display.size;
    let source = TypedImageRef::<U8>::from_buffer(from.width, from.height, &display.pixels)
        .map_err(|e| InputError::Buffer(from, e))?;
    let mut target = TypedImage::<U8>::new(to.width, to.height);
    // A triangle as wide as two pixels of the square. Boxes of one pixel are sharper where the picture is hardly larger
    // than the square, here and there: the same radiograph in two sizes then differs by more than noise.
    let options =
        fir::ResizeOptions::new().resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Bilinear));
    fir::Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .map_err(|e| InputError::Resize(from, e))?;
    Ok(target.pixels().iter().map(|p| p.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(width: u32, height: u32, value: u8) -> NetworkInput {
        let size = PixelSize::new(width, height);
        let display = Display { size, pixels: vec![value; size.area()] };
        NetworkInput::of(&display, 256).unwrap()
    }

    #[test]
    fn a_wide_frame_gets_bars_above_and_below() {
        let i = input(640, 320, 200);
        assert_eq!((i.letterbox().inner, i.letterbox().top), (PixelSize::new(256, 128), 64));
        let column: Vec<u8> = (0..256).map(|y| i.pixels()[y * 256 + 100]).collect();
        assert!(column[..64].iter().chain(&column[192..]).all(|&v| v == 0));
        assert!(column[64..192].iter().all(|&v| v == 200));
    }

    #[test]
    fn the_way_to_the_square_and_back_ends_where_it_began() {
        let l = input(1001, 777, 9).letterbox();
        for (x, y) in [(0, 0), (1000, 776), (412, 3)] {
            let (sx, sy) = l.to_square(x, y);
            let (fx, fy) = l.to_frame(sx, sy);
            assert!((fx - x as f32 - 0.5).abs() < 0.01 && (fy - y as f32 - 0.5).abs() < 0.01);
        }
    }

    #[test]
    fn scaling_weighs_by_a_triangle_of_two_pixels() {
        let size = PixelSize::new(512, 512);
        let pixels = (0..size.area()).map(|i| if i % 512 == 100 { 200 } else { 0 }).collect();
        let i = NetworkInput::of(&Display { size, pixels }, 256).unwrap();
        // The column's middle, 100.5, is half a pixel from that of the square's column 50, one and a half from 49's.
        let expected = |x: usize| [(50, 75), (49, 25)].into_iter().find(|c| c.0 == x).map_or(0, |c| c.1);
        assert!(i.pixels().iter().enumerate().all(|(at, &v)| v == expected(at % 256)));
    }
}
