//! Detection: does the radiograph show opacity consistent with pneumonia?

use std::collections::BTreeMap;

use super::sample::{Name, Origin, Sample};
use super::section::{Part, Section};
use super::seen::Seen;
use super::statistics::{auc, calibration_error, mean};

const FIGURES: [Name; 4] = [
    ("auc", "area under the ROC curve"),
    ("sensitivity", "sensitivity at the operating point"),
    ("specificity", "specificity at the operating point"),
    ("ece", "calibration error, 10 bins"),
];
const NOTE: &str = "Source is confounded with class: most sources have one class only, so the pooled AUC also rewards telling scanners apart. Adults only.";

/// One radiograph.
struct Scored {
    opacity: bool,
    probability: f64,
    flagged: bool,
    source: String,
}

/// What the section keeps of its radiographs.
#[derive(Default)]
pub struct Detected(Sample<Scored>);

impl Detected {
    pub fn add(&mut self, seen: Seen, origin: Origin) {
        let Some(opacity) = seen.row.opacity() else { return };
        let detection = seen.finding().map(|f| f.detection);
        let wrong = if opacity { 0.0 } else { 1.0 };
        self.0.push(
            origin,
            Scored {
                opacity,
                probability: detection.map_or(wrong, |d| f64::from(d.probability.get())),
                flagged: detection.map_or(!opacity, |d| d.positive()),
                source: seen.row.source.clone().unwrap_or_else(|| "unstated".to_owned()),
            },
        );
    }

    /// None without labels.
    pub fn section(&self) -> Option<Section> {
        let figures = self.0.figures(FIGURES, &measure);
        (!self.0.is_empty()).then(|| Section {
            key: "detection",
            heading: "Detection of opacity",
            note: NOTE,
            n: self.0.n(),
            refused: self.0.refused(),
            figures,
            parts: self.by_source(),
        })
    }

    fn by_source(&self) -> Vec<Part> {
        let mut sources: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
        for scored in self.0.all() {
            sources.entry(&scored.source).or_default().push(scored);
        }
        let part = |(name, members): (&str, Vec<&Scored>)| {
            let [auc, sensitivity, specificity, _] = measure(&members);
            Part {
                by: "by_source",
                name: name.to_owned(),
                n: members.len(),
                counts: vec![("positives", members.iter().filter(|m| m.opacity).count())],
                values: vec![("auc", auc), ("sensitivity", sensitivity), ("specificity", specificity)],
            }
        };
        sources.into_iter().map(part).collect()
    }
}

fn measure(scored: &[&Scored]) -> [Option<f64>; 4] {
    let probabilities: Vec<(f64, bool)> = scored.iter().map(|s| (s.probability, s.opacity)).collect();
    let right = |opacity: bool| {
        let those = scored.iter().filter(|s| s.opacity == opacity);
        mean(those.map(|s| if s.flagged == opacity { 1.0 } else { 0.0 }))
    };
    [auc(&probabilities), right(true), right(false), calibration_error(&probabilities)]
}
