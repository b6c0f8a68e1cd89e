//! The files of a board laid over each other: what a file says hides what it inherits.
//!
//! Keys of a table are inherited one by one; what stands in a key is taken whole. Later parents hide earlier ones.
//! Names and descriptions are not inherited, and of parents' `status` the weakest counts.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::error::BoardError;
use super::facts::Status;
use super::raw::RawBoard;
use super::texts::Texts;

/// What a file says of itself alone.
const NOT_INHERITED: [&str; 3] = ["name", "description", "inherits"];
/// Tables, a key of theirs, and which inherited keys lose their meaning when a file gives it; none: all.
const HIDES: [(&str, &str, &[&str]); 6] = [
    ("source", "kind", &[]),
    ("screen", "kind", &[]),
    ("source", "device", &["card"]),
    ("source", "card", &["device"]),
    ("serial", "file", &["port", "baud_rate"]),
    ("serial", "port", &["file"]),
];

/// The board as its files together say it.
pub fn merged(texts: &Texts) -> Result<RawBoard, BoardError> {
    let table = Spanned::new(0..texts.own().text.len(), table(texts)?);
    RawBoard::deserialize(Deserializer::from(table)).map_err(|source| {
        let place = texts.place(source.span().map_or(0, |span| span.start));
        BoardError::Syntax { place, source: Box::new(source) }
    })
}

/// The same, not yet compared with the keys that there are; spans count through all texts.
pub fn table(texts: &Texts) -> Result<DeTable<'_>, BoardError> {
    of_file(texts, 0)
}

/// One file and what it inherits; bounded by the depth that was gathered.
fn of_file(texts: &Texts, index: usize) -> Result<DeTable<'_>, BoardError> {
    let file = &texts.files()[index];
    let mut inherited = DeTable::new();
    for &parent in &file.parents {
        let mut over = of_file(texts, parent)?;
        NOT_INHERITED.iter().for_each(|key| drop(over.remove(*key)));
        keep_weakest_status(&inherited, &mut over);
        inherited = laid_over(inherited, over);
    }
    let own = DeTable::parse(&file.text).map_err(|e| BoardError::syntax(e, &file.text, &file.path))?;
    Ok(laid_over(inherited, shifted_table(own.into_inner(), file.start)))
}

fn keep_weakest_status(under: &DeTable<'_>, over: &mut DeTable<'_>) {
    let status = |table: &DeTable<'_>| table.get("status").and_then(|v| Status::parse(v.get_ref().as_str()?));
    if let (Some(below), Some(above)) = (status(under), status(over))
        && below < above
    {
        over.remove("status");
    }
}

fn laid_over<'t>(mut under: DeTable<'t>, over: DeTable<'t>) -> DeTable<'t> {
    for (key, value) in over {
        let span = value.span();
        let value = match (value.into_inner(), under.remove(key.get_ref().as_ref()).map(Spanned::into_inner))
        {
            (DeValue::Table(above), Some(DeValue::Table(mut below))) => {
                hide(key.get_ref(), &above, &mut below);
                below.extend(above);
                DeValue::Table(below)
            }
            (value, _) => value,
        };
        under.insert(key, Spanned::new(span, value));
    }
    under
}

/// Takes from `below` what lost its meaning by what `above` gives, and what it gives itself.
fn hide(table: &str, above: &DeTable<'_>, below: &mut DeTable<'_>) {
    for (_, _, hidden) in HIDES.iter().filter(|(t, key, _)| *t == table && above.contains_key(*key)) {
        match hidden {
            [] => below.clear(),
            hidden => hidden.iter().for_each(|key| drop(below.remove(*key))),
        }
    }
    // `extend` would keep the places of keys that were there already.
    above.keys().for_each(|key| drop(below.remove(key.get_ref().as_ref())));
}

fn shifted_table(table: DeTable<'_>, by: usize) -> DeTable<'_> {
    table.into_iter().map(|(key, value)| (moved(key, by), shifted(value, by))).collect()
}

/// The value with every span in it moved; as deep as the parser lets values be.
fn shifted(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let mut value = moved(value, by);
    match value.get_mut() {
        DeValue::Array(items) => {
            for item in items.iter_mut() {
                let empty = Spanned::new(0..0, DeValue::Boolean(false));
                *item = shifted(std::mem::replace(item, empty), by);
            }
        }
        DeValue::Table(table) => *table = shifted_table(std::mem::take(table), by),
        _ => {}
    }
    value
}

fn moved<T>(value: Spanned<T>, by: usize) -> Spanned<T> {
    let span = value.span();
    Spanned::new(span.start + by..span.end + by, value.into_inner())
}
