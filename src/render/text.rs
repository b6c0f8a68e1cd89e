//! Text in the faces that the screens use.
//!
//! Faces are Adobe's and DEC's Helvetica bitmaps of the X11 distribution, as packed by U8g2:
//! "Copyright 1984-1989, 1994 Adobe Systems Incorporated. Copyright 1988, 1994 Digital Equipment Corporation",
//! free to use, copy, modify and sell while that notice is kept
//! (<https://github.com/olikraus/u8g2/wiki/fntgrpadobex11>). They hold Latin-1; other characters become `?`.

use embedded_graphics::Drawable;
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::Point;
use embedded_graphics::text::renderer::TextRenderer;
use embedded_graphics::text::{Alignment, Baseline, Text, TextStyleBuilder};
use u8g2_fonts::{U8g2TextStyle, fonts};

use super::Surface;
use super::palette::Ink;

/// Characters taken of any text: four times what a screen holds.
const CHARACTERS_MAX: usize = 4096;
/// What stands for the rest of a text that is cut short.
const REST: &str = "...";

/// A face and its nominal size in points at 100 dots an inch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Regular10,
    Regular12,
    Regular14,
    Regular18,
    Bold12,
    Bold14,
    Bold18,
    Bold24,
}

impl Face {
    /// Pixels from one baseline to the next.
    pub fn line_height(self) -> i32 {
        match self {
            Self::Regular10 => 17,
            Self::Regular12 | Self::Bold12 => 20,
            Self::Regular14 | Self::Bold14 => 23,
            Self::Regular18 | Self::Bold18 => 29,
            Self::Bold24 => 38,
        }
    }

    /// Height of a capital letter in pixels.
    pub fn capital_height(self) -> i32 {
        match self {
            Self::Regular10 => 11,
            Self::Regular12 | Self::Bold12 => 12,
            Self::Regular14 | Self::Bold14 => 14,
            Self::Regular18 | Self::Bold18 => 19,
            Self::Bold24 => 25,
        }
    }

    fn style(self, colour: Rgb888) -> U8g2TextStyle<Rgb888> {
        match self {
            Self::Regular10 => U8g2TextStyle::new(fonts::u8g2_font_helvR10_tf, colour),
            Self::Regular12 => U8g2TextStyle::new(fonts::u8g2_font_helvR12_tf, colour),
            Self::Regular14 => U8g2TextStyle::new(fonts::u8g2_font_helvR14_tf, colour),
            Self::Regular18 => U8g2TextStyle::new(fonts::u8g2_font_helvR18_tf, colour),
            Self::Bold12 => U8g2TextStyle::new(fonts::u8g2_font_helvB12_tf, colour),
            Self::Bold14 => U8g2TextStyle::new(fonts::u8g2_font_helvB14_tf, colour),
            Self::Bold18 => U8g2TextStyle::new(fonts::u8g2_font_helvB18_tf, colour),
            Self::Bold24 => U8g2TextStyle::new(fonts::u8g2_font_helvB24_tf, colour),
        }
    }
}

/// Writes one line with its baseline at `at`; returns nothing, clips at the target's edge.
pub fn write<S: Surface>(
    target: &mut S,
    text: &str,
    at: Point,
    face: Face,
    ink: Ink,
    alignment: Alignment,
) -> Result<(), S::Error> {
    let style = TextStyleBuilder::new().alignment(alignment).baseline(Baseline::Alphabetic).build();
    Text::with_text_style(&printable(text), at, face.style(ink.text), style).draw(target)?;
    Ok(())
}

/// Width of one line in pixels.
pub fn width(text: &str, face: Face) -> i32 {
    let style = face.style(super::palette::PLAIN.text);
    style.measure_string(&printable(text), Point::zero(), Baseline::Alphabetic).next_position.x
}

/// `text` if it fits `width_px`, else as much of it as fits with dots.
pub fn cut(text: &str, face: Face, width_px: i32) -> String {
    let text = printable(text);
    if width(&text, face) <= width_px {
        return text;
    }
    let room = width_px - width(REST, face);
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, face) > room {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + REST
}

/// `text` broken at blanks into lines of at most `width_px`; what goes past `lines_max` is cut with dots.
pub fn wrapped(text: &str, face: Face, width_px: i32, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in printable(text).split_whitespace() {
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
    lines.iter().map(|line| cut(line, face, width_px)).collect()
}

fn printable(text: &str) -> String {
    let shown = |c: char| if matches!(c, ' '..='~' | '\u{a0}'..='\u{ff}') { c } else { '?' };
    text.chars().take(CHARACTERS_MAX).map(|c| if c.is_whitespace() { ' ' } else { shown(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACES: [Face; 8] = [
        Face::Regular10,
        Face::Regular12,
        Face::Regular14,
        Face::Regular18,
        Face::Bold12,
        Face::Bold14,
        Face::Bold18,
        Face::Bold24,
    ];

    #[test]
    fn every_printable_character_has_a_glyph_in_every_face() {
        for face in FACES {
            let missing: Vec<char> =
                (' '..='~').chain("é·±°µ".chars()).filter(|c| width(&c.to_string(), face) == 0).collect();
            assert!(missing.is_empty(), "{face:?} lacks {missing:?}");
        }
    }

    #[test]
    fn capitals_are_as_tall_as_said() {
        for face in FACES {
            let style = face.style(super::super::palette::PLAIN.text);
            let height =
                style.measure_string("H", Point::zero(), Baseline::Alphabetic).bounding_box.size.height;
            assert_eq!(height as i32, face.capital_height(), "{face:?}");
        }
    }

    #[test]
    fn no_wrapped_line_is_wider_than_asked() {
        let text = "One two three four five six seven Donaudampfschifffahrtsgesellschaft eight nine ten";
        for lines_max in [1, 3, 9] {
            let lines = wrapped(text, Face::Regular14, 120, lines_max);
            assert!(lines.len() <= lines_max && lines.iter().all(|l| width(l, Face::Regular14) <= 120));
        }
        assert_eq!(wrapped("a b", Face::Regular14, 120, 2), ["a b"]);
        assert!(wrapped(text, Face::Regular14, 120, 2)[1].ends_with(REST));
    }

    #[test]
    fn foreign_letters_become_question_marks() {
        assert_eq!(cut("\u{4e00}a\n\u{7}", Face::Regular10, 500), "?a ?");
    }
}
