//! The report: one page of a kept reading for a printer or a phone, as a picture and as PDF.
//!
//! The page is one picture of [`DOTS_PER_INCH`], so that it looks the same in every language everywhere.

use embedded_graphics::primitives::Rectangle;

use super::groups::{self, Group, column};
use super::language::filled;
use super::layout::{Sizes, area, bottom};
use super::options::{Options, Palette};
use super::picture::RgbPicture;
use super::sheet::{Look, Nothing, Place, Sheet};
use super::text::{self, Face};
use super::{Surface, infected_threshold, radiograph, words};
use crate::pipeline::Study;
use crate::reading::{Finding, Refusal};
use crate::units::PixelSize;

/// Dots to an inch of paper: what office printers print sharply.
pub const DOTS_PER_INCH: u32 = 225;
/// Edge left free, in tenths of a millimetre: no printer reaches nearer.
const MARGIN: u32 = 110;
/// Part of the page's height that the radiograph may take, in hundredths.
const IMAGE_HEIGHT: i32 = 44;
/// Lines of a sentence.
const SENTENCE_LINES_MAX: usize = 6;
/// Height below the columns for what made the reading, in units.
const ENDING: i32 = 132;

/// A page of paper, upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    A4,
    A5,
}

impl Paper {
    /// Width and height in tenths of a millimetre.
    pub fn tenths_mm(self) -> (u32, u32) {
        match self {
            Self::A4 => (2100, 2970),
            Self::A5 => (1480, 2100),
        }
    }

    pub fn pixels(self) -> PixelSize {
        let (w, h) = self.tenths_mm();
        PixelSize::new(dots(w), dots(h))
    }

    /// Sizes of text: small print of 8 points on A5, of 10 points on A4.
    fn sizes(self) -> Sizes {
        match self {
            Self::A4 => Sizes::of(2100),
            Self::A5 => Sizes::of(1550),
        }
    }
}

/// Dots of a length in tenths of a millimetre.
fn dots(tenths_mm: u32) -> u32 {
    (tenths_mm * DOTS_PER_INCH + 127) / 254
}

/// What a report says beside the study.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Its number in the record.
    pub id: u64,
    /// When it was made, in words.
    pub time: &'a str,
    /// Whether that time is the time of day; otherwise the page says that the clock was not trusted.
    pub trusted: bool,
    pub board: &'a str,
}

/// The page of `study`, black on white; the map's style and the language are those of `options`.
pub fn report(study: &Study, origin: Origin, options: Options, paper: Paper) -> RgbPicture {
    let look = Look::new(Options { palette: Palette::Sun, ..options }, paper.sizes());
    let mut page = RgbPicture::new(paper.pixels(), look.colours.ground);
    let Ok(()) = compose(&mut page, paper, study, origin, &look);
    page
}

/// The texts that the page has to cut for want of room; none where all is legible.
pub fn report_cut_texts(study: &Study, origin: Origin, options: Options, paper: Paper) -> Vec<String> {
    let look = Look::new(Options { palette: Palette::Sun, ..options }, paper.sizes());
    let Ok(()) = compose(&mut Nothing, paper, study, origin, &look);
    look.take_cuts()
}

fn compose<S: Surface>(
    s: &mut S,
    paper: Paper,
    study: &Study,
    origin: Origin,
    look: &Look,
) -> Result<(), S::Error> {
    let (whole, edge) = (paper.pixels(), dots(MARGIN) as i32);
    let inside = area(edge, edge, whole.width as i32 - 2 * edge, whole.height as i32 - 2 * edge);
    let page = &mut Sheet::new(s, look, inside);
    let top = heading(page, study, origin)?;
    let below = disclaimer(page)?;
    look.set_floor(page.area.top_left.y + below);
    let (width, height) = (page.width(), page.height() * IMAGE_HEIGHT / 100);
    let room = page.place(0, top, width, height);
    let image = picture(page, room, study)?;
    let y = bottom(image) - page.area.top_left.y + look.sizes.px(10);
    let rest = &mut page.part(0, y, width, below - y - look.sizes.px(10));
    match &study.reading.outcome {
        Ok(found) => {
            graded(rest, study, found)?;
            groups::marks(page, image, look.sizes.title)
        }
        Err(refusal) => refused(rest, study, refusal),
    }
}

