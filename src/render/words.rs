//! Values as words: numbers, grades, refusals and badges in the language of the screen.

use std::time::Duration;

use super::language::{Words, filled};
use super::options::{MapStyle, Options, Palette};
use super::view::{Action, Badge};
use crate::grade::Grade;
use crate::reading::{Detection, Provenance, Warning};
use crate::units::Fraction;

/// Characters shown of a model's checksum: as many as tell two bundles apart by eye.
const CHECKSUM_SHOWN: usize = 8;
/// Isolates a Latin part of a line from the direction of the line (Unicode annex 9).
const ISOLATE: [char; 2] = ['\u{2066}', '\u{2069}'];

pub fn grade(words: &Words, grade: Grade) -> &str {
    let g = &words.grade;
    match grade {
        Grade::None => &g.none,
        Grade::Mild => &g.mild,
        Grade::Moderate => &g.moderate,
        Grade::Severe => &g.severe,
        Grade::Critical => &g.critical,
    }
}

/// Whole percent; what is neither none nor all is never shown as such.
pub fn percent(share: Fraction) -> String {
    match share.percent().get() {
        p if p > 0.0 && p < 0.5 => isolated("<1\u{a0}%"),
        p if (99.5..100.0).contains(&p) => isolated(">99\u{a0}%"),
        p => isolated(&format!("{p:.0}\u{a0}%")),
    }
}

/// `24-45 %`
pub fn interval(ends: [Fraction; 2]) -> String {
    let [low, high] = ends.map(|v| v.percent().get());
    isolated(&format!("{low:.0}\u{2013}{high:.0}\u{a0}%"))
}

/// Whether opacity was detected, and how probable it is.
pub fn detection(words: &Words, d: &Detection) -> [String; 2] {
    let n = &words.numbers;
    let answer = if d.positive() { &n.opacity_yes } else { &n.opacity_no };
    [answer.clone(), filled(&n.probability, &[("probability", &percent(d.probability))])]
}

/// What was measured at the operating point, and whether on the unit's own cases: what was elsewhere may not hold here.
pub fn operating_point(words: &Words, d: &Detection) -> String {
    let (n, p) = (&words.numbers, &d.operating_point);
    let measured = |v: Option<Fraction>| v.map_or_else(|| n.not_measured.clone(), percent);
    let parts = [measured(p.sensitivity), measured(p.specificity), percent(p.threshold)];
    let known = p.sensitivity.is_some() || p.specificity.is_some();
    let said = match (known, p.measured_here) {
        (false, _) => &n.measured,
        (true, false) => &n.measured_elsewhere,
        (true, true) => &n.measured_here,
    };
    filled(said, &[("sensitivity", &parts[0]), ("specificity", &parts[1]), ("threshold", &parts[2])])
}

/// Name, version and the head of the checksum.
pub fn model(words: &Words, p: &Provenance) -> String {
    let checksum: String = p.model_sha256.chars().take(CHECKSUM_SHOWN).collect();
    let model = isolated(&format!("{} {} ({checksum})", p.model_name, p.model_version));
    filled(&words.numbers.model, &[("model", &model)])
}

/// Kernels and the version of this software.
pub fn software(words: &Words, p: &Provenance) -> String {
    let kernels = isolated(p.kernels);
    filled(&words.numbers.software, &[("kernels", &kernels), ("version", env!("CARGO_PKG_VERSION"))])
}

/// `Code: one_lung_only`
pub fn code_line(words: &Words, code: &str) -> String {
    filled(&words.say.code, &[("code", &isolated(code))])
}

/// What the operator can do about a refusal; `code` is [`crate::reading::Refusal::code`].
pub fn advice<'a>(words: &'a Words, code: &str) -> &'a str {
    let advice = match code {
        "exposure_empty" | "exposure_blank" | "exposure_noise" => "send_again",
        "exposure_dark" | "exposure_bright" => "window",
        "inverted" => "invert",
        "upside_down" | "turned" => "upright",
        "lungs_cut_off" => "whole",
        "not_frontal_chest" | "not_frontal" => "frontal",
        "lungs_too_small" | "lungs_too_large" => "crop",
        "lungs_not_side_by_side" | "lung_lying" => "unmirrored",
        "lungs_not_found" | "one_lung_only" | "lungs_unequal" | "lungs_undecided" | "not_adult" => "person",
        _ => "other",
    };
    words.advice.of(advice)
}

/// All warnings in one text; empty where there are none.
pub fn warnings(words: &Words, warnings: &[Warning]) -> String {
    warnings.iter().map(|w| words.warning.of(w.code)).collect::<Vec<_>>().join(" ")
}

/// How long ago something was.
pub fn age(words: &Words, age: Duration) -> String {
    let (n, minutes) = (&words.numbers, age.as_secs() / 60);
    match minutes {
        0 => n.now.clone(),
        1..=119 => filled(&n.minutes, &[("count", &minutes.to_string())]),
        120..=2879 => filled(&n.hours, &[("count", &(minutes / 60).to_string())]),
        _ => filled(&n.days, &[("count", &(minutes / 1440).to_string())]),
    }
}

