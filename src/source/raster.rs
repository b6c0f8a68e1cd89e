//! Pictures in PNG, JPEG and TIFF to grey values.
//!
//! Colour becomes grey by Rec. 601 luma, alpha is composited onto black, EXIF orientation is ignored: a
//! radiograph's orientation is judged from its pixels, not from what a telephone wrote beside them.
//! The size in the header is checked before any pixel is allocated.
//! This module does not know of paths, of DICOM, or of what the picture shows.

mod jpeg;

use crate::frame::{AREA_MAX_PX, FrameError, SIDE_MAX_PX, check_size};
use crate::units::PixelSize;
use image::error::{DecodingError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::{Cursor, ErrorKind};

/// Bytes that decoding may allocate: the largest frame as 16-bit RGBA and as much again for the decoder.
const DECODE_BYTES_MAX: u64 = AREA_MAX_PX as u64 * 8 * 2;

/// First bytes of every PNG (PNG 3rd edition, 5.2).
pub(super) const PNG_MAGIC: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Start of image and the lead byte of the next marker (ITU-T T.81, B.1.1.3).
pub(super) const JPEG_MAGIC: [u8; 3] = [0xFF, 0xD8, 0xFF];

/// What a picture file can lack.
#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    /// not of a radiograph's size
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// ends before its pixels do
    #[error("the {format} file ends after {bytes} bytes, before its picture does: copy it again")]
    Truncated { format: &'static str, bytes: usize },
    /// a value in it contradicts its format
    #[error("the {format} file is damaged: copy or export it again")]
    Damaged {
        format: &'static str,
        #[source]
        source: DecodingError,
    },
    /// a variety of the format that is not built in
    #[error("this variety of {format} is not supported: export it as 8- or 16-bit PNG")]
    Unsupported { format: &'static str },
    /// would need more memory than a radiograph may
    #[error("decoding the {format} file would take more than {DECODE_BYTES_MAX} bytes: export it as PNG")]
    Memory { format: &'static str },
}

impl RasterError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Frame(error) => error.code(),
            Self::Truncated { .. } => "file_truncated",
            Self::Damaged { .. } => "file_damaged",
            Self::Unsupported { .. } => "file_variety",
            Self::Memory { .. } => "file_memory",
        }
    }
}

/// Grey values, row-major, lowest black; `bits` of each are used, 8 or 16.
#[derive(Debug)]
pub(super) struct Grey {
    pub size: PixelSize,
    pub pixels: Vec<u16>,
    pub bits: u8,
}

/// The format of a picture, told by its first bytes; `None` for anything but PNG, JPEG and TIFF.
pub(super) fn format(bytes: &[u8]) -> Option<ImageFormat> {
    if bytes.starts_with(&PNG_MAGIC) {
        Some(ImageFormat::Png)
    } else if bytes.starts_with(&JPEG_MAGIC) {
        Some(ImageFormat::Jpeg)
    } else if [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|m| bytes.starts_with(m)) {
        Some(ImageFormat::Tiff)
    } else {
        None
    }
}

/// The first picture of `bytes` in grey: 16 bits where the file has 16, 8 otherwise.
///
/// A TIFF's further pages are not read; its WhiteIsZero values come out inverted, so that 0 is black.
pub(super) fn decode(bytes: &[u8], format: ImageFormat) -> Result<Grey, RasterError> {
    let name = name(format);
    let cut = || RasterError::Truncated { format: name, bytes: bytes.len() };
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(SIDE_MAX_PX);
    limits.max_image_height = Some(SIDE_MAX_PX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    let mut decoder = ImageReader::with_format(Cursor::new(bytes), format)
        .into_decoder()
        .map_err(|error| explain(error, name, bytes.len()))?;
    let (width, height) = decoder.dimensions();
    let size = PixelSize::new(width, height);
    check_size(size)?;
    let whole = match format {
        ImageFormat::Png => png_ends(bytes),
        ImageFormat::Jpeg => jpeg_ends(bytes),
        _ => true,
    };
    if !whole {
        return Err(cut());
    }
    if format == ImageFormat::Jpeg && !jpeg::is_whole(bytes) {
        let source = DecodingError::new(format.into(), "a code or a marker is not where it belongs");
        return Err(RasterError::Damaged { format: name, source });
    }
    decoder.set_limits(limits).map_err(|error| explain(error, name, bytes.len()))?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| explain(error, name, bytes.len()))?;
    grey(picture, size).ok_or(RasterError::Unsupported { format: name })
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        _ => "TIFF",
    }
}

/// Whether the chunks of a PNG lead to its IEND; without it the last rows may be missing.
fn png_ends(bytes: &[u8]) -> bool {
    let mut at = PNG_MAGIC.len();
    while let Some(head) = bytes.get(at..at.saturating_add(8)) {
        if &head[4..] == b"IEND" {
            return true;
        }
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        at = at.saturating_add(12).saturating_add(length);
    }
    false
}

