//! One reading as JSON: what `raymap read --json` says of it, without a file's name.

use serde_json::json;

use super::site::id_of;
use crate::operator::Shelved;
use crate::render::{Language, Words};

/// The reading's JSON with its number and time; a refusal's sentence is the screen's, which names no file.
pub fn text(shelved: &Shelved) -> String {
    let mut reading = shelved.study.reading.to_json();
    if let Some(fields) = reading.as_object_mut() {
        fields.remove("file");
        fields.insert("id".into(), json!(id_of(shelved).to_string()));
        fields.insert("record".into(), json!(shelved.entry.record));
        fields.insert("time".into(), json!(shelved.entry.time));
    }
    if let Some(code) = reading["refusal"]["code"].as_str() {
        let sentence = Words::of(Language::English).refusal.of(code);
        reading["refusal"]["text"] = json!(sentence);
    }
    format!("{reading:#}\n")
}
