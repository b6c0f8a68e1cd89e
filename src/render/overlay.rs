//! The overlay: one study as a picture to keep, the radiograph with its map above a caption in English.

use super::groups::{self, Group, column};
use super::infected_threshold;
use super::layout::{Sizes, area};
use super::options::Options;
use super::picture::RgbPicture;
use super::sheet::{Look, Sheet};
use super::text::Face;
use super::{Surface, palette, radiograph, words};
use crate::pipeline::Study;
use crate::reading::{DISCLAIMER, Finding, Refusal};
use crate::units::PixelSize;

/// Longer side above which the radiograph is reduced, in pixels.
const LONGER_MAX: u32 = 1600;
/// Longer side below which the radiograph is enlarged, in pixels.
const LONGER_MIN: u32 = 800;
/// Most that a radiograph is enlarged: its pixels would show.
const ENLARGED_MAX: u32 = 2;
/// Width of the caption in units; a narrower radiograph stands in its middle.
const CAPTION_WIDTH: i32 = 760;
/// Height of the caption of a graded study in units.
const GRADED_HEIGHT: i32 = 304;
/// Height of a warning under the caption of a graded study in units.
const WARNING_HEIGHT: i32 = 50;
/// Height of the caption of a refused study in units.
const REFUSED_HEIGHT: i32 = 230;
/// Height of what made the reading, and the disclaimer, in units.
const ENDING_HEIGHT: i32 = 72;
/// Space around the caption's text in units.
const MARGIN: i32 = 16;
/// Pixels to a thousand units of a large overlay.
const LARGE: i32 = 1500;

/// The study as a picture: the radiograph at its own size (reduced to at most 1600 pixels on its longer side, enlarged
/// to about 800 but at most twofold), under it all numbers and the disclaimer.
///
/// A refused study shows the bare radiograph and the reason.
pub fn overlay(study: &Study) -> RgbPicture {
    let drawn = size_of(study.display.size);
    let large = drawn.width as i32 >= CAPTION_WIDTH * LARGE / 1000;
    let look = Look::new(Options::default(), Sizes::of(if large { LARGE } else { 1000 }));
    let warned = study.reading.warnings.len() as i32 * WARNING_HEIGHT;
    let height = if study.reading.fit() { GRADED_HEIGHT + warned } else { REFUSED_HEIGHT };
    let width = drawn.width.max(look.sizes.px(CAPTION_WIDTH) as u32);
    let whole = PixelSize::new(width, drawn.height + look.sizes.px(height) as u32);
    let mut picture = RgbPicture::new(whole, palette::GROUND);
    let Ok(()) = compose(&mut picture, study, drawn, &look);
    picture
}

/// The size at which a radiograph of `frame` pixels is drawn.
fn size_of(frame: PixelSize) -> PixelSize {
    let longer = frame.width.max(frame.height);
    let wanted =
        if longer > LONGER_MAX { LONGER_MAX } else { longer.max(LONGER_MIN.min(longer * ENLARGED_MAX)) };
    if wanted == longer { frame } else { radiograph::fitted(frame, PixelSize::new(wanted, wanted)) }
}

fn compose<S: Surface>(s: &mut S, study: &Study, drawn: PixelSize, look: &Look) -> Result<(), S::Error> {
    let whole = s.bounding_box().size;
    let left = (whole.width - drawn.width) / 2;
    let image = area(left as i32, 0, drawn.width as i32, drawn.height as i32);
    let weight = (drawn.width.max(drawn.height) as f32 / LONGER_MIN as f32).max(1.0);
    s.fill_contiguous(&image, radiograph::drawn(study, drawn, weight, look.options).colours())?;
    let (width, margin) = (look.sizes.px(CAPTION_WIDTH), look.sizes.px(MARGIN));
    let x = (whole.width as i32 - width) / 2 + margin;
    let y = drawn.height as i32 + look.sizes.px(10);
    let caption = area(x, y, width - 2 * margin, whole.height as i32 - y);
    let sheet = &mut Sheet::new(s, look, caption);
    ending(sheet, study)?;
    match &study.reading.outcome {
        Ok(found) => {
            graded(sheet, study, found)?;
            groups::marks(sheet, image, look.sizes.title)
        }
        Err(refusal) => refused(sheet, refusal),
    }
}

fn graded<S: Surface>(s: &mut Sheet<S>, study: &Study, found: &Finding) -> Result<(), S::Error> {
    let (width, gap) = (s.width(), s.px(24));
    let half = (width - gap) / 2;
    let height = s.height() - s.px(ENDING_HEIGHT);
    let warned = s.px(WARNING_HEIGHT) * study.reading.warnings.len() as i32;
    let left = [Group::Grade(found.severity.grade), Group::Share(found), Group::Measured(found)];
    column(&mut s.part(0, 0, half, height - warned), &[&left])?;
    let right = [Group::Zones(found), Group::Legend(infected_threshold(study))];
    column(&mut s.part(half + gap, 0, half, height - warned), &[&right])?;
    let mut y = height - warned;
    for warning in &study.reading.warnings {
        let text = format!("! {} (code: {})", words::sentence(&warning.text), warning.code);
        let (face, ink) = (s.look.small(), s.look.colours.alert());
        s.paragraph(y, &text, face, ink, 2)?;
        y += s.px(WARNING_HEIGHT);
    }
    Ok(())
}

fn refused<S: Surface>(s: &mut Sheet<S>, refusal: &Refusal) -> Result<(), S::Error> {
    let (look, gap) = (s.look, s.px(4));
    let (w, c) = (look.words, look.colours);
    let title = Face::bold(look.sizes.share);
    let code = words::code_line(w, refusal.code);
    let y = s.pair(0, (&w.title.refused, title, c.alert()), (&code, look.small(), c.label()))?;
    let y = s.paragraph(y, &words::sentence(&refusal.text), look.body(), c.plain(), 2)? + gap;
    s.paragraph(y, words::advice(w, refusal.code), look.body(), c.plain(), 2).map(drop)
}

/// What made the reading, and the disclaimer, at the caption's lower end.
fn ending<S: Surface>(s: &mut Sheet<S>, study: &Study) -> Result<(), S::Error> {
    let (look, p) = (s.look, &study.reading.provenance);
    let y = s.height() - s.px(ENDING_HEIGHT) + s.px(4);
    let width = s.width();
    s.fill(0, y, (width, s.px(1)), look.colours.rule)?;
    let made = format!("{} \u{b7} {}", words::model(look.words, p), words::software(look.words, p));
    let y = s.line(y + s.px(6), &made, look.small(), look.colours.label())?;
    s.line(y, DISCLAIMER, look.strong(), look.colours.plain()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radiograph_is_enlarged_at_most_twofold_and_reduced_to_the_bound() {
        let check = |w, h, expected: (u32, u32)| {
            let size = size_of(PixelSize::new(w, h));
            assert_eq!((size.width, size.height), expected);
        };
        check(300, 256, (600, 512));
        check(600, 500, (800, 667));
        check(1024, 900, (1024, 900));
        check(3000, 2500, (1600, 1333));
        check(64, 10_000, (10, 1600));
    }
}
