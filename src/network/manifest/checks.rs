//! From the manifest as written to the checked one.

use std::path::{Component, Path};

use super::raw::*;
use super::*;

/// The encoder halves the side five times.
const SIDE_STEP: u32 = 32;
/// Below it no opacity can be seen; above it a board's memory is at stake.
const SIDE_MIN: u32 = 64;
const SIDE_MAX: u32 = 1024;

pub fn manifest(raw: RawManifest) -> Result<Manifest, ManifestError> {
    if raw.schema != SCHEMA {
        return Err(ManifestError::Schema(raw.schema));
    }
    if raw.quantisation.format != "QOperator" {
        return Err(ManifestError::Format(raw.quantisation.format));
    }
    said("quantisation.activations", raw.quantisation.activations)?;
    said("quantisation.weights", raw.quantisation.weights)?;
    Ok(Manifest {
        name: said("name", raw.name)?,
        version: said("version", raw.version)?,
        licence: said("licence", raw.licence)?,
        files: files(raw.files)?,
        input: input(raw.input)?,
        outputs: outputs(raw.outputs)?,
        infection: calibration(
            ["infection.threshold", "infection.logit_scale", "infection.logit_offset"],
            raw.infection,
        )?,
        fit: calibration(["fit.threshold", "fit.logit_scale", "fit.logit_offset"], raw.fit)?,
        grade: grade(raw.grade)?,
        detection: detection(raw.detection)?,
        interval90: interval(raw.interval90)?,
        training: raw.training,
    })
}

fn files(raw: RawFiles) -> Result<Files, ManifestError> {
    Ok(Files {
        model: file("files.model", raw.model)?,
        golden_input: file("files.golden_input", raw.golden_input)?,
        golden_expected: file("files.golden_expected", raw.golden_expected)?,
    })
}

