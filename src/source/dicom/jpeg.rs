//! JPEG in DICOM: the 8-bit DCT processes, and the lossless process 14 to 16 bits.
//!
//! The headers are read here first: size and process are known before a decoder allocates anything.
//! Lossless JPEG with restart intervals or a point transform is refused by name: its decoder predicts on over restarts
//! and from shifted values.
//! Source: ITU-T T.81, B.2.2 (frame header), B.2.3 (scan header), table B.1 (markers), H.1 (lossless).

use super::error::DicomError;
use super::pixels::{Samples, one_channel, same_size};
use super::shape::{Colour, Shape};
use crate::source::raster;
use crate::units::PixelSize;
use image::ImageFormat;

/// Bytes to a pixel that lossless decoding gives at most.
const LOSSLESS_PIXEL_BYTES: usize = 2;

/// What the headers before the first coded data say.
#[derive(Debug, PartialEq)]
struct Headers {
    /// The n of its marker SOFn.
    process: u8,
    bits: u8,
    size: PixelSize,
    components: u8,
    /// MCUs between two restarts; 0: none.
    restart_interval: u16,
    /// Bits by which values were shifted down before they were coded; of lossless JPEG only.
    point_transform: u8,
}

/// The samples of one JPEG stream.
pub(super) fn decode(coded: &[u8], shape: &Shape) -> Result<Samples, DicomError> {
    let damaged = DicomError::Jpeg { bytes: coded.len() };
    let header = headers(coded).ok_or(damaged)?;
    same_size(shape.size, header.size)?;
    let refused = |and| DicomError::JpegProcess { process: header.process, bits: header.bits, and };
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
        (3, 2..=16, 1) if header.restart_interval != 0 => Err(refused(" and restart intervals")),
        (3, 2..=16, 1) if header.point_transform != 0 => Err(refused(" and a point transform")),
        (3, 2..=16, 1) => {
            one_channel(shape)?;
            lossless(coded, &header)
        }
        (_, _, 1) => Err(refused("")),
        _ => Err(refused(" in colour")),
    }
}

fn lossless(coded: &[u8], header: &Headers) -> Result<Samples, DicomError> {
    let damaged = || DicomError::Jpeg { bytes: coded.len() };
    let mut decoder = jpeg_decoder::Decoder::new(coded);
    decoder.set_max_decoding_buffer_size(header.size.area() * LOSSLESS_PIXEL_BYTES);
    let bytes = decoder.decode().map_err(|_| damaged())?;
    // Sums are modulo 2^16 (H.1.2.1); some encoders wrap at the depth instead.
    let mask = u16::MAX >> (16 - header.bits);
    let values: Vec<u16> = if header.bits == 8 {
        bytes.into_iter().map(u16::from).collect()
    } else {
        bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_ne_bytes(*pair) & mask).collect()
    };
    if values.len() == header.size.area() { Ok(Samples::grey(values)) } else { Err(damaged()) }
}

/// The headers up to the first scan's, if there is a frame header before that.
fn headers(coded: &[u8]) -> Option<Headers> {
    if coded.get(..2)? != [0xFF, 0xD8] {
        return None;
    }
    let mut frame: Option<Headers> = None;
    let mut interval = 0;
    let mut at = 2;
    while let Some(&[0xFF, marker]) = coded.get(at..)?.first_chunk::<2>() {
        at += 2;
        // Fill bytes before a marker.
        if marker == 0xFF {
            at -= 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(*coded.get(at..)?.first_chunk()?));
        let segment = coded.get(at + 2..at + length)?;
        at += length;
        match marker {
            0xDA => {
                let approximation = segment.last()?;
                let frame = frame?;
                let point_transform = if frame.process == 3 { approximation & 15 } else { 0 };
                return Some(Headers { restart_interval: interval, point_transform, ..frame });
            }
            0xDD => interval = u16::from_be_bytes(*segment.first_chunk()?),
            // Tables and application data; the first three look like frame headers and are none.
            0xC4 | 0xC8 | 0xCC | 0xDB..=0xFE => {}
            0xC0..=0xCF => {
                let [bits, y1, y0, x1, x0, components] = *segment.first_chunk()?;
                let width = u16::from_be_bytes([x1, x0]);
                let size = PixelSize::new(width.into(), u16::from_be_bytes([y1, y0]).into());
                let process = marker - 0xC0;
                frame = Some(Headers {
                    process,
                    bits,
                    size,
                    components,
                    restart_interval: 0,
                    point_transform: 0,
                });
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests;
