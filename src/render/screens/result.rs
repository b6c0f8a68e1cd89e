//! A study: graded, in detail, or refused.

use embedded_graphics::prelude::Size;
use embedded_graphics::primitives::Rectangle;

use crate::pipeline::Study;
use crate::reading::{Finding, Refusal};
use crate::render::groups::{self, Group, column};
use crate::render::layout::Layout;
use crate::render::palette::Colours;
use crate::render::sheet::Sheet;
use crate::render::text::Face;
use crate::render::{Surface, infected_threshold, radiograph, words};
use crate::units::PixelSize;

/// Lines of a reason or a piece of advice; more than any of ours needs.
const SENTENCE_LINES_MAX: usize = 8;

pub fn study<S: Surface>(s: &mut Sheet<S>, layout: &Layout, study: &Study) -> Result<(), S::Error> {
    let image = picture(s, layout.image, study)?;
    let panel = &mut Sheet::new(s.surface, s.look, layout.panel);
    match &study.reading.outcome {
        Ok(found) => {
            numbers(panel, study, found)?;
            groups::marks(panel, image, panel.look.sizes.body)
        }
        Err(refusal) => refused(panel, study, refusal),
    }
}

/// The radiograph in the middle of `room`; returns where it lies.
fn picture<S: Surface>(s: &mut Sheet<S>, room: Rectangle, study: &Study) -> Result<Rectangle, S::Error> {
    let colours: &Colours = s.look.colours;
    let size = radiograph::fitted(study.display.size, PixelSize::new(room.size.width, room.size.height));
    let weight = (s.look.sizes.scale as f32 / 1000.0).max(0.6);
    let drawn = radiograph::drawn(study, size, weight, s.look.options);
    let area = Rectangle::with_center(room.center(), Size::new(size.width, size.height));
    s.surface.fill_contiguous(&area, drawn.colours().map(|c| colours.shown(c)))?;
    Ok(area)
}

fn numbers<S: Surface>(s: &mut Sheet<S>, study: &Study, found: &Finding) -> Result<(), S::Error> {
    let warnings = words::warnings(s.look.words, &study.reading.warnings);
    let t = infected_threshold(study);
    let made = &study.reading.provenance;
    let (grade, share) = (Group::Grade(found.severity.grade), Group::Share(found));
    use Group::{Detection, Legend, Measured, Provenance, Rule, Scale, Sides, Zones};
    let plans: [&[Group]; 9] = [
        &[grade, share, Rule, Zones(found), Rule, Measured(found), Rule, Legend(t), Rule, Provenance(made)],
        &[grade, share, Rule, Zones(found), Rule, Measured(found), Rule, Legend(t)],
        &[grade, share, Zones(found), Measured(found), Scale(t)],
        &[grade, share, Zones(found), Detection(found), Scale(t)],
        &[grade, share, Zones(found), Detection(found)],
        &[grade, share, Sides(found), Detection(found), Scale(t)],
        &[grade, share, Sides(found), Detection(found)],
        &[grade, share, Sides(found)],
        &[grade, share],
    ];
    if warnings.is_empty() {
        return column(s, &plans);
    }
    let warned: Vec<Vec<Group>> = plans.iter().map(|p| [&[Group::Warning(&warnings)], *p].concat()).collect();
    column(s, &warned.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn refused<S: Surface>(s: &mut Sheet<S>, study: &Study, refusal: &Refusal) -> Result<(), S::Error> {
    let (look, gap) = (s.look, s.px(10).max(4));
    let (words, c) = (look.words, look.colours);
    let y = s.tight(0, &words.title.refused, Face::bold(look.sizes.share), c.alert())? + gap / 2;
    let reason = words.refusal.of(refusal.code);
    let y = s.paragraph(y, reason, look.strong(), c.plain(), SENTENCE_LINES_MAX)? + gap;
    let y = s.line(y, &words.say.what_to_do, look.small(), c.label())?;
    let advice = words::advice(words, refusal.code);
    let y = s.paragraph(y, advice, look.strong(), c.plain(), SENTENCE_LINES_MAX)? + gap;
    let y = s.line(y, &words::code(words, refusal.code), look.small(), c.label())?;
    let made = [Group::Rule, Group::Provenance(&study.reading.provenance)];
    column(&mut s.below(y + gap), &[&made, &[]])
}

/// All numbers without the picture; a refusal's words fill the screen.
pub fn details<S: Surface>(s: &mut Sheet<S>, layout: &Layout, study: &Study) -> Result<(), S::Error> {
    let found = match &study.reading.outcome {
        Ok(found) => found,
        Err(refusal) => return refused(s, study, refusal),
    };
    let made = &study.reading.provenance;
    let (share, rule) = (Group::Share(found), Group::Rule);
    let numbers = [Group::Scores(found), rule, Group::Measured(found), rule, Group::Provenance(made)];
    let short = [Group::Scores(found), Group::Measured(found)];
    let shortest = [Group::Scores(found), Group::Detection(found)];
    if !layout.upright {
        let (width, height, gap) = (s.width(), s.height(), s.px(20).max(8));
        let half = width * 44 / 100;
        column(
            &mut s.part(0, 0, half, height),
            &[&[Group::Diagram(found), share], &[Group::Diagram(found)]],
        )?;
        let right = &mut s.part(half + gap, 0, width - half - gap, height);
        return column(right, &[&numbers, &short, &shortest]);
    }
    let diagram = Group::Diagram(found);
    let all = [&[diagram, share, rule], numbers.as_slice()].concat();
    let most = [&[Group::Zones(found), share, rule], numbers.as_slice()].concat();
    column(s, &[&all, &most, &numbers, &short, &shortest])
}
