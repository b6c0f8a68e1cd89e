//! An RGB picture in memory: what overlays are made of, and a fast target for everything drawn.

use std::convert::Infallible;

use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Point, Size};
use embedded_graphics::primitives::{PointsIter, Rectangle};
use embedded_graphics::{Pixel, geometry::Dimensions};

use super::colour_map::blend;
use crate::units::PixelSize;

/// Bytes of a pixel.
const BYTES: usize = 3;
/// Bytes that are painted at once: whole pixels, and whole words of every processor.
const BLOCK: usize = 16 * BYTES;

/// Pixels of 8-bit red, green and blue, row-major from the upper left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbPicture {
    size: PixelSize,
    bytes: Vec<u8>,
}

impl RgbPicture {
    /// A picture of one colour.
    pub fn new(size: PixelSize, colour: Rgb888) -> Self {
        let mut picture = Self { size, bytes: vec![0; size.area() * BYTES] };
        picture.fill(colour);
        picture
    }

    /// A grey picture; `None` unless `grey` has one byte for each pixel.
    pub fn from_grey(size: PixelSize, grey: &[u8]) -> Option<Self> {
        let mut bytes = vec![0; grey.len() * BYTES];
        let (pixels, _) = bytes.as_chunks_mut::<BYTES>();
        pixels.iter_mut().zip(grey).for_each(|(pixel, &v)| *pixel = [v; BYTES]);
        (grey.len() == size.area()).then_some(Self { size, bytes })
    }

    pub fn size(&self) -> PixelSize {
        self.size
    }

    /// Red, green, blue of each pixel, row-major.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The colour of one pixel; `None` outside the picture.
    pub fn pixel(&self, at: Point) -> Option<Rgb888> {
        let k = self.offset(at)?;
        Some(Rgb888::new(self.bytes[k], self.bytes[k + 1], self.bytes[k + 2]))
    }

    /// Lays `colour` over pixel number `index` (row-major), hiding `opacity` of it.
    pub fn lay(&mut self, index: usize, colour: Rgb888, opacity: f32) {
        let k = index * BYTES;
        let under = Rgb888::new(self.bytes[k], self.bytes[k + 1], self.bytes[k + 2]);
        self.set(k, blend(under, colour, opacity));
    }

    /// All colours, row-major: what `fill_contiguous` takes.
    pub fn colours(&self) -> impl Iterator<Item = Rgb888> + '_ {
        self.bytes.as_chunks::<BYTES>().0.iter().map(|c| Rgb888::new(c[0], c[1], c[2]))
    }

    fn fill(&mut self, colour: Rgb888) {
        paint(&mut self.bytes, colour);
    }

    fn offset(&self, at: Point) -> Option<usize> {
        let (x, y) = (u32::try_from(at.x).ok()?, u32::try_from(at.y).ok()?);
        let inside = x < self.size.width && y < self.size.height;
        inside.then(|| (y as usize * self.size.width as usize + x as usize) * BYTES)
    }

    fn set(&mut self, offset: usize, c: Rgb888) {
        self.bytes[offset..offset + BYTES].copy_from_slice(&[c.r(), c.g(), c.b()]);
    }

    /// The bytes of row `y` from column `x` on, `width` pixels.
    fn row(&mut self, x: i32, y: i32, width: u32) -> &mut [u8] {
        let start = (y as usize * self.size.width as usize + x as usize) * BYTES;
        &mut self.bytes[start..start + width as usize * BYTES]
    }
}

/// Makes all pixels of `bytes` one colour.
fn paint(bytes: &mut [u8], c: Rgb888) {
    let pixel = [c.r(), c.g(), c.b()];
    let (blocks, rest) = bytes.as_chunks_mut::<BLOCK>();
    blocks.fill(std::array::from_fn(|k| pixel[k % BYTES]));
    rest.as_chunks_mut::<BYTES>().0.fill(pixel);
}

impl OriginDimensions for RgbPicture {
    fn size(&self) -> Size {
        Size::new(self.size.width, self.size.height)
    }
}

impl DrawTarget for RgbPicture {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            if let Some(k) = self.offset(at) {
                self.set(k, colour);
            }
        }
        Ok(())
    }

    fn fill_contiguous<I: IntoIterator<Item = Rgb888>>(
        &mut self,
        area: &Rectangle,
        colours: I,
    ) -> Result<(), Infallible> {
        let inside = area.intersection(&self.bounding_box());
        if inside != *area {
            return self.draw_iter(area.points().zip(colours).map(|(p, c)| Pixel(p, c)));
        }
        let mut colours = colours.into_iter();
        for y in area.rows() {
            let (pixels, _) = self.row(area.top_left.x, y, area.size.width).as_chunks_mut::<BYTES>();
            for (pixel, c) in pixels.iter_mut().zip(&mut colours) {
                *pixel = [c.r(), c.g(), c.b()];
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, c: Rgb888) -> Result<(), Infallible> {
        let inside = area.intersection(&self.bounding_box());
        for y in inside.rows() {
            paint(self.row(inside.top_left.x, y, inside.size.width), c);
        }
        Ok(())
    }

    fn clear(&mut self, colour: Rgb888) -> Result<(), Infallible> {
        self.fill(colour);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Rgb888 = Rgb888::RED;

    fn red_pixels(p: &RgbPicture) -> Vec<usize> {
        p.colours().enumerate().filter(|(_, c)| *c == RED).map(|(i, _)| i).collect()
    }

    fn blank() -> RgbPicture {
        RgbPicture::new(PixelSize::new(4, 3), Rgb888::BLACK)
    }

    #[test]
    fn an_area_over_the_edge_is_clipped() {
        let mut p = blank();
        p.fill_solid(&Rectangle::new(Point::new(3, 1), Size::new(9, 9)), RED).unwrap();
        assert_eq!(red_pixels(&p), [7, 11]);
        p.fill_solid(&Rectangle::new(Point::new(-9, -9), Size::new(3, 3)), RED).unwrap();
        assert_eq!(red_pixels(&p).len(), 2);
    }

    #[test]
    fn contiguous_colours_keep_their_places_when_some_fall_outside() {
        let (mut inside, mut over) = (blank(), blank());
        let colours = [Rgb888::BLUE, RED, RED, Rgb888::BLUE];
        inside.fill_contiguous(&Rectangle::new(Point::new(1, 1), Size::new(2, 2)), colours).unwrap();
        assert_eq!(red_pixels(&inside), [6, 9]);
        over.fill_contiguous(&Rectangle::new(Point::new(-1, 0), Size::new(2, 2)), colours).unwrap();
        assert_eq!(red_pixels(&over), [0]);
    }

    #[test]
    fn a_grey_picture_needs_a_byte_a_pixel() {
        assert_eq!(RgbPicture::from_grey(PixelSize::new(2, 2), &[1, 2, 3]), None);
    }
}
