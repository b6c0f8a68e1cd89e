//! Groups of numbers that the operator screen and the overlay's caption share. All sizes are units of a [`Pen`].

use embedded_graphics::prelude::{Point, Size};
use embedded_graphics::primitives::Rectangle;

use super::colour_map::{ColourMap, blend};
use super::palette::{ACCENT, GROUND, INFECTED_LINE, LABEL, LUNG_LINE, PLAIN, RULE};
use super::pen::Pen;
use super::{Surface, text, words};
use crate::grade::Grade;
use crate::reading::{Finding, Provenance};

/// Baselines between two lines of scores.
const SCORE_STEP: i32 = 26;
/// One step of the grade's meter.
const STEP: (i32, i32) = (26, 14);
/// Grey on which the colour scale is shown: the middle of a radiograph's brightness.
const SCALE_GREY: embedded_graphics::pixelcolor::Rgb888 =
    embedded_graphics::pixelcolor::Rgb888::new(96, 96, 96);

/// The grade in words with a meter of four steps; 50 high.
pub fn grade<S: Surface>(pen: &mut Pen<S>, width: i32, grade: Grade) -> Result<(), S::Error> {
    let (small, big) = (pen.scale.small, pen.scale.big);
    pen.text(0, 12, "Severity grade", small, LABEL)?;
    pen.text(0, 46, &words::grade(grade), big, PLAIN)?;
    let steps = Grade::ALL.len() as i32 - 1;
    for k in 0..steps {
        let x = width - (steps - k) * (STEP.0 + 4) + 4;
        if k < grade as i32 {
            pen.fill(x, 28, STEP, ACCENT)?;
        } else {
            pen.frame(x, 28, STEP, LABEL.text)?;
        }
    }
    pen.text_to(width, 12, &format!("step {} of {steps}", grade as i32), small, LABEL)
}

/// The infected share with its interval; 50 high.
pub fn share<S: Surface>(pen: &mut Pen<S>, found: &Finding) -> Result<(), S::Error> {
    let (small, body, big) = (pen.scale.small, pen.scale.body, pen.scale.big);
    pen.text(0, 12, "Infected share of the lung field (90 % interval)", small, LABEL)?;
    let total = words::percent(found.infected.total);
    pen.text(0, 46, &total, big, PLAIN)?;
    let after = pen.place(0, 46) + Point::new(text::width(&total, big) + 14, 0);
    let interval = format!("({})", words::interval(found.interval90));
    let face = if body.capital_height() < 14 { text::Face::Regular18 } else { body };
    text::write(pen.surface, &interval, after, face, PLAIN, embedded_graphics::text::Alignment::Left)
}

/// Shares of both lungs and the three scales, a line each; 120 high.
pub fn scores<S: Surface>(pen: &mut Pen<S>, width: i32, found: &Finding) -> Result<(), S::Error> {
    let (s, shares) = (&found.severity, &found.infected);
    let lines = [
        ("Right lung", words::percent(shares.right)),
        ("Left lung", words::percent(shares.left)),
        ("Geographic extent", format!("{}/8", s.geographic_extent)),
        ("Toussie score", format!("{}/6", s.toussie)),
        ("Brixia estimate", format!("{}/18", s.brixia_estimate)),
    ];
    let (body, strong) = (pen.scale.body, pen.scale.strong);
    for (k, (name, value)) in lines.iter().enumerate() {
        let y = 14 + SCORE_STEP * k as i32;
        pen.text(0, y, name, body, LABEL)?;
        pen.text_to(width, y, value, strong, PLAIN)?;
        if k > 0 {
            pen.fill(0, y - 18, (width, 1), RULE)?;
        }
    }
    Ok(())
}

/// Detection and what was measured at its operating point; 36 high.
pub fn detection<S: Surface>(pen: &mut Pen<S>, width: i32, found: &Finding) -> Result<(), S::Error> {
    let (small, body, strong) = (pen.scale.small, pen.scale.body, pen.scale.strong);
    let [answer, probability] = words::detection(&found.detection);
    pen.text(0, 13, &answer, strong, PLAIN)?;
    pen.text_to(width, 13, &probability, body, PLAIN)?;
    pen.text(0, 31, &words::operating_point(&found.detection), small, LABEL)
}

/// The colour map's scale, and what the two outlines mean; 58 high.
pub fn scale<S: Surface>(pen: &mut Pen<S>, width: i32, threshold: f32) -> Result<(), S::Error> {
    let small = pen.scale.small;
    pen.text(0, 12, "Probability of infection", small, LABEL)?;
    bar(&mut pen.at(170, 1), width - 170, threshold)?;
    let percent = words::percent(crate::units::Fraction::clamped(threshold));
    pen.text(170, 30, "0 %", small, LABEL)?;
    pen.text_to(width, 30, "100 %", small, LABEL)?;
    let tick = pen.place(170, 30) + Point::new((pen.scale.px(width - 170) as f32 * threshold) as i32, 0);
    text::write(pen.surface, &percent, tick, small, PLAIN, embedded_graphics::text::Alignment::Center)?;
    pen.fill(0, 46, (22, 1), LUNG_LINE)?;
    pen.text(28, 51, "lung field", small, LABEL)?;
    pen.fill(124, 45, (22, 3), INFECTED_LINE)?;
    pen.text(152, 51, &format!("counts as infected (from {percent})"), small, LABEL)
}

/// The scale itself with a tick at the threshold; 14 high.
fn bar<S: Surface>(pen: &mut Pen<S>, width: i32, threshold: f32) -> Result<(), S::Error> {
    let colours = ColourMap::new();
    let (w, h) = (pen.scale.px(width).max(2), pen.scale.px(12));
    let area = Rectangle::new(pen.origin, Size::new(w as u32, h as u32));
    let tick = (w as f32 * threshold) as i32;
    let colour = |x: i32| {
        let tint = colours.tint(x as f32 / (w - 1) as f32);
        match (x - tick).abs() {
            0 => INFECTED_LINE,
            1 => GROUND,
            _ => blend(SCALE_GREY, tint.colour, tint.opacity),
        }
    };
    pen.surface.fill_contiguous(&area, (0..h).flat_map(|_| 0..w).map(colour))
}

/// What made the reading, in two lines; 30 high.
pub fn provenance<S: Surface>(pen: &mut Pen<S>, width: i32, p: &Provenance) -> Result<(), S::Error> {
    let (small, room) = (pen.scale.small, pen.scale.px(width));
    pen.text(0, 12, &text::cut(&words::model(p), small, room), small, LABEL)?;
    pen.text(0, 28, &text::cut(&words::software(p), small, room), small, LABEL)
}

/// A thin line between groups.
pub fn rule<S: Surface>(pen: &mut Pen<S>, y: i32, width: i32) -> Result<(), S::Error> {
    pen.fill(0, y, (width, 1), RULE)
}
