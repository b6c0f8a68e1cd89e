//! A group of figures that belong together, as the table and the JSON show it.

use super::sample::Figure;

/// Figures of one kind of label.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its heading in the table.
    pub heading: &'static str,
    /// What a reader must know to read its figures rightly.
    pub note: &'static str,
    /// Radiographs with this label.
    pub n: usize,
    /// Of these, refused or unreadable.
    pub refused: usize,
    pub figures: Vec<Figure>,
    pub parts: Vec<Part>,
}

/// A part of a section's radiographs, without intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Key of the division: `by_source`.
    pub by: &'static str,
    /// Which part: the source's name.
    pub name: String,
    pub n: usize,
    /// Further counts.
    pub counts: Vec<(&'static str, usize)>,
    pub values: Vec<(&'static str, Option<f64>)>,
}

impl Section {
    pub fn figure(&self, key: &str) -> Option<&Figure> {
        self.figures.iter().find(|f| f.key == key)
    }
}
