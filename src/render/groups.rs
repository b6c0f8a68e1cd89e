//! Groups of numbers, each drawn from the top of a sheet. A group says how high it is, so that a column can choose those
//! that fit.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::Point;

use super::colour_map::{ColourMap, blend};
use super::diagram::{self, Diagram};
use super::language::filled;
use super::options::MapStyle;
use super::palette::{HALO, INFECTED_LINE, LUNG_LINE};
use super::sheet::{Place, Sheet, tight_ascent, tight_height};
use super::text::{self, Face};
use super::{Surface, words};
use crate::grade::Grade;
use crate::lung_field::Zone;
use crate::reading::{Finding, Provenance};
use crate::units::Fraction;

/// Width and height of one step of the grade's meter in units.
const STEP: (i32, i32) = (24, 12);
/// Height of the diagram in a column, in units; its own 150 units are reduced to that.
const DIAGRAM_HEIGHT: i32 = 132;
/// Grey on which the colour scale is shown: the middle of a radiograph's brightness.
const SCALE_GREY: Rgb888 = Rgb888::new(96, 96, 96);
/// Most lines of warnings: two on the smallest screens.
const WARNING_LINES_MAX: usize = 4;
/// Steps by which the short groups' words are smaller.
const SHORT: i32 = 3;
/// Sheets narrower than this many times the small print's size are the smallest screens'.
const NARROW: i32 = 22;

