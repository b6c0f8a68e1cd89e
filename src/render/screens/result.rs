//! A study: graded, in detail, or refused.

use embedded_graphics::prelude::Size;
use embedded_graphics::primitives::Rectangle;

use crate::pipeline::Study;
use crate::reading::{Finding, Refusal};
use crate::render::groups::{self, Group, column};
use crate::render::layout::Layout;
use crate::render::palette::{Colours, FULL_BRIGHTNESS};
use crate::render::sheet::{Nothing, SHRINKS, Sheet};
use crate::render::text::Face;
use crate::render::{Surface, infected_threshold, radiograph, words};
use crate::units::PixelSize;

/// Lines of a reason or a piece of advice; more than any of ours needs.
const SENTENCE_LINES_MAX: usize = 8;

pub fn study<S: Surface>(s: &mut Sheet<S>, layout: &Layout, study: &Study) -> Result<(), S::Error> {
    let found = match &study.reading.outcome {
        Ok(found) => found,
        Err(refusal) => return self::refusal(s, layout, study, refusal),
    };
    let image = picture(s, layout.image, study)?;
    let panel = &mut Sheet::new(s.surface, s.look, layout.panel);
    numbers(panel, study, found)?;
    groups::marks(panel, image, panel.look.sizes.body)
}

/// The radiograph in the middle of `room`; returns where it lies.
fn picture<S: Surface>(s: &mut Sheet<S>, room: Rectangle, study: &Study) -> Result<Rectangle, S::Error> {
    let colours: &Colours = s.look.colours;
    let size = radiograph::fitted(study.display.size, PixelSize::new(room.size.width, room.size.height));
    let area = Rectangle::with_center(room.center(), Size::new(size.width, size.height));
    if s.surface.bounding_box().is_zero_sized() {
        return Ok(area);
    }
    let weight = (s.look.sizes.scale as f32 / 1000.0).max(0.6);
    let drawn = radiograph::drawn(study, size, weight, s.look.options);
    if colours.brightness == FULL_BRIGHTNESS {
        s.surface.fill_contiguous(&area, drawn.colours())?;
    } else {
        s.surface.fill_contiguous(&area, drawn.colours().map(|c| colours.shown(c)))?;
    }
    Ok(area)
}

