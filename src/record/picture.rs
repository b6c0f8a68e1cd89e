//! Grey pictures as PNG in memory: lossless, and readable by anything should this program be gone.

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngDecoder, PngEncoder};
use image::{DynamicImage, ImageBuffer, ImageError, Limits, Luma};

use crate::frame::Frame;
use crate::units::PixelSize;

/// Memory that decoding one picture may take: the largest radiograph at 2 bytes, and as much again.
const DECODE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A frame's stored values, 8 bits deep where all fit, else 16.
pub fn of_frame(frame: &Frame) -> Result<Vec<u8>, ImageError> {
    let size = frame.size();
    if frame.pixels().iter().all(|v| *v <= 0xff) {
        let narrow: Vec<u8> = frame.pixels().iter().map(|v| *v as u8).collect();
        return of_bytes(size, narrow);
    }
    let buffer = ImageBuffer::<Luma<u16>, _>::from_raw(size.width, size.height, frame.pixels().to_vec());
    encode(DynamicImage::ImageLuma16(buffer.unwrap_or_default()))
}

/// One byte a pixel, row-major; `pixels` are as many as `size` says.
pub fn of_bytes(size: PixelSize, pixels: Vec<u8>) -> Result<Vec<u8>, ImageError> {
    let buffer = ImageBuffer::<Luma<u8>, _>::from_raw(size.width, size.height, pixels);
    encode(DynamicImage::ImageLuma8(buffer.unwrap_or_default()))
}

/// The values of a grey picture of exactly `size`; `None` for anything else.
pub fn values(png: &[u8], size: PixelSize) -> Option<Vec<u16>> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    (limits.max_image_width, limits.max_image_height) = (Some(size.width), Some(size.height));
    let decoder = PngDecoder::with_limits(Cursor::new(png), limits).ok()?;
    let picture = DynamicImage::from_decoder(decoder).ok()?;
    if (picture.width(), picture.height()) != (size.width, size.height) {
        return None;
    }
    match picture {
        DynamicImage::ImageLuma8(p) => Some(p.into_raw().into_iter().map(u16::from).collect()),
        DynamicImage::ImageLuma16(p) => Some(p.into_raw()),
        _ => None,
    }
}

/// Fast compression: a reading waits for it, and twice the time gains a tenth of the size.
fn encode(picture: DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive);
    picture.write_with_encoder(encoder)?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Photometric;

    /// A frame of `bits` with a pattern in all of them comes back as it was, in a picture that begins with `depth`.
    fn check(bits: u8, depth: u8) {
        let size = PixelSize::new(80, 70);
        let top = (1u32 << bits) - 1;
        let pixels: Vec<u16> =
            (0..size.area() as u32).map(|i| (i.wrapping_mul(2_654_435_761) & top) as u16).collect();
        let frame = Frame::new(size, pixels.clone(), bits, Photometric::Monochrome1).unwrap();
        let png = of_frame(&frame).unwrap();
        assert_eq!((png[24], values(&png, size)), (depth, Some(pixels)));
        assert_eq!(values(&png, PixelSize::new(70, 80)), None);
    }

    #[test]
    fn every_stored_value_comes_back() {
        check(8, 8);
        check(12, 16);
        check(16, 16);
    }

    #[test]
    fn what_is_no_picture_has_no_values() {
        assert_eq!(values(b"no picture", PixelSize::new(64, 64)), None);
    }
}
