//! What a bundle says of its model: files, shapes, calibration, cut-offs, operating point, training.
//!
//! `raw.rs` is the file as written; it is checked once into [`Manifest`], and nothing downstream checks again.
//! This module does not open files.

mod checks;
mod raw;

use super::fitness::PictureClass;
use crate::units::{Fraction, UnitError};

pub use raw::RawTraining as Training;

/// The only layout of a manifest there is.
const SCHEMA: u32 = 1;

/// Outputs that the device reads, in this order, and the meaning of their channels.
///
/// The channels of `fit` are one or more of [`PictureClass`], "fit" among them, in any order.
pub const OUTPUTS: [(&str, &[&str]); 3] = [
    ("lung", &["background", "right", "left", "heart_shadow"]),
    ("infection", &["infected"]),
    ("fit", &["fit"]),
];

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// not TOML, a key missing, unknown or of the wrong type; with line and column
    #[error("manifest.toml cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// a layout of another time
    #[error("manifest schema {0} is not known here: {SCHEMA} is")]
    Schema(u32),
    /// a text that must say something is empty
    #[error("{key} is empty")]
    Empty { key: &'static str },
    /// a path that leaves the bundle
    #[error("{key} is {path:?}: it must be a path inside the bundle")]
    Path { key: &'static str, path: String },
    /// not a SHA-256
    #[error("{key} has {length} characters or others than 0-9a-f: a SHA-256 has 64 hexadecimal digits")]
    Sha256 { key: &'static str, length: usize },
    /// a side that the network cannot have
    #[error("{key} is {side}: a side is a multiple of {step} from {min} to {max}")]
    Side { key: &'static str, side: u32, step: u32, min: u32, max: u32 },
    /// outputs other than those that the device reads
    #[error("output {index} is {name} with channels {channels:?}, not one of the three in their order")]
    Output { index: usize, name: String, channels: Vec<String> },
    /// too few or too many outputs
    #[error("{actual} outputs, not {expected}")]
    OutputCount { expected: usize, actual: usize },
    /// a quantisation without kernels
    #[error("quantisation format {0} is not known here: QOperator is")]
    Format(String),
    /// a share outside 0..=1
    #[error("{key}: {source}")]
    Fraction { key: &'static str, source: UnitError },
    /// a number that is not finite
    #[error("{key} is {value}: it must be finite")]
    NotFinite { key: &'static str, value: f32 },
    /// a width below 0
    #[error("{key} is {value}: it must not be below 0")]
    Negative { key: &'static str, value: f32 },
    /// a number that must be above 0
    #[error("{key} is {value}: it must be above 0")]
    NotPositive { key: &'static str, value: f32 },
    /// cut-offs that do not increase
    #[error("{key} does not increase: {lower} is followed by {upper}")]
    NotIncreasing { key: &'static str, lower: f32, upper: f32 },
}

/// A checked manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    pub name: String,
    pub version: String,
    pub licence: String,
    pub files: Files,
    pub input: Input,
    pub outputs: Vec<Output>,
    pub infection: Calibration,
    pub fit: Fit,
    pub grade: GradeCutOffs,
    pub detection: Detection,
    pub interval90: Interval90,
    pub training: Training,
}

/// The bundle's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub model: File,
    pub golden_input: File,
    pub golden_expected: File,
}

/// A file inside the bundle: relative path and SHA-256 as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: String,
    pub sha256: String,
}

/// The network's input: a square of `side` pixels, each (grey - `mean`) / `std`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Input {
    pub side: u32,
    pub mean: f32,
    pub std: f32,
    /// Whether the infection map is the mean of what the network says of the radiograph and of its mirror image.
    pub mirrored_too: bool,
}

/// An output map of `side` x `side` with one plane a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub name: String,
    pub channels: Vec<String>,
    pub side: u32,
}

/// Logit to probability: 1 / (1 + exp(-(`logit_scale` x logit + `logit_offset`))); positive from `threshold` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    pub threshold: Fraction,
    pub logit_scale: f32,
    pub logit_offset: f32,
}

/// Whether a picture is graded: from `calibration`'s threshold on. See [`super::Network::infer`] for the probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    pub calibration: Calibration,
    /// The meaning of the output's channels.
    pub classes: Vec<PictureClass>,
    /// From this share of the mirror image on the reading warns; it never does where there is none.
    pub mirrored_from: Option<Fraction>,
}

/// Cut-offs on infected shares, increasing: of the lung field for the grade, of one zone for the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GradeCutOffs {
    pub mild: Fraction,
    pub moderate: Fraction,
    pub severe: Fraction,
    pub critical: Fraction,
    pub zone_touched: Fraction,
    /// From these mean probabilities on a zone scores 1, 2 and 3 in the Brixia estimate.
    pub brixia_zone: [Fraction; 3],
    /// From these mean probabilities on a lung scores 1, 2, 3 and 4 in geographic extent; without them, by the share.
    pub extent_lung: Option<[Fraction; 4]>,
}

/// Probability of opacity = sigmoid(`intercept` + `slope` x ln(mean + 0.001) + `peak_slope` x ln(peak + 0.001)) of the
/// infection probability in the lung field; its peak is what one pixel in a hundred reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    pub intercept: f32,
    pub slope: f32,
    /// 0 where the manifest has none.
    pub peak_slope: f32,
    pub threshold: Fraction,
    /// Measured at `threshold` on `positives` and `negatives` radiographs of `measured_on`.
    pub sensitivity: Fraction,
    pub specificity: Fraction,
    pub positives: u32,
    pub negatives: u32,
    pub measured_on: String,
}

/// 90 % interval of an infected share s: s - (below[0] + below[1] s) to s + (above[0] + above[1] s).
#[derive(Debug, Clone, PartialEq)]
pub struct Interval90 {
    pub below: [f32; 2],
    pub above: [f32; 2],
    pub measured_on: String,
}

impl Manifest {
    /// `text` is the content of a `manifest.toml`.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        checks::manifest(toml::from_str(text)?)
    }
}

impl ManifestError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Toml(_) => "manifest_toml",
            Self::Schema(_) => "manifest_schema",
            Self::Empty { .. } => "manifest_empty",
            Self::Path { .. } => "manifest_path",
            Self::Sha256 { .. } => "manifest_sha256",
            Self::Side { .. } => "manifest_side",
            Self::Output { .. } | Self::OutputCount { .. } => "manifest_output",
            Self::Format(_) => "manifest_format",
            Self::Fraction { .. } => "manifest_fraction",
            Self::NotFinite { .. } | Self::Negative { .. } | Self::NotPositive { .. } => "manifest_number",
            Self::NotIncreasing { .. } => "manifest_cut_offs",
        }
    }
}
