//! An area to draw on: text and marks placed from its upper start corner, mirrored where the language runs from right
//! to left. Text that does not fit is made smaller, down to the least size that can be read, and only then cut; what was
//! cut is remembered, so that a test can say so.

use std::cell::{Cell, RefCell};

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, Point, Size};
use embedded_graphics::primitives::Rectangle;

use super::Surface;
use super::language::Words;
use super::layout::{Sizes, area};
use super::options::Options;
use super::palette::{Colours, Ink};
use super::text::{self, Align, Face, Writing};

/// Sizes at which words that do not fit are tried, each so many hundredths smaller.
pub const SHRINKS: i32 = 10;
const SHRINK: i32 = 6;
/// Cut texts that are remembered: more than a screen has.
const CUTS_MAX: usize = 100;

/// What everything on one screen has in common.
#[derive(Debug)]
pub struct Look {
    pub options: Options,
    pub words: &'static Words,
    pub colours: &'static Colours,
    pub sizes: Sizes,
    pub right_to_left: bool,
    /// First row that text may not reach, and what had to be cut.
    floor: Cell<i32>,
    cuts: RefCell<Vec<String>>,
}

impl Look {
    pub fn new(options: Options, sizes: Sizes) -> Self {
        Self {
            options,
            words: Words::of(options.language),
            colours: options.palette.colours(),
            sizes,
            right_to_left: options.language.right_to_left(),
            floor: Cell::new(i32::MAX),
            cuts: RefCell::default(),
        }
    }

    pub fn small(&self) -> Face {
        Face::regular(self.sizes.small)
    }

    pub fn body(&self) -> Face {
        Face::regular(self.sizes.body)
    }

    pub fn strong(&self) -> Face {
        Face::bold(self.sizes.body)
    }

    pub fn title(&self) -> Face {
        Face::bold(self.sizes.title)
    }

    /// From now on text that reaches row `floor` counts as cut.
    pub fn set_floor(&self, floor: i32) {
        self.floor.set(floor);
    }

    /// Texts that were cut since this was last asked.
    pub fn take_cuts(&self) -> Vec<String> {
        self.cuts.take()
    }

    /// `face`, or the largest below it in which `words` fit `width`; not below the least.
    pub fn fitted(&self, words: &str, face: Face, width: i32) -> Face {
        let needed = text::width(words, face);
        if needed <= width {
            return face;
        }
        let least = self.sizes.least.min(face.px);
        let smaller = |px: i32| face.with_px(px.clamp(least, face.px));
        let guess = smaller((face.px * width.max(0)).div_euclid(needed.max(1)));
        if text::width(words, guess) <= width { guess } else { smaller(guess.px - 1) }
    }

    /// `face` smaller by so many of [`SHRINKS`], not below the least.
    pub fn smaller(&self, face: Face, steps: i32) -> Face {
        face.with_px((face.px * (100 - SHRINK * steps) / 100).max(self.sizes.least.min(face.px)))
    }

    pub fn note(&self, words: &str) {
        let mut cuts = self.cuts.borrow_mut();
        if cuts.len() < CUTS_MAX {
            cuts.push(words.to_owned());
        }
    }
}

/// A part of a surface.
#[derive(Debug)]
pub struct Sheet<'a, S> {
    pub surface: &'a mut S,
    pub look: &'a Look,
    pub area: Rectangle,
}

impl<'a, S: Surface> Sheet<'a, S> {
    pub fn new(surface: &'a mut S, look: &'a Look, area: Rectangle) -> Self {
        Self { surface, look, area }
    }

