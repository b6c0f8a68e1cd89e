//! Detection: does the radiograph show opacity consistent with pneumonia?

use std::collections::BTreeMap;

use super::sample::{Name, Origin, Sample};
use super::section::{Part, Section};
use super::seen::Seen;
use super::statistics::{auc, calibration_error, mean};
use crate::pipeline::Blackout;

pub const FIGURES: [Name; 4] = [
    ("auc", "area under the ROC curve"),
    ("sensitivity", "sensitivity at the operating point"),
    ("specificity", "specificity at the operating point"),
    ("ece", "calibration error, 10 bins"),
];
pub const MARKED: [Name; 1] = [("auc_marked", "AUC where readers marked opacity on the radiograph itself")];
const BLACKOUT: [Name; 2] = [
    ("auc_blackout", "AUC with the lungs blacked out: .5 is right"),
    ("blackout_refused", "share refused with the lungs blacked out: 1 is right"),
];
const NOTE: &str = "Source is confounded with class: most sources have one class only, so the pooled AUC also rewards telling scanners apart. Adults only.";

/// One radiograph.
pub struct Scored {
    pub opacity: bool,
    probability: f64,
    flagged: bool,
    source: String,
}

/// One radiograph on which readers marked opacity, or none.
pub struct Marked {
    pub opacity: bool,
    probability: f64,
    source: String,
}

/// One radiograph with its lungs blacked out.
struct Blind {
    said: Blackout,
    opacity: bool,
    source: String,
}

/// What the section keeps of its radiographs.
#[derive(Default)]
pub struct Detected {
    seen: Sample<Scored>,
    marked: Sample<Marked>,
    blind: Sample<Blind>,
}

impl Detected {
    pub fn add(&mut self, seen: Seen, origin: Origin) {
        self.seen.push(origin, scored(seen));
        self.marked.push(origin, marked(seen));
        // Only where a lung field was found to be blacked out; the AUC is of what would be said of those refused too.
        let blind = seen.blackout.zip(seen.row.opacity());
        let blind = blind.map(|(said, opacity)| Blind { said, opacity, source: source(seen) });
        self.blind.push(Origin { graded: true, ..origin }, blind);
    }

    /// None without labels.
    pub fn section(&self) -> Option<Section> {
        let mut figures = self.seen.figures(FIGURES, &measure);
        figures.extend(self.marked.figures(MARKED, &told_apart));
        figures.extend(self.blind.figures(BLACKOUT, &blind));
        (!self.seen.is_empty()).then(|| Section {
            key: "detection",
            heading: "Detection of opacity",
            note: NOTE,
            n: self.seen.n(),
            refused: self.seen.refused(),
            figures,
            parts: self.by_source(),
        })
    }

    fn by_source(&self) -> Vec<Part> {
        let mut sources: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
        for scored in self.seen.all() {
            sources.entry(&scored.source).or_default().push(scored);
        }
        let (all_marked, blacked_out) = (self.marked.all(), self.blind.all());
        let part = |(name, members): (&str, Vec<&Scored>)| {
            let [auc, sensitivity, specificity, _] = measure(&members);
            // Within one source nothing is gained by telling scanners apart.
            let its_own: Vec<&Blind> = blacked_out.iter().copied().filter(|b| b.source == name).collect();
            let [auc_blackout, _] = blind(&its_own);
            let its_marked: Vec<&Marked> = all_marked.iter().copied().filter(|m| m.source == name).collect();
            let [auc_marked] = told_apart(&its_marked);
            Part {
                by: "by_source",
                name: name.to_owned(),
                n: members.len(),
                counts: vec![("positives", members.iter().filter(|m| m.opacity).count())],
                values: vec![
                    ("auc", auc),
                    ("sensitivity", sensitivity),
                    ("specificity", specificity),
                    ("auc_marked", auc_marked),
                    ("auc_blackout", auc_blackout),
                ],
            }
        };
        sources.into_iter().map(part).collect()
    }
}

/// A labelled radiograph beside the device's answer; refused, it is on the wrong side. None without a label.
pub fn scored(seen: Seen) -> Option<Scored> {
    let opacity = seen.row.opacity()?;
    let flagged = seen.finding().map_or(!opacity, |f| f.detection.positive());
    Some(Scored { opacity, probability: probability(seen, opacity), flagged, source: source(seen) })
}

/// The same where readers marked opacity on the radiograph itself.
pub fn marked(seen: Seen) -> Option<Marked> {
    let opacity = seen.row.marked_opacity()?;
    Some(Marked { opacity, probability: probability(seen, opacity), source: source(seen) })
}

/// Of opacity; where the device gave none, that which is farthest from the label.
fn probability(seen: Seen, opacity: bool) -> f64 {
    let wrong = if opacity { 0.0 } else { 1.0 };
    seen.finding().map_or(wrong, |f| f64::from(f.detection.probability.get()))
}

fn source(seen: Seen) -> String {
    seen.row.source.clone().unwrap_or_else(|| "unstated".to_owned())
}

/// The values of [`BLACKOUT`].
fn blind(drawn: &[&Blind]) -> [Option<f64>; 2] {
    let probabilities: Vec<_> =
        drawn.iter().map(|b| (f64::from(b.said.probability.get()), b.opacity)).collect();
    [auc(&probabilities), mean(drawn.iter().map(|b| f64::from(u8::from(b.said.refused))))]
}

/// The value of [`MARKED`].
pub fn told_apart(marked: &[&Marked]) -> [Option<f64>; 1] {
    [auc(&marked.iter().map(|m| (m.probability, m.opacity)).collect::<Vec<_>>())]
}

/// The values of [`FIGURES`].
pub fn measure(scored: &[&Scored]) -> [Option<f64>; 4] {
    let probabilities: Vec<(f64, bool)> = scored.iter().map(|s| (s.probability, s.opacity)).collect();
    let right = |opacity: bool| {
        let those = scored.iter().filter(|s| s.opacity == opacity);
        mean(those.map(|s| if s.flagged == opacity { 1.0 } else { 0.0 }))
    };
    [auc(&probabilities), right(true), right(false), calibration_error(&probabilities)]
}
