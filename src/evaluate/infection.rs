//! The infection map against radiologists' masks.
//!
//! Compared at the mask's own resolution: each of its pixels takes the map's probability at its place on the
//! square, bilinear between the pixels of the lung field, and counts as infected from the map's threshold on.

use super::mask::{Mask, MaskPixel, nearest};
use super::overlap::Overlap;
use super::reliability::{self, Excess};
use super::sample::{Name, Origin, Sample};
use super::section::Section;
use super::seen::{Seen, farthest};
use super::statistics::mean;
use crate::infection_map::InfectionMap;
use crate::lung_field::LungField;
use crate::units::Fraction;

/// Dice first.
pub const OVERLAPS: [Name; 6] = [
    ("dice_macro", "Dice, mean over radiographs"),
    ("dice_micro", "Dice, pixels pooled"),
    ("iou_micro", "intersection over union, pooled"),
    ("sensitivity", "sensitivity of pixels, pooled"),
    ("specificity", "specificity of pixels, pooled"),
    ("precision", "precision of pixels, pooled"),
];
const SHARES: [Name; 1] = [("fraction_mae", "error of the infected share, mean |.|")];
const NORMALS: [Name; 1] = [("false_area_normals", "share marked on normal adults, mean")];
const PIXELS: [Name; 1] = [("pixel_ece", "calibration error of pixels, 10 bins")];
const COVERED: [Name; 1] = [("coverage", "share inside the 90 % interval")];
const COVERED_INFECTED: [Name; 1] = [("coverage_infected", "the same, infected lungs alone")];
const SHARE_NOTE: &str = "Reference share: infected area by lung area as drawn; 0 for normal adults.";
const NOTE: &str =
    "Radiographs with a mask that is not empty; per-pixel figures count every pixel of the radiograph.";

/// What the section keeps of its radiographs.
#[derive(Default)]
pub struct Infection {
    overlaps: Sample<Overlap>,
    pixels: Sample<Excess>,
    errors: Sample<f64>,
    normals: Sample<f64>,
    covered: Sample<bool>,
    covered_infected: Sample<bool>,
}

impl Infection {
    /// `mask` is the row's infection mask, where it has one. Returns its overlap with the map, unless it is empty.
    pub fn add(&mut self, seen: Seen, origin: Origin, mask: Option<&Mask>) -> Option<Overlap> {
        let overlap = mask.map(|m| overlap(m, seen)).filter(|o| o.drawn() > 0);
        self.overlaps.push(origin, overlap);
        self.pixels.push(origin, calibration(seen, mask));
        self.add_share(seen, origin);
        overlap
    }

    fn add_share(&mut self, seen: Seen, origin: Origin) {
        if seen.row.normal_adult() {
            self.normals.push(origin, seen.share().unwrap_or(1.0));
        }
        let Some(reference) = seen.row.infected_share() else { return };
        let share = seen.share().unwrap_or(farthest(reference, 1.0));
        self.errors.push(origin, (share - reference).abs());
        let covered = seen.finding().is_some_and(|f| {
            let [low, high] = f.interval90.map(|end: Fraction| f64::from(end.get()));
            (low..=high).contains(&reference)
        });
        self.covered.push(origin, covered);
        self.covered_infected.push(origin, (reference > 0.0).then_some(covered));
    }

    /// The map's section; none without labels.
    pub fn section(&self) -> Option<Section> {
        let mut figures = self.overlaps.figures(OVERLAPS, &overlaps);
        figures.extend(self.pixels.figures(PIXELS, &|e: &[&Excess]| [reliability::error(e)]));
        figures.extend(self.errors.figures(SHARES, &average));
        figures.extend(self.normals.figures(NORMALS, &average));
        (!figures.is_empty()).then_some(Section {
            key: "infection",
            heading: "Infection map against radiologists' masks",
            note: NOTE,
            n: self.overlaps.n(),
            refused: self.overlaps.refused(),
            figures,
            parts: Vec::new(),
        })
    }

    /// The section of the 90 % interval; none without labels.
    pub fn interval_section(&self) -> Option<Section> {
        let share = |s: &[&bool]| [mean(s.iter().map(|c| if **c { 1.0 } else { 0.0 }))];
        let mut figures = self.covered.figures(COVERED, &share);
        figures.extend(self.covered_infected.figures(COVERED_INFECTED, &share));
        (!figures.is_empty()).then_some(Section {
            key: "interval90",
            heading: "90 % interval of the infected share",
            note: SHARE_NOTE,
            n: self.covered.n(),
            refused: self.covered.refused(),
            figures,
            parts: Vec::new(),
        })
    }
}

