//! The lung field against drawn lung masks.
//!
//! Annotators differ in one thing: whether the left lung goes on behind the heart.
//! Measured on the corpus by the ratio of left to right area: masks of v7labs and generalblockchain take the
//! heart in (1.07 to 1.10), those of scr and covid-qu-ex leave it out (0.81 to 0.83).
//! The device's lung field takes it in. Against a mask that leaves it out, the field is compared less
//! [`LungField::heart`]: each mask is met in its own convention, and figures are given for each.

use std::collections::BTreeMap;

use super::mask::{Mask, nearest};
use super::overlap::Overlap;
use super::row::LungLabel;
use super::sample::{Name, Origin, Sample};
use super::section::{Part, Section};
use super::seen::Seen;
use super::statistics::mean;
use crate::lung_field::{LungField, Zone};

const FIGURES: [Name; 4] = [
    ("dice_macro", "Dice, mean over radiographs"),
    ("iou_macro", "intersection over union, mean"),
    ("dice_right", "Dice of the right lung alone, mean"),
    ("dice_left", "Dice of the left lung alone, mean"),
];
const READERS: [Name; 1] = [("dice_readers", "Dice between two annotators of a radiograph, mean")];
const NOTE: &str = "Masks that leave the heart out (scr, covid-qu-ex) are compared with the lung field less the heart's shadow.";
/// Annotators whose left lung ends at the heart.
const HEART_LEFT_OUT_BY: [&str; 2] = ["scr", "covid-qu-ex"];
/// Annotators whose left lung goes on behind the heart.
const HEART_TAKEN_IN_BY: [&str; 2] = ["v7labs", "generalblockchain"];
/// Grey from which a pixel of a sided mask is the lung on the image's right: half-way between 127 and 255.
const LEFT_FROM: u8 = 191;
/// Grey from which a pixel is lung: half-way to 127.
const LUNG_FROM: u8 = 64;

/// How a mask treats the part of the left lung behind the heart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heart {
    TakenIn,
    LeftOut,
    /// The annotator is not known; compared as if it was taken in.
    Unstated,
}

impl Heart {
    fn of(drawn_by: Option<&str>) -> Self {
        let by = |names: &[&str]| drawn_by.is_some_and(|d| names.iter().any(|n| d.starts_with(n)));
        if by(&HEART_LEFT_OUT_BY) {
            Self::LeftOut
        } else if by(&HEART_TAKEN_IN_BY) {
            Self::TakenIn
        } else {
            Self::Unstated
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::TakenIn => "heart_taken_in",
            Self::LeftOut => "heart_left_out",
            Self::Unstated => "unstated",
        }
    }
}

/// One radiograph's lungs.
struct Lungs {
    both: Overlap,
    /// Right and left, where the mask tells them apart.
    sides: Option<[Overlap; 2]>,
    drawn_by: String,
    heart: Heart,
    child: bool,
}

/// What the section keeps of its radiographs.
#[derive(Default)]
pub struct Lung {
    seen: Sample<Lungs>,
    /// Dice of two annotators' masks.
    annotators: Sample<f64>,
}

impl Lung {
    pub fn add(&mut self, seen: Seen, origin: Origin, label: &LungLabel, mask: &Mask) {
        let heart = Heart::of(label.drawn_by.as_deref());
        let sided = label.sided;
        let side = |right: bool| {
            overlap(mask, seen, heart, &move |z| z.is_right() == right, &move |g| drawn_side(g, right))
        };
        self.seen.push(
            origin,
            Lungs {
                both: overlap(mask, seen, heart, &|_| true, &|g| g >= LUNG_FROM),
                sides: sided.then(|| [side(true), side(false)]),
                drawn_by: label.drawn_by.clone().unwrap_or_else(|| "unstated".to_owned()),
                heart,
                child: seen.row.child,
            },
        );
    }

