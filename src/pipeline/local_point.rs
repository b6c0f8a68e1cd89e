//! An operating point for detection that was chosen on local cases, in place of the model's own.
//!
//! It belongs to one model and its calibration. Readings made with it name it: the model's version ends in `+point.` and the first digits
//! of the file's SHA-256, so the screen, the serial line, the record and every report say that it is in use.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Pipeline;
use crate::reading::OperatingPoint;
use crate::units::Fraction;

/// The layout of today; the one before named the weights alone.
const SCHEMA: u32 = 2;
/// What stands in a model's version before the file's digits.
pub const LOCAL_POINT_MARK: &str = "+point.";
/// Digits of the file's SHA-256 in a model's version: enough to tell two files apart.
const MARK_DIGITS: usize = 8;
/// Digits of a manifest's checksum that an error shows: enough to tell two apart.
const SHA256_SHOWN: usize = 8;

/// The file as written, by `raymap calibrate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenPoint {
    pub schema: u32,
    /// Hexadecimal, of the model's `manifest.toml`: the weights alone do not make the probability.
    pub manifest_sha256: String,
    pub model: String,
    pub threshold: f32,
    pub sensitivity: f32,
    pub specificity: f32,
    /// 95 % intervals over patients; none where the cases say too little.
    pub sensitivity95: Option<[f64; 2]>,
    pub specificity95: Option<[f64; 2]>,
    pub positives: usize,
    pub negatives: usize,
    pub refused: usize,
    /// What was wished, such as `sensitivity 0.9`.
    pub wish: String,
    /// Name and SHA-256 of the table of cases.
    pub measured_on: String,
    /// When, where the clock was trusted.
    pub made: Option<String>,
}

/// Why a local operating point is not used.
#[derive(Debug, thiserror::Error)]
pub enum LocalPointError {
    /// not TOML, a key missing or unknown, or a share outside 0 to 1
    #[error("the operating point cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// a share outside 0 to 1, or a layout of another time
    #[error("the operating point says {key} = {value}, which cannot be: make it anew by raymap calibrate")]
    Value { key: &'static str, value: f64 },
    /// chosen for another model
    #[error(
        "the operating point was chosen for the model {chosen_for}, and this is {actual}: make it anew by raymap calibrate"
    )]
    OtherModel { chosen_for: String, actual: String },
}

impl LocalPointError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Toml(_) | Self::Value { .. } => "point_unreadable",
            Self::OtherModel { .. } => "point_other_model",
        }
    }
}

/// A local operating point, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalPoint {
    point: OperatingPoint,
    manifest_sha256: String,
    model: String,
    mark: String,
}

impl LocalPoint {
    /// The operating point that `text` is the file of.
    pub fn parse(text: &str) -> Result<Self, LocalPointError> {
        let written: WrittenPoint = toml::from_str(text)?;
        if written.schema != SCHEMA {
            return Err(LocalPointError::Value { key: "schema", value: written.schema.into() });
        }
        let share = |key, value: f32| {
            Fraction::new(value).map_err(|_| LocalPointError::Value { key, value: value.into() })
        };
        let point = OperatingPoint {
            threshold: share("threshold", written.threshold)?,
            sensitivity: Some(share("sensitivity", written.sensitivity)?),
            specificity: Some(share("specificity", written.specificity)?),
            measured_here: true,
        };
        let digest: String = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        let mark = format!("{LOCAL_POINT_MARK}{}", digest.get(..MARK_DIGITS).unwrap_or_default());
        Ok(Self { point, manifest_sha256: written.manifest_sha256, model: written.model, mark })
    }
}

/// A model by its manifest's checksum too: two may have one name and version.
fn exactly(model: &str, sha256: &str) -> String {
    format!("{model} (manifest {}…)", sha256.get(..SHA256_SHOWN).unwrap_or(sha256))
}

impl WrittenPoint {
    /// The layout that this program writes.
    pub const SCHEMA: u32 = SCHEMA;
}

