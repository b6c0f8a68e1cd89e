//! JPEG 2000, lossless and lossy, at its full depth.
//!
//! The crate `hayro-jpeg2000` is named here only. Its size header is read here first, so that what the
//! stream claims is known to be the frame's size before anything is allocated.
//! Lossy streams are decoded in floating point: where the machine fuses multiplication and addition a grey
//! value may differ by one. Lossless streams come out the same everywhere.
//! Source: ITU-T T.800, A.5.1 (SIZ).

use super::error::DicomError;
use super::pixels::{Samples, same_size};
use super::shape::Shape;
use crate::units::PixelSize;
use hayro_jpeg2000::{DecodeError, DecodeSettings, DecoderContext, Image};

/// Start of a codestream: SOC and the marker of SIZ.
const CODESTREAM: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
/// How far into a JP2 wrapper, which DICOM forbids and some write, the codestream is looked for.
const WRAPPER_BYTES_MAX: usize = 4096;
/// Tiles of the smallest size that is used make no more than this of the largest radiograph.
const TILES_MAX: u64 = 65_535;
/// Deepest sample that a radiograph has.
const BITS_MAX: u8 = 16;

/// What a JPEG 2000 stream can lack.
#[derive(Debug, thiserror::Error)]
pub enum Jpeg2000Error {
    /// no size header at its start
    #[error("the JPEG 2000 stream of {bytes} bytes has no valid header: export the DICOM file again")]
    Header { bytes: usize },
    /// ends before its end marker
    #[error("the JPEG 2000 stream of {bytes} bytes has no end: the DICOM file is cut short, copy it again")]
    Truncated { bytes: usize },
    /// depth, components or tiles that no radiograph has
    #[error("JPEG 2000 with {components} components of {bits} bits in {tiles} tiles is not supported")]
    Variety { components: u16, bits: u8, tiles: u64 },
    /// signed values where the file says unsigned
    #[error(
        "the JPEG 2000 stream has signed values, and the header says unsigned ones: export the DICOM file again"
    )]
    Sign,
    /// decoding failed
    #[error("the JPEG 2000 stream of {bytes} bytes is damaged: export the DICOM file again")]
    Decode {
        bytes: usize,
        #[source]
        source: DecodeError,
    },
}

impl Jpeg2000Error {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Header { .. } => "jpeg2000_header",
            Self::Truncated { .. } => "jpeg2000_truncated",
            Self::Variety { .. } | Self::Sign => "jpeg2000_variety",
            Self::Decode { .. } => "jpeg2000_damaged",
        }
    }
}

/// What the SIZ segment says.
#[derive(Debug, PartialEq)]
struct Siz {
    size: PixelSize,
    tiles: u64,
    components: u16,
    bits: u8,
    signed: bool,
}

/// The samples of one JPEG 2000 stream; colour comes out as RGB.
pub(super) fn decode(coded: &[u8], shape: &Shape) -> Result<Samples, DicomError> {
    let bytes = coded.len();
    let start = start(coded).ok_or(Jpeg2000Error::Header { bytes })?;
    let siz = siz(start).ok_or(Jpeg2000Error::Header { bytes })?;
    let stream = until_end(start).ok_or(Jpeg2000Error::Truncated { bytes })?;
    same_size(shape.size, siz.size)?;
    let supported = siz.bits <= BITS_MAX && siz.tiles <= TILES_MAX;
    if !supported || usize::from(siz.components) != shape.samples {
        let Siz { components, bits, tiles, .. } = siz;
        return Err(Jpeg2000Error::Variety { components, bits, tiles }.into());
    }
    // Unsigned words of a signed file are its two's complement; signed ones of an unsigned file are nothing known.
    if siz.signed && !shape.signed {
        return Err(Jpeg2000Error::Sign.into());
    }
    let values = planes(stream, &siz).map_err(|source| Jpeg2000Error::Decode { bytes, source })?;
    if values.len() != shape.size.area() * shape.samples {
        return Err(Jpeg2000Error::Header { bytes }.into());
    }
    Ok(Samples { values, channels: shape.samples, words: false })
}

/// The codestream's beginning, and all that follows.
fn start(coded: &[u8]) -> Option<&[u8]> {
    let near = &coded[..coded.len().min(WRAPPER_BYTES_MAX)];
    near.windows(4).position(|four| four == CODESTREAM).map(|start| &coded[start..])
}

