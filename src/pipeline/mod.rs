//! The order of the stages: one frame in, one study out.
//!
//! A frame that cannot be graded still gives a study, whose reading says why.
//! This module does no input or output.

mod blackout;
mod fitness;
mod local_point;
mod study;

pub use blackout::Blackout;
pub use local_point::{LOCAL_POINT_MARK, LocalPoint, LocalPointError, WrittenPoint};
pub use study::Study;

use fitness::FitnessRule;

use std::time::Instant;

use crate::exposure;
use crate::frame::Frame;
use crate::grade::{Cutoffs, DetectionRule, IntervalRule, Severity};
use crate::infection_map::InfectionMap;
use crate::lung_field::LungField;
use crate::network::{Manifest, ModelError, Network};
use crate::preprocess::{Display, InputError, NetworkInput};
use crate::reading::{
    Detection, Finding, LungFieldSummary, OperatingPoint, Provenance, Reading, Refusal, Timing,
};
use crate::units::Fraction;

/// A stage that failed: a fault of the device, not of the radiograph.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// the radiograph could not be scaled
    #[error("the radiograph could not be scaled for the network")]
    Input(#[from] InputError),
    /// the network failed
    #[error("the network failed")]
    Network(#[from] ModelError),
}

impl PipelineError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Input(_) => "preprocess_failed",
            Self::Network(e) => e.code(),
        }
    }
}

/// A loaded network and the rules of its manifest.
pub struct Pipeline {
    network: Network,
    rules: Rules,
    /// Stands behind the model's version where a local operating point is in use.
    mark: String,
}

/// What the manifest says of thresholds.
struct Rules {
    infected_from: Fraction,
    fitness: FitnessRule,
    cutoffs: Cutoffs,
    detection: DetectionRule,
    operating_point: OperatingPoint,
    interval90: IntervalRule,
}

impl Pipeline {
    pub fn new(network: Network) -> Self {
        let rules = Rules::of(network.manifest());
        Self { network, rules, mark: String::new() }
    }

    /// What made the readings of this pipeline.
    pub fn provenance(&self) -> Provenance {
        Provenance {
            model_name: self.network.manifest().name.clone(),
            model_version: format!("{}{}", self.network.manifest().version, self.mark),
            model_sha256: self.network.sha256().to_owned(),
            kernels: self.network.kernels(),
        }
    }

    /// The network, for what it says of itself.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Reads one radiograph; `name` is what its source calls it.
    pub fn read(&mut self, name: &str, frame: &Frame) -> Result<Study, PipelineError> {
        let start = Instant::now();
        let histogram = frame.histogram();
        let display = Display::by(frame, &histogram);
        let side = self.network.manifest().input.side;
        if let Some(fault) = exposure::fault(frame, &histogram) {
            let refusal =
                Refusal { code: fault.code(), text: format!("{fault}. Check the exposure and the cable.") };
            return Ok(Study::refused(name, display, side, self.provenance(), refusal));
        }
        let input = NetworkInput::of(&display, side)?;
        let prepared = Instant::now();
        let segmentation = self.network.infer(&input)?;
        let inferred = Instant::now();
        let field = LungField::of(&segmentation);
        let map = InfectionMap::of(&segmentation, &field, self.rules.infected_from);
        let (outcome, warnings) = match (self.rules.fitness.judge(&segmentation.fitness, &field), &map) {
            (Ok(warnings), Some(map)) => (Ok(self.rules.finding(map)), warnings),
            (Ok(_), None) => (Err(no_lungs()), Vec::new()),
            (Err(refusal), _) => (Err(refusal), Vec::new()),
        };
        let ms = |from: Instant, to: Instant| to.duration_since(from).as_secs_f32() * 1e3;
        let reading = Reading {
            name: name.to_owned(),
            lung_field: Some(LungFieldSummary {
                fraction_of_frame: field.fraction_of_frame(),
                plausible: field.fault().is_none(),
            }),
            outcome,
            warnings,
            provenance: self.provenance(),
            timing: Timing {
                preprocess_ms: ms(start, prepared),
                network_ms: ms(prepared, inferred),
                map_ms: ms(inferred, Instant::now()),
            },
        };
        let map = map.filter(|_| reading.fit());
        Ok(Study { reading, display, letterbox: input.letterbox(), field: Some(field), map })
    }

    /// The study of a radiograph at which [`Pipeline::read`] failed: refused, since the device cannot judge it.
    pub fn failed(&self, name: &str, frame: &Frame, error: &PipelineError) -> Study {
        let text = format!(
            "{error}: the device cannot read radiographs. Restart it; if it happens again, call service."
        );
        let side = self.network.manifest().input.side;
        let refusal = Refusal { code: error.code(), text };
        Study::refused(name, Display::of(frame), side, self.provenance(), refusal)
    }
}

impl Rules {
    fn of(manifest: &Manifest) -> Self {
        let (g, d, i) = (&manifest.grade, &manifest.detection, &manifest.interval90);
        Self {
            infected_from: manifest.infection.threshold,
            fitness: FitnessRule::of(manifest),
            cutoffs: Cutoffs {
                grades: [g.mild, g.moderate, g.severe, g.critical],
                zone_touched: g.zone_touched,
                brixia_zone: g.brixia_zone,
                extent_lung: g.extent_lung,
            },
            detection: DetectionRule { intercept: d.intercept, slope: d.slope, peak_slope: d.peak_slope },
            operating_point: OperatingPoint {
                threshold: d.threshold,
                sensitivity: (d.positives > 0).then_some(d.sensitivity),
                specificity: (d.negatives > 0).then_some(d.specificity),
                measured_here: false,
            },
            interval90: IntervalRule { below: i.below, above: i.above },
        }
    }

    fn finding(&self, map: &InfectionMap) -> Finding {
        let infected = map.shares().rounded();
        Finding {
            infected,
            interval90: self.interval90.around(infected.total).map(Fraction::rounded),
            severity: Severity::of(&infected, &self.cutoffs),
            detection: Detection {
                probability: self.detection.probability(map.level()).rounded(),
                operating_point: self.operating_point,
            },
        }
    }
}

fn no_lungs() -> Refusal {
    Refusal { code: "lungs_not_found", text: "No lungs were found.".to_owned() }
}
