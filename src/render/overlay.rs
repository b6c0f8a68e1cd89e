//! The overlay: one study as a picture to keep, the radiograph with its map above a caption.

use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;

use super::palette::{ALERT, GROUND, LABEL, PLAIN};
use super::pen::{Pen, Scale};
use super::picture::RgbPicture;
use super::text::Face;
use super::{Surface, diagram, groups, radiograph, screens, text, words};
use crate::infection_map::InfectionMap;
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
const GRADED_HEIGHT: i32 = 310;
/// Height of a warning under the caption of a graded study in units.
const WARNING_HEIGHT: i32 = 44;
/// Height of the caption of a refused study in units.
const REFUSED_HEIGHT: i32 = 206;
/// Space around the caption's text in units.
const MARGIN: i32 = 16;

/// The study as a picture: the radiograph at its own size (reduced to at most 1600 pixels on its longer side, enlarged
/// to about 800 but at most twofold), under it all numbers and the disclaimer.
///
/// A refused study shows the bare radiograph and the reason.
pub fn overlay(study: &Study) -> RgbPicture {
    let drawn = size_of(study.display.size);
    let scale = if large(drawn) { Scale::LARGE } else { Scale::SCREEN };
    let warned = study.reading.warnings.len() as i32 * WARNING_HEIGHT;
    let height = if study.reading.fit() { GRADED_HEIGHT + warned } else { REFUSED_HEIGHT };
    let width = drawn.width.max(scale.px(CAPTION_WIDTH) as u32);
    let whole = PixelSize::new(width, drawn.height + scale.px(height) as u32);
    let mut picture = RgbPicture::new(whole, GROUND);
    let Ok(()) = compose(&mut picture, study, drawn, scale);
    picture
}

/// The size at which a radiograph of `frame` pixels is drawn.
fn size_of(frame: PixelSize) -> PixelSize {
    let longer = frame.width.max(frame.height);
    let wanted =
        if longer > LONGER_MAX { LONGER_MAX } else { longer.max(LONGER_MIN.min(longer * ENLARGED_MAX)) };
    if wanted == longer { frame } else { radiograph::fitted(frame, PixelSize::new(wanted, wanted)) }
}

/// Whether the large scale's caption fits under a radiograph of `drawn` pixels.
fn large(drawn: PixelSize) -> bool {
    drawn.width as i32 >= Scale::LARGE.px(CAPTION_WIDTH)
}

fn compose<S: Surface>(s: &mut S, study: &Study, drawn: PixelSize, scale: Scale) -> Result<(), S::Error> {
    let whole = s.bounding_box().size;
    let left = (whole.width - drawn.width) / 2;
    let image = Rectangle::new(Point::new(left as i32, 0), Size::new(drawn.width, drawn.height));
    let weight = (drawn.width.max(drawn.height) as f32 / LONGER_MIN as f32).max(1.0);
    s.fill_contiguous(&image, radiograph::drawn(study, drawn, weight).colours())?;
    let corner = Point::new((whole.width as i32 - scale.px(CAPTION_WIDTH)) / 2, drawn.height as i32);
    let pen = &mut Pen::new(s, scale, corner);
    match &study.reading.outcome {
        Ok(found) => {
            graded(pen, study, found)?;
            screens::marks(s, image, if large(drawn) { Face::Bold24 } else { Face::Bold18 })
        }
        Err(refusal) => refused(pen, study, refusal),
    }
}

fn graded<S: Surface>(pen: &mut Pen<S>, study: &Study, found: &Finding) -> Result<(), S::Error> {
    let width = CAPTION_WIDTH - 2 * MARGIN;
    let pen = &mut pen.at(MARGIN, 10);
    groups::grade(pen, 316, found.severity.grade)?;
    groups::share(&mut pen.at(0, 64), found)?;
    groups::detection(&mut pen.at(0, 126), 316, found)?;
    diagram::draw(&mut pen.at(344, 4), Some(&found.infected))?;
    groups::scores(&mut pen.at(550, 16), width - 550, found)?;
    groups::rule(pen, 176, width)?;
    let threshold = study.map.as_ref().map_or(0.5, InfectionMap::threshold);
    groups::scale(&mut pen.at(0, 184), width, threshold)?;
    let mut below = 246;
    for warning in &study.reading.warnings {
        let text = format!("{} (code: {})", words::sentence(&warning.text), warning.code);
        pen.paragraph((below + 16, width), &text, pen.scale.small, ALERT, 2)?;
        below += WARNING_HEIGHT;
    }
    groups::rule(pen, below, width)?;
    ending(&mut pen.at(0, below + 4), study)
}

fn refused<S: Surface>(pen: &mut Pen<S>, study: &Study, refusal: &Refusal) -> Result<(), S::Error> {
    let width = CAPTION_WIDTH - 2 * MARGIN;
    let (body, small, big) = (pen.scale.body, pen.scale.small, pen.scale.big);
    let pen = &mut pen.at(MARGIN, 10);
    pen.text(0, 26, words::NOT_GRADED, big, ALERT)?;
    pen.text_to(width, 26, &format!("Code: {}", refusal.code), small, LABEL)?;
    let below = pen.paragraph((54, width), &words::sentence(&refusal.text), body, PLAIN, 2)?;
    pen.paragraph((below + 4, width), words::advice(refusal.code), body, PLAIN, 2)?;
    groups::rule(pen, 142, width)?;
    ending(&mut pen.at(0, 146), study)
}

/// What made the reading, and the disclaimer; 36 high.
fn ending<S: Surface>(pen: &mut Pen<S>, study: &Study) -> Result<(), S::Error> {
    let width = CAPTION_WIDTH - 2 * MARGIN;
    let strong = pen.scale.strong;
    let room = pen.scale.px(width);
    let p = &study.reading.provenance;
    let made = format!("{} \u{b7} {}", words::model(p), words::software(p));
    let small = pen.scale.small;
    pen.text(0, 14, &text::cut(&made, small, room), small, LABEL)?;
    pen.text(0, 35, DISCLAIMER, strong, PLAIN)
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
