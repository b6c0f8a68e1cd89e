//! Detection: does the radiograph show opacity consistent with pneumonia?

use std::collections::BTreeMap;

use super::sample::{Name, Origin, Sample};
use super::section::{Part, Section};
use super::seen::Seen;
use super::statistics::{auc, calibration_error, mean};

pub const FIGURES: [Name; 4] = [
    ("auc", "area under the ROC curve"),
    ("sensitivity", "sensitivity at the operating point"),
    ("specificity", "specificity at the operating point"),
    ("ece", "calibration error, 10 bins"),
];
const BLACKOUT: [Name; 1] = [("auc_blackout", "AUC with the lungs blacked out: .5 is right")];
const NOTE: &str = "Source is confounded with class: most sources have one class only, so the pooled AUC also rewards telling scanners apart. Adults only.";

/// One radiograph.
pub struct Scored {
    pub opacity: bool,
    probability: f64,
    flagged: bool,
    source: String,
}

/// What the section keeps of its radiographs.
#[derive(Default)]
pub struct Detected {
    seen: Sample<Scored>,
    /// Probability with the lungs blacked out, and the truth.
    blind: Sample<(f64, bool)>,
}

impl Detected {
    pub fn add(&mut self, seen: Seen, origin: Origin) {
        self.seen.push(origin, scored(seen));
        // Only where a lung field was found to be blacked out: nothing is refused here, since it is no performance.
        let blind = seen.blackout.zip(seen.row.opacity());
        self.blind.push(Origin { graded: true, ..origin }, blind.map(|(p, o)| (f64::from(p.get()), o)));
    }

    /// None without labels.
    pub fn section(&self) -> Option<Section> {
        let mut figures = self.seen.figures(FIGURES, &measure);
        figures.extend(self.blind.figures(BLACKOUT, &|drawn: &[&(f64, bool)]| {
            [auc(&drawn.iter().map(|pair| **pair).collect::<Vec<_>>())]
        }));
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

/// A labelled radiograph beside the device's answer; refused, it is on the wrong side. None without a label.
pub fn scored(seen: Seen) -> Option<Scored> {
    let opacity = seen.row.opacity()?;
    let detection = seen.finding().map(|f| f.detection);
    let wrong = if opacity { 0.0 } else { 1.0 };
    Some(Scored {
        opacity,
        probability: detection.map_or(wrong, |d| f64::from(d.probability.get())),
        flagged: detection.map_or(!opacity, |d| d.positive()),
        source: seen.row.source.clone().unwrap_or_else(|| "unstated".to_owned()),
    })
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