    /// What `draw` returns on a sheet of this size without drawing anything; `None` where a text would be cut.
    pub fn measured<T>(
        &self,
        draw: impl FnOnce(&mut Sheet<'_, Nothing>) -> Result<T, std::convert::Infallible>,
    ) -> Option<T> {
        let kept = self.look.take_cuts();
        let Ok(result) = draw(&mut Sheet::new(&mut Nothing, self.look, self.area));
        let whole = self.look.take_cuts().is_empty();
        kept.iter().for_each(|k| self.look.note(k));
        whole.then_some(result)
    }

    pub fn width(&self) -> i32 {
        self.area.size.width as i32
    }

    pub fn height(&self) -> i32 {
        self.area.size.height as i32
    }

    /// Units in pixels.
    pub fn px(&self, units: i32) -> i32 {
        self.look.sizes.px(units)
    }

    /// The part `width` x `height` that begins `x` from the start edge and `y` from the top.
    pub fn place(&self, x: i32, y: i32, width: i32, height: i32) -> Rectangle {
        let left = if self.look.right_to_left { self.width() - x - width } else { x };
        area(self.area.top_left.x + left, self.area.top_left.y + y, width, height)
    }

    pub fn part(&mut self, x: i32, y: i32, width: i32, height: i32) -> Sheet<'_, S> {
        let area = self.place(x, y, width, height);
        Sheet { surface: &mut *self.surface, look: self.look, area }
    }

    /// All that lies below `y`.
    pub fn below(&mut self, y: i32) -> Sheet<'_, S> {
        let (width, height) = (self.width(), self.height() - y);
        self.part(0, y, width, height)
    }

    /// A filled rectangle; at least one pixel each way.
    pub fn fill(&mut self, x: i32, y: i32, (w, h): (i32, i32), colour: Rgb888) -> Result<(), S::Error> {
        let area = self.place(x, y, w.max(1), h.max(1));
        self.surface.fill_solid(&area, colour)
    }

    /// A rectangle's border.
    pub fn frame(&mut self, x: i32, y: i32, (w, h): (i32, i32), colour: Rgb888) -> Result<(), S::Error> {
        let line = self.px(1).max(1);
        self.fill(x, y, (w, line), colour)?;
        self.fill(x, y + h - line, (w, line), colour)?;
        self.fill(x, y, (line, h), colour)?;
        self.fill(x + w - line, y, (line, h), colour)
    }

    /// A line at the start edge with its top at `y`; returns the row below it.
    pub fn line(&mut self, y: i32, words: &str, face: Face, ink: Ink) -> Result<i32, S::Error> {
        let width = self.width();
        self.write((0, width), y + face.ascent(), words, face, ink, Place::Start)?;
        Ok(y + face.line_height())
    }

    /// A line of large text without the room between lines.
    pub fn tight(&mut self, y: i32, words: &str, face: Face, ink: Ink) -> Result<i32, S::Error> {
        let width = self.width();
        self.write((0, width), y + tight_ascent(face), words, face, ink, Place::Start)?;
        Ok(y + tight_height(face))
    }

    pub fn centred(&mut self, y: i32, words: &str, face: Face, ink: Ink) -> Result<i32, S::Error> {
        let width = self.width();
        self.write((0, width), y + face.ascent(), words, face, ink, Place::Middle)?;
        Ok(y + face.line_height())
    }

    /// A name at the start edge and its value at the end edge; the name is what gives way.
    pub fn pair(
        &mut self,
        y: i32,
        name: (&str, Face, Ink),
        value: (&str, Face, Ink),
    ) -> Result<i32, S::Error> {
        let (width, gap) = (self.width(), self.px(8).max(5));
        let value_face = self.look.fitted(value.0, value.1, width * 3 / 4);
        let taken = text::width(value.0, value_face).min(width);
        let tall = name.1.px.max(value_face.px);
        let baseline = y + name.1.with_px(tall).ascent();
        self.write((width - taken, taken), baseline, value.0, value_face, value.2, Place::End)?;
        self.write((0, width - taken - gap), baseline, name.0, name.1, name.2, Place::Start)?;
        Ok(y + name.1.with_px(tall).line_height())
    }

    /// Lines of text, the first with its top at `y`: made smaller until they are no more than `lines_max`, then cut;
    /// returns the row below the last line.
    pub fn paragraph(
        &mut self,
        y: i32,
        words: &str,
        face: Face,
        ink: Ink,
        lines_max: usize,
    ) -> Result<i32, S::Error> {
        let width = self.width();
        let least = self.look.sizes.least.min(face.px);
        let tried = (least..=face.px).rev().map(|px| face.with_px(px));
        let found = tried.map(|f| (f, text::wrapped(words, f, width, lines_max))).find(|(_, (_, cut))| !cut);
        let (face, (lines, cut)) = found.unwrap_or_else(|| {
            let face = face.with_px(least);
            (face, text::wrapped(words, face, width, lines_max))
        });
        if cut {
            self.look.note(words);
        }
        lines.iter().try_fold(y, |y, line| self.line(y, line, face, ink))
    }

    /// Writes a line inside `width` pixels from `x` off the start edge, smaller or cut where it does not fit.
    pub fn write(
        &mut self,
        (x, width): (i32, i32),
        baseline: i32,
        words: &str,
        face: Face,
        ink: Ink,
        place: Place,
    ) -> Result<(), S::Error> {
        let face = self.look.fitted(words, face, width);
        let (shown, cut) = text::cut(words, face, width);
        if cut {
            self.look.note(words);
        }
        let rtl = self.look.right_to_left;
        let room = self.place(x, baseline, width, 0);
        if room.top_left.y + face.px / 4 > self.look.floor.get() {
            self.look.note(words);
        }
        let (left, right) = (room.top_left.x, room.top_left.x + width);
        let (at, align) = match (place, rtl) {
            (Place::Middle, _) => ((left + right) / 2, Align::Centre),
            (Place::Start, false) | (Place::End, true) => (left, Align::Left),
            (Place::End, false) | (Place::Start, true) => (right, Align::Right),
        };
        let writing = Writing { face, ink, align, right_to_left: rtl };
        text::write(self.surface, &shown, Point::new(at, room.top_left.y), writing)
    }
}

