//! The same figures for groups of radiographs: by source, sex, age, view and finding.
//!
//! A difference between groups is not yet one of the device: in the corpus, source, view, age and finding go together.

use std::collections::BTreeMap;

use super::detection::{self, Marked, Scored};
use super::infection;
use super::overlap::Overlap;
use super::row::Row;
use super::sample::{Figure, Name, Origin, Sample};
use super::seen::Seen;
use super::statistics::mean;

/// Groups of one division; the corpus has ten sources. Rows beyond fall into [`REST`].
const GROUPS_MAX: usize = 40;
/// Where a manifest does not say.
const UNSTATED: &str = "unstated";
/// Groups beyond the most that are kept.
const REST: &str = "rest";
const REFUSED: [Name; 1] = [("refused", "share refused or unreadable")];

/// The figures of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The division: `sex`.
    pub by: &'static str,
    /// Which group of it.
    pub name: String,
    /// Radiographs.
    pub n: usize,
    /// Of those with a label for detection, those with opacity: sensitivity is measured on them alone.
    pub positives: usize,
    /// Those on which readers marked opacity or saw none, and how many of them have opacity.
    pub marked: [usize; 2],
    /// Section key and its figures, those with labels alone.
    pub sections: Vec<(&'static str, Vec<Figure>)>,
}

/// What one group keeps of its radiographs.
#[derive(Default)]
struct Kept {
    refused: Sample<bool>,
    overlaps: Sample<Overlap>,
    detected: Sample<Scored>,
    marked: Sample<Marked>,
}

/// What all groups keep.
#[derive(Default)]
pub struct Groups(BTreeMap<&'static str, BTreeMap<String, Kept>>);

impl Groups {
    /// `overlap` is the infection map's, where the radiograph has a mask that is not empty.
    pub fn add(&mut self, seen: Seen, origin: Origin, overlap: Option<Overlap>) {
        for (by, name) in divisions(seen.row) {
            let groups = self.0.entry(by).or_default();
            let full = groups.len() >= GROUPS_MAX && !groups.contains_key(&name);
            let kept = groups.entry(if full { REST.to_owned() } else { name }).or_default();
            kept.refused.push(origin, !origin.graded);
            kept.overlaps.push(origin, overlap);
            kept.detected.push(origin, detection::scored(seen));
            kept.marked.push(origin, detection::marked(seen));
        }
    }

    /// Every group of every division that tells radiographs apart, in the order of their names.
    pub fn all(&self) -> Vec<Group> {
        let stated = |groups: &BTreeMap<String, Kept>| groups.keys().any(|name| name != UNSTATED);
        let divisions = self.0.iter().filter(|(_, groups)| stated(groups));
        divisions.flat_map(|(by, groups)| groups.iter().map(|(name, kept)| kept.group(by, name))).collect()
    }
}

impl Kept {
    fn group(&self, by: &'static str, name: &str) -> Group {
        let refused = |r: &[&bool]| [mean(r.iter().map(|r| if **r { 1.0 } else { 0.0 }))];
        let dice: [Name; 2] = [infection::OVERLAPS[0], infection::OVERLAPS[1]];
        let overlaps = |each: &[&Overlap]| {
            let [macro_, micro, ..] = infection::overlaps(each);
            [macro_, micro]
        };
        let mut detected = self.detected.figures(detection::FIGURES, &detection::measure);
        detected.extend(self.marked.figures(detection::MARKED, &detection::told_apart));
        let sections = [
            ("refusals", self.refused.figures(REFUSED, &refused)),
            ("infection", self.overlaps.figures(dice, &overlaps)),
            ("detection", detected),
        ];
        let sections = sections.into_iter().map(|(key, figures)| (key, defined(figures)));
        let sections = sections.filter(|(_, figures)| !figures.is_empty()).collect();
        let positives = self.detected.all().iter().filter(|s| s.opacity).count();
        let with_opacity = self.marked.all().iter().filter(|m| m.opacity).count();
        let marked = [self.marked.n(), with_opacity];
        Group { by, name: name.to_owned(), n: self.refused.n(), positives, marked, sections }
    }
}

/// Those that have a value: a group of one class has no AUC.
fn defined(figures: Vec<Figure>) -> Vec<Figure> {
    figures.into_iter().filter(|f| f.value.is_some()).collect()
}

/// The group of a row in each division.
fn divisions(row: &Row) -> [(&'static str, String); 5] {
    let or_unstated = |name: Option<&str>| name.unwrap_or(UNSTATED).to_owned();
    [
        ("source", or_unstated(row.source.as_deref())),
        ("sex", or_unstated(row.sex.map(|s| s.name()))),
        ("age", or_unstated(row.age_group().map(|a| a.name()))),
        ("view", or_unstated(row.view.as_deref())),
        ("finding", or_unstated(row.finding.map(|f| f.name()))),
    ]
}
