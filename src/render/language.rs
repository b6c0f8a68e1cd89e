//! What the screens say, in seven languages: a file each in `languages/`, inside the binary.
//!
//! The files have the same keys and the same placeholders; what a file lacks or has too much is refused whole, and a
//! test says so. Digits, `R` and `L`, and names of scores stay Latin everywhere.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::options::Language;

/// The files, in the order of [`Language::ALL`].
const FILES: [&str; 7] = [
    include_str!("languages/en.toml"),
    include_str!("languages/fr.toml"),
    include_str!("languages/es.toml"),
    include_str!("languages/pt.toml"),
    include_str!("languages/sw.toml"),
    include_str!("languages/hi.toml"),
    include_str!("languages/ar.toml"),
];
/// What stands for a code that a file does not have.
const OTHER: &str = "other";

/// One language's words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub name: String,
    pub disclaimer: String,
    pub title: Title,
    pub say: Say,
    pub numbers: Numbers,
    pub grade: Grade,
    pub action: Action,
    pub value: Value,
    pub badge: Badge,
    pub warning: ByCode,
    pub refusal: ByCode,
    pub advice: ByCode,
    pub identifier: ByCode,
}

/// What the header calls the state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    pub boot: String,
    pub ready: String,
    pub no_signal: String,
    pub camera: String,
    pub exposure: String,
    pub reading: String,
    pub result: String,
    pub refused: String,
    pub compared: String,
    pub identify: String,
    pub triage: String,
    pub history: String,
    pub menu: String,
    pub clock: String,
    pub fault: String,
    pub safe_mode: String,
    pub shut_down: String,
    pub report: String,
}

/// Sentences.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    pub clock: String,
    pub starting: String,
    pub waiting: String,
    pub source: String,
    pub no_signal: String,
    pub no_signal_advice: String,
    pub no_edges: String,
    pub no_edges_advice: String,
    pub exposure: String,
    pub exposure_advice: String,
    pub reading: String,
    pub what_to_do: String,
    pub code: String,
    pub fault: String,
    pub fault_advice: String,
    pub safe_mode: String,
    pub safe_mode_advice: String,
    pub confirm: String,
    pub confirm_advice: String,
    pub shutting_down: String,
    pub shutting_down_advice: String,
    pub no_readings: String,
    pub no_earlier: String,
    pub more_earlier: String,
    pub no_person: String,
    pub identify: String,
    pub identified: String,
    pub set_clock: String,
    pub clock_wrong: String,
    pub clock_kept: String,
    pub interval_short: String,
    pub reading_number: String,
    pub made: String,
    pub board: String,
}

/// Names of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    pub grade: String,
    pub step: String,
    pub share: String,
    pub interval: String,
    pub right: String,
    pub left: String,
    pub extent: String,
    pub toussie: String,
    pub brixia: String,
    pub opacity_yes: String,
    pub opacity_no: String,
    pub probability: String,
    pub measured: String,
    pub measured_here: String,
    pub measured_elsewhere: String,
    pub not_measured: String,
    pub scale: String,
    pub map_off: String,
    pub lung_field: String,
    pub infected: String,
    pub sides: String,
    pub model: String,
    pub software: String,
    pub fit: String,
    pub now: String,
    pub minutes: String,
    pub hours: String,
    pub days: String,
    pub this: String,
}

/// The grades.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    pub none: String,
    pub mild: String,
    pub moderate: String,
    pub severe: String,
    pub critical: String,
}

/// What keys and menu lines do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    pub previous: String,
    pub next: String,
    pub open: String,
    pub back: String,
    pub menu: String,
    pub triage: String,
    pub history: String,
    pub details: String,
    pub compare: String,
    pub identify: String,
    pub take: String,
    pub done: String,
    pub map: String,
    pub outline: String,
    pub palette: String,
    pub language: String,
    pub clock: String,
    pub change: String,
    pub confirm: String,
    pub cancel: String,
    pub shut_down: String,
}

/// Settings in the menu.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    pub off: String,
    pub filled: String,
    pub outlined: String,
    pub day: String,
    pub sun: String,
    pub night: String,
}