impl Pipeline {
    /// The same pipeline with a local operating point; refused where that is another model's.
    pub fn with_local_point(mut self, local: &LocalPoint) -> Result<Self, LocalPointError> {
        let here = self.network.manifest_sha256();
        if here != local.manifest_sha256 {
            let provenance = self.provenance();
            let actual = format!("{} {}", provenance.model_name, provenance.model_version);
            return Err(LocalPointError::OtherModel {
                chosen_for: exactly(&local.model, &local.manifest_sha256),
                actual: exactly(&actual, here),
            });
        }
        self.rules.operating_point = local.point;
        self.mark = local.mark.clone();
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Bundle, Network};

    fn written(sha256: &str, threshold: f32) -> String {
        let point = WrittenPoint {
            schema: SCHEMA,
            manifest_sha256: sha256.into(),
            model: "m 1".into(),
            threshold,
            sensitivity: 0.9,
            specificity: 0.8,
            sensitivity95: Some([0.8, 0.95]),
            specificity95: None,
            positives: 40,
            negatives: 40,
            refused: 1,
            wish: "sensitivity 0.9".into(),
            measured_on: "cases.csv".into(),
            made: None,
        };
        toml::to_string(&point).unwrap()
    }

    #[test]
    fn a_local_point_is_named_by_every_reading_and_its_threshold_counts() {
        let pipeline = Pipeline::new(Network::load(Bundle::embedded().unwrap()).unwrap());
        let (before, own) = (pipeline.provenance(), pipeline.network().manifest_sha256().to_owned());
        let local = LocalPoint::parse(&written(&own, 0.25)).unwrap();
        let pipeline = pipeline.with_local_point(&local).unwrap();
        assert_eq!(pipeline.rules.operating_point.threshold, Fraction::new(0.25).unwrap());
        let version = pipeline.provenance().model_version;
        let mark = version.strip_prefix(&format!("{}+point.", before.model_version)).unwrap();
        assert_eq!((mark.len(), pipeline.provenance().model_sha256), (8, before.model_sha256.clone()));

        let other = LocalPoint::parse(&written("00", 0.25)).unwrap();
        let error = pipeline.with_local_point(&other).err().unwrap();
        assert_eq!(error.code(), "point_other_model");
        let text = error.to_string();
        let own = &own[..SHA256_SHOWN];
        assert!(text.contains("(manifest 00…)") && text.contains(&format!("(manifest {own}…)")), "{text}");
    }

    #[test]
    fn the_same_weights_with_another_calibration_are_another_model() {
        let dir = tempfile::tempdir().unwrap();
        let (shipped, at) = (Bundle::embedded().unwrap(), |name: &str| dir.path().join(name));
        std::fs::create_dir(at("golden")).unwrap();
        for (name, content) in [
            ("model.onnx", shipped.model()),
            ("golden/input.png", shipped.golden_input()),
            ("golden/expected.bin", shipped.golden_expected()),
        ] {
            std::fs::write(at(name), content).unwrap();
        }
        let offset = format!("logit_offset = {}", shipped.manifest().infection.logit_offset);
        assert!(shipped.manifest_text().contains(&offset));
        let text = shipped.manifest_text().replacen(&offset, "logit_offset = -2.5", 1);
        std::fs::write(at("manifest.toml"), text).unwrap();
        let other = Pipeline::new(Network::load(Bundle::open(dir.path()).unwrap()).unwrap());
        assert_eq!(other.provenance().model_sha256, shipped.manifest().files.model.sha256);
        let local = LocalPoint::parse(&written(&shipped.manifest_sha256(), 0.25)).unwrap();
        assert_eq!(other.with_local_point(&local).err().unwrap().code(), "point_other_model");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let code = |text: &str| LocalPoint::parse(text).unwrap_err().code();
        assert_eq!(code(&written("00", 1.5)), "point_unreadable");
        assert_eq!(code(&written("00", f32::NAN)), "point_unreadable");
        assert_eq!(code(&written("00", 0.5).replace("schema = 2", "schema = 1")), "point_unreadable");
        assert_eq!(code(&format!("{}extra = 1\n", written("00", 0.5))), "point_unreadable");
        assert_eq!(code(""), "point_unreadable");
    }
}
