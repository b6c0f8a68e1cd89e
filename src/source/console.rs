//! What a console's video output adds to a radiograph, taken off again: its menus around it, its video levels.
//!
//! [`ConsoleSource`] stands around another source; the board file says what is to be kept and which levels hold.
//! This module must not know of devices.

use std::time::Duration;

use super::{FrameSource, Sourced};
use crate::board::{Crop, LevelRange};
use crate::frame::{Frame, FrameError};
use crate::units::PixelSize;

/// Black and white of 8 bits of limited range (ITU-R BT.709, 3.4); more bits: these times a power of two.
const LIMITED_8_BITS: [u32; 2] = [16, 235];

/// Why one frame could not be given.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError<E: std::error::Error> {
    /// the inner source's own
    #[error(transparent)]
    Source(E),
    /// the picture is not as large as the board file thinks
    #[error("the crop of the board file does not fit into the picture of {size}")]
    Crop { size: PixelSize },
    /// what is left is no frame
    #[error("what the board file's crop leaves is no radiograph")]
    Left(#[from] FrameError),
}

impl<E: std::error::Error> ConsoleError<E> {
    /// Stable name for machines; `inner` names the inner source's errors.
    pub fn code(&self, inner: fn(&E) -> &'static str) -> &'static str {
        match self {
            Self::Source(error) => inner(error),
            Self::Crop { .. } => "console_crop",
            Self::Left(error) => error.code(),
        }
    }
}

/// Another source's frames, each cropped and with its levels spread.
pub struct ConsoleSource<S> {
    source: S,
    crop: Option<Crop>,
    range: LevelRange,
}

impl<S: FrameSource> ConsoleSource<S> {
    pub fn new(source: S, crop: Option<Crop>, range: LevelRange) -> Self {
        Self { source, crop, range }
    }

    fn adapted(&self, frame: Frame) -> Result<Frame, ConsoleError<S::Error>> {
        let frame = match self.crop {
            Some(crop) => cropped(&frame, crop)?,
            None => frame,
        };
        match self.range {
            LevelRange::Full => Ok(frame),
            LevelRange::Limited => Ok(spread(&frame)?),
        }
    }
}

impl<S: FrameSource> FrameSource for ConsoleSource<S> {
    type Error = ConsoleError<S::Error>;

    fn next_frame(&mut self) -> Option<Result<Sourced, Self::Error>> {
        let next = self.source.next_frame()?.map_err(ConsoleError::Source);
        Some(next.and_then(|Sourced { name, frame }| Ok(Sourced { name, frame: self.adapted(frame)? })))
    }

    fn time_of_last(&self) -> Option<Duration> {
        self.source.time_of_last()
    }
}

fn cropped<E: std::error::Error>(frame: &Frame, crop: Crop) -> Result<Frame, ConsoleError<E>> {
    let size = frame.size();
    let area = crop.in_picture(size).ok_or(ConsoleError::Crop { size })?;
    Ok(frame.part(area)?)
}

/// Limited-range levels over the whole range, to the nearest; those outside it are clipped.
///
/// Fewer than 8 bits have no limited range and stay as they are.
fn spread(frame: &Frame) -> Result<Frame, FrameError> {
    let bits = frame.bits_stored();
    if bits < 8 {
        return Ok(frame.clone());
    }
    let [black, white] = LIMITED_8_BITS.map(|level| level << (bits - 8));
    let (range, max) = (white - black, (1u32 << bits) - 1);
    let level = |v: u16| {
        let above = u32::from(v).clamp(black, white) - black;
        ((u64::from(above) * u64::from(max) + u64::from(range / 2)) / u64::from(range)) as u16
    };
    let pixels = frame.pixels().iter().map(|&v| level(v)).collect();
    Ok(Frame::new(frame.size(), pixels, bits, frame.photometric())?.with_window(frame.window()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Area;
    use crate::frame::Photometric;

    const SIZE: PixelSize = PixelSize::new(100, 80);

    /// One frame whose pixel at (x, y) is `x + y`.
    struct One(Option<u8>);

    impl FrameSource for One {
        type Error = std::convert::Infallible;

        fn next_frame(&mut self) -> Option<Result<Sourced, Self::Error>> {
            let bits = self.0.take()?;
            let pixels = (0..SIZE.area()).map(|i| (i % 100 + i / 100) as u16).collect();
            let frame = Frame::new(SIZE, pixels, bits, Photometric::Monochrome1).unwrap();
            Some(Ok(Sourced { name: "one".into(), frame }))
        }
    }

    fn check(bits: u8, crop: Option<Crop>, range: LevelRange) -> Result<Frame, &'static str> {
        let mut source = ConsoleSource::new(One(Some(bits)), crop, range);
        let given = source.next_frame().unwrap();
        assert!(source.next_frame().is_none(), "the source has ended");
        given.map(|s| s.frame).map_err(|e| e.code(|never| match *never {}))
    }

    fn pixels(left: u32, top: u32, width: u32, height: u32) -> Option<Crop> {
        Some(Crop::Pixels(Area { left, top, size: PixelSize::new(width, height) }))
    }

    #[test]
    fn a_crop_keeps_its_own_pixels_and_what_was_said_of_them() {
        let frame = check(8, pixels(30, 10, 64, 70), LevelRange::Full).unwrap();
        assert_eq!((frame.size(), frame.photometric()), (PixelSize::new(64, 70), Photometric::Monochrome1));
        assert_eq!((frame.pixels()[0], frame.pixels()[64 * 70 - 1]), (40, 93 + 79));
    }

    #[test]
    fn a_crop_that_does_not_fit_is_refused_by_name() {
        assert_eq!(check(8, pixels(37, 0, 64, 64), LevelRange::Full), Err("console_crop"));
        assert_eq!(check(8, pixels(0, 0, 63, 64), LevelRange::Full), Err("frame_too_small"));
    }

    #[test]
    fn limited_levels_reach_black_and_white() {
        let frame = check(8, None, LevelRange::Limited).unwrap();
        let at = |v: usize| frame.pixels()[v];
        assert_eq!([at(0), at(16), at(17), at(99)], [0, 0, 1, 97]);
        let whole = check(16, None, LevelRange::Limited).unwrap();
        assert!(whole.pixels().iter().all(|&v| v == 0), "below black in 16 bits");
        assert_eq!(check(8, None, LevelRange::Full).unwrap().pixels()[16], 16);
    }

    #[test]
    fn white_is_white_in_any_depth() {
        for bits in [8u8, 10, 16] {
            let white = 235u32 << (bits - 8);
            let frame = Frame::new(SIZE, vec![white as u16; SIZE.area()], bits, Photometric::Monochrome2);
            assert_eq!(u32::from(spread(&frame.unwrap()).unwrap().pixels()[0]), (1u32 << bits) - 1);
        }
    }
}
