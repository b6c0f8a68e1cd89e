//! Text to glyphs, and glyphs to outlines, in thousandths of an em.
//!
//! Fonts are subsets of Noto Sans in `fonts/`, inside the binary. A line is cut into runs of one script, put into the
//! order in which they are seen (Unicode annex 9), and each run is shaped: Arabic letters join, Devanagari forms its
//! clusters. All is whole numbers or strict floating point, so that every processor draws the same.

use std::sync::OnceLock;

use harfrust::font::glyph::outline::{DrawMemory, DrawOptions, PathSink};
use harfrust::{Buffer, Direction, Font, GlyphId, ShapeOptions, ShaperFont, shape};
use unicode_bidi::{BidiInfo, Level};

/// Units of all lengths here: the fonts' own.
pub const EM: i32 = 1000;
/// Fonts in two weights: Latin, Arabic, Devanagari.
const FILES: [[&[u8]; 3]; 2] = [
    [
        include_bytes!("fonts/sans-regular.ttf"),
        include_bytes!("fonts/arabic-regular.ttf"),
        include_bytes!("fonts/devanagari-regular.ttf"),
    ],
    [
        include_bytes!("fonts/sans-bold.ttf"),
        include_bytes!("fonts/arabic-bold.ttf"),
        include_bytes!("fonts/devanagari-bold.ttf"),
    ],
];

/// Which of the fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FontName {
    pub bold: bool,
    script: u8,
}

/// A glyph and where its origin lies on the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph {
    pub font: FontName,
    pub id: u32,
    pub x: i32,
    /// Upwards.
    pub y: i32,
}

/// A line of shaped text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// From left to right, as it is seen.
    pub glyphs: Vec<Glyph>,
    pub width: i32,
}

fn font(name: FontName) -> Option<&'static Font> {
    static FONTS: OnceLock<[[Option<Font>; 3]; 2]> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| FILES.map(|weight| weight.map(|bytes| Font::new(bytes, 0))));
    fonts.get(usize::from(name.bold))?.get(usize::from(name.script))?.as_ref()
}

/// `text` in one line; `right_to_left` is the direction of the line as a whole.
pub fn line(text: &str, bold: bool, right_to_left: bool) -> Line {
    let base = if right_to_left { Level::rtl() } else { Level::ltr() };
    let bidi = BidiInfo::new(text, Some(base));
    let mut line = Line::default();
    for paragraph in &bidi.paragraphs {
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let rtl = levels.get(run.start).is_some_and(|l| l.is_rtl());
            let mut parts = parts(&text[run], bold);
            if rtl {
                parts.reverse();
            }
            parts.iter().for_each(|(font, part)| add(&mut line, *font, part, rtl));
        }
    }
    line
}

/// Whether every character of `text` has a glyph.
#[cfg(test)]
pub fn covers(text: &str) -> bool {
    !line(text, false, false).glyphs.iter().chain(&line(text, true, false).glyphs).any(|g| g.id == 0)
}

/// `text` cut where the font changes; what several fonts have (blanks, full stops) stays with what stands before it.
fn parts(text: &str, bold: bool) -> Vec<(FontName, &str)> {
    let mut parts: Vec<(FontName, &str)> = Vec::new();
    let (mut start, mut now) = (0, None);
    for (at, c) in text.char_indices() {
        let Some(script) = script(c) else { continue };
        if now.is_some_and(|n| n != script) {
            parts.push((FontName { bold, script: now.unwrap_or(0) }, &text[start..at]));
            start = at;
        }
        now = Some(script);
    }
    parts.push((FontName { bold, script: now.unwrap_or(0) }, &text[start..]));
    parts
}

/// The font of a character; `None` for those that all fonts have, but for digits, which are Latin's throughout.
fn script(c: char) -> Option<u8> {
    match c {
        '\u{600}'..='\u{6ff}' => Some(1),
        '\u{900}'..='\u{97f}' | '\u{200c}' | '\u{200d}' => Some(2),
        ' ' | '.' | '-' | ':' | '(' | ')' | '\u{a0}' => None,
        _ => Some(0),
    }
}