/// What the page is, of which reading, when; returns the row below.
fn heading<S: Surface>(s: &mut Sheet<S>, study: &Study, origin: Origin) -> Result<i32, S::Error> {
    let (look, w) = (s.look, &s.look.words.say);
    let (c, strong) = (look.colours, Face::bold(look.sizes.title));
    let title = format!("raymap \u{b7} {}", look.words.title.report);
    let number = filled(&w.reading_number, &[("id", &origin.id.to_string())]);
    let y = s.pair(0, (&title, strong, c.plain()), (&number, strong, c.plain()))?;
    let mut made = filled(&w.made, &[("time", &words::isolated(origin.time))]);
    if !origin.trusted {
        made = format!("{made} \u{b7} {}", w.clock);
    }
    let board = filled(&w.board, &[("board", origin.board)]);
    let mut y = s.pair(y, (&made, look.small(), c.plain()), (&board, look.small(), c.label()))?;
    let warnings = words::warnings(look.words, &study.reading.warnings);
    if !warnings.is_empty() {
        y += Group::Warning(&warnings).draw(&mut s.below(y))?;
    }
    Ok(y + s.px(8))
}

/// The disclaimer in a frame at the page's lower end; returns the row above.
fn disclaimer<S: Surface>(s: &mut Sheet<S>) -> Result<i32, S::Error> {
    let (look, face, rim) = (s.look, Face::bold(s.look.sizes.body), s.px(8));
    let (width, ink) = (s.width() - 2 * rim, s.look.colours.plain());
    let lines = text::wrapped(&look.words.disclaimer, face, width, 2).0;
    let height = face.line_height() * lines.len() as i32 + 2 * rim;
    let top = s.height() - height;
    s.frame(0, top, (width + 2 * rim, height), ink.text)?;
    for (k, line) in lines.iter().enumerate() {
        let baseline = top + rim + face.line_height() * k as i32 + face.ascent();
        s.write((rim, width), baseline, line, face, ink, Place::Middle)?;
    }
    Ok(top)
}

fn picture<S: Surface>(s: &mut Sheet<S>, room: Rectangle, study: &Study) -> Result<Rectangle, S::Error> {
    let size = radiograph::fitted(study.display.size, PixelSize::new(room.size.width, room.size.height));
    let x = (room.size.width - size.width) as i32 / 2;
    let image = area(room.top_left.x + x, room.top_left.y, size.width as i32, size.height as i32);
    if s.surface.bounding_box().is_zero_sized() {
        return Ok(image);
    }
    let weight = s.look.sizes.scale as f32 / 1000.0;
    let drawn = radiograph::drawn(study, size, weight, s.look.options);
    s.surface.fill_contiguous(&image, drawn.colours())?;
    Ok(image)
}

fn graded<S: Surface>(s: &mut Sheet<S>, study: &Study, found: &Finding) -> Result<(), S::Error> {
    let (width, gap) = (s.width(), s.px(28));
    let (half, height) = ((width - gap) / 2, s.height() - s.px(ENDING));
    let left = [Group::Grade(found.severity.grade), Group::Share(found), Group::Rule, Group::Measured(found)];
    column(&mut s.part(0, 0, half, height), &[&left])?;
    let right = [Group::Zones(found), Group::Rule, Group::Legend(infected_threshold(study))];
    column(&mut s.part(half + gap, 0, half, height), &[&right])?;
    column(
        &mut s.below(height),
        &[&[Group::Rule, Group::Sides, Group::Provenance(&study.reading.provenance)]],
    )
}

fn refused<S: Surface>(s: &mut Sheet<S>, study: &Study, refusal: &Refusal) -> Result<(), S::Error> {
    let (look, gap) = (s.look, s.px(12));
    let (w, c) = (look.words, look.colours);
    let y = s.tight(0, &w.title.refused, Face::bold(look.sizes.share), c.alert())? + gap;
    let y = s.paragraph(y, w.refusal.of(refusal.code), look.strong(), c.plain(), SENTENCE_LINES_MAX)? + gap;
    let y = s.line(y, &w.say.what_to_do, look.small(), c.label())?;
    let advice = words::advice(w, refusal.code);
    let y = s.paragraph(y, advice, look.strong(), c.plain(), SENTENCE_LINES_MAX)? + gap;
    let y = s.line(y, &words::code_line(w, refusal.code), look.small(), c.label())? + gap;
    let y = y + Group::Rule.draw(&mut s.below(y))?;
    Group::Provenance(&study.reading.provenance).draw(&mut s.below(y)).map(drop)
}