fn file(key: &'static str, raw: RawFile) -> Result<File, ManifestError> {
    let RawFile { path, sha256 } = raw;
    let inside = Path::new(&path).components().all(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || !inside {
        return Err(ManifestError::Path { key, path });
    }
    let digits = sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if sha256.len() != 64 || !digits {
        return Err(ManifestError::Sha256 { key, length: sha256.len() });
    }
    Ok(File { path, sha256 })
}

fn input(raw: RawInput) -> Result<Input, ManifestError> {
    let side = side("input.side", raw.side, SIDE_STEP, SIDE_MIN)?;
    Ok(Input { side, mean: finite("input.mean", raw.mean)?, std: positive("input.std", raw.std)? })
}

fn outputs(raw: Vec<RawOutput>) -> Result<Vec<Output>, ManifestError> {
    if raw.len() != OUTPUTS.len() {
        return Err(ManifestError::OutputCount { expected: OUTPUTS.len(), actual: raw.len() });
    }
    let output = |(index, (raw, (name, channels))): (usize, (RawOutput, (&str, &[&str])))| {
        if raw.name != name || raw.channels != channels {
            return Err(ManifestError::Output { index, name: raw.name, channels: raw.channels });
        }
        let side = side("outputs.side", raw.side, 1, 1)?;
        Ok(Output { name: raw.name, channels: raw.channels, side })
    };
    raw.into_iter().zip(OUTPUTS).enumerate().map(output).collect()
}

fn calibration(keys: [&'static str; 3], raw: RawCalibration) -> Result<Calibration, ManifestError> {
    Ok(Calibration {
        threshold: fraction(keys[0], raw.threshold)?,
        logit_scale: positive(keys[1], raw.logit_scale)?,
        logit_offset: finite(keys[2], raw.logit_offset)?,
    })
}

fn grade(raw: RawGrade) -> Result<GradeCutOffs, ManifestError> {
    increasing("grade", &[raw.mild, raw.moderate, raw.severe, raw.critical])?;
    increasing("grade.brixia_zone", &raw.brixia_zone)?;
    let brixia = |index: usize| fraction("grade.brixia_zone", raw.brixia_zone[index]);
    Ok(GradeCutOffs {
        mild: fraction("grade.mild", raw.mild)?,
        moderate: fraction("grade.moderate", raw.moderate)?,
        severe: fraction("grade.severe", raw.severe)?,
        critical: fraction("grade.critical", raw.critical)?,
        zone_touched: fraction("grade.zone_touched", raw.zone_touched)?,
        brixia_zone: [brixia(0)?, brixia(1)?, brixia(2)?],
    })
}

fn detection(raw: RawDetection) -> Result<Detection, ManifestError> {
    Ok(Detection {
        intercept: finite("detection.intercept", raw.intercept)?,
        slope: positive("detection.slope", raw.slope)?,
        threshold: fraction("detection.threshold", raw.threshold)?,
        sensitivity: fraction("detection.sensitivity", raw.sensitivity)?,
        specificity: fraction("detection.specificity", raw.specificity)?,
        positives: raw.positives,
        negatives: raw.negatives,
        measured_on: said("detection.measured_on", raw.measured_on)?,
    })
}

fn interval(raw: RawInterval) -> Result<Interval90, ManifestError> {
    for value in raw.below.into_iter().chain(raw.above) {
        if finite("interval90", value)? < 0.0 {
            return Err(ManifestError::Negative { key: "interval90", value });
        }
    }
    let measured_on = said("interval90.measured_on", raw.measured_on)?;
    Ok(Interval90 { below: raw.below, above: raw.above, measured_on })
}

fn said(key: &'static str, text: String) -> Result<String, ManifestError> {
    if text.trim().is_empty() { Err(ManifestError::Empty { key }) } else { Ok(text) }
}

fn side(key: &'static str, side: u32, step: u32, min: u32) -> Result<u32, ManifestError> {
    let possible = (min..=SIDE_MAX).contains(&side) && side.is_multiple_of(step);
    if possible { Ok(side) } else { Err(ManifestError::Side { key, side, step, min, max: SIDE_MAX }) }
}

fn fraction(key: &'static str, value: f32) -> Result<Fraction, ManifestError> {
    Fraction::new(value).map_err(|source| ManifestError::Fraction { key, source })
}

fn finite(key: &'static str, value: f32) -> Result<f32, ManifestError> {
    if value.is_finite() { Ok(value) } else { Err(ManifestError::NotFinite { key, value }) }
}

fn positive(key: &'static str, value: f32) -> Result<f32, ManifestError> {
    let value = finite(key, value)?;
    if value > 0.0 { Ok(value) } else { Err(ManifestError::NotPositive { key, value }) }
}

fn increasing(key: &'static str, values: &[f32]) -> Result<(), ManifestError> {
    match values.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(ManifestError::NotIncreasing { key, lower: pair[0], upper: pair[1] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../models/lite0-unet-256/manifest.toml");

    /// The code of the error when `line`, found by its beginning, is replaced by `by`.
    fn refusal(line: &str, by: &str) -> &'static str {
        let mut found = 0;
        let changed: Vec<&str> = SHIPPED
            .lines()
            .map(|l| {
                if l.starts_with(line) && {
                    found += 1;
                    found == 1
                } {
                    by
                } else {
                    l
                }
            })
            .collect();
        assert!(found > 0, "no line begins with {line}");
        Manifest::parse(&changed.join("\n")).unwrap_err().code()
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let text = SHIPPED.replacen("[input]", "[input]\ncolour = 3", 1);
        let message = Manifest::parse(&text).unwrap_err().to_string();
        assert!(message.contains("colour") && message.contains("line"), "{message}");
    }

    #[test]
    fn a_missing_key_is_refused() {
        for key in ["schema", "licence", "model =", "mean", "logit_offset", "mild", "slope", "below", "seed"]
        {
            assert_eq!(refusal(key, ""), "manifest_toml", "{key}");
        }
    }

    #[test]
    fn cut_offs_that_do_not_increase_are_refused() {
        assert_eq!(refusal("moderate", "moderate = 0.0"), "manifest_cut_offs");
        assert_eq!(refusal("brixia_zone", "brixia_zone = [0.1, 0.1, 0.2]"), "manifest_cut_offs");
    }

    #[test]
    fn numbers_outside_their_range_are_refused() {
        assert_eq!(refusal("side", "side = 250"), "manifest_side");
        assert_eq!(refusal("side", "side = 2048"), "manifest_side");
        assert_eq!(refusal("std", "std = 0.0"), "manifest_number");
        assert_eq!(refusal("mean", "mean = nan"), "manifest_number");
        assert_eq!(refusal("below", "below = [0.1, -0.1]"), "manifest_number");
        assert_eq!(refusal("threshold", "threshold = 1.5"), "manifest_fraction");
        assert_eq!(refusal("schema", "schema = 2"), "manifest_schema");
    }

    #[test]
    fn a_path_that_leaves_the_bundle_is_refused() {
        let sha = "0".repeat(64);
        for path in ["/etc/passwd", "../model.onnx", ""] {
            let line = format!("model = {{ path = \"{path}\", sha256 = \"{sha}\" }}");
            assert_eq!(refusal("model =", &line), "manifest_path", "{path}");
        }
        let short = "model = { path = \"model.onnx\", sha256 = \"abc\" }";
        assert_eq!(refusal("model =", short), "manifest_sha256");
    }

    #[test]
    fn other_outputs_are_refused() {
        assert_eq!(refusal("name = \"lung\"", "name = \"heart\""), "manifest_output");
        assert_eq!(refusal("channels", "channels = [\"right\", \"left\"]"), "manifest_output");
    }
}
