//! From a dataset's pixel data to a frame.

use super::error::DicomError;
use super::scan::{Dataset, PixelData};
use super::shades::Shades;
use super::shape::{Colour, Shape};
use super::syntax::Coding;
use super::{jpeg, jpeg2000, jpegls, rle};
use crate::frame::{Frame, Photometric};
use crate::source::raster::luma;
use crate::units::PixelSize;
use std::borrow::Cow;

/// Decoded samples, row-major, `channels` of each pixel side by side.
#[derive(Debug)]
pub(super) struct Samples {
    pub values: Vec<u16>,
    pub channels: usize,
    /// The values are those of the file's 16-bit words, so bits outside the stored ones may be set.
    pub words: bool,
}

impl Samples {
    /// Decoded grey within the coded stream's own depth.
    pub(super) fn grey(values: Vec<u16>) -> Self {
        Self { values, channels: 1, words: false }
    }
}

/// The frame that a dataset's pixels make.
pub(super) fn frame(dataset: &Dataset) -> Result<Frame, DicomError> {
    let data = dataset.pixels.as_ref().ok_or(DicomError::NoPixels)?;
    let shape = Shape::read(dataset)?;
    let shades = Shades::read(dataset, &shape)?;
    let mut samples = decode(dataset, data, &shape)?;
    blacken_padding(&mut samples, &shape, &shades);
    let mut pixels = stored(samples, &shape);
    pixels.iter_mut().for_each(|pixel| *pixel = shades.of(*pixel));
    let frame = Frame::new(shape.size, pixels, shades.bits, shades.photometric)?;
    Ok(frame.with_window(shades.window))
}

fn decode(dataset: &Dataset, data: &PixelData, shape: &Shape) -> Result<Samples, DicomError> {
    let form = || DicomError::Form { name: dataset.syntax.name };
    let fragments = match data {
        PixelData::Native { bytes, words } if dataset.syntax.coding == Coding::Native => {
            return native(bytes, *words, shape, dataset.syntax.encoding.big_endian);
        }
        PixelData::Fragments(fragments) if !fragments.is_empty() => fragments,
        _ => return Err(form()),
    };
    // One frame may be spread over fragments (PS3.5, A.4).
    let coded = match fragments[..] {
        [one] => Cow::Borrowed(one),
        _ => Cow::Owned(fragments.concat()),
    };
    match dataset.syntax.coding {
        Coding::Native => Err(form()),
        Coding::Rle => rle::decode(&coded, shape),
        Coding::Jpeg => jpeg::decode(&coded, shape),
        Coding::JpegLs => {
            let picture = jpegls::decode(&coded)?;
            same_size(shape.size, picture.size)?;
            one_channel(shape)?;
            Ok(Samples::grey(picture.pixels))
        }
        Coding::Jpeg2000 => jpeg2000::decode(&coded, shape),
    }
}

/// Whether the coded picture is as large as the header says.
pub(super) fn same_size(stated: PixelSize, coded: PixelSize) -> Result<(), DicomError> {
    if stated == coded { Ok(()) } else { Err(DicomError::CodedSize { stated, coded }) }
}

/// Whether the header says grey, where the coded picture is.
pub(super) fn one_channel(shape: &Shape) -> Result<(), DicomError> {
    if shape.samples == 1 {
        Ok(())
    } else {
        Err(DicomError::Photometric { name: "in colour, coded in grey," })
    }
}