/// What a badge says, and whether it asks for attention.
pub fn badge(words: &Words, badge: Badge) -> (String, bool) {
    let b = &words.badge;
    let percent = |text: &str, percent: u8| filled(text, &[("percent", &percent.to_string())]);
    match badge {
        Badge::Battery { percent: p, charging: true } => (percent(&b.charging, p), false),
        Badge::Battery { percent: p, charging: false } => (percent(&b.battery, p), p < BATTERY_LOW),
        Badge::Temperature { celsius, high } => {
            let text = if high { &b.hot } else { &b.temperature };
            (filled(text, &[("celsius", &celsius.to_string())]), high)
        }
        Badge::Throttled => (b.throttled.clone(), true),
        Badge::Storage { percent: p } => (percent(&b.storage, p), p >= STORAGE_HIGH),
        Badge::NewReading => (b.new_reading.clone(), true),
        Badge::DeviceFault => (b.device_fault.clone(), true),
        Badge::ExposureSeen => (words.say.exposure.clone(), false),
        Badge::NotKept => (b.not_kept.clone(), true),
        Badge::OldestDropped => (b.oldest_dropped.clone(), true),
        Badge::SerialLost => (b.serial_lost.clone(), true),
    }
}

/// Battery charge in percent below which its badge asks for attention: about half an hour of work.
pub const BATTERY_LOW: u8 = 20;
/// Percent of the record's room from which its badge asks for attention.
pub const STORAGE_HIGH: u8 = 90;

/// What a key or a menu line is called.
pub fn action(words: &Words, action: Action) -> &str {
    let a = &words.action;
    match action {
        Action::Previous => &a.previous,
        Action::Next => &a.next,
        Action::Open => &a.open,
        Action::Back => &a.back,
        Action::Menu => &a.menu,
        Action::Triage => &a.triage,
        Action::History => &a.history,
        Action::Details => &a.details,
        Action::Compare => &a.compare,
        Action::Identify => &a.identify,
        Action::Take => &a.take,
        Action::Done => &a.done,
        Action::Map => &a.map,
        Action::Outline => &a.outline,
        Action::Palette => &a.palette,
        Action::Language => &a.language,
        Action::Clock => &a.clock,
        Action::Change => &a.change,
        Action::Confirm => &a.confirm,
        Action::Cancel => &a.cancel,
        Action::ShutDown => &a.shut_down,
    }
}

/// How what an action changes is set now; empty for what sets nothing.
pub fn setting(words: &Words, action: Action, options: Options) -> String {
    let v = &words.value;
    match action {
        Action::Map if options.map == MapStyle::Off => v.off.clone(),
        Action::Map => isolated(&format!("{}\u{a0}%", options.opacity.percent())),
        Action::Outline if options.map == MapStyle::Outlined => v.outlined.clone(),
        Action::Outline => v.filled.clone(),
        Action::Palette => match options.palette {
            Palette::Day => v.day.clone(),
            Palette::Sun => v.sun.clone(),
            Palette::Night => v.night.clone(),
        },
        Action::Language => words.name.clone(),
        _ => String::new(),
    }
}

/// The text with a capital first letter.
pub fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// `text` in its own direction inside a line of the other.
pub fn isolated(text: &str) -> String {
    format!("{}{text}{}", ISOLATE[0], ISOLATE[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::OperatingPoint;
    use crate::render::options::Language;

    fn f(value: f32) -> Fraction {
        Fraction::new(value).unwrap()
    }

    fn found(probability: f32, measured: Option<f32>) -> Detection {
        let [sensitivity, specificity] = [measured.map(f); 2];
        let operating_point =
            OperatingPoint { threshold: f(0.4), sensitivity, specificity, measured_here: false };
        Detection { probability: f(probability), operating_point }
    }

    fn plain(text: &str) -> String {
        text.replace('\u{a0}', " ").replace(ISOLATE, "")
    }

    #[test]
    fn little_is_not_nothing_and_most_is_not_all() {
        let shown = [0.0, 0.004, 0.336, 0.996, 1.0].map(|v| plain(&percent(f(v))));
        assert_eq!(shown, ["0 %", "<1 %", "34 %", ">99 %", "100 %"]);
        assert_eq!(plain(&interval([f(0.24), f(0.451)])), "24\u{2013}45 %");
    }

    #[test]
    fn an_unmeasured_operating_point_says_so() {
        let words = Words::of(Language::English);
        assert!(operating_point(words, &found(0.9, None)).contains("not measured"));
        let mut measured = found(0.9, Some(0.95));
        assert_eq!(
            plain(&operating_point(words, &measured)),
            "Not measured on this unit; elsewhere: sensitivity 95 %, specificity 95 % (threshold 40 %)"
        );
        measured.operating_point.measured_here = true;
        assert_eq!(
            plain(&operating_point(words, &measured)),
            "Measured here: sensitivity 95 %, specificity 95 % (threshold 40 %)"
        );
    }

    #[test]
    fn every_advice_that_is_given_is_in_every_language() {
        let english = Words::of(Language::English);
        for language in Language::ALL {
            let words = Words::of(language);
            let known: Vec<&str> = words.advice.codes().collect();
            for code in english.refusal.codes() {
                assert!(!words.refusal.of(code).is_empty() && !advice(words, code).is_empty());
            }
            assert_eq!(known.len(), 10, "{language:?}: {known:?}");
        }
    }

    #[test]
    fn a_lung_that_may_be_opaque_is_for_a_person_to_see_now() {
        let words = Words::of(Language::English);
        for code in ["lungs_not_found", "one_lung_only", "lungs_unequal"] {
            assert!(words.refusal.of(code).contains("opaque") && advice(words, code).contains("now"));
        }
    }

    #[test]
    fn an_age_is_told_in_the_unit_that_fits() {
        let words = Words::of(Language::English);
        let told = [5, 60 * 3, 3600 * 5, 86_400 * 4].map(|s| age(words, Duration::from_secs(s)));
        assert_eq!(told, ["just now", "3 min ago", "5 h ago", "4 days ago"]);
    }
}