/// Whether an end-of-image marker follows the last start of scan.
///
/// Inside a scan 0xFF is always followed by 0 or a restart marker (ITU-T T.81, F.1.2.3), so the marker is
/// no accident; decoders fill up what is missing with grey and do not complain.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let last_scan = bytes.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap_or(0);
    bytes[last_scan..].windows(2).any(|pair| pair == [0xFF, 0xD9])
}

fn explain(error: ImageError, format: &'static str, bytes: usize) -> RasterError {
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            RasterError::Truncated { format, bytes }
        }
        ImageError::IoError(error) => {
            RasterError::Damaged { format, source: DecodingError::new(format_hint(format), error) }
        }
        ImageError::Limits(error) if matches!(error.kind(), LimitErrorKind::InsufficientMemory) => {
            RasterError::Memory { format }
        }
        ImageError::Decoding(source) => RasterError::Damaged { format, source },
        _ => RasterError::Unsupported { format },
    }
}

fn format_hint(format: &'static str) -> image::error::ImageFormatHint {
    image::error::ImageFormatHint::Name(format.to_owned())
}

/// `None` for sample types that no radiograph has (floating point).
fn grey(picture: DynamicImage, size: PixelSize) -> Option<Grey> {
    let (pixels, bits) = match picture {
        DynamicImage::ImageLuma8(p) => (p.into_raw().into_iter().map(u16::from).collect(), 8),
        DynamicImage::ImageLuma16(p) => (p.into_raw(), 16),
        DynamicImage::ImageLumaA8(p) => (flatten::<2, _>(p.as_raw(), 255), 8),
        DynamicImage::ImageLumaA16(p) => (flatten::<2, _>(p.as_raw(), 65_535), 16),
        DynamicImage::ImageRgb8(p) => (flatten::<3, _>(p.as_raw(), 255), 8),
        DynamicImage::ImageRgb16(p) => (flatten::<3, _>(p.as_raw(), 65_535), 16),
        DynamicImage::ImageRgba8(p) => (flatten::<4, _>(p.as_raw(), 255), 8),
        DynamicImage::ImageRgba16(p) => (flatten::<4, _>(p.as_raw(), 65_535), 16),
        _ => return None,
    };
    Some(Grey { size, pixels, bits })
}

/// Pixels of `N` interleaved samples (grey and alpha, RGB, RGBA) to one grey value each.
fn flatten<const N: usize, T: Copy + Into<u32>>(samples: &[T], opaque: u32) -> Vec<u16> {
    let (pixels, _) = samples.as_chunks::<N>();
    pixels
        .iter()
        .map(|pixel| {
            let value = if N >= 3 {
                u32::from(luma(pixel[0].into(), pixel[1].into(), pixel[2].into()))
            } else {
                pixel[0].into()
            };
            let alpha = if N.is_multiple_of(2) { pixel[N - 1].into() } else { opaque };
            over_black(value, alpha, opaque)
        })
        .collect()
}

/// Rec. 601 luma of samples of up to 16 bits, rounded.
///
/// Source: ITU-R BT.601-7, 2.5.1: 0.299 R + 0.587 G + 0.114 B.
pub(super) fn luma(red: u32, green: u32, blue: u32) -> u16 {
    ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u16
}

fn over_black(value: u32, alpha: u32, opaque: u32) -> u16 {
    ((u64::from(value) * u64::from(alpha) + u64::from(opaque) / 2) / u64::from(opaque)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_is_white_and_green_weighs_most() {
        assert_eq!(luma(65_535, 65_535, 65_535), 65_535);
        assert_eq!(luma(255, 255, 255), 255);
        assert_eq!([luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)], [76, 150, 29]);
    }

    #[test]
    fn what_is_transparent_is_black() {
        assert_eq!(flatten::<2, u8>(&[200, 255, 200, 0, 200, 128], 255), [200, 0, 100]);
        assert_eq!(flatten::<4, u16>(&[65_535, 65_535, 65_535, 0], 65_535), [0]);
    }

    #[test]
    fn a_jpeg_whose_middle_is_lost_is_damaged_and_not_half_grey() {
        let mut whole = Vec::new();
        let picture = image::GrayImage::from_fn(96, 96, |x, y| image::Luma([(x * 7 + y * 31) as u8]));
        image::codecs::jpeg::JpegEncoder::new(&mut whole).encode_image(&picture).unwrap();
        assert!(decode(&whole, ImageFormat::Jpeg).is_ok());
        let middle = whole.len() * 2 / 3;
        // Ones alone are no Huffman code.
        whole[middle..middle + 8].copy_from_slice(&[0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0]);
        assert_eq!(decode(&whole, ImageFormat::Jpeg).unwrap_err().code(), "file_damaged");
    }

    #[test]
    fn the_thumbnail_of_a_cut_jpeg_does_not_end_it() {
        let whole = [0xFF, 0xD8, 0xFF, 0xDA, 1, 0xFF, 0xD9, 0xFF, 0xDA, 2, 0xFF, 0xD9];
        assert!(jpeg_ends(&whole));
        assert!(!jpeg_ends(&whole[..10]));
    }
}