fn numbers<S: Surface>(s: &mut Sheet<S>, study: &Study, found: &Finding) -> Result<(), S::Error> {
    let warnings = words::warnings(s.look.words, &study.reading.warnings);
    let t = infected_threshold(study);
    let made = &study.reading.provenance;
    let (grade, share) = (Group::Grade(found.severity.grade), Group::Share(found));
    use Group::{Detection, Legend, Lungs, Measured, Provenance, Rule, Scale, Zones};
    let plans: [&[Group]; 10] = [
        &[grade, share, Rule, Zones(found), Rule, Measured(found), Rule, Legend(t), Rule, Provenance(made)],
        &[grade, share, Rule, Zones(found), Rule, Measured(found), Rule, Legend(t)],
        &[grade, share, Zones(found), Measured(found), Scale(t)],
        &[grade, share, Zones(found), Detection(found), Scale(t)],
        &[grade, share, Zones(found), Detection(found)],
        &[grade, share, Lungs(found), Detection(found), Scale(t)],
        &[grade, share, Lungs(found), Detection(found)],
        &[grade, share, Lungs(found)],
        &[grade, share],
        &[Group::GradeShort(found.severity.grade), Group::ShareShort(found)],
    ];
    if warnings.is_empty() {
        return column(s, &plans);
    }
    let warned = warned(&warnings, &plans);
    column(s, &warned.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// `plans` with the warnings before all else.
fn warned<'a>(warnings: &'a str, plans: &[&[Group<'a>]]) -> Vec<Vec<Group<'a>>> {
    plans.iter().map(|plan| [&[Group::Warning(warnings)], *plan].concat()).collect()
}

/// Why there is no grade and what to do: beside the picture where that fits, else alone.
fn refusal<S: Surface>(
    s: &mut Sheet<S>,
    layout: &Layout,
    study: &Study,
    refusal: &Refusal,
) -> Result<(), S::Error> {
    let mut nothing = Nothing;
    let panel = Sheet::new(&mut nothing, s.look, layout.panel);
    if (0..SHRINKS).any(|k| Reasons { refusal, shrink: k }.fits(&panel)) {
        picture(s, layout.image, study)?;
        return refused(&mut Sheet::new(s.surface, s.look, layout.panel), study, refusal);
    }
    refused(s, study, refusal)
}

fn refused<S: Surface>(s: &mut Sheet<S>, study: &Study, refusal: &Refusal) -> Result<(), S::Error> {
    let reasons = |shrink| Reasons { refusal, shrink };
    let chosen = (0..SHRINKS).map(reasons).find(|r| r.fits(s)).unwrap_or(reasons(SHRINKS - 1));
    let y = chosen.draw(s)?;
    let made = [Group::Rule, Group::Provenance(&study.reading.provenance)];
    column(&mut s.below(y), &[&made, &[]])
}

/// A refusal's words, made smaller by so many steps.
#[derive(Debug, Clone, Copy)]
struct Reasons<'a> {
    refusal: &'a Refusal,
    shrink: i32,
}

impl Reasons<'_> {
    fn draw<S: Surface>(&self, s: &mut Sheet<S>) -> Result<i32, S::Error> {
        let (look, code) = (s.look, self.refusal.code);
        let (words, c, small) = (look.words, look.colours, look.smaller(look.small(), self.shrink));
        let (title, strong) = (Face::bold(look.sizes.share), look.smaller(look.strong(), self.shrink));
        let gap = if self.shrink == 0 { s.px(10) } else { s.px(5) };
        let y = s.tight(0, &words.title.refused, look.smaller(title, self.shrink), c.alert())? + gap / 2;
        let y = s.paragraph(y, words.refusal.of(code), strong, c.plain(), SENTENCE_LINES_MAX)? + gap;
        let y = s.line(y, &words.say.what_to_do, small, c.label())?;
        let advice = words::advice(words, code);
        let y = s.paragraph(y, advice, strong, c.plain(), SENTENCE_LINES_MAX)? + gap;
        s.line(y, &words::code_line(words, code), small, c.label())
    }

    fn fits<S: Surface>(&self, s: &Sheet<S>) -> bool {
        s.measured(|sheet| self.draw(sheet)).is_some_and(|height| height <= s.height())
    }
}

/// All numbers without the picture, below the warnings where both fit; a refusal's words fill the screen.
pub fn details<S: Surface>(s: &mut Sheet<S>, layout: &Layout, study: &Study) -> Result<(), S::Error> {
    let found = match &study.reading.outcome {
        Ok(found) => found,
        Err(refusal) => return refused(s, study, refusal),
    };
    let made = &study.reading.provenance;
    let (grade, share, rule) = (Group::Grade(found.severity.grade), Group::Share(found), Group::Rule);
    let (scores, measured) = (Group::Scores(found), Group::Measured(found));
    let numbers = [scores, rule, measured, rule, Group::Sides, Group::Provenance(made)];
    let short = [scores, measured];
    let shortest = [scores, Group::Detection(found)];
    let lines = [Group::ZoneLines(found), rule, scores, Group::Detection(found)];
    if !layout.upright {
        let (width, height, gap) = (s.width(), s.height(), s.px(20).max(8));
        let half = width * 44 / 100;
        column(&mut s.part(0, 0, half, height), &[&[Group::Diagram(found)]])?;
        let right = &mut s.part(half + gap, 0, width - half - gap, height);
        let all = [&[grade, share, rule], numbers.as_slice()].concat();
        let most = [&[grade, share, rule], short.as_slice()].concat();
        return details_column(right, study, &[&all, &most, &numbers, &short, &shortest]);
    }
    let diagram = Group::Diagram(found);
    let all = [&[grade, diagram, share, rule], numbers.as_slice()].concat();
    let most = [&[grade, share, Group::Zones(found), rule], numbers.as_slice()].concat();
    details_column(s, study, &[&all, &most, &lines, &lines[2..]])
}

/// The first of `plans` that fits with the study's warnings, else the first without them: the header has their mark.
fn details_column<S: Surface>(s: &mut Sheet<S>, study: &Study, plans: &[&[Group]]) -> Result<(), S::Error> {
    let warnings = words::warnings(s.look.words, &study.reading.warnings);
    if warnings.is_empty() {
        return column(s, plans);
    }
    let warned = warned(&warnings, plans);
    let all: Vec<&[Group]> = warned.iter().map(Vec::as_slice).chain(plans.iter().copied()).collect();
    column(s, &all)
}
