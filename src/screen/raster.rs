//! How a device lays out its pixels, and a picture's rows in that form.

use super::Canvas;
use super::damage::Patch;
use crate::units::{PixelSize, Turn};

/// Where one colour stands in a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// Lowest bit.
    pub offset: u32,
    /// Bits, 1 to 8.
    pub length: u32,
}

impl Channel {
    fn holds(self, value: u8) -> u32 {
        u32::from(value) >> (8 - self.length) << self.offset
    }

    /// Whether it lies inside a pixel of `bits`.
    fn is_inside(self, bits: u32) -> bool {
        (1..=8).contains(&self.length) && self.offset <= bits - self.length.min(bits)
    }
}

/// The form of one pixel, its lowest byte first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelForm {
    /// 2, 3 or 4.
    bytes: usize,
    red: Channel,
    green: Channel,
    blue: Channel,
    /// Bits that are set in every pixel, such as those of opacity.
    always: u32,
}

impl PixelForm {
    /// 32 bits: blue, green, red, nothing.
    pub const XRGB8888: Self = Self {
        bytes: 4,
        red: Channel { offset: 16, length: 8 },
        green: Channel { offset: 8, length: 8 },
        blue: Channel { offset: 0, length: 8 },
        always: 0,
    };

    /// `None` unless a pixel has 16, 24 or 32 bits and every colour lies inside.
    pub fn new(bits: u32, [red, green, blue]: [Channel; 3], opacity: Channel) -> Option<Self> {
        let whole = [16, 24, 32].contains(&bits) && [red, green, blue].iter().all(|c| c.is_inside(bits));
        let always = if opacity.is_inside(bits) { opacity.holds(u8::MAX) } else { 0 };
        whole.then_some(Self { bytes: bits as usize / 8, red, green, blue, always })
    }

    fn put(self, [red, green, blue]: [u8; 3], out: &mut [u8]) {
        let value = self.red.holds(red) | self.green.holds(green) | self.blue.holds(blue) | self.always;
        out.copy_from_slice(&value.to_le_bytes()[..self.bytes]);
    }
}

/// A device's pixels in its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raster {
    /// As the device is wired.
    pub size: PixelSize,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Bytes before the first pixel.
    pub start: usize,
    pub form: PixelForm,
}

impl Raster {
    /// Whether its rows lie inside `bytes` of memory and not over each other.
    pub fn fits(&self, bytes: usize) -> bool {
        let row = self.size.width as usize * self.form.bytes;
        let rows = self.stride.checked_mul(self.size.height as usize - 1);
        let end = rows.and_then(|r| r.checked_add(row)?.checked_add(self.start));
        row <= self.stride && end.is_some_and(|end| end <= bytes)
    }

    /// Whether each row begins where the one before ends.
    pub fn is_seamless(&self) -> bool {
        self.stride == self.size.width as usize * self.form.bytes
    }

    /// Gives `put` the rows of `patch` of a picture that is turned onto the device: where each goes, and its bytes.
    ///
    /// `patch` is the picture's; the picture has the device's size once it is turned.
    pub fn rows<E>(
        &self,
        picture: &Canvas,
        turn: Turn,
        patch: Patch,
        mut put: impl FnMut(usize, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let there = patch.turned(turn, picture.size());
        let mut row = vec![0; there.width as usize * self.form.bytes];
        for y in there.top..there.top + there.height {
            let pixels = turned_row(picture, turn, there.left, y);
            for (out, pixel) in row.chunks_exact_mut(self.form.bytes).zip(pixels) {
                self.form.put(pixel, out);
            }
            let at = self.start + y as usize * self.stride + there.left as usize * self.form.bytes;
            put(at, &row)?;
        }
        Ok(())
    }
}

/// The pixels of a turned picture from column `x` of row `y` on.
pub fn turned_row(picture: &Canvas, turn: Turn, x: u32, y: u32) -> impl Iterator<Item = [u8; 3]> + '_ {
    let (w, h) = (picture.size().width as isize, picture.size().height as isize);
    let (x, y) = (x as isize, y as isize);
    let (first, step) = match turn {
        Turn::None => (y * w + x, 1),
        Turn::Quarter => ((h - 1 - x) * w + y, -w),
        Turn::Half => ((h - 1 - y) * w + w - 1 - x, -1),
        Turn::ThreeQuarters => (x * w + w - 1 - y, w),
    };
    let bytes = picture.bytes();
    let pixel = move |k: isize| {
        let at = usize::try_from(first + k * step).ok()? * 3;
        bytes.get(at..at + 3).map(|p| [p[0], p[1], p[2]])
    };
    (0..).map_while(pixel)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use embedded_graphics::Pixel;
    use embedded_graphics::pixelcolor::Rgb888;
    use embedded_graphics::prelude::{DrawTarget, Point};

