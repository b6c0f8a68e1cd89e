//! Drawing in units that a larger picture enlarges.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;
use embedded_graphics::text::Alignment;

use super::Surface;
use super::palette::Ink;
use super::text::{self, Face};

/// How large groups are drawn: pixels to a unit, and the faces that go with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    tenths: i32,
    pub small: Face,
    pub body: Face,
    pub strong: Face,
    pub big: Face,
}

impl Scale {
    /// One pixel to a unit: the operator screen.
    pub const SCREEN: Self = Self {
        tenths: 10,
        small: Face::Regular10,
        body: Face::Regular12,
        strong: Face::Bold12,
        big: Face::Bold24,
    };
    /// One and a half pixels to a unit: the caption of a large overlay.
    pub const LARGE: Self = Self {
        tenths: 15,
        small: Face::Regular14,
        body: Face::Regular18,
        strong: Face::Bold18,
        big: Face::Bold24,
    };

    /// Units in pixels.
    pub fn px(self, units: i32) -> i32 {
        units * self.tenths / 10
    }
}

/// A place to draw from; coordinates are units right of it and below it.
#[derive(Debug)]
pub struct Pen<'a, S> {
    pub surface: &'a mut S,
    pub scale: Scale,
    pub origin: Point,
}

impl<'a, S: Surface> Pen<'a, S> {
    pub fn new(surface: &'a mut S, scale: Scale, origin: Point) -> Self {
        Self { surface, scale, origin }
    }

    /// A pen at (`x`, `y`).
    pub fn at(&mut self, x: i32, y: i32) -> Pen<'_, S> {
        let origin = self.place(x, y);
        Pen { surface: &mut *self.surface, scale: self.scale, origin }
    }

    /// (`x`, `y`) in pixels of the surface.
    pub fn place(&self, x: i32, y: i32) -> Point {
        self.origin + Point::new(self.scale.px(x), self.scale.px(y))
    }

    /// A line of text that begins at (`x`, baseline `y`).
    pub fn text(&mut self, x: i32, y: i32, words: &str, face: Face, ink: Ink) -> Result<(), S::Error> {
        let at = self.place(x, y);
        text::write(self.surface, words, at, face, ink, Alignment::Left)
    }

    /// A line of text that ends at (`x`, baseline `y`).
    pub fn text_to(&mut self, x: i32, y: i32, words: &str, face: Face, ink: Ink) -> Result<(), S::Error> {
        let at = self.place(x, y);
        text::write(self.surface, words, at, face, ink, Alignment::Right)
    }

    /// Lines of text no wider than `width`, the first baseline at `y`; returns the units below the last line.
    pub fn paragraph(
        &mut self,
        (y, width): (i32, i32),
        words: &str,
        face: Face,
        ink: Ink,
        lines_max: usize,
    ) -> Result<i32, S::Error> {
        let lines = text::wrapped(words, face, self.scale.px(width), lines_max);
        let mut at = self.place(0, y);
        for line in &lines {
            text::write(self.surface, line, at, face, ink, Alignment::Left)?;
            at.y += face.line_height();
        }
        Ok((at.y - self.origin.y) * 10 / self.scale.tenths)
    }

    /// A filled rectangle of `width` x `height` units; both at least one pixel.
    pub fn fill(
        &mut self,
        x: i32,
        y: i32,
        (width, height): (i32, i32),
        colour: Rgb888,
    ) -> Result<(), S::Error> {
        let size = Size::new(self.scale.px(width).max(1) as u32, self.scale.px(height).max(1) as u32);
        let area = Rectangle::new(self.place(x, y), size);
        self.surface.fill_solid(&area, colour)
    }

    /// A rectangle's border, one unit thick.
    pub fn frame(
        &mut self,
        x: i32,
        y: i32,
        (width, height): (i32, i32),
        colour: Rgb888,
    ) -> Result<(), S::Error> {
        self.fill(x, y, (width, 1), colour)?;
        self.fill(x, y + height - 1, (width, 1), colour)?;
        self.fill(x, y, (1, height), colour)?;
        self.fill(x + width - 1, y, (1, height), colour)
    }
}