fn add(line: &mut Line, name: FontName, text: &str, rtl: bool) {
    let Some(font) = font(name) else { return };
    let mut buffer = Buffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
    // It fails only on a buffer without direction, or one that is shaped already.
    if shape(&ShaperFont::new(font), &mut buffer, ShapeOptions::new()).is_err() {
        return;
    }
    for (info, position) in buffer.glyph_infos().iter().zip(buffer.glyph_positions()) {
        let (x, y) = (line.width + position.x_offset, position.y_offset);
        line.glyphs.push(Glyph { font: name, id: info.glyph_id, x, y });
        line.width += position.x_advance;
    }
}

/// The outline of a glyph in units of [`EM`], y upwards: closed rings of straight pieces and quadratic curves.
pub fn outline(font_name: FontName, id: u32, sink: &mut dyn Rings) {
    let Some(glyph) = font(font_name).and_then(|f| f.outline_glyphs().get(GlyphId::new(id))) else { return };
    // A glyph of our own fonts that cannot be drawn is left out; a test draws every one that is used.
    let _ = glyph.draw(&DrawOptions::new(), DrawMemory::Scratch, &mut Sink(sink));
}

/// What takes an outline.
pub trait Rings {
    fn start(&mut self, at: (f32, f32));
    fn straight(&mut self, to: (f32, f32));
    fn curve(&mut self, by: (f32, f32), to: (f32, f32));
    fn close(&mut self);
}

struct Sink<'a>(&'a mut dyn Rings);

impl PathSink for Sink<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.start((x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.straight((x, y));
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.0.curve((cx0, cy0), (x, y));
    }

    /// TrueType outlines have none.
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, x: f32, y: f32) {
        self.0.straight((x, y));
    }

    fn close(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str, rtl: bool) -> Vec<u32> {
        line(text, false, rtl).glyphs.iter().map(|g| g.id).collect()
    }

    #[test]
    fn every_font_is_a_font_of_a_thousand_units() {
        for bold in [false, true] {
            for script in 0..3 {
                let units = font(FontName { bold, script }).map(Font::units_per_em);
                assert_eq!(units, Some(EM as u16));
            }
        }
    }

    #[test]
    fn arabic_letters_join_and_run_from_right_to_left() {
        // Beh alone and beh before another are different glyphs; the first letter stands rightmost.
        let (alone, joined) = (ids("\u{628}", true), ids("\u{628}\u{628}", true));
        assert!(!alone.iter().any(|g| joined.contains(g)) || joined.len() > alone.len());
        let lam_alef = line("\u{644}\u{627}", false, true);
        let apart = line("\u{644}", false, true).width + line("\u{627}", false, true).width;
        assert!(lam_alef.width < apart, "{} of {apart}", lam_alef.width);
    }

    #[test]
    fn devanagari_vowel_i_stands_before_its_consonant() {
        let ki = line("\u{915}\u{93f}", false, false);
        let ka = ids("\u{915}", false);
        assert_eq!(ki.glyphs.last().map(|g| g.id), ka.first().copied());
        // Ka, virama, ssa is one cluster: narrower than its letters side by side.
        let ksha = line("\u{915}\u{94d}\u{937}", false, false).width;
        assert!(ksha < line("\u{915}\u{937}", false, false).width);
    }

    #[test]
    fn numbers_stay_left_to_right_inside_arabic() {
        let line = line("\u{628} 57 %", false, true);
        let latin: Vec<u32> = line.glyphs.iter().filter(|g| g.font.script == 0).map(|g| g.id).collect();
        let [five, seven] = ["5", "7"].map(|d| ids(d, false)[0]);
        let place = |id| latin.iter().position(|&g| g == id);
        assert!(place(five) < place(seven), "{latin:?}");
    }

    #[test]
    fn a_letter_without_a_glyph_is_found() {
        assert!(covers("\u{e9}t\u{e9} 5 %") && covers("\u{0938}\u{094d}\u{0915}"));
        assert!(!covers("\u{4e00}"));
    }
}