/// A group and what it shows.
#[derive(Debug, Clone, Copy)]
pub enum Group<'a> {
    /// What to know of the result before its numbers.
    Warning(&'a str),
    /// In words, in numbers, and as a meter.
    Grade(Grade),
    /// In words and in numbers alone, for the smallest screens.
    GradeShort(Grade),
    /// The infected share with its interval.
    Share(&'a Finding),
    /// The same, smaller.
    ShareShort(&'a Finding),
    /// Both lungs' shares.
    Lungs(&'a Finding),
    /// The diagram of zones beside the scores.
    Zones(&'a Finding),
    /// The diagram alone, as large as the sheet is wide.
    Diagram(&'a Finding),
    /// The zones' shares in three lines.
    ZoneLines(&'a Finding),
    /// Both lungs and the three scales, a line each.
    Scores(&'a Finding),
    /// Detection alone.
    Detection(&'a Finding),
    /// Detection and what was measured at its operating point.
    Measured(&'a Finding),
    /// The colour map's scale; the threshold.
    Scale(f32),
    /// The scale, and what the two outlines mean.
    Legend(f32),
    /// Whose right and left the letters are, and that the radiograph was fit to be read.
    Sides,
    /// What made the reading.
    Provenance(&'a Provenance),
    /// A line between groups.
    Rule,
}

impl Group<'_> {
    /// Draws the group; returns its height.
    pub fn draw<S: Surface>(&self, s: &mut Sheet<S>) -> Result<i32, S::Error> {
        match self {
            Self::Warning(words) => warning(s, words),
            Self::Grade(g) => grade(s, *g),
            Self::GradeShort(g) => grade_words(s, 0, *g, SHORT),
            Self::ShareShort(found) => share(s, found, SHORT),
            Self::Share(found) => share(s, found, 0),
            Self::Lungs(found) => lungs(s, found),
            Self::Sides => sides(s),
            Self::Zones(found) => zones(s, found),
            Self::Diagram(found) => large_diagram(s, found),
            Self::ZoneLines(found) => zone_lines(s, found),
            Self::Scores(found) => scores(s, found),
            Self::Detection(found) => detection(s, found),
            Self::Measured(found) => measured(s, found),
            Self::Scale(threshold) => scale(s, *threshold),
            Self::Legend(threshold) => legend(s, *threshold),
            Self::Provenance(p) => provenance(s, p),
            Self::Rule => rule(s),
        }
    }

    /// The group's height on a sheet like `s`; `None` where a text of it would be cut.
    fn height<S: Surface>(&self, s: &Sheet<S>) -> Option<i32> {
        s.measured(|sheet| self.draw(sheet))
    }
}

/// Draws the first of `plans` that fits the sheet, or the last; what is over is shared out between the groups.
pub fn column<S: Surface>(s: &mut Sheet<S>, plans: &[&[Group]]) -> Result<(), S::Error> {
    let total = |plan: &[Group]| plan.iter().map(|g| g.height(s)).sum::<Option<i32>>();
    let fits = |plan: &&&[Group]| total(plan).is_some_and(|height| height <= s.height());
    let Some(plan) = plans.iter().find(fits).or(plans.last()) else { return Ok(()) };
    let left = s.height() - total(plan).unwrap_or(s.height());
    let gap = (left / plan.len().max(1) as i32).clamp(0, s.px(16));
    let mut y = 0;
    for group in *plan {
        y += group.draw(&mut s.below(y))? + gap;
    }
    Ok(())
}

fn rule<S: Surface>(s: &mut Sheet<S>) -> Result<i32, S::Error> {
    let (width, thick, around) = (s.width(), s.px(1).max(1), s.px(3));
    s.fill(0, around, (width, thick), s.look.colours.rule)?;
    Ok(2 * around + thick)
}

/// A mark and the words beside it, so that colour is not what says it.
fn warning<S: Surface>(s: &mut Sheet<S>, words: &str) -> Result<i32, S::Error> {
    let (bar, gap) = (s.px(5).max(3), s.px(12).max(8));
    let (face, ink) = (s.look.small(), s.look.colours.alert());
    let face = Face { bold: true, ..face };
    let width = s.width() - gap;
    let lines_max = if width < NARROW * face.px { WARNING_LINES_MAX / 2 } else { WARNING_LINES_MAX };
    let height = s.part(gap, 0, width, 0).paragraph(0, words, face, ink, lines_max)?;
    s.fill(0, 0, (bar, height), ink.text)?;
    Ok(height + s.px(2))
}

fn grade<S: Surface>(s: &mut Sheet<S>, grade: Grade) -> Result<i32, S::Error> {
    let (small, colours, width) = (s.look.small(), s.look.colours, s.width());
    let steps = Grade::ALL.len() as i32 - 1;
    let (w, h, gap) = (s.px(STEP.0).max(12), s.px(STEP.1).max(8), s.px(4).max(2));
    let meter = steps * (w + gap) - gap;
    let top = (small.line_height() - h) / 2 + s.px(1);
    for k in 0..steps {
        let x = width - meter + k * (w + gap);
        if k < grade as i32 {
            s.fill(x, top, (w, h), colours.accent)?;
        } else {
            s.frame(x, top, (w, h), colours.label)?;
        }
    }
    let name = &s.look.words.numbers.grade;
    let room = (0, width - meter - s.px(8).max(4));
    s.write(room, small.ascent(), name, small, colours.label(), Place::Start)?;
    grade_words(s, small.line_height() - s.px(2), grade, 0)
}

/// `shrink`: steps by which the words are smaller than elsewhere.
fn grade_words<S: Surface>(s: &mut Sheet<S>, y: i32, grade: Grade, shrink: i32) -> Result<i32, S::Error> {
    let (colours, width) = (s.look.colours, s.width());
    let big = s.look.smaller(Face::bold(s.look.sizes.big), shrink);
    let number = format!("{}/{}", grade as i32, Grade::ALL.len() - 1);
    let (number_face, baseline) = (s.look.title(), y + tight_ascent(big));
    let taken = text::width(&number, number_face);
    s.write((width - taken, taken), baseline, &number, number_face, colours.plain(), Place::End)?;
    let room = (0, width - taken - s.px(10).max(6));
    s.write(room, baseline, words::grade(s.look.words, grade), big, colours.plain(), Place::Start)?;
    Ok(y + tight_height(big))
}

fn share<S: Surface>(s: &mut Sheet<S>, found: &Finding, shrink: i32) -> Result<i32, S::Error> {
    let (n, colours, width) = (&s.look.words.numbers, s.look.colours, s.width());
    let y = s.line(0, &n.share, s.look.small(), colours.label())? - s.px(2);
    let face = s.look.smaller(Face::bold(s.look.sizes.share), shrink);
    let total = words::percent(found.infected.total);
    let (taken, gap) = (text::width(&total, face), s.px(14).max(8));
    let baseline = y + tight_ascent(face);
    s.write((0, taken), baseline, &total, face, colours.plain(), Place::Start)?;
    let interval = filled(&n.interval, &[("interval", &words::interval(found.interval90))]);
    let beside = width - taken - gap;
    if text::width(&interval, s.look.body()) <= beside {
        s.write((taken + gap, beside), baseline, &interval, s.look.body(), colours.plain(), Place::Start)?;
        return Ok(y + tight_height(face));
    }
    s.line(y + tight_height(face), &interval, s.look.small(), colours.plain())
}

fn lungs<S: Surface>(s: &mut Sheet<S>, found: &Finding) -> Result<i32, S::Error> {
    let (n, colours) = (&s.look.words.numbers, s.look.colours);
    let (name, value) = ((s.look.small(), colours.label()), (s.look.strong(), colours.plain()));
    let lines = [(&n.right, found.infected.right), (&n.left, found.infected.left)];
    lines.iter().try_fold(0, |y, (side, share)| {
        s.pair(y, (side, name.0, name.1), (&words::percent(*share), value.0, value.1))
    })
}

fn zones<S: Surface>(s: &mut Sheet<S>, found: &Finding) -> Result<i32, S::Error> {
    let height = s.px(DIAGRAM_HEIGHT);
    let scale = height * 1000 / diagram::HEIGHT;
    let width = (diagram::WIDTH * scale + 500) / 1000;
    let corner = s.place(0, 0, width, height).top_left;
    Diagram { look: s.look, corner, scale }.draw(s.surface, Some(&found.infected))?;
    let (gap, rest) = (s.px(12), s.width() - width - s.px(12));
    let below = scores(&mut s.part(width + gap, s.px(8), rest, height), found)? + s.px(8);
    Ok(below.max(height))
}

fn large_diagram<S: Surface>(s: &mut Sheet<S>, found: &Finding) -> Result<i32, S::Error> {
    let width = s.width().min(s.px(400)).min(s.height() * diagram::WIDTH / diagram::HEIGHT);
    let scale = width * 1000 / diagram::WIDTH;
    let corner = s.place((s.width() - width) / 2, 0, width, 0).top_left;
    let diagram = Diagram { look: s.look, corner, scale };
    diagram.draw(s.surface, Some(&found.infected))?;
    Ok(diagram.px(diagram::HEIGHT))
}

/// A to C on the left, where the patient's right lung is seen; D to F on the right.
fn zone_lines<S: Surface>(s: &mut Sheet<S>, found: &Finding) -> Result<i32, S::Error> {
    let (small, strong, c) = (s.look.small(), s.look.strong(), s.look.colours);
    let (half, gap) = (s.width() / 2, s.px(16).max(8));
    let mut below = 0;
    for zone in Zone::ALL {
        let x = if zone.is_right() != s.look.right_to_left { 0 } else { half + gap / 2 };
        let y = strong.line_height() * (zone.index() % 3) as i32;
        let side = if zone.is_right() { "R" } else { "L" };
        let name = format!("{side} {}", zone.letter());
        let share = words::percent(found.infected.zones[zone.index()]);
        let room = &mut s.part(x, y, half - gap / 2, strong.line_height());
        below = y + room.pair(0, (&name, small, c.label()), (&share, strong, c.plain()))?;
    }
    Ok(below)
}

fn scores<S: Surface>(s: &mut Sheet<S>, found: &Finding) -> Result<i32, S::Error> {
    let (severity, shares, n) = (&found.severity, &found.infected, &s.look.words.numbers);
    let lines = [
        (&n.right, words::percent(shares.right)),
        (&n.left, words::percent(shares.left)),
        (&n.extent, format!("{}/8", severity.geographic_extent)),
        (&n.toussie, format!("{}/6", severity.toussie)),
        (&n.brixia, format!("{}/18", severity.brixia_estimate)),
    ];
    let (colours, name, value) = (s.look.colours, s.look.small(), s.look.strong());
    let (mut y, width) = (0, s.width());
    for (k, (title, number)) in lines.iter().enumerate() {
        if k > 0 {
            s.fill(0, y, (width, s.px(1).max(1)), colours.rule)?;
        }
        y = s.pair(y, (title, name, colours.label()), (number, value, colours.plain()))?;
    }
    Ok(y)
}

fn detection<S: Surface>(s: &mut Sheet<S>, found: &Finding) -> Result<i32, S::Error> {
    let [answer, probability] = words::detection(s.look.words, &found.detection);
    let (colours, width, gap) = (s.look.colours, s.width(), s.px(12));
    let (strong, small) = (s.look.strong(), s.look.small());
    let needed = text::width(&answer, strong) + gap + text::width(&probability, small);
    if needed <= width {
        return s.pair(0, (&answer, strong, colours.plain()), (&probability, small, colours.plain()));
    }
    let y = s.line(0, &answer, strong, colours.plain())?;
    s.line(y, &probability, small, colours.plain())
}

fn measured<S: Surface>(s: &mut Sheet<S>, found: &Finding) -> Result<i32, S::Error> {
    let y = detection(s, found)?;
    let point = words::operating_point(s.look.words, &found.detection);
    s.paragraph(y, &point, s.look.small(), s.look.colours.label(), 2)
}

fn scale<S: Surface>(s: &mut Sheet<S>, threshold: f32) -> Result<i32, S::Error> {
    let (small, colours, n) = (s.look.small(), s.look.colours, &s.look.words.numbers);
    if s.look.options.map == MapStyle::Off {
        return s.line(0, &n.map_off, small, colours.label());
    }
    let y = s.line(0, &n.scale, small, colours.label())?;
    let (width, height) = (s.width(), s.px(12).max(8));
    bar(s, y, (width, height), threshold)?;
    let baseline = y + height + small.ascent();
    let [zero, marked, hundred] = [0.0, threshold, 1.0].map(|share| words::percent(Fraction::clamped(share)));
    let widths = [&zero, &marked, &hundred].map(|label| text::width(label, small));
    let (centre, has_room) = labels((width as f32 * threshold) as i32, width, widths, s.px(6));
    for ((end, place), has_room) in [(zero, Place::Start), (hundred, Place::End)].into_iter().zip(has_room) {
        if has_room {
            s.write((0, width), baseline, &end, small, colours.label(), place)?;
        }
    }
    let room = (centre - widths[1], 2 * widths[1]);
    s.write(room, baseline, &marked, small, colours.plain(), Place::Middle)?;
    Ok(y + height + small.line_height())
}

/// The centre of a scale's middle label, under its tick, and whether those at its ends have room beside it.
fn labels(tick: i32, width: i32, [start, middle, end]: [i32; 3], gap: i32) -> (i32, [bool; 2]) {
    let half = (middle + 1) / 2;
    let centre = tick.clamp(half, (width - half).max(half));
    (centre, [start + gap <= centre - half, centre + half + gap <= width - end])
}

/// The scale itself with a tick at the threshold; it runs with the language.
fn bar<S: Surface>(s: &mut Sheet<S>, y: i32, (w, h): (i32, i32), threshold: f32) -> Result<(), S::Error> {
    let (colours, look) = (ColourMap::new(), s.look);
    let opacity = match look.options.map {
        MapStyle::Filled => f32::from(look.options.opacity.percent()) / 100.0,
        MapStyle::Outlined | MapStyle::Off => 0.0,
    };
    let (area, tick) = (s.place(0, y, w, h), (w as f32 * threshold) as i32);
    let colour = |x: i32| {
        let x = if look.right_to_left { w - 1 - x } else { x };
        let tint = colours.tint(x as f32 / (w - 1).max(1) as f32);
        let colour = match (x - tick).abs() {
            0 | 1 => INFECTED_LINE,
            2 | 3 => HALO,
            _ => blend(SCALE_GREY, tint.colour, tint.opacity * opacity),
        };
        look.colours.shown(colour)
    };
    s.surface.fill_contiguous(&area, (0..h).flat_map(|_| 0..w).map(colour))
}

fn legend<S: Surface>(s: &mut Sheet<S>, threshold: f32) -> Result<i32, S::Error> {
    let y = scale(s, threshold)?;
    if s.look.options.map == MapStyle::Off {
        return Ok(y);
    }
    let (small, colours, n) = (s.look.small(), s.look.colours, &s.look.words.numbers);
    let percent = words::percent(Fraction::clamped(threshold));
    let infected = filled(&n.infected, &[("threshold", &percent)]);
    let (dash, gap, half) = (s.px(24).max(14), s.px(7), s.width() * 43 / 100);
    let entries = [
        (0, LUNG_LINE, 1, n.lung_field.as_str(), half - gap),
        (half, INFECTED_LINE, 3, infected.as_str(), s.width() - half),
    ];
    for (x, line, thick, name, room) in entries {
        // On a piece of grey, as it is seen on the radiograph in every palette.
        let (thick, sample) = (s.px(thick).max(thick), s.px(11).max(8));
        let top = y + (small.line_height() - sample) / 2 + s.px(1);
        s.fill(x, top, (dash, sample), colours.shown(HALO))?;
        s.fill(x, top + (sample - thick) / 2, (dash, thick), colours.shown(line))?;
        let room = (x + dash + gap, room - dash - gap);
        s.write(room, y + small.ascent(), name, small, colours.label(), Place::Start)?;
    }
    Ok(y + small.line_height())
}

fn sides<S: Surface>(s: &mut Sheet<S>) -> Result<i32, S::Error> {
    let (n, small, label) = (&s.look.words.numbers, s.look.small(), s.look.colours.label());
    let y = s.paragraph(0, &n.fit, small, label, 2)?;
    s.paragraph(y, &n.sides, small, label, 2)
}

fn provenance<S: Surface>(s: &mut Sheet<S>, p: &Provenance) -> Result<i32, S::Error> {
    let (small, label, words) = (s.look.small(), s.look.colours.label(), s.look.words);
    let y = s.paragraph(0, &words::model(words, p), small, label, 2)?;
    s.paragraph(y, &words::software(words, p), small, label, 2)
}

/// The patient's sides in the upper corners of a radiograph at `image`.
pub fn marks<S: Surface>(
    s: &mut Sheet<S>,
    image: embedded_graphics::primitives::Rectangle,
    px: i32,
) -> Result<(), S::Error> {
    let (face, ink) = (Face::bold(px), s.look.colours.mark());
    let side = px * 3 / 2;
    let far = (image.size.width as i32 - side).max(0);
    for (letter, x) in [("R", 0), ("L", far)] {
        let corner = image.top_left + Point::new(x, 0);
        s.surface.fill_solid(&super::layout::area(corner.x, corner.y, side, side), ink.ground)?;
        let at = corner + Point::new(side / 2, (side + face.capital_height()) / 2);
        let writing = text::Writing { face, ink, align: text::Align::Centre, right_to_left: false };
        text::write(s.surface, letter, at, writing)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scales_end_gives_way_to_a_threshold_that_is_near() {
        let at = |percent: i32| labels(3 * percent, 300, [30, 40, 50], 5);
        assert_eq!(at(50), (150, [true, true]));
        assert_eq!([at(9), at(0)], [(27, [false, true]), (20, [false, true])]);
        assert_eq!([at(85), at(100)], [(255, [true, false]), (280, [true, false])]);
        assert_eq!(labels(10, 20, [30, 40, 50], 5), (20, [false, false]), "no room for anything");
    }
}
