//! A reading: all that the device says of one radiograph, and its one spelling as JSON.
//!
//! A radiograph that cannot be graded has a reading too: it says why, and carries no grade.
//! This module does not know who shows it.

use serde_json::{Map, Value, json};

use crate::grade::Severity;
use crate::infection_map::Shares;
use crate::units::Fraction;

/// What stands beside every result.
pub const DISCLAIMER: &str = "For research and triage support. Not for diagnosis.";
/// Version of the JSON form.
pub const SCHEMA: u32 = 1;

/// All that the device says of one radiograph.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The name that the source gave, a path for a file.
    pub name: String,
    pub lung_field: Option<LungFieldSummary>,
    /// The result, or why there is none.
    pub outcome: Result<Finding, Refusal>,
    /// What to know of a result that stands; none where there is no result.
    pub warnings: Vec<Warning>,
    pub provenance: Provenance,
    pub timing: Timing,
}

/// Why a radiograph is not graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable name for machines.
    pub code: &'static str,
    /// A sentence for the operator.
    pub text: String,
}

/// What to know of a result that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Stable name for machines.
    pub code: &'static str,
    /// A sentence for the operator.
    pub text: String,
}

/// The lung field in two numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LungFieldSummary {
    pub fraction_of_frame: Fraction,
    pub plausible: bool,
}

/// What was found on a radiograph that is fit to be graded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    pub infected: Shares,
    pub interval90: [Fraction; 2],
    pub severity: Severity,
    pub detection: Detection,
}

/// Does the radiograph show opacity consistent with pneumonia?
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    pub probability: Fraction,
    pub operating_point: OperatingPoint,
}

impl Detection {
    pub fn positive(&self) -> bool {
        self.probability >= self.operating_point.threshold
    }
}

/// A threshold with what was measured at it; no figures where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatingPoint {
    pub threshold: Fraction,
    pub sensitivity: Option<Fraction>,
    pub specificity: Option<Fraction>,
    /// Whether that was on cases of the unit's own (`raymap calibrate`) and not on the model's.
    pub measured_here: bool,
}

/// What made the reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    pub model_name: String,
    pub model_version: String,
    /// Hexadecimal, of `model.onnx`.
    pub model_sha256: String,
    /// Which int8 kernels ran.
    pub kernels: &'static str,
}

/// Milliseconds per stage.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Timing {
    pub preprocess_ms: f32,
    pub network_ms: f32,
    pub map_ms: f32,
}

impl Reading {
    /// Whether the radiograph was graded.
    pub fn fit(&self) -> bool {
        self.outcome.is_ok()
    }

    /// The stable JSON object of one reading; shares with four decimals.
    pub fn to_json(&self) -> Value {
        let mut o = Map::new();
        o.insert("schema".into(), json!(SCHEMA));
        o.insert("file".into(), json!(self.name));
        o.insert("fit".into(), json!(self.fit()));
        let refusal = self.outcome.as_ref().err().map(|r| json!({"code": r.code, "text": r.text}));
        o.insert("refusal".into(), json!(refusal));
        let warning = |w: &Warning| json!({"code": w.code, "text": w.text});
        o.insert("warnings".into(), self.warnings.iter().map(warning).collect());
        let lung = self
            .lung_field
            .map(|l| json!({"fraction_of_frame": share(l.fraction_of_frame), "plausible": l.plausible}));
        o.insert("lung_field".into(), json!(lung));
        let finding = self.outcome.as_ref().ok();
        o.insert("infected".into(), json!(finding.map(infected_json)));
        o.insert("severity".into(), json!(finding.map(|f| severity_json(&f.severity))));
        o.insert("detection".into(), json!(finding.map(|f| detection_json(&f.detection))));
        let p = &self.provenance;
        o.insert(
            "model".into(),
            json!({"name": p.model_name, "version": p.model_version, "sha256": p.model_sha256}),
        );
        o.insert("timing_ms".into(), self.timing.to_json());
        o.insert("kernels".into(), json!(p.kernels));
        o.insert("software".into(), json!(env!("CARGO_PKG_VERSION")));
        o.insert("notice".into(), json!(DISCLAIMER));
        Value::Object(o)
    }
}

impl Timing {
    fn to_json(self) -> Value {
        let ms = |v: f32| json!((f64::from(v) * 10.0).round() / 10.0);
        json!({
            "preprocess": ms(self.preprocess_ms), "network": ms(self.network_ms), "map": ms(self.map_ms),
        })
    }
}

fn infected_json(f: &Finding) -> Value {
    let zones: Map<String, Value> = ["A", "B", "C", "D", "E", "F"]
        .iter()
        .zip(f.infected.zones)
        .map(|(k, v)| ((*k).into(), share(v)))
        .collect();
    json!({
        "total": share(f.infected.total),
        "interval90": f.interval90.map(share),
        "right": share(f.infected.right),
        "left": share(f.infected.left),
        "zones": zones,
    })
}

fn severity_json(s: &Severity) -> Value {
    json!({
        "grade": s.grade.name(),
        "geographic_extent": s.geographic_extent,
        "toussie": s.toussie,
        "brixia_estimate": s.brixia_estimate,
        "brixia_estimate_zones": s.brixia_zones,
    })
}

fn detection_json(d: &Detection) -> Value {
    let p = &d.operating_point;
    json!({
        "probability": share(d.probability),
        "positive": d.positive(),
        "operating_point": {
            "threshold": share(p.threshold),
            "sensitivity": p.sensitivity.map(share),
            "specificity": p.specificity.map(share),
            "measured_here": p.measured_here,
        },
    })
}

/// Four decimals: see [`Fraction::rounded`].
fn share(value: Fraction) -> Value {
    json!((f64::from(value.get()) * 1e4).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_radiograph_has_no_numbers() {
        let reading = Reading {
            name: "a.png".into(),
            lung_field: None,
            outcome: Err(Refusal { code: "lungs_not_found", text: "no lungs were found".into() }),
            warnings: Vec::new(),
            provenance: Provenance {
                model_name: "m".into(),
                model_version: "1".into(),
                model_sha256: "00".into(),
                kernels: "portable",
            },
            timing: Timing::default(),
        };
        let j = reading.to_json();
        assert_eq!((&j["fit"], &j["refusal"]["code"]), (&json!(false), &json!("lungs_not_found")));
        assert!(["infected", "severity", "detection", "lung_field"].iter().all(|k| j[k].is_null()));
        assert_eq!((&j["notice"], &j["warnings"]), (&json!(DISCLAIMER), &json!([])));
    }
}