    use super::*;

    const RGB565: [Channel; 3] = [
        Channel { offset: 11, length: 5 },
        Channel { offset: 5, length: 6 },
        Channel { offset: 0, length: 5 },
    ];
    const NONE: Channel = Channel { offset: 0, length: 0 };

    /// A picture of 3 x 2 whose pixels have red 1 to 6.
    fn picture() -> Canvas {
        let mut picture = Canvas::new(PixelSize::new(3, 2), Rgb888::new(0, 0, 0));
        let pixel = |k: i32| Pixel(Point::new(k % 3, k / 3), Rgb888::new(k as u8 + 1, 0, 0));
        picture.draw_iter((0..6).map(pixel)).unwrap();
        picture
    }

    /// The device's memory after all of the picture was put there turned.
    fn turned(turn: Turn) -> Vec<u8> {
        let picture = picture();
        let size = turn.turned(picture.size());
        let mut reds = Vec::new();
        for y in 0..size.height {
            reds.extend(turned_row(&picture, turn, 0, y).take(size.width as usize).map(|p| p[0]));
        }
        reds
    }

    #[test]
    fn turns_go_clockwise() {
        assert_eq!(turned(Turn::None), [1, 2, 3, 4, 5, 6]);
        assert_eq!(turned(Turn::Quarter), [4, 1, 5, 2, 6, 3]);
        assert_eq!(turned(Turn::Half), [6, 5, 4, 3, 2, 1]);
        assert_eq!(turned(Turn::ThreeQuarters), [3, 6, 2, 5, 1, 4]);
    }

    #[test]
    fn pixels_have_the_device_s_form() {
        let rgb565 = PixelForm::new(16, RGB565, NONE).unwrap();
        let mut out = [0; 2];
        rgb565.put([0xff, 0x82, 0x08], &mut out);
        assert_eq!(u16::from_le_bytes(out), 31 << 11 | 32 << 5 | 1);
        let opaque = PixelForm::new(
            32,
            [16, 8, 0].map(|offset| Channel { offset, length: 8 }),
            Channel { offset: 24, length: 8 },
        );
        let mut out = [0; 4];
        opaque.unwrap().put([1, 2, 3], &mut out);
        assert_eq!(out, [3, 2, 1, 255]);
    }

    #[test]
    fn what_is_no_true_colour_is_refused() {
        assert_eq!(PixelForm::new(8, RGB565, NONE), None);
        assert_eq!(PixelForm::new(16, [Channel { offset: 12, length: 5 }, RGB565[1], RGB565[2]], NONE), None);
        assert_eq!(PixelForm::new(32, [NONE; 3], NONE), None);
    }

    #[test]
    fn rows_keep_to_stride_and_start() {
        let raster = Raster {
            size: PixelSize::new(3, 2),
            stride: 10,
            start: 4,
            form: PixelForm::new(16, RGB565, NONE).unwrap(),
        };
        let mut places = Vec::new();
        let patch = Patch { left: 1, top: 0, width: 2, height: 2 };
        let put = |at: usize, row: &[u8]| {
            places.push((at, row.len()));
            Ok::<(), Infallible>(())
        };
        raster.rows(&picture(), Turn::None, patch, put).unwrap();
        assert_eq!(places, [(6, 4), (16, 4)]);
        assert!(raster.fits(20) && !raster.fits(19));
        assert!(!Raster { stride: 5, ..raster }.fits(1_000));
        assert!(!Raster { stride: usize::MAX, ..raster }.fits(1_000));
    }
}
