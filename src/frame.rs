//! A radiograph as it came: grey pixel values, how many bits they use, and how they are to be shown.
//!
//! Pixel values stay as stored: window level and the inversion of MONOCHROME1 belong to `preprocess`,
//! in that order, because a window is given in stored values.
//! This module does not know where a frame came from.

use crate::board::Area;
use crate::identity::Identity;
use crate::person::Person;
use crate::units::PixelSize;

/// Shorter side below which nothing can be read; the network sees 256 pixels.
pub const SIDE_MIN_PX: u32 = 64;
/// Longer side above which no flat-panel detector goes (43 cm at 50 µm is 8,600).
pub const SIDE_MAX_PX: u32 = 10_000;
/// Pixels of the largest radiograph taken: bounds memory at 2 bytes each.
pub const AREA_MAX_PX: usize = 40_000_000;

/// What cannot be a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// smaller than a radiograph can be
    #[error("{0} pixels is too small for a radiograph: each side needs at least {SIDE_MIN_PX}")]
    TooSmall(PixelSize),
    /// larger than any detector
    #[error(
        "{0} pixels is too large for a radiograph: at most {SIDE_MAX_PX} a side and {AREA_MAX_PX} in all; scale it down"
    )]
    TooLarge(PixelSize),
    /// pixel count and size disagree
    #[error("{size} needs {} pixels, but {got} came", .size.area())]
    PixelCount { size: PixelSize, got: usize },
    /// bits stored outside 1..=16
    #[error("{0} bits a pixel are not supported: 1 to 16 are")]
    Bits(u8),
}

impl FrameError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooSmall(_) => "frame_too_small",
            Self::TooLarge(_) => "frame_too_large",
            Self::PixelCount { .. } => "frame_pixel_count",
            Self::Bits(_) => "frame_bits",
        }
    }
}

/// How stored values map to brightness (DICOM PS3.3, C.7.6.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Photometric {
    /// The lowest value is shown white.
    Monochrome1,
    /// The lowest value is shown black.
    Monochrome2,
}

/// A linear window in stored pixel values (DICOM PS3.3, C.11.2.1.2): `width` >= 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowLevel {
    pub center: f32,
    pub width: f32,
}

/// The DICOM object that a radiograph came in, by UIDs: enough to refer to it, and nothing of who was examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectReference {
    study: String,
    series: String,
    class: String,
    instance: String,
}

impl ObjectReference {
    /// Longest UID (DICOM PS3.5, 9.1).
    pub const UID_BYTES_MAX: usize = 64;

    /// UIDs of study, series, class and instance; `None` unless each is 1 to 64 digits and dots.
    pub fn new(uids: [&str; 4]) -> Option<Self> {
        let is_uid = |uid: &&str| {
            (1..=Self::UID_BYTES_MAX).contains(&uid.len())
                && uid.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        };
        let [study, series, class, instance] = uids.iter().all(is_uid).then(|| uids.map(String::from))?;
        Some(Self { study, series, class, instance })
    }

    /// UIDs of study, series, class and instance.
    pub fn uids(&self) -> [&str; 4] {
        [&self.study, &self.series, &self.class, &self.instance]
    }
}

/// Values that a pixel of 16 bits can have.
pub const VALUES: usize = 1 << 16;

/// How many pixels have each stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram(Box<[u32; VALUES]>);

impl Histogram {
    /// Of all pixels, by value; no frame has so many pixels that one count overflows.
    pub fn of(pixels: &[u16]) -> Self {
        let mut counts = Box::new([0; VALUES]);
        // In fours, so that counting the pixels costs little beside counting their values.
        let (fours, rest) = pixels.as_chunks::<4>();
        for four in fours {
            four.iter().for_each(|&v| counts[usize::from(v)] += 1);
        }
        rest.iter().for_each(|&v| counts[usize::from(v)] += 1);
        Self(counts)
    }

    pub fn counts(&self) -> &[u32] {
        &*self.0
    }
}

/// One radiograph's grey pixels, row-major, from the upper left.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    size: PixelSize,
    pixels: Vec<u16>,
    bits_stored: u8,
    photometric: Photometric,
    window: Option<WindowLevel>,
    object: Option<Box<ObjectReference>>,
    person: Option<Person>,
    identity: Option<Box<Identity>>,
}

