//! From the manifest as written to the checked one.

use std::path::{Component, Path};

use super::raw::*;
use super::*;

/// The encoder halves the side five times.
const SIDE_STEP: u32 = 32;
/// Below it no opacity can be seen; above it a board's memory is at stake.
const SIDE_MIN: u32 = 64;
const SIDE_MAX: u32 = 1024;

/// The output whose channels are classes of pictures.
const FIT: &str = OUTPUTS[2].0;

pub fn manifest(raw: RawManifest) -> Result<Manifest, ManifestError> {
    if raw.schema != SCHEMA {
        return Err(ManifestError::Schema(raw.schema));
    }
    if raw.quantisation.format != "QOperator" {
        return Err(ManifestError::Format(raw.quantisation.format));
    }
    said("quantisation.activations", raw.quantisation.activations)?;
    said("quantisation.weights", raw.quantisation.weights)?;
    let outputs = outputs(raw.outputs)?;
    let fit = fit(raw.fit, &outputs)?;
    Ok(Manifest {
        name: said("name", raw.name)?,
        version: said("version", raw.version)?,
        licence: said("licence", raw.licence)?,
        files: files(raw.files)?,
        input: input(raw.input)?,
        outputs,
        infection: calibration(
            ["infection.threshold", "infection.logit_scale", "infection.logit_offset"],
            raw.infection,
        )?,
        fit,
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
    Ok(Input {
        side,
        mean: finite("input.mean", raw.mean)?,
        std: positive("input.std", raw.std)?,
        mirrored_too: raw.mirrored_too,
    })
}

fn outputs(raw: Vec<RawOutput>) -> Result<Vec<Output>, ManifestError> {
    if raw.len() != OUTPUTS.len() {
        return Err(ManifestError::OutputCount { expected: OUTPUTS.len(), actual: raw.len() });
    }
    let output = |(index, (raw, (name, channels))): (usize, (RawOutput, (&str, &[&str])))| {
        let known = if name == FIT { fit_channels(&raw.channels) } else { raw.channels == channels };
        if raw.name != name || !known {
            return Err(ManifestError::Output { index, name: raw.name, channels: raw.channels });
        }
        let side = side("outputs.side", raw.side, 1, 1)?;
        Ok(Output { name: raw.name, channels: raw.channels, side })
    };
    raw.into_iter().zip(OUTPUTS).enumerate().map(output).collect()
}

/// Whether these are classes of pictures, none twice, "fit" among them.
fn fit_channels(channels: &[String]) -> bool {
    let classes: Vec<_> = channels.iter().map(|c| PictureClass::of(c)).collect();
    let once = |c| classes.iter().filter(|other| **other == c).count() == 1;
    classes.iter().all(|&c| c.is_some() && once(c)) && once(Some(PictureClass::Fit))
}

fn fit(raw: RawFit, outputs: &[Output]) -> Result<Fit, ManifestError> {
    let channels = outputs.iter().find(|o| o.name == FIT).map_or(&[] as &[String], |o| &o.channels);
    let RawFit { threshold, logit_scale, logit_offset, mirrored_from } = raw;
    let raw = RawCalibration { threshold, logit_scale, logit_offset };
    Ok(Fit {
        calibration: calibration(["fit.threshold", "fit.logit_scale", "fit.logit_offset"], raw)?,
        classes: channels.iter().filter_map(|c| PictureClass::of(c)).collect(),
        mirrored_from: mirrored_from.map(|v| fraction("fit.mirrored_from", v)).transpose()?,
    })
}

fn calibration(keys: [&'static str; 3], raw: RawCalibration) -> Result<Calibration, ManifestError> {
    Ok(Calibration {
        threshold: some(keys[0], raw.threshold)?,
        logit_scale: positive(keys[1], raw.logit_scale)?,
        logit_offset: finite(keys[2], raw.logit_offset)?,
    })
}

fn grade(raw: RawGrade) -> Result<GradeCutOffs, ManifestError> {
    increasing("grade", &[raw.mild, raw.moderate, raw.severe, raw.critical])?;
    Ok(GradeCutOffs {
        mild: fraction("grade.mild", raw.mild)?,
        moderate: fraction("grade.moderate", raw.moderate)?,
        severe: fraction("grade.severe", raw.severe)?,
        critical: fraction("grade.critical", raw.critical)?,
        zone_touched: fraction("grade.zone_touched", raw.zone_touched)?,
        brixia_zone: rising("grade.brixia_zone", raw.brixia_zone)?,
        extent_lung: raw.extent_lung.map(|limits| rising("grade.extent_lung", limits)).transpose()?,
    })
}

fn detection(raw: RawDetection) -> Result<Detection, ManifestError> {
    Ok(Detection {
        intercept: finite("detection.intercept", raw.intercept)?,
        slope: positive("detection.slope", raw.slope)?,
        peak_slope: not_negative("detection.peak_slope", raw.peak_slope.unwrap_or(0.0))?,
        threshold: some("detection.threshold", raw.threshold)?,
        sensitivity: fraction("detection.sensitivity", raw.sensitivity)?,
        specificity: fraction("detection.specificity", raw.specificity)?,
        positives: raw.positives,
        negatives: raw.negatives,
        measured_on: said("detection.measured_on", raw.measured_on)?,
    })
}

fn interval(raw: RawInterval) -> Result<Interval90, ManifestError> {
    for value in raw.below.into_iter().chain(raw.above) {
        not_negative("interval90", value)?;
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

/// A share above 0: every value there is would reach a threshold of 0.
fn some(key: &'static str, value: f32) -> Result<Fraction, ManifestError> {
    fraction(key, positive(key, value)?)
}

fn finite(key: &'static str, value: f32) -> Result<f32, ManifestError> {
    if value.is_finite() { Ok(value) } else { Err(ManifestError::NotFinite { key, value }) }
}

fn not_negative(key: &'static str, value: f32) -> Result<f32, ManifestError> {
    let value = finite(key, value)?;
    if value < 0.0 { Err(ManifestError::Negative { key, value }) } else { Ok(value) }
}

fn positive(key: &'static str, value: f32) -> Result<f32, ManifestError> {
    let value = finite(key, value)?;
    if value > 0.0 { Ok(value) } else { Err(ManifestError::NotPositive { key, value }) }
}

/// Cut-offs, each above the one before.
fn rising<const N: usize>(key: &'static str, values: [f32; N]) -> Result<[Fraction; N], ManifestError> {
    increasing(key, &values)?;
    let mut cutoffs = [Fraction::ZERO; N];
    for (cutoff, value) in cutoffs.iter_mut().zip(values) {
        *cutoff = fraction(key, value)?;
    }
    Ok(cutoffs)
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
        assert_eq!(refusal("extent_lung", "extent_lung = [0.1, 0.2, 0.3, 0.2]"), "manifest_cut_offs");
    }

    #[test]
    fn numbers_outside_their_range_are_refused() {
        assert_eq!(refusal("side", "side = 250"), "manifest_side");
        assert_eq!(refusal("side", "side = 2048"), "manifest_side");
        assert_eq!(refusal("std", "std = 0.0"), "manifest_number");
        assert_eq!(refusal("mean", "mean = nan"), "manifest_number");
        assert_eq!(refusal("below", "below = [0.1, -0.1]"), "manifest_number");
        assert_eq!(refusal("peak_slope", "peak_slope = -0.1"), "manifest_number");
        assert_eq!(refusal("threshold", "threshold = 1.5"), "manifest_fraction");
        assert_eq!(refusal("threshold", "threshold = 0.0"), "manifest_number");
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

    /// The shipped manifest with these channels of `fit`, and `more` in its section.
    fn with_fit(channels: &str, more: &str) -> Result<Manifest, ManifestError> {
        let (before, after) = SHIPPED.split_once("name = \"fit\"").unwrap();
        let (_, after) = after.split_once("channels").unwrap();
        let (_, after) = after.split_once('\n').unwrap();
        let text = format!("{before}name = \"fit\"\nchannels = {channels}\n{after}");
        let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with("mirrored_from")).collect();
        Manifest::parse(&lines.join("\n").replacen("[fit]", &format!("[fit]\n{more}"), 1))
    }

    #[test]
    fn the_channels_of_fit_are_classes_with_fit_among_them() {
        let classes = |channels: &str| with_fit(channels, "").unwrap().fit.classes;
        assert_eq!(classes(r#"["fit"]"#), [PictureClass::Fit]);
        let all = r#"["fit", "mirrored", "inverted", "upside_down", "turned", "other"]"#;
        assert_eq!(classes(all), PictureClass::ALL);
        for wrong in [r#"["other"]"#, r#"["fit", "fit"]"#, r#"["fit", "ankle"]"#, "[]"] {
            assert_eq!(with_fit(wrong, "").unwrap_err().code(), "manifest_output", "{wrong}");
        }
    }

    #[test]
    fn the_mirrors_share_may_be_left_out_and_is_a_share() {
        let from = |more| with_fit(r#"["fit", "mirrored"]"#, more).map(|m| m.fit.mirrored_from);
        assert_eq!(from("").unwrap(), None);
        assert_eq!(from("mirrored_from = 0.5").unwrap(), Fraction::new(0.5).ok());
        assert_eq!(from("mirrored_from = 1.5").unwrap_err().code(), "manifest_fraction");
    }

    #[test]
    fn other_outputs_are_refused() {
        assert_eq!(refusal("name = \"lung\"", "name = \"heart\""), "manifest_output");
        assert_eq!(refusal("channels", "channels = [\"right\", \"left\"]"), "manifest_output");
    }
}