/// The codestream up to its end marker, which no coded byte can imitate (A.1); padding may follow it.
fn until_end(stream: &[u8]) -> Option<&[u8]> {
    let end = stream.windows(2).rposition(|two| two == [0xFF, 0xD9])?;
    Some(&stream[..end + 2])
}

fn siz(stream: &[u8]) -> Option<Siz> {
    let field = |at: usize| Some(u32::from_be_bytes(*stream.get(at..)?.first_chunk()?));
    let [x, y, x0, y0, tile_x, tile_y] = [8, 12, 16, 20, 24, 28].map(field);
    let (x, y, x0, y0, tile_x, tile_y) = (x?, y?, x0?, y0?, tile_x?, tile_y?);
    let components = u16::from_be_bytes(*stream.get(40..)?.first_chunk()?);
    let depth = *stream.get(42)?;
    if tile_x == 0 || tile_y == 0 {
        return None;
    }
    Some(Siz {
        size: PixelSize::new(x.checked_sub(x0)?, y.checked_sub(y0)?),
        tiles: u64::from(x.div_ceil(tile_x)) * u64::from(y.div_ceil(tile_y)),
        components,
        bits: (depth & 0x7F) + 1,
        signed: depth & 0x80 != 0,
    })
}

/// Samples side by side, as the file's unsigned or two's complement words.
fn planes(stream: &[u8], siz: &Siz) -> Result<Vec<u16>, DecodeError> {
    let settings = DecodeSettings { strict: true, ..DecodeSettings::default() };
    let image = Image::new(stream, &settings)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context)?;
    let components = decoded.components();
    let area = siz.size.area();
    let top = f32::from(u16::MAX >> (16 - u32::from(siz.bits).clamp(1, 16)));
    // The decoder moves signed samples up too; they go back to two's complement.
    let lift = if siz.signed { 1u16 << (siz.bits - 1) } else { 0 };
    let mut values = vec![0u16; area * components.len()];
    for (channel, component) in components.iter().enumerate() {
        let places = values.iter_mut().skip(channel).step_by(components.len());
        for (place, &sample) in places.zip(component.samples()) {
            // Half a grey value rounds up; the cast cuts off at 0.
            *place = ((sample + 0.5).min(top) as u16).wrapping_sub(lift);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::super::scan::Dataset;
    use super::super::tag;
    use super::*;

    /// SOC, SIZ of a 70x64 picture in four tiles of 40x40, one signed component of 12 bits, EOC.
    const STREAM: &[u8] = b"\xFF\x4F\xFF\x51\0\x29\0\0\0\0\0\x46\0\0\0\x40\0\0\0\0\0\0\0\0\
        \0\0\0\x28\0\0\0\x28\0\0\0\0\0\0\0\0\0\x01\x8B\x01\x01\xFF\xD9";

    #[test]
    fn the_size_header_is_read_before_the_decoder_runs() {
        let expected = Siz { size: PixelSize::new(70, 64), tiles: 4, components: 1, bits: 12, signed: true };
        assert_eq!(siz(STREAM), Some(expected));
        assert_eq!(siz(&STREAM[..42]), None);
    }

    #[test]
    fn signed_values_of_an_unsigned_file_are_refused() {
        let check = |representation: &[u8], expected: &str| {
            let mut dataset = Dataset::empty();
            for (tag, value) in [
                (tag::PHOTOMETRIC_INTERPRETATION, &b"MONOCHROME2"[..]),
                (tag::ROWS, &[64, 0]),
                (tag::COLUMNS, &[70, 0]),
                (tag::BITS_ALLOCATED, &[16, 0]),
                (tag::BITS_STORED, &[12, 0]),
                (tag::PIXEL_REPRESENTATION, representation),
            ] {
                dataset.put(tag, value);
            }
            let shape = Shape::read(&dataset).unwrap();
            assert_eq!(decode(STREAM, &shape).unwrap_err().code(), expected);
        };
        check(&[0, 0], "jpeg2000_variety");
        // The stream has headers alone.
        check(&[1, 0], "jpeg2000_damaged");
    }

    #[test]
    fn a_stream_is_found_in_its_wrapper_and_without_its_padding() {
        let wrapped = [b"\0\0\0\x0CjP  ", STREAM, b"\0"].concat();
        assert_eq!(start(&wrapped).and_then(until_end), Some(STREAM));
        assert_eq!(until_end(&STREAM[..45]), None);
    }
}