fn native(bytes: &[u8], words: bool, shape: &Shape, big_endian: bool) -> Result<Samples, DicomError> {
    let count = shape.size.area() * shape.samples;
    let expected = count * usize::from(shape.bits_allocated / 8);
    // Some files name halved colour and hold all of it.
    if shape.colour == (Colour::Ybr { halved: true }) && bytes.len() < expected {
        return halved(bytes, shape, expected);
    }
    let bytes = bytes.get(..expected).ok_or(DicomError::PixelsShort { expected, got: bytes.len() })?;
    let values: Vec<u16> = if shape.bits_allocated == 16 {
        let word = if big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
        bytes.as_chunks::<2>().0.iter().map(|pair| word(*pair)).collect()
    } else if big_endian && words {
        // Two pixels to a word, the first in its low byte (PS3.5, D.1).
        (0..count).map(|i| u16::from(*bytes.get(i ^ 1).unwrap_or(&bytes[i]))).collect()
    } else {
        bytes.iter().map(|&byte| byte.into()).collect()
    };
    let values = if shape.planar && shape.samples > 1 { interleave(&values, shape.samples) } else { values };
    Ok(Samples { values, channels: shape.samples, words: true })
}

/// The luma of pixels that share their colour two by two: two lumas, then two differences (PS3.3, C.7.6.3.1.2).
///
/// More bytes than these are colour that is not shared, `unshared` bytes long and cut short.
fn halved(bytes: &[u8], shape: &Shape, unshared: usize) -> Result<Samples, DicomError> {
    if shape.bits_allocated != 8 || !shape.size.width.is_multiple_of(2) {
        return Err(DicomError::Photometric { name: "YBR_FULL_422 of an odd width or of more than 8 bits" });
    }
    let (expected, got) = (shape.size.area() * 2, bytes.len());
    if got != expected {
        return Err(DicomError::PixelsShort {
            expected: if got < expected { expected } else { unshared },
            got,
        });
    }
    let values = bytes.as_chunks::<4>().0.iter().flat_map(|four| [four[0].into(), four[1].into()]).collect();
    Ok(Samples { values, channels: 1, words: true })
}

/// Planes one after another to samples side by side.
pub(super) fn interleave(planes: &[u16], channels: usize) -> Vec<u16> {
    let area = planes.len() / channels;
    (0..planes.len()).map(|i| planes[i % channels * area + i / channels]).collect()
}

/// How a sample turns into an unsigned stored value; `words`: it is one of the file's own.
fn value(words: bool, shape: &Shape) -> impl Fn(u16) -> u16 {
    let (low_bit, mask) = (if words { shape.low_bit } else { 0 }, shape.mask());
    // A lossy stream may overshoot: cut off at the top, where a mask would turn white to black.
    move |raw| shape.unsigned(if words || shape.signed { raw >> low_bit } else { raw.min(mask) })
}

/// One unsigned stored value to a pixel.
fn stored(samples: Samples, shape: &Shape) -> Vec<u16> {
    let value = value(samples.words, shape);
    let grey = match (samples.channels, shape.colour == Colour::Rgb) {
        (1, _) => samples.values,
        (channels, false) => samples.values.into_iter().step_by(channels).collect(),
        (channels, true) => {
            let pixels = samples.values.chunks_exact(channels);
            pixels.map(|p| luma(p[0].into(), p[1].into(), p[2].into())).collect()
        }
    };
    grey.into_iter().map(value).collect()
}

/// Gives padding the value that is shown darkest of those that the radiograph itself has, so that it neither
/// shows nor stretches the range of values; a radiograph that is nothing but padding stays as it is.
fn blacken_padding(samples: &mut Samples, shape: &Shape, shades: &Shades) {
    if !shape.has_padding() || !matches!(shape.colour, Colour::Grey(_)) {
        return;
    }
    let (value, words) = (value(samples.words, shape), samples.words);
    let is_padding = |raw: &u16| shape.is_padding(value(*raw), words.then_some(*raw));
    let real = samples.values.iter().copied().filter(|raw| !is_padding(raw));
    let darkest = match shades.photometric {
        Photometric::Monochrome1 => real.max_by_key(|raw| shades.of(value(*raw))),
        Photometric::Monochrome2 => real.min_by_key(|raw| shades.of(value(*raw))),
    };
    let Some(darkest) = darkest else { return };
    for raw in samples.values.iter_mut().filter(|raw| is_padding(raw)) {
        *raw = darkest;
    }
}
