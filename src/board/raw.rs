//! A board as written in its files: every key that may stand there, each value with its place in the texts.
//!
//! Which keys go together, and which values make sense, is `check`'s to say.

use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawBoard {
    pub name: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub status: Option<Spanned<String>>,
    /// Followed before this is read; here only so that it is a known key.
    #[serde(rename = "inherits")]
    _inherits: Option<Vec<String>>,
    pub source: Option<Spanned<RawSource>>,
    pub screen: Option<Spanned<RawScreen>>,
    pub language: Option<Spanned<String>>,
    pub keyboard: Option<Spanned<String>>,
    pub serial: Option<Spanned<RawSerial>>,
    pub model: Option<Spanned<String>>,
    pub record: Option<super::record::RawRecord>,
    pub dicom_send: Option<Spanned<super::dicom_send::RawDicomSend>>,
    pub page: Option<super::page::RawPage>,
    pub station: Option<super::station::RawStation>,
    pub compute: Option<RawCompute>,
    pub facts: Option<RawFacts>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSource {
    pub kind: Spanned<String>,
    pub phantoms: Option<Spanned<Vec<RawPhantom>>>,
    pub path: Option<Spanned<String>>,
    pub remember: Option<Spanned<String>>,
    pub device: Option<Spanned<String>>,
    pub card: Option<Spanned<String>>,
    pub width: Option<Spanned<i64>>,
    pub height: Option<Spanned<i64>>,
    pub format: Option<Spanned<String>>,
    pub timeout_ms: Option<Spanned<i64>>,
    pub crop: Option<Spanned<RawCrop>>,
    pub range: Option<Spanned<String>>,
    pub settle_ms: Option<Spanned<i64>>,
    pub optics: Option<Spanned<String>>,
    pub bind: Option<Spanned<String>>,
    pub title: Option<Spanned<String>>,
    pub callers: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPhantom {
    pub seed: Spanned<i64>,
    pub infected: Spanned<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCrop {
    pub left: Spanned<RawNumber>,
    pub top: Spanned<RawNumber>,
    pub width: Spanned<RawNumber>,
    pub height: Spanned<RawNumber>,
}

/// Pixels, or a share.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "expected a number: pixels (40) or a share (0.25)")]
pub enum RawNumber {
    Whole(i64),
    Share(f64),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawScreen {
    pub kind: Spanned<String>,
    pub path: Option<Spanned<String>>,
    pub width: Option<Spanned<i64>>,
    pub height: Option<Spanned<i64>>,
    pub rotate: Option<Spanned<i64>>,
    pub device: Option<Spanned<String>>,
    pub connector: Option<Spanned<String>>,
    pub panel: Option<Spanned<String>>,
    pub clock_hz: Option<Spanned<i64>>,
    pub gpio_chip: Option<Spanned<String>>,
    pub data_pin: Option<Spanned<i64>>,
    pub reset_pin: Option<Spanned<i64>>,
    pub backlight_pin: Option<Spanned<i64>>,
    pub inverted: Option<Spanned<bool>>,
    pub blue_first: Option<Spanned<bool>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSerial {
    pub file: Option<Spanned<String>>,
    pub port: Option<Spanned<String>>,
    pub baud_rate: Option<Spanned<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCompute {
    pub threads: Option<Spanned<i64>>,
    pub kernels: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFacts {
    pub processor: Option<RawFact>,
    pub uarts: Option<Vec<RawFact>>,
    pub watchdogs: Option<Vec<RawFact>>,
    pub screens: Option<Vec<RawFact>>,
    pub cameras: Option<Vec<RawFact>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFact {
    pub device: Option<Spanned<String>>,
    pub text: Spanned<String>,
    pub setup: Option<Vec<Spanned<String>>>,
    pub timeout_s_max: Option<Spanned<i64>>,
    pub status: Spanned<String>,
    pub source: Spanned<String>,
}