/// What badges say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Badge {
    pub new_reading: String,
    pub device_fault: String,
    pub battery: String,
    pub charging: String,
    pub temperature: String,
    pub hot: String,
    pub throttled: String,
    pub storage: String,
    pub not_kept: String,
    pub oldest_dropped: String,
    pub serial_lost: String,
}

/// Sentences by the code of what they speak of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct ByCode(BTreeMap<String, String>);

impl ByCode {
    /// The sentence for `code`, or the one for all others.
    pub fn of(&self, code: &str) -> &str {
        self.0.get(code).or_else(|| self.0.get(OTHER)).map_or("", String::as_str)
    }

    #[cfg(test)]
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Words {
    /// The words of `language`.
    pub fn of(language: Language) -> &'static Self {
        static WORDS: [OnceLock<Words>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];
        let place = language as usize;
        // Every file is read by a test, so that none can fail here; the screen would be wordless, not wrong.
        WORDS[place].get_or_init(|| toml::from_str(FILES[place]).unwrap_or_default())
    }
}

/// `text` with each `{name}` replaced.
pub fn filled(text: &str, parts: &[(&str, &str)]) -> String {
    parts.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::shaper;

    fn flat(value: &toml::Value, path: &str, to: &mut BTreeMap<String, String>) {
        match value {
            toml::Value::Table(t) => t.iter().for_each(|(k, v)| flat(v, &format!("{path}.{k}"), to)),
            other => drop(to.insert(path.into(), other.as_str().expect("a text").into())),
        }
    }

    fn texts(language: Language) -> BTreeMap<String, String> {
        let table: toml::Table = toml::from_str(FILES[language as usize]).unwrap();
        let mut to = BTreeMap::new();
        flat(&toml::Value::Table(table), "", &mut to);
        to
    }

    fn placeholders(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> =
            text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or("")).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn every_language_has_the_keys_and_placeholders_of_english() {
        let english = texts(Language::English);
        for language in Language::ALL {
            let own = texts(language);
            let differ: Vec<&String> = english
                .keys()
                .chain(own.keys())
                .filter(|k| own.contains_key(*k) != english.contains_key(*k))
                .collect();
            assert!(differ.is_empty(), "{language:?}: {differ:?}");
            for (key, text) in &own {
                assert_eq!(placeholders(text), placeholders(&english[key]), "{language:?} {key}");
                assert!(!text.trim().is_empty() && text.trim() == text, "{language:?} {key}");
            }
        }
    }

    #[test]
    fn every_file_is_read_and_a_wrong_key_is_refused() {
        for (language, file) in Language::ALL.into_iter().zip(FILES) {
            toml::from_str::<Words>(file).unwrap_or_else(|e| panic!("{language:?}: {e}"));
        }
        assert!(toml::from_str::<Words>(&FILES[0].replace("starting =", "beginning =")).is_err());
        assert!(toml::from_str::<Words>(&format!("{}\n[more]\na = \"b\"", FILES[0])).is_err());
    }

    #[test]
    fn every_character_has_a_glyph() {
        for language in Language::ALL {
            for (key, text) in texts(language) {
                assert!(shaper::covers(&text), "{language:?} {key}: {text}");
            }
        }
    }

    #[test]
    fn no_text_names_a_disease_or_claims_a_diagnosis() {
        for language in Language::ALL {
            for (key, text) in texts(language).iter().filter(|(k, _)| k.as_str() != ".disclaimer") {
                let text = text.to_lowercase();
                for word in [
                    "covid",
                    "sars",
                    "pneumon",
                    "neumon",
                    "diagn",
                    "positive",
                    "\u{928}\u{93f}\u{926}\u{93e}\u{928}",
                    "\u{62a}\u{634}\u{62e}\u{64a}\u{635}",
                ] {
                    assert!(!text.contains(word), "{language:?} {key}: {word}");
                }
            }
        }
    }

    #[test]
    fn a_code_that_is_not_known_has_the_sentence_of_all_others() {
        let words = Words::of(Language::English);
        assert_eq!(words.refusal.of("never"), words.refusal.of(OTHER));
        assert_ne!(words.refusal.of("turned"), words.refusal.of(OTHER));
        assert_eq!(filled("a {x} {y}", &[("x", "1"), ("y", "2")]), "a 1 2");
    }
}
