//! A mask as an annotator drew it, and where its pixels lie on the network's square.

use std::path::Path;

use image::{ImageError, ImageReader, Limits};

use crate::frame::{AREA_MAX_PX, SIDE_MAX_PX};
use crate::preprocess::Letterbox;
use crate::units::PixelSize;

/// Bytes that decoding may allocate: the largest frame as 8-bit RGBA.
const DECODE_BYTES_MAX: u64 = AREA_MAX_PX as u64 * 4;

/// A mask that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MaskError {
    /// the file could not be opened
    #[error("the mask could not be opened")]
    Open(#[source] std::io::Error),
    /// the file is no picture of a mask's size
    #[error("the mask could not be decoded")]
    Decode(#[source] ImageError),
}

impl MaskError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open(_) => "mask_unreadable",
            Self::Decode(_) => "mask_damaged",
        }
    }
}

/// Grey values of a mask, row-major, at the size at which it was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    size: PixelSize,
    grey: Vec<u8>,
}

/// A pixel of a mask: its grey value, and its centre in the square's continuous coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaskPixel {
    pub grey: u8,
    pub x: f32,
    pub y: f32,
}

impl Mask {
    pub fn read(path: &Path) -> Result<Self, MaskError> {
        let mut reader =
            ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(MaskError::Open)?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(SIDE_MAX_PX);
        limits.max_image_height = Some(SIDE_MAX_PX);
        limits.max_alloc = Some(DECODE_BYTES_MAX);
        reader.limits(limits);
        let grey = reader.decode().map_err(MaskError::Decode)?.into_luma8();
        Ok(Self { size: PixelSize::new(grey.width(), grey.height()), grey: grey.into_raw() })
    }

    pub fn size(&self) -> PixelSize {
        self.size
    }

    pub fn grey(&self) -> &[u8] {
        &self.grey
    }

    /// Every pixel with its place on the square; the mask is stretched over the frame when their sizes differ.
    pub fn on_square(&self, letterbox: &Letterbox) -> impl Iterator<Item = MaskPixel> + '_ {
        let across = places(self.size.width, letterbox.inner.width, letterbox.left);
        let down = places(self.size.height, letterbox.inner.height, letterbox.top);
        let width = self.size.width as usize;
        self.grey.iter().enumerate().map(move |(i, &grey)| MaskPixel {
            grey,
            x: across[i % width],
            y: down[i / width],
        })
    }
}

/// Centre of each of `n` pixels that span `length` pixels of the square from `start`.
fn places(n: u32, length: u32, start: u32) -> Vec<f32> {
    let scale = length as f32 / n as f32;
    (0..n).map(|i| (i as f32 + 0.5) * scale + start as f32).collect()
}

/// Index of the square's pixel at continuous (`x`, `y`).
pub fn nearest(x: f32, y: f32, side: usize) -> usize {
    let at = |v: f32| (v.max(0.0) as usize).min(side - 1);
    at(y) * side + at(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_of_the_frames_size_goes_where_the_frame_goes() {
        let size = PixelSize::new(320, 391);
        let letterbox = Letterbox::new(size, 256);
        let mask = Mask { size, grey: vec![0; size.area()] };
        for (i, p) in mask.on_square(&letterbox).enumerate().step_by(997) {
            let (x, y) = letterbox.to_square(i as u32 % 320, i as u32 / 320);
            assert!((p.x - x).abs() < 1e-3 && (p.y - y).abs() < 1e-3);
        }
    }

    #[test]
    fn a_smaller_mask_is_stretched_over_the_frame() {
        let letterbox = Letterbox::new(PixelSize::new(640, 320), 256);
        let mask = Mask { size: PixelSize::new(2, 1), grey: vec![7, 9] };
        let pixels: Vec<MaskPixel> = mask.on_square(&letterbox).collect();
        assert_eq!(pixels[0], MaskPixel { grey: 7, x: 64.0, y: 128.0 });
        assert_eq!(pixels[1], MaskPixel { grey: 9, x: 192.0, y: 128.0 });
    }

    #[test]
    fn the_nearest_pixel_stays_on_the_square() {
        assert_eq!((nearest(0.0, 0.0, 4), nearest(4.0, 4.0, 4), nearest(1.9, 2.0, 4)), (0, 15, 9));
    }
}
