//! Lines of text: how wide they are, where they break, and their pixels.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::Point;

use super::Surface;
use super::colour_map::blend;
use super::palette::Ink;
use super::raster::{self, Coverage, FRACTIONS};
use super::shaper::{self, EM, FontName, Line};

/// Characters taken of any text: four times what a screen holds.
const CHARACTERS_MAX: usize = 4096;
/// What stands for the rest of a text that is cut short.
const REST: &str = "\u{2026}";
/// Shaped lines of one weight and direction that are remembered: some screens full; then all are forgotten.
const LINES_MAX: usize = 1024;
/// Drawn glyphs that are remembered, about 2 MB at the largest screen's sizes; then all are forgotten.
const GLYPHS_MAX: usize = 2048;
/// Inks whose shades are remembered: those of a palette; then all are forgotten.
const SHADES_MAX: usize = 16;

/// A weight and a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Face {
    pub bold: bool,
    /// Pixels to the em.
    pub px: i32,
}

impl Face {
    pub const fn regular(px: i32) -> Self {
        Self { bold: false, px }
    }

    pub const fn bold(px: i32) -> Self {
        Self { bold: true, px }
    }

    /// Pixels from one baseline to the next: room for the marks of Devanagari and Arabic too.
    pub fn line_height(self) -> i32 {
        (self.px * 140 + 50) / 100
    }

    /// Pixels from a line's top to its baseline.
    pub fn ascent(self) -> i32 {
        (self.px * 104 + 50) / 100
    }

    /// Height of a capital letter in pixels.
    pub fn capital_height(self) -> i32 {
        (self.px * 714 + 500) / 1000
    }

    pub fn with_px(self, px: i32) -> Self {
        Self { px, ..self }
    }
}

/// Which end of a line stands where it is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// How a line is written.
#[derive(Debug, Clone, Copy)]
pub struct Writing {
    pub face: Face,
    pub ink: Ink,
    pub align: Align,
    /// The direction of the line as a whole; numbers and Latin words keep theirs.
    pub right_to_left: bool,
}

type Lines = HashMap<String, Rc<Line>>;
type GlyphKey = (FontName, u32, i32, i32);

thread_local! {
    /// By weight and direction.
    static LINES: RefCell<[Lines; 4]> = RefCell::default();
    static GLYPHS: RefCell<HashMap<GlyphKey, Rc<Coverage>>> = RefCell::default();
    static SHADES: RefCell<Vec<(Ink, Rc<Shades>)>> = RefCell::default();
}

/// Writes one line with its baseline at `at`; clips at the target's edge.
pub fn write<S: Surface>(target: &mut S, text: &str, at: Point, writing: Writing) -> Result<(), S::Error> {
    if target.bounding_box().is_zero_sized() {
        return Ok(());
    }
    let Writing { face, ink, align, right_to_left } = writing;
    let line = shaped(text, face.bold, right_to_left);
    let width = pixels(line.width, face);
    let left = match align {
        Align::Left => 0,
        Align::Centre => -width / 2,
        Align::Right => -width,
    };
    let shades = shades(ink);
    for glyph in &line.glyphs {
        // In quarters of a pixel, so that letters stand evenly at small sizes.
        let quarters = (glyph.x * face.px * FRACTIONS + EM / 2).div_euclid(EM);
        let drawn = drawn((glyph.font, glyph.id, face.px, quarters.rem_euclid(FRACTIONS)));
        let raised = (glyph.y * face.px + EM / 2).div_euclid(EM);
        let corner = at + Point::new(left + quarters.div_euclid(FRACTIONS) + drawn.left, drawn.top - raised);
        target.draw_iter(shades.pixels(&drawn, corner))?;
    }
    Ok(())
}

/// Width of one line in pixels.
pub fn width(text: &str, face: Face) -> i32 {
    pixels(shaped(text, face.bold, false).width, face)
}

/// `text` if it fits `width_px`, else as much of it as fits with dots; and whether it was cut.
pub fn cut(text: &str, face: Face, width_px: i32) -> (String, bool) {
    let text = printable(text);
    if width(&text, face) <= width_px {
        return (text.into_owned(), false);
    }
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let fits = |&end: &usize| width(&format!("{}{REST}", text[..end].trim_end()), face) <= width_px;
    let kept = ends.partition_point(fits);
    let end = ends.get(kept.saturating_sub(1)).copied().unwrap_or(0);
    (text[..end].trim_end().to_owned() + REST, true)
}

/// `text` broken at blanks into lines of at most `width_px`; what goes past `lines_max` is cut, and then said to be.
pub fn wrapped(text: &str, face: Face, width_px: i32, lines_max: usize) -> (Vec<String>, bool) {
    let mut lines: Vec<String> = Vec::new();
    for word in printable(text).split(' ').filter(|w| !w.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), face) <= width_px => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let more = lines.len() > lines_max;
    lines.truncate(lines_max);
    if let (true, Some(last)) = (more, lines.last_mut()) {
        last.push(' ');
        last.push_str(REST);
    }
    let cut_lines: Vec<(String, bool)> = lines.iter().map(|line| cut(line, face, width_px)).collect();
    let any = more || cut_lines.iter().any(|(_, was)| *was);
    (cut_lines.into_iter().map(|(line, _)| line).collect(), any)
}

