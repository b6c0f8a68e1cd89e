//! The states of the operator screen.

use embedded_graphics::prelude::{DrawTargetExt, Point};
use embedded_graphics::primitives::Rectangle;
use embedded_graphics::text::Alignment;

use super::layout::Layout;
use super::palette::{
    ALERT, ALERT_ON_BAND, BAND, FAULT, GROUND, HALO, LABEL, LABEL_ON_BAND, MARK, ON_BAND, PLAIN,
};
use super::pen::{Pen, Scale};
use super::text::Face;
use super::{Surface, View, diagram, groups, radiograph, text, words};
use crate::infection_map::InfectionMap;
use crate::pipeline::Study;
use crate::reading::{DISCLAIMER, Finding, Provenance, Refusal};
use crate::units::PixelSize;

/// Lines of a reason or a piece of advice; more than any of ours needs.
const SENTENCE_LINES_MAX: usize = 6;
/// Distance of text from the screen's left edge where it has the full width.
const MARGIN: i32 = 40;

pub fn draw<S: Surface>(view: &View, wall_time: Option<&str>, target: &mut S) -> Result<(), S::Error> {
    let (layout, corner) = Layout::inside(target.bounding_box().size);
    target.clear(GROUND)?;
    let surface = &mut target.translated(corner);
    let title = match view {
        View::Boot { lines } => boot(surface, layout, lines).map(|()| "Self-test"),
        View::Ready { source, model, note } => ready(surface, layout, source, model, *note).map(|()| "Ready"),
        View::Result(study) | View::Refused(study) => of_study(surface, layout, study),
        View::Fault { code, text } => fault(surface, layout, code, text).map(|()| "Fault"),
    }?;
    let warns = matches!(view, View::Result(s) | View::Refused(s) if !s.reading.warnings.is_empty());
    header(surface, layout, Title { text: title, warns }, wall_time)?;
    footer(surface, layout)
}

/// What the header says of the state.
struct Title {
    text: &'static str,
    warns: bool,
}

fn header<S: Surface>(s: &mut S, l: &Layout, title: Title, wall_time: Option<&str>) -> Result<(), S::Error> {
    s.fill_solid(&l.header, BAND)?;
    let baseline = l.header.top_left.y + 19;
    let right = l.header.top_left.x + l.header.size.width as i32 - 9;
    text::write(s, "raymap", Point::new(8, baseline), Face::Bold14, ON_BAND, Alignment::Left)?;
    let ink = if title.warns { ALERT_ON_BAND } else { LABEL_ON_BAND };
    text::write(s, title.text, Point::new(90, baseline), Face::Regular12, ink, Alignment::Left)?;
    let (clock, ink) =
        wall_time.map_or((words::CLOCK_NOT_TRUSTED, ALERT_ON_BAND), |time| (time, LABEL_ON_BAND));
    text::write(s, clock, Point::new(right, baseline), Face::Regular12, ink, Alignment::Right)
}

fn footer<S: Surface>(s: &mut S, l: &Layout) -> Result<(), S::Error> {
    s.fill_solid(&l.footer, BAND)?;
    let at = l.footer.center() + Point::new(0, 6);
    text::write(s, DISCLAIMER, at, Face::Bold12, ON_BAND, Alignment::Center)
}

fn of_study<S: Surface>(s: &mut S, l: &Layout, study: &Study) -> Result<&'static str, S::Error> {
    let image = picture(s, l.image, study)?;
    let pen = &mut Pen::new(s, Scale::SCREEN, l.panel.top_left);
    let width = l.panel.size.width as i32;
    let provenance = &study.reading.provenance;
    match &study.reading.outcome {
        Ok(found) => {
            numbers(pen, width, found, study.map.as_ref())?;
            groups::provenance(&mut pen.at(0, 384), width, provenance)?;
            marks(s, image, Face::Bold14)?;
            Ok(words::result_title(&study.reading.warnings))
        }
        Err(refusal) => {
            refused(pen, width, refusal)?;
            groups::provenance(&mut pen.at(0, 384), width, provenance)?;
            Ok(words::NOT_GRADED)
        }
    }
}

/// The radiograph in the middle of `room`; returns where it lies.
fn picture<S: Surface>(s: &mut S, room: Rectangle, study: &Study) -> Result<Rectangle, S::Error> {
    let size = radiograph::fitted(study.display.size, PixelSize::new(room.size.width, room.size.height));
    let drawn = radiograph::drawn(study, size, 1.0);
    let size = embedded_graphics::prelude::Size::new(size.width, size.height);
    let area = Rectangle::with_center(room.center(), size);
    s.fill_contiguous(&area, drawn.colours())?;
    Ok(area)
}

