//! The manifest as written: no key but these is taken, and all are required but those that are an `Option`.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawManifest {
    pub schema: u32,
    pub name: String,
    pub version: String,
    pub licence: String,
    pub files: RawFiles,
    pub input: RawInput,
    pub outputs: Vec<RawOutput>,
    pub quantisation: RawQuantisation,
    pub infection: RawCalibration,
    pub fit: RawFit,
    pub grade: RawGrade,
    pub detection: RawDetection,
    pub interval90: RawInterval,
    pub training: RawTraining,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFiles {
    pub model: RawFile,
    pub golden_input: RawFile,
    pub golden_expected: RawFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFile {
    pub path: String,
    pub sha256: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawInput {
    pub side: u32,
    pub mean: f32,
    pub std: f32,
    #[serde(default)]
    pub mirrored_too: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawOutput {
    pub name: String,
    pub channels: Vec<String>,
    pub side: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawQuantisation {
    pub format: String,
    pub activations: String,
    pub weights: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCalibration {
    pub threshold: f32,
    pub logit_scale: f32,
    pub logit_offset: f32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFit {
    pub threshold: f32,
    pub logit_scale: f32,
    pub logit_offset: f32,
    pub mirrored_from: Option<f32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawGrade {
    pub mild: f32,
    pub moderate: f32,
    pub severe: f32,
    pub critical: f32,
    pub zone_touched: f32,
    pub brixia_zone: [f32; 3],
    pub extent_lung: Option<[f32; 4]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDetection {
    pub intercept: f32,
    pub slope: f32,
    pub peak_slope: Option<f32>,
    pub threshold: f32,
    pub sensitivity: f32,
    pub specificity: f32,
    pub positives: u32,
    pub negatives: u32,
    pub measured_on: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawInterval {
    pub below: [f32; 2],
    pub above: [f32; 2],
    pub measured_on: String,
}

/// What the model was trained on; counts of radiographs. As written is as used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTraining {
    pub radiographs: u32,
    pub infection_masks: u32,
    pub lung_masks: u32,
    pub steps: u32,
    pub seed: u64,
    pub permissive_only: bool,
}
