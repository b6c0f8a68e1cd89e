//! A board file as written: every key that may stand in it, each value with its place in the text.
//!
//! Which keys go together, and which values make sense, is `check`'s to say.

use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawBoard {
    pub name: Spanned<String>,
    pub description: Spanned<String>,
    pub source: Spanned<RawSource>,
    pub screen: Spanned<RawScreen>,
    pub serial: Spanned<RawSerial>,
    pub model: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSource {
    pub kind: Spanned<String>,
    pub phantoms: Option<Spanned<Vec<RawPhantom>>>,
    pub path: Option<Spanned<String>>,
    pub device: Option<Spanned<String>>,
    pub card: Option<Spanned<String>>,
    pub width: Option<Spanned<i64>>,
    pub height: Option<Spanned<i64>>,
    pub format: Option<Spanned<String>>,
    pub timeout_ms: Option<Spanned<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPhantom {
    pub seed: Spanned<i64>,
    pub infected: Spanned<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawScreen {
    pub kind: Spanned<String>,
    pub path: Spanned<String>,
    pub width: Spanned<i64>,
    pub height: Spanned<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSerial {
    pub file: Option<Spanned<String>>,
    pub port: Option<Spanned<String>>,
    pub baud_rate: Option<Spanned<i64>>,
}