impl Frame {
    /// A frame of `size`; `pixels` are row-major, `bits_stored` of each are used (1..=16).
    ///
    /// Fails when the size is outside [`check_size`]'s bounds or does not match the number of pixels.
    pub fn new(
        size: PixelSize,
        pixels: Vec<u16>,
        bits_stored: u8,
        photometric: Photometric,
    ) -> Result<Self, FrameError> {
        check_size(size)?;
        if pixels.len() != size.area() {
            return Err(FrameError::PixelCount { size, got: pixels.len() });
        }
        if !(1..=16).contains(&bits_stored) {
            return Err(FrameError::Bits(bits_stored));
        }
        Ok(Self {
            size,
            pixels,
            bits_stored,
            photometric,
            window: None,
            object: None,
            person: None,
            identity: None,
        })
    }

    /// A frame from 8-bit grey, lowest value black.
    pub fn from_grey8(size: PixelSize, pixels: &[u8]) -> Result<Self, FrameError> {
        Self::new(size, pixels.iter().map(|&p| p.into()).collect(), 8, Photometric::Monochrome2)
    }

    /// The same frame with the window level that its file asks for.
    pub fn with_window(mut self, window: Option<WindowLevel>) -> Self {
        self.window = window.filter(|w| w.width >= 1.0 && w.center.is_finite() && w.width.is_finite());
        self
    }

    /// The same frame with the DICOM object that it came in.
    pub fn with_object(mut self, object: Option<ObjectReference>) -> Self {
        self.object = object.map(Box::new);
        self
    }

    /// The same frame with who was examined.
    pub fn with_person(mut self, person: Option<Person>) -> Self {
        self.person = person;
        self
    }

    /// The same frame with what its file says of patient and study.
    pub fn with_identity(mut self, identity: Option<Identity>) -> Self {
        self.identity = identity.map(Box::new);
        self
    }

    /// The part of it that `area` names, with what was said of the whole; fails where it is none, or too small.
    pub fn part(&self, area: Area) -> Result<Self, FrameError> {
        let [left, top, width, height] =
            [area.left, area.top, area.size.width, area.size.height].map(|side| side as usize);
        let rows = self.pixels.chunks_exact(self.size.width as usize).skip(top).take(height);
        let pixels = rows.filter_map(|row| row.get(left..left + width)).flatten().copied().collect();
        Ok(Self::new(area.size, pixels, self.bits_stored, self.photometric)?.with_window(self.window))
    }

    pub fn size(&self) -> PixelSize {
        self.size
    }

    /// Stored values, row-major.
    pub fn pixels(&self) -> &[u16] {
        &self.pixels
    }

    pub fn histogram(&self) -> Histogram {
        Histogram::of(&self.pixels)
    }

    pub fn bits_stored(&self) -> u8 {
        self.bits_stored
    }

    pub fn photometric(&self) -> Photometric {
        self.photometric
    }

    pub fn window(&self) -> Option<WindowLevel> {
        self.window
    }

    /// Patient data: for a sealed record, and for objects that are made of the reading.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_deref()
    }

    pub fn object(&self) -> Option<&ObjectReference> {
        self.object.as_deref()
    }

    /// `None` where its file does not say, or not surely enough.
    pub fn person(&self) -> Option<Person> {
        self.person
    }
}

/// Whether a radiograph may have this size; ask before allocating.
pub fn check_size(size: PixelSize) -> Result<(), FrameError> {
    if size.width < SIDE_MIN_PX || size.height < SIDE_MIN_PX {
        return Err(FrameError::TooSmall(size));
    }
    if size.width > SIDE_MAX_PX || size.height > SIDE_MAX_PX || size.area() > AREA_MAX_PX {
        return Err(FrameError::TooLarge(size));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_pixel_is_no_radiograph() {
        let size = PixelSize::new(1, 1);
        assert_eq!(Frame::from_grey8(size, &[0]), Err(FrameError::TooSmall(size)));
    }

    #[test]
    fn a_huge_header_is_refused_before_its_pixels() {
        let size = PixelSize::new(20_000, 20_000);
        assert_eq!(check_size(size), Err(FrameError::TooLarge(size)));
    }

    #[test]
    fn missing_pixels_are_counted() {
        let size = PixelSize::new(64, 64);
        assert_eq!(Frame::from_grey8(size, &[0; 10]), Err(FrameError::PixelCount { size, got: 10 }));
    }
}