/// Without control characters; a no-break space stays one.
fn printable(text: &str) -> Cow<'_, str> {
    let is_printable = |c: char| matches!(c, ' ' | '\u{a0}') || !c.is_whitespace();
    if text.len() <= CHARACTERS_MAX && text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if is_printable(c) { c } else { ' ' };
    text.chars().take(CHARACTERS_MAX).map(shown).collect()
}

fn pixels(units: i32, face: Face) -> i32 {
    (units * face.px + EM - 1).div_euclid(EM)
}

fn shaped(text: &str, bold: bool, right_to_left: bool) -> Rc<Line> {
    let text = printable(text);
    LINES.with_borrow_mut(|lines| {
        let lines = &mut lines[usize::from(bold) + 2 * usize::from(right_to_left)];
        if let Some(line) = lines.get(text.as_ref()) {
            return Rc::clone(line);
        }
        if lines.len() >= LINES_MAX {
            lines.clear();
        }
        let line = Rc::new(shaper::line(&text, bold, right_to_left));
        lines.insert(text.into_owned(), Rc::clone(&line));
        line
    })
}

fn shades(ink: Ink) -> Rc<Shades> {
    SHADES.with_borrow_mut(|known| {
        if let Some((_, shades)) = known.iter().find(|(of, _)| *of == ink) {
            return Rc::clone(shades);
        }
        if known.len() >= SHADES_MAX {
            known.clear();
        }
        let shades = Rc::new(Shades::of(ink));
        known.push((ink, Rc::clone(&shades)));
        shades
    })
}

fn drawn(key: GlyphKey) -> Rc<Coverage> {
    GLYPHS.with_borrow_mut(|glyphs| {
        if glyphs.len() >= GLYPHS_MAX {
            glyphs.clear();
        }
        let (font, id, px, fraction) = key;
        glyphs.entry(key).or_insert_with(|| Rc::new(raster::glyph(font, id, px, fraction))).clone()
    })
}

/// All steps from an ink's ground to its text.
struct Shades([Rgb888; 256]);

impl Shades {
    fn of(ink: Ink) -> Self {
        Self(std::array::from_fn(|k| blend(ink.ground, ink.text, k as f32 / 255.0)))
    }

    /// The covered pixels of a glyph whose upper left corner lies at `corner`.
    fn pixels<'a>(&'a self, glyph: &'a Coverage, corner: Point) -> impl Iterator<Item = Pixel<Rgb888>> + 'a {
        let rows = glyph.values.chunks_exact(glyph.width.max(1) as usize);
        rows.enumerate().flat_map(move |(y, row)| {
            let covered = row.iter().enumerate().filter(|(_, v)| **v > 0);
            covered.map(move |(x, v)| Pixel(corner + Point::new(x as i32, y as i32), self.0[usize::from(*v)]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: Face = Face::regular(18);

    #[test]
    fn a_capital_is_as_tall_as_said() {
        for px in [12, 17, 30, 60] {
            let line = shaper::line("H", true, false);
            let h = raster::glyph(line.glyphs[0].font, line.glyphs[0].id, px, 0);
            let full = h.values.chunks(h.width as usize).filter(|r| r.iter().any(|v| *v > 100)).count();
            assert!((full as i32 - Face::bold(px).capital_height()).abs() <= 1, "{px}: {full}");
        }
    }

    #[test]
    fn no_wrapped_line_is_wider_than_asked() {
        let text = "One two three four five six seven Donaudampfschifffahrtsgesellschaft eight nine ten";
        for lines_max in [1, 3, 9] {
            let (lines, cut) = wrapped(text, BODY, 120, lines_max);
            assert!(lines.len() <= lines_max && lines.iter().all(|l| width(l, BODY) <= 120));
            assert!(cut);
        }
        assert_eq!(wrapped("a b", BODY, 120, 2), (vec!["a b".to_owned()], false));
        assert!(wrapped(text, BODY, 120, 2).0[1].ends_with(REST));
    }

    #[test]
    fn a_line_that_fits_is_not_cut_and_control_characters_are_blanks() {
        assert_eq!(cut("a\nb", BODY, 500), ("a b".to_owned(), false));
        let (short, was) = cut("abcdefghijklmnop", BODY, 60);
        assert!(was && width(&short, BODY) <= 60 && short.len() > 4, "{short}");
        assert_eq!(cut("abc", BODY, 1), (REST.to_owned(), true));
    }

    #[test]
    fn a_line_twice_as_large_is_twice_as_wide() {
        let (one, two) = (width("Moderate", BODY), width("Moderate", Face::regular(36)));
        assert!((two - 2 * one).abs() <= 1, "{one} {two}");
    }
}
