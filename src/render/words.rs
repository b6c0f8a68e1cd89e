//! What the screens say, in words. None of them names a disease.

use crate::grade::Grade;
use crate::reading::{Detection, Provenance, Warning};
use crate::units::Fraction;

/// Title of a radiograph without a grade.
pub const NOT_GRADED: &str = "Not graded";
/// What stands where wall time would, when no source of it is trusted.
pub const CLOCK_NOT_TRUSTED: &str = "Clock not trusted";
/// What to do about a fault of the device that stays.
pub const FAULT_ADVICE: &str =
    "If this stays: switch the device off and on again. Note the code and report it.";
/// Characters shown of a model's checksum: as many as tell two bundles apart by eye.
const CHECKSUM_SHOWN: usize = 8;

/// A grade with a capital letter.
pub fn grade(grade: Grade) -> String {
    sentence(grade.name())
}

/// Whole percent; what is neither none nor all is never shown as such.
pub fn percent(share: Fraction) -> String {
    match share.percent().get() {
        p if p > 0.0 && p < 0.5 => "<1 %".to_owned(),
        p if (99.5..100.0).contains(&p) => ">99 %".to_owned(),
        p => format!("{p:.0} %"),
    }
}

/// `24-45 %`
pub fn interval(ends: [Fraction; 2]) -> String {
    let [low, high] = ends.map(|v| v.percent().get());
    format!("{low:.0}-{high:.0} %")
}

/// Whether opacity was detected, and how probable it is.
pub fn detection(d: &Detection) -> [String; 2] {
    let answer = if d.positive() { "yes" } else { "no" };
    [format!("Lung opacity: {answer}"), format!("probability {}", percent(d.probability))]
}

/// What was measured at the operating point.
pub fn operating_point(d: &Detection) -> String {
    let p = &d.operating_point;
    let threshold = percent(p.threshold);
    match (p.sensitivity, p.specificity) {
        (None, None) => format!("Sensitivity, specificity: not measured (threshold {threshold})"),
        (sensitivity, specificity) => {
            let measured = |v: Option<Fraction>| v.map_or_else(|| "not measured".to_owned(), percent);
            format!(
                "Sensitivity {}, specificity {} (threshold {threshold})",
                measured(sensitivity),
                measured(specificity)
            )
        }
    }
}

/// Name, version and the head of the checksum.
pub fn model(p: &Provenance) -> String {
    let checksum: String = p.model_sha256.chars().take(CHECKSUM_SHOWN).collect();
    format!("Model {} {} ({checksum})", p.model_name, p.model_version)
}

/// Kernels and the version of this software.
pub fn software(p: &Provenance) -> String {
    format!("Kernels {} \u{b7} raymap {}", p.kernels, env!("CARGO_PKG_VERSION"))
}

/// What the operator can do about a refusal; `code` is [`crate::reading::Refusal::code`].
pub fn advice(code: &str) -> &'static str {
    match code {
        "exposure_empty" | "exposure_blank" | "exposure_noise" => {
            "If the exposure was made, send the radiograph again."
        }
        "exposure_dark" | "exposure_bright" => "Send it again with another window, before any new exposure.",
        "inverted" => "Send it again with black and white exchanged.",
        "upside_down" | "turned" => {
            "Send it again upright: head up, the patient's right on the picture's left."
        }
        "lungs_cut_off" => "Send it again with both lungs whole, if the picture was cropped.",
        "not_frontal_chest" | "not_frontal" => "Send a frontal view (PA or AP) that fills the picture.",
        "lungs_too_small" | "lungs_too_large" => "Send it again with both lungs whole, cropped to the chest.",
        "lungs_not_side_by_side" | "lung_lying" => "Send it again upright and not mirrored.",
        "lungs_not_found" | "one_lung_only" | "lungs_unequal" | "lungs_undecided" => {
            "Do not repeat the exposure for this device alone: a radiologist can still read the radiograph."
        }
        _ => "Check the radiograph and send it again. A radiologist can still read it.",
    }
}

/// Title of a result: its first warning in short, where it has one.
pub fn result_title(warnings: &[Warning]) -> &'static str {
    match warnings.first().map(|w| w.code) {
        None => "Result",
        Some("mirrored") => "Result. Check the side marker: right and left may be exchanged",
        Some("incomplete") => "Result. Part of a lung may be cut off: shares are of what is in the picture",
        Some(_) => "Result with a warning: see the report",
    }
}

/// The text with a capital first letter.
pub fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::OperatingPoint;

    fn f(value: f32) -> Fraction {
        Fraction::new(value).unwrap()
    }

    fn found(probability: f32, measured: Option<f32>) -> Detection {
        let operating_point =
            OperatingPoint { threshold: f(0.4), sensitivity: measured.map(f), specificity: measured.map(f) };
        Detection { probability: f(probability), operating_point }
    }

    #[test]
    fn little_is_not_nothing_and_most_is_not_all() {
        let shown = [0.0, 0.004, 0.336, 0.996, 1.0].map(|v| percent(f(v)));
        assert_eq!(shown, ["0 %", "<1 %", "34 %", ">99 %", "100 %"]);
        assert_eq!(interval([f(0.24), f(0.451)]), "24-45 %");
    }

    #[test]
    fn an_unmeasured_operating_point_says_so() {
        assert!(operating_point(&found(0.9, None)).contains("not measured"));
        assert_eq!(
            operating_point(&found(0.9, Some(0.95))),
            "Sensitivity 95 %, specificity 95 % (threshold 40 %)"
        );
    }

    #[test]
    fn no_words_name_a_disease() {
        let mut said = vec![NOT_GRADED.to_owned(), FAULT_ADVICE.to_owned()];
        said.extend(Grade::ALL.map(grade));
        said.extend(detection(&found(0.9, None)).into_iter().chain(detection(&found(0.1, None))));
        for code in
            ["exposure_blank", "not_frontal_chest", "lungs_too_small", "lung_lying", "lungs_not_found", ""]
        {
            said.push(advice(code).to_owned());
        }
        for code in ["mirrored", "incomplete", "another"] {
            let title = result_title(&[Warning { code, text: String::new() }]);
            assert_ne!(title, result_title(&[]));
            said.push(title.to_owned());
        }
        let text = said.join(" ").to_lowercase();
        for word in ["covid", "sars", "pneumonia", "diagnos", "positive", "patient has"] {
            assert!(!text.contains(word), "{word}");
        }
    }
}