/// Where a line stands in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Start,
    Middle,
    End,
}

/// Pixels from the top of a tight line to its baseline.
pub fn tight_ascent(face: Face) -> i32 {
    (face.px * 92 + 50) / 100
}

/// Height of a tight line.
pub fn tight_height(face: Face) -> i32 {
    (face.px * 122 + 50) / 100
}

/// A surface without pixels: drawing on it says how much room something takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl OriginDimensions for Nothing {
    fn size(&self) -> Size {
        Size::zero()
    }
}

impl DrawTarget for Nothing {
    type Color = Rgb888;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, _: I) -> Result<(), Self::Error> {
        Ok(())
    }

    fn fill_contiguous<I: IntoIterator<Item = Rgb888>>(
        &mut self,
        _: &Rectangle,
        _: I,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    fn fill_solid(&mut self, _: &Rectangle, _: Rgb888) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::options::Language;

    fn look(language: Language) -> Look {
        Look::new(Options { language, ..Options::default() }, Sizes::of(1000))
    }

    #[test]
    fn text_that_does_not_fit_is_made_smaller_and_only_then_cut() {
        let look = look(Language::English);
        let mut nothing = Nothing;
        let room = text::width("Moderate", Face::bold(20));
        let mut sheet = Sheet::new(&mut nothing, &look, area(0, 0, room, 100));
        let ink = look.colours.plain();
        sheet.line(0, "Moderate", Face::bold(40), ink).unwrap();
        assert_eq!(look.take_cuts(), Vec::<String>::new());
        sheet.line(0, "Moderate and far more than that", Face::bold(40), ink).unwrap();
        assert_eq!(look.take_cuts().len(), 1);
    }

    #[test]
    fn places_are_mirrored_from_right_to_left() {
        let mut nothing = Nothing;
        let (english, arabic) = (look(Language::English), look(Language::Arabic));
        let whole = area(10, 5, 100, 50);
        let place = |look| Sheet::new(&mut Nothing, look, whole).place(0, 2, 30, 4);
        assert_eq!((place(&english), place(&arabic)), (area(10, 7, 30, 4), area(80, 7, 30, 4)));
        assert_eq!(Sheet::new(&mut nothing, &arabic, whole).below(20).area, area(10, 25, 100, 30));
    }
}