/// The patient's sides in the upper corners of a radiograph at `image`.
pub fn marks<S: Surface>(s: &mut S, image: Rectangle, face: Face) -> Result<(), S::Error> {
    let side = (face.capital_height() * 2) as u32;
    let size = embedded_graphics::prelude::Size::new(side, side);
    let far = image.size.width.saturating_sub(side) as i32;
    for (letter, x) in [("R", 0), ("L", far)] {
        let boxed = Rectangle::new(image.top_left + Point::new(x, 0), size);
        s.fill_solid(&boxed, HALO)?;
        let at = boxed.top_left + Point::new(side as i32 / 2, (side as i32 + face.capital_height()) / 2 - 1);
        text::write(s, letter, at, face, MARK, Alignment::Center)?;
    }
    Ok(())
}

fn numbers<S: Surface>(
    pen: &mut Pen<S>,
    width: i32,
    found: &Finding,
    map: Option<&InfectionMap>,
) -> Result<(), S::Error> {
    groups::grade(pen, width, found.severity.grade)?;
    groups::share(&mut pen.at(0, 54), found)?;
    groups::rule(pen, 108, width)?;
    diagram::draw(&mut pen.at(0, 112), Some(&found.infected))?;
    groups::scores(&mut pen.at(190, 126), width - 190, found)?;
    groups::rule(pen, 268, width)?;
    groups::detection(&mut pen.at(0, 273), width, found)?;
    groups::rule(pen, 312, width)?;
    groups::scale(&mut pen.at(0, 317), width, map.map_or(0.5, InfectionMap::threshold))?;
    groups::rule(pen, 378, width)
}

fn refused<S: Surface>(pen: &mut Pen<S>, width: i32, refusal: &Refusal) -> Result<(), S::Error> {
    pen.text(0, 34, words::NOT_GRADED, Face::Bold24, ALERT)?;
    let reason = words::sentence(&refusal.text);
    let below = pen.paragraph((68, width), &reason, Face::Regular14, PLAIN, SENTENCE_LINES_MAX)?;
    pen.text(0, below + 16, "What to do", Face::Bold14, PLAIN)?;
    let advice = words::advice(refusal.code);
    let below = pen.paragraph((below + 42, width), advice, Face::Regular14, PLAIN, SENTENCE_LINES_MAX)?;
    pen.text(0, below + 12, &format!("Code: {}", refusal.code), Face::Regular12, LABEL)
}

fn boot<S: Surface>(s: &mut S, l: &Layout, lines: &[String]) -> Result<(), S::Error> {
    let top = l.image.top_left.y;
    let step = Face::Regular14.line_height();
    let pen = &mut Pen::new(s, Scale::SCREEN, Point::new(MARGIN, top));
    pen.text(0, 44, "Starting", Face::Bold24, PLAIN)?;
    let rows = ((l.image.size.height as i32 - 70) / step).max(1) as usize;
    let room = l.size.width as i32 - 2 * MARGIN;
    for (k, line) in lines.iter().skip(lines.len().saturating_sub(rows)).enumerate() {
        let words = text::cut(line, Face::Regular14, room);
        pen.text(0, 82 + step * k as i32, &words, Face::Regular14, PLAIN)?;
    }
    Ok(())
}

fn ready<S: Surface>(
    s: &mut S,
    l: &Layout,
    source: &str,
    model: &Provenance,
    note: Option<&str>,
) -> Result<(), S::Error> {
    let left = l.image.center() - Point::new(diagram::WIDTH * 15 / 20, diagram::HEIGHT * 15 / 20);
    diagram::draw(&mut Pen::new(s, Scale::LARGE, left), None)?;
    let pen = &mut Pen::new(s, Scale::SCREEN, l.panel.top_left);
    let width = l.panel.size.width as i32;
    pen.text(0, 120, "Ready", Face::Bold24, PLAIN)?;
    pen.text(0, 156, "Waiting for a radiograph", Face::Regular18, PLAIN)?;
    let source = format!("Source: {source}");
    let below = pen.paragraph((188, width), &source, Face::Regular14, LABEL, 2)?;
    if let Some(note) = note {
        pen.paragraph((below + 12, width), note, Face::Regular14, ALERT, SENTENCE_LINES_MAX)?;
    }
    groups::provenance(&mut pen.at(0, 384), width, model)
}

fn fault<S: Surface>(s: &mut S, l: &Layout, code: &str, words: &str) -> Result<(), S::Error> {
    let pen = &mut Pen::new(s, Scale::SCREEN, Point::new(MARGIN, l.image.top_left.y));
    let width = l.size.width as i32 - 2 * MARGIN;
    pen.text(0, 80, "Device fault", Face::Bold24, FAULT)?;
    let words = words::sentence(words);
    let below = pen.paragraph((122, width), &words, Face::Regular18, PLAIN, SENTENCE_LINES_MAX)?;
    let code = text::cut(&format!("Code: {code}"), Face::Bold14, width);
    pen.text(0, below + 10, &code, Face::Bold14, PLAIN)?;
    pen.paragraph((below + 44, width), words::FAULT_ADVICE, Face::Regular14, LABEL, SENTENCE_LINES_MAX)?;
    Ok(())
}