    /// Two annotators' masks of one radiograph; only where both treat the heart alike and drew at one size.
    pub fn add_second(&mut self, origin: Origin, drawn_by: [Option<&str>; 2], masks: [&Mask; 2]) {
        let [one, other] = drawn_by.map(Heart::of);
        if one != other || masks[0].size() != masks[1].size() {
            return;
        }
        let pairs = masks[0].grey().iter().zip(masks[1].grey());
        let dice = Overlap::of(pairs.map(|(a, b)| (*a >= LUNG_FROM, *b >= LUNG_FROM))).dice();
        // Nothing is refused here: the device has no part in it.
        self.annotators.push(Origin { graded: true, ..origin }, dice);
    }

    /// None without labels.
    pub fn section(&self) -> Option<Section> {
        let mut figures = self.seen.figures(FIGURES, &measure);
        figures.extend(
            self.annotators.figures(READERS, &|drawn: &[&f64]| [mean(drawn.iter().map(|dice| **dice))]),
        );
        let mut parts = self.parts("by_source", |l| l.drawn_by.clone());
        parts.extend(self.parts("by_convention", |l| l.heart.name().to_owned()));
        parts.extend(self.parts("by_age", |l| if l.child { "children" } else { "adults" }.to_owned()));
        (!self.seen.is_empty()).then_some(Section {
            key: "lung",
            heading: "Lung field against drawn masks",
            note: NOTE,
            n: self.seen.n(),
            refused: self.seen.refused(),
            figures,
            parts,
        })
    }

    fn parts(&self, by: &'static str, name: impl Fn(&Lungs) -> String) -> Vec<Part> {
        let mut members: BTreeMap<String, Vec<&Lungs>> = BTreeMap::new();
        for lungs in self.seen.all() {
            members.entry(name(lungs)).or_default().push(lungs);
        }
        let part = |(name, members): (String, Vec<&Lungs>)| {
            let [dice, iou, ..] = measure(&members);
            let values = vec![("dice_macro", dice), ("iou_macro", iou)];
            Part { by, name, n: members.len(), counts: Vec::new(), values }
        };
        members.into_iter().map(part).collect()
    }
}

fn measure(lungs: &[&Lungs]) -> [Option<f64>; 4] {
    let side = |i: usize| mean(lungs.iter().filter_map(|l| l.sides?[i].dice()));
    [
        mean(lungs.iter().filter_map(|l| l.both.dice())),
        mean(lungs.iter().filter_map(|l| l.both.iou())),
        side(0),
        side(1),
    ]
}

fn drawn_side(grey: u8, right: bool) -> bool {
    grey >= LUNG_FROM && (grey < LEFT_FROM) == right
}

/// The field's pixels of the zones that `counts` against the mask's by `drawn`; no field finds nothing.
fn overlap(
    mask: &Mask,
    seen: Seen,
    heart: Heart,
    counts: &dyn Fn(Zone) -> bool,
    drawn: &dyn Fn(u8) -> bool,
) -> Overlap {
    let Some((study, field)) = seen.study.zip(seen.field()) else {
        return Overlap::of(mask.grey().iter().map(|g| (false, drawn(*g))));
    };
    let device = |i: usize| in_field(field, i, heart).is_some_and(counts);
    Overlap::of(
        mask.on_square(&study.letterbox).map(|p| (device(nearest(p.x, p.y, field.side())), drawn(p.grey))),
    )
}

/// The zone of the square's pixel `i` in the mask's convention.
fn in_field(field: &LungField, i: usize, heart: Heart) -> Option<Zone> {
    field.zones()[i].filter(|_| heart != Heart::LeftOut || !field.heart()[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_annotator_of_the_corpus_has_its_convention() {
        let check = |drawn_by, expected| assert_eq!(Heart::of(drawn_by), expected);
        check(Some("v7labs (matched by size)"), Heart::TakenIn);
        check(Some("generalblockchain"), Heart::TakenIn);
        check(Some("scr"), Heart::LeftOut);
        check(Some("covid-qu-ex"), Heart::LeftOut);
        check(None, Heart::Unstated);
    }

    #[test]
    fn grey_127_is_the_right_lung() {
        assert!(drawn_side(127, true) && !drawn_side(127, false));
        assert!(drawn_side(255, false) && !drawn_side(255, true));
        assert!(!drawn_side(0, true) && !drawn_side(0, false));
    }
}
