//! The map against boxes around opacity: where does it point, and how much does it mark where there is none?

use super::row::{OpacityBox, RsnaClass};
use super::sample::{Name, Origin, Sample};
use super::section::Section;
use super::seen::Seen;
use super::statistics::{mean, ratio};
use crate::pipeline::Study;

const POINTING: [Name; 2] = [
    ("pointing_game", "the map's maximum lies in a box"),
    ("box_coverage", "share of the boxes' lung that is marked"),
];
const NOT_NORMAL: [Name; 1] = [("false_area_not_normal", "share marked without opacity, not normal")];
const NOTE: &str = "Boxes are no outlines. Without opacity, not normal: the class No Lung Opacity / Not Normal of the RSNA set.";

/// One radiograph with boxes.
struct Boxed {
    pointing: f64,
    coverage: Option<f64>,
}

/// What the section keeps of its radiographs.
#[derive(Default)]
pub struct Boxes {
    boxed: Sample<Boxed>,
    not_normal: Sample<f64>,
}

impl Boxes {
    pub fn add(&mut self, seen: Seen, origin: Origin) {
        let row = seen.row;
        self.boxed.push(origin, (!row.boxes.is_empty()).then(|| boxed(&row.boxes, seen)));
        if row.rsna_class == Some(RsnaClass::NotNormal) {
            self.not_normal.push(origin, seen.share().unwrap_or(1.0));
        }
    }

    /// None without labels.
    pub fn section(&self) -> Option<Section> {
        let mut figures = self.boxed.figures(POINTING, &|boxed: &[&Boxed]| {
            [mean(boxed.iter().map(|b| b.pointing)), mean(boxed.iter().filter_map(|b| b.coverage))]
        });
        figures.extend(self.not_normal.figures(NOT_NORMAL, &|s: &[&f64]| [mean(s.iter().map(|v| **v))]));
        (!figures.is_empty()).then_some(Section {
            key: "boxes",
            heading: "Map against boxes around opacity",
            note: NOTE,
            n: self.boxed.n(),
            refused: self.boxed.refused(),
            figures,
            parts: Vec::new(),
        })
    }
}

fn boxed(boxes: &[OpacityBox], seen: Seen) -> Boxed {
    let Some((study, map)) = seen.study.zip(seen.map()) else {
        return Boxed { pointing: 0.0, coverage: Some(0.0) };
    };
    let inside = |i: usize| {
        let (x, y) = in_fractions(study, i, map.side());
        boxes.iter().any(|b| b.holds(x, y))
    };
    let coverage = seen.field().and_then(|field| {
        let lung = |i: &usize| field.zones()[*i].is_some() && inside(*i);
        let pixels: Vec<usize> = (0..field.zones().len()).filter(lung).collect();
        ratio(pixels.iter().filter(|i| map.is_infected(**i)).count() as f64, pixels.len() as f64)
    });
    Boxed { pointing: pointing(map.probability(), inside), coverage }
}

/// 1 where the largest probability lies inside, else 0; the share inside where several pixels have it, as
/// int8 outputs often do. A map of zeros points nowhere.
///
/// Source: Zhang et al. 2018, "Top-Down Neural Attention by Excitation Backprop", without its tolerance.
fn pointing(probability: &[f32], inside: impl Fn(usize) -> bool) -> f64 {
    let largest = probability.iter().copied().fold(0.0, f32::max);
    let at: Vec<usize> = (0..probability.len()).filter(|i| probability[*i] == largest).collect();
    let hits = at.iter().filter(|i| inside(**i)).count();
    if largest > 0.0 { ratio(hits as f64, at.len() as f64).unwrap_or(0.0) } else { 0.0 }
}

/// Centre of the square's pixel `i` in fractions of the frame.
fn in_fractions(study: &Study, i: usize, side: usize) -> (f64, f64) {
    let (x, y) = study.letterbox.to_frame((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
    let frame = study.letterbox.frame;
    (f64::from(x) / f64::from(frame.width), f64::from(y) / f64::from(frame.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_counts_by_its_share_inside() {
        let check = |p: &[f32], expected| assert_eq!(pointing(p, |i| i < 2), expected);
        check(&[0.9, 0.1, 0.8, 0.2], 1.0);
        check(&[0.1, 0.1, 0.8, 0.2], 0.0);
        check(&[0.9, 0.1, 0.9, 0.2], 0.5);
        check(&[0.0, 0.0, 0.0, 0.0], 0.0);
    }

    #[test]
    fn a_box_holds_its_inside_alone() {
        let b = OpacityBox { left: 0.25, top: 0.5, width: 0.25, height: 0.25 };
        assert!(b.holds(0.25, 0.5) && b.holds(0.4, 0.7));
        assert!(!b.holds(0.5, 0.5) && !b.holds(0.4, 0.75) && !b.holds(0.2, 0.6));
    }
}
