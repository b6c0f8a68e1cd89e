//! Luma of one MJPG frame: a JPEG that may leave out the Huffman tables which all such devices share.
//!
//! This is the only file that names the crate zune-jpeg. It runs without its SIMD, so that a frame gives
//! the same pixels on every machine, and strictly, because it would else fill what is missing with grey.
//! This module must not know of devices.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::pixels::PixelError;
use crate::units::PixelSize;

/// Start of image (ITU-T T.81, table B.1).
const SOI: [u8; 2] = [0xff, 0xd8];
/// End of image.
const EOI: [u8; 2] = [0xff, 0xd9];
/// An APP0 segment that says "AVI1": the decoder then supplies, for each Huffman table that is missing,
/// the standard one (ITU-T T.81, K.3.3). Tables that are in the frame win.
const AVI1: [u8; 9] = [0xff, 0xe0, 0x00, 0x07, b'A', b'V', b'I', b'1', 0x00];

/// The luma of the JPEG in `bytes`, row-major, `size.area()` values.
///
/// Fails when it is not whole, or not of `size`: a device that changes its size in mid-stream is reopened.
/// Bytes behind the end of the image are let be: devices pad their buffers.
pub fn luma(size: PixelSize, bytes: &[u8]) -> Result<Vec<u8>, PixelError> {
    let damaged = PixelError::Jpeg(bytes.len());
    let rest = bytes.strip_prefix(&SOI).ok_or(damaged)?;
    // The decoder takes a last row of blocks that was cut off; the end marker tells.
    if !rest.windows(2).rev().any(|pair| pair == EOI) {
        return Err(damaged);
    }
    let whole = [&SOI[..], &AVI1, rest].concat();
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&whole[..]), options());
    decoder.decode_headers().map_err(|_| damaged)?;
    let (width, height) = decoder.dimensions().ok_or(damaged)?;
    let got = PixelSize::new(width as u32, height as u32);
    if got != size {
        return Err(PixelError::JpegSize { want: size, got });
    }
    let luma = decoder.decode().map_err(|_| damaged)?;
    if luma.len() == size.area() { Ok(luma) } else { Err(damaged) }
}

/// Luma only, strictly, the same on every machine.
fn options() -> DecoderOptions {
    DecoderOptions::default()
        .set_use_unsafe(false)
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::Luma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};

    const SIZE: PixelSize = PixelSize::new(80, 72);
    /// Largest luma difference that quality 95 was seen to make on the test picture is 3.
    const LOSS_MAX: u8 = 4;

    /// A slope with a little texture, so that every block has both DC and AC coefficients.
    fn picture() -> Vec<u8> {
        (0..SIZE.height)
            .flat_map(|y| (0..SIZE.width).map(move |x| (40 + x + y + (x * y) % 5) as u8))
            .collect()
    }

    fn jpeg(colour: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        let (pixels, kind) = if colour {
            (picture().into_iter().flat_map(|p| [p; 3]).collect(), ExtendedColorType::Rgb8)
        } else {
            (picture(), ExtendedColorType::L8)
        };
        encoder.encode(&pixels, SIZE.width, SIZE.height, kind).unwrap();
        bytes
    }

    /// The same JPEG without its DHT segments, as MJPG devices send it.
    fn without_tables(jpeg: &[u8]) -> Vec<u8> {
        let (mut out, mut at) = (jpeg[..2].to_vec(), 2);
        while jpeg[at + 1] != 0xda {
            let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
            if jpeg[at + 1] != 0xc4 {
                out.extend(&jpeg[at..end]);
            }
            at = end;
        }
        out.extend(&jpeg[at..]);
        out
    }

    #[test]
    fn a_jpeg_gives_its_luma_back() {
        for colour in [false, true] {
            let got = luma(SIZE, &jpeg(colour)).unwrap();
            let loss = got.iter().zip(picture()).map(|(&g, p)| g.abs_diff(p)).max();
            assert!(loss <= Some(LOSS_MAX), "loss {loss:?}, colour {colour}");
        }
    }

    #[test]
    fn missing_huffman_tables_are_the_standard_ones() {
        for colour in [false, true] {
            let whole = jpeg(colour);
            let bare = without_tables(&whole);
            assert!(bare.len() < whole.len());
            assert_eq!(luma(SIZE, &bare), luma(SIZE, &whole));
        }
    }

    #[test]
    fn padding_behind_the_jpeg_is_let_be() {
        let mut padded = jpeg(true);
        padded.extend([0; 300]);
        assert_eq!(luma(SIZE, &padded), luma(SIZE, &jpeg(true)));
    }

    #[test]
    fn another_size_than_agreed_is_refused() {
        let want = PixelSize::new(72, 80);
        assert_eq!(luma(want, &jpeg(false)), Err(PixelError::JpegSize { want, got: SIZE }));
    }

    #[test]
    fn a_jpeg_cut_off_anywhere_is_refused() {
        let whole = jpeg(true);
        for len in 0..whole.len() {
            assert_eq!(luma(SIZE, &whole[..len]), Err(PixelError::Jpeg(len)));
        }
    }

    #[test]
    fn damage_gives_an_error_or_a_picture_of_the_right_size_and_no_panic() {
        let whole = jpeg(true);
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] ^= flip;
                if let Ok(pixels) = luma(SIZE, &damaged) {
                    assert_eq!(pixels.len(), SIZE.area());
                }
            }
        }
    }
}