fn average(values: &[&f64]) -> [Option<f64>; 1] {
    [mean(values.iter().map(|v| **v))]
}

/// The values of [`OVERLAPS`].
pub fn overlaps(each: &[&Overlap]) -> [Option<f64>; 6] {
    let pooled = each.iter().fold(Overlap::default(), |sum, o| sum.plus(**o));
    [
        mean(each.iter().filter_map(|o| o.dice())),
        pooled.dice(),
        pooled.iou(),
        pooled.sensitivity(),
        pooled.specificity(),
        pooled.precision(),
    ]
}

/// The map's pixels against the mask's; without a map wrong wherever one could have been.
fn overlap(mask: &Mask, seen: Seen) -> Overlap {
    let Some((study, field)) = seen.study.zip(seen.field()) else {
        return Overlap::of(mask.grey().iter().map(|g| (!drawn(*g), drawn(*g))));
    };
    Overlap::of(mask.on_square(&study.letterbox).map(|p| {
        let device = match seen.map() {
            Some(map) => marked(map, field, p),
            None => !drawn(p.grey) && field.zones()[nearest(p.x, p.y, field.side())].is_some(),
        };
        (device, drawn(p.grey))
    }))
}

/// How far the map's probabilities exceed the truth in the lung field of a radiograph whose infection is known.
///
/// Without a map every pixel of the lung field has the probability that is farthest from its truth. `None` for
/// children and where the infection is not known, or drawn but not to be had: without a mask it is known where there is none.
fn calibration(seen: Seen, mask: Option<&Mask>) -> Option<Excess> {
    let label = &seen.row.infection;
    let none = label.empty == Some(true) || seen.row.normal();
    let to_be_had = mask.is_some() || label.mask.is_none() && none;
    if label.known != Some(true) || seen.row.child || !to_be_had {
        return None;
    }
    let with_lungs = seen.field().filter(|field| field.zones().iter().any(Option::is_some));
    let Some((study, field)) = seen.study.zip(with_lungs) else {
        return reliability::excess([(1.0, false)]);
    };
    let truth_and_map = |infected: bool, of_map: &dyn Fn(&InfectionMap) -> f32| {
        let wrong = if infected { 0.0 } else { 1.0 };
        (seen.map().map_or(wrong, |map| f64::from(of_map(map))), infected)
    };
    let lung = |i: usize| field.zones()[i].is_some();
    match mask {
        Some(mask) => {
            let inside = mask.on_square(&study.letterbox).filter(|p| lung(nearest(p.x, p.y, field.side())));
            reliability::excess(
                inside.map(|p| truth_and_map(drawn(p.grey), &|map| probability(map, field, p))),
            )
        }
        None => {
            let inside = (0..field.zones().len()).filter(|i| lung(*i));
            reliability::excess(inside.map(|i| truth_and_map(false, &|map| map.probability()[i])))
        }
    }
}

fn drawn(grey: u8) -> bool {
    grey > 127
}

/// Whether the map marks the place of this pixel as infected.
fn marked(map: &InfectionMap, field: &LungField, pixel: MaskPixel) -> bool {
    let side = map.side();
    field.zones()[nearest(pixel.x, pixel.y, side)].is_some()
        && probability(map, field, pixel) >= map.threshold()
}

/// Bilinear between the four nearest pixels, those outside the lung field left out: the map is 0 there by
/// definition, not by finding.
fn probability(map: &InfectionMap, field: &LungField, pixel: MaskPixel) -> f32 {
    let side = map.side();
    let (x, y) = ((pixel.x - 0.5).max(0.0), (pixel.y - 0.5).max(0.0));
    let (left, top) = ((x as usize).min(side - 1), (y as usize).min(side - 1));
    let (right, bottom) = ((left + 1).min(side - 1), (top + 1).min(side - 1));
    let (u, v) = (x - left as f32, y - top as f32);
    let corners = [
        (top * side + left, (1.0 - u) * (1.0 - v)),
        (top * side + right, u * (1.0 - v)),
        (bottom * side + left, (1.0 - u) * v),
        (bottom * side + right, u * v),
    ];
    let (mut sum, mut weights) = (0.0, 0.0);
    for (i, weight) in corners.into_iter().filter(|(i, _)| field.zones()[*i].is_some()) {
        sum += weight * map.probability()[i];
        weights += weight;
    }
    if weights > 0.0 { sum / weights } else { 0.0 }
}
