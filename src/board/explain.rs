//! A board key by key: what holds, and which file says so.

use std::fmt;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::check::BAUD_RATE_DEFAULT;
use super::error::{BoardError, Place};
use super::facts::Status;
use super::merge;
use super::texts::Texts;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    File(Place),
    /// No file says it.
    Default,
}

/// `board/host.toml:3`, or `default`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(place) => write!(f, "{}:{}", place.path.display(), place.line),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One key of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// With its table, such as `source.width`; entries of a list count from 0: `facts.uarts[0].text`.
    pub key: String,
    /// As written in the file.
    pub value: String,
    pub origin: Origin,
}

/// Every key of the board at `path`, a table's keys together; the board itself need not be in order.
///
/// Fails on what is no TOML, and on parts that cannot be found.
pub fn explain(path: &Path) -> Result<Vec<Explained>, BoardError> {
    let texts = Texts::of_file(path)?;
    let table = merge::table(&texts)?;
    let mut lines = Vec::new();
    of_table(&texts, &table, "", &mut lines);
    for (key, value) in defaults(&table) {
        lines.push(Explained { key: key.into(), value, origin: Origin::Default });
    }
    Ok(lines)
}

/// One line for each value; as deep as the parser lets values be.
fn of_table(texts: &Texts, table: &DeTable<'_>, prefix: &str, lines: &mut Vec<Explained>) {
    for (key, value) in table {
        let key = format!("{prefix}{}", key.get_ref());
        of_value(texts, key, value, lines);
    }
}

fn of_value(texts: &Texts, key: String, value: &toml::Spanned<DeValue<'_>>, lines: &mut Vec<Explained>) {
    match value.get_ref() {
        DeValue::Table(table) => of_table(texts, table, &format!("{key}."), lines),
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
            for (i, item) in items.iter().enumerate() {
                of_value(texts, format!("{key}[{i}]"), item, lines);
            }
        }
        _ => lines.push(Explained {
            key,
            value: texts.slice(value.span()).split_whitespace().collect::<Vec<_>>().join(" "),
            origin: Origin::File(texts.place(value.span().start)),
        }),
    }
}

/// What holds because nothing else was said.
fn defaults(table: &DeTable<'_>) -> Vec<(&'static str, String)> {
    let there = |outer: &str, inner: &str| {
        table.get(outer).is_some_and(|t| t.get_ref().as_table().is_some_and(|t| t.contains_key(inner)))
    };
    let mut defaults = Vec::new();
    if !table.contains_key("status") {
        defaults.push(("status", format!("\"{}\"", Status::default())));
    }
    if !table.contains_key("model") {
        defaults.push(("model", "\"embedded\"".into()));
    }
    if there("serial", "port") && !there("serial", "baud_rate") {
        defaults.push(("serial.baud_rate", BAUD_RATE_DEFAULT.to_string()));
    }
    if (there("source", "device") || there("source", "card")) && !there("source", "range") {
        defaults.push(("source.range", "\"full\"".into()));
    }
    if (there("source", "device") || there("source", "card")) && !there("source", "optics") {
        defaults.push(("source.optics", "\"none\"".into()));
    }
    defaults
}
