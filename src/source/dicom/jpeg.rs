//! JPEG in DICOM: the 8-bit DCT processes, and the lossless process 14 to 16 bits.
//!
//! The frame header is read here first: size and process are known before a decoder allocates anything.
//! Source: ITU-T T.81, B.2.2 (frame header), table B.1 (markers).

use super::error::DicomError;
use super::pixels::{Samples, one_channel, same_size};
use super::shape::{Colour, Shape};
use crate::source::raster;
use crate::units::PixelSize;
use image::ImageFormat;

/// Bytes to a pixel that lossless decoding gives at most.
const LOSSLESS_PIXEL_BYTES: usize = 2;

/// What a frame header says.
#[derive(Debug, PartialEq)]
struct FrameHeader {
    /// The n of its marker SOFn.
    process: u8,
    bits: u8,
    size: PixelSize,
    components: u8,
}

/// The samples of one JPEG stream.
pub(super) fn decode(coded: &[u8], shape: &Shape) -> Result<Samples, DicomError> {
    let damaged = DicomError::Jpeg { bytes: coded.len() };
    let header = frame_header(coded).ok_or(damaged)?;
    same_size(shape.size, header.size)?;
    match (header.process, header.bits, header.components) {
        (0..=2, 8, 1) => {
            one_channel(shape)?;
            Ok(Samples::grey(raster::decode(coded, ImageFormat::Jpeg)?.pixels))
        }
        (0..=2, 8, 3) => {
            if matches!(shape.colour, Colour::Grey(_)) {
                return Err(DicomError::Photometric { name: "in grey, coded in colour," });
            }
            // Colour comes out as luma already.
            Ok(Samples::grey(raster::decode(coded, ImageFormat::Jpeg)?.pixels))
        }
        (3, 2..=16, 1) => {
            one_channel(shape)?;
            lossless(coded, &header)
        }
        (process, bits, _) => Err(DicomError::JpegProcess { process, bits }),
    }
}

fn lossless(coded: &[u8], header: &FrameHeader) -> Result<Samples, DicomError> {
    let damaged = || DicomError::Jpeg { bytes: coded.len() };
    let mut decoder = jpeg_decoder::Decoder::new(coded);
    decoder.set_max_decoding_buffer_size(header.size.area() * LOSSLESS_PIXEL_BYTES);
    let bytes = decoder.decode().map_err(|_| damaged())?;
    let values: Vec<u16> = if header.bits <= 8 {
        bytes.into_iter().map(u16::from).collect()
    } else {
        bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_ne_bytes(*pair)).collect()
    };
    if values.len() == header.size.area() { Ok(Samples::grey(values)) } else { Err(damaged()) }
}

/// The frame header, if there is one before the first scan.
fn frame_header(coded: &[u8]) -> Option<FrameHeader> {
    if coded.get(..2)? != [0xFF, 0xD8] {
        return None;
    }
    let mut at = 2;
    while let Some(&[0xFF, marker]) = coded.get(at..)?.first_chunk::<2>() {
        at += 2;
        match marker {
            // Fill bytes before a marker.
            0xFF => at -= 1,
            // Tables and application data; the first three look like frame headers and are none.
            0xC4 | 0xC8 | 0xCC | 0xDB..=0xFE => {
                at += usize::from(u16::from_be_bytes(*coded.get(at..)?.first_chunk()?));
            }
            0xC0..=0xCF => {
                let [_, _, bits, y1, y0, x1, x0, components] = *coded.get(at..)?.first_chunk()?;
                let width = u16::from_be_bytes([x1, x0]);
                let size = PixelSize::new(width.into(), u16::from_be_bytes([y1, y0]).into());
                return Some(FrameHeader { process: marker - 0xC0, bits, size, components });
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_header_is_found_behind_tables() {
        let coded = [0xFF, 0xD8, 0xFF, 0xFF, 0xC4, 0, 3, 9, 0xFF, 0xC3, 0, 11, 12, 1, 0, 0, 200, 1, 0, 0, 0];
        let expected = FrameHeader { process: 3, bits: 12, size: PixelSize::new(200, 256), components: 1 };
        assert_eq!(frame_header(&coded), Some(expected));
        assert_eq!(frame_header(&coded[..15]), None);
        assert_eq!(frame_header(&[0xFF, 0xD8, 0xFF, 0xDA, 0, 2]), None);
    }
}
