//! The figures as one JSON object; its names are fixed, more may be added.

use serde_json::{Map, Value, json};

use super::sample::Figure;
use super::section::{Part, Section};
use super::{Evaluation, Fault, Faults, Group, RESAMPLES};
use crate::reading::DISCLAIMER;

/// Version of the JSON form.
const SCHEMA: u32 = 1;

impl Evaluation {
    /// The metrics as JSON: four decimals; a section is there when its labels are.
    ///
    /// `ci95` holds the intervals, `figure_n` how many radiographs stand behind each figure, `graded_only` the
    /// same figures without the refused ones.
    pub fn to_json(&self) -> Value {
        let mut o = Map::new();
        o.insert("schema".into(), json!(SCHEMA));
        o.insert("n".into(), json!(self.n));
        o.insert("refused".into(), json!(self.refused()));
        o.insert("refused_by_code".into(), json!(self.refused_by_code));
        o.insert("adults".into(), json!({"n": self.adults[0], "refused": self.adults[1]}));
        o.insert("unreadable".into(), faults(&self.unreadable));
        o.insert("unreadable_masks".into(), faults(&self.unreadable_masks));
        for section in &self.sections {
            o.insert(section.key.into(), section_json(section));
        }
        if let Some(f) = self.section("interval90").and_then(|s| s.figure("coverage")) {
            o.insert("interval90_coverage".into(), decimal(f.value));
        }
        o.insert("groups".into(), groups(&self.groups));
        o.insert("ms_per_image".into(), decimal(self.ms_per_image));
        if let Some(p) = &self.provenance {
            let model = json!({"name": p.model_name, "version": p.model_version, "sha256": p.model_sha256});
            o.insert("model".into(), model);
            o.insert("models".into(), json!(self.models));
            o.insert("kernels".into(), json!(p.kernels));
        }
        o.insert("software".into(), json!(env!("CARGO_PKG_VERSION")));
        o.insert("resamples".into(), json!(RESAMPLES));
        o.insert("notice".into(), json!(DISCLAIMER));
        Value::Object(o)
    }
}

fn section_json(section: &Section) -> Value {
    let mut o = Map::new();
    o.insert("n".into(), json!(section.n));
    o.insert("n_refused".into(), json!(section.refused));
    let (mut ci95, mut counts, mut graded) = (Map::new(), Map::new(), Map::new());
    for f in &section.figures {
        o.insert(f.key.into(), decimal(f.value));
        ci95.insert(f.key.into(), json!(f.ci95.map(|ends| ends.map(|v| decimal(Some(v))))));
        counts.insert(f.key.into(), json!(f.n));
        graded.insert(f.key.into(), decimal(f.graded_only));
    }
    o.insert("ci95".into(), ci95.into());
    o.insert("figure_n".into(), counts.into());
    o.insert("graded_only".into(), graded.into());
    for part in &section.parts {
        let division = o.entry(part.by).or_insert_with(|| json!({}));
        division[part.name.as_str()] = part_json(part);
    }
    o.insert("note".into(), json!(section.note));
    o.into()
}

/// By division and group: `n`, and each section's figures with their intervals.
fn groups(groups: &[Group]) -> Value {
    let mut o = json!({});
    for group in groups {
        let mut sections = Map::from_iter([("n".to_owned(), json!(group.n))]);
        for (key, figures) in &group.sections {
            let mut section = figures_json(figures);
            if *key == "detection" {
                let [n, positives] = group.marked;
                section["positives"] = json!(group.positives);
                section["marked"] = json!({"n": n, "positives": positives});
            }
            sections.insert((*key).into(), section);
        }
        let division = o.as_object_mut().map(|o| o.entry(group.by).or_insert_with(|| json!({})));
        if let Some(division) = division {
            division[group.name.as_str()] = sections.into();
        }
    }
    o
}

fn figures_json(figures: &[Figure]) -> Value {
    let mut o = Map::new();
    o.insert("n".into(), json!(figures.first().map(|f| f.n)));
    o.insert("n_refused".into(), json!(figures.first().map(|f| f.refused)));
    let values = figures.iter().map(|f| (f.key.to_owned(), decimal(f.value)));
    let ends = |f: &Figure| json!(f.ci95.map(|ends| ends.map(|v| decimal(Some(v)))));
    o.extend(values);
    o.insert("ci95".into(), figures.iter().map(|f| (f.key.to_owned(), ends(f))).collect());
    o.into()
}

/// Values that are not defined on a part are left out.
fn part_json(part: &Part) -> Value {
    let mut o = Map::new();
    o.insert("n".into(), json!(part.n));
    o.extend(part.counts.iter().map(|(key, n)| ((*key).to_owned(), json!(n))));
    let defined = part.values.iter().filter(|(_, v)| v.is_some());
    o.extend(defined.map(|(key, v)| ((*key).to_owned(), decimal(*v))));
    o.into()
}

fn faults(faults: &Faults) -> Value {
    let fault = |f: &Fault| json!({"line": f.line, "file": f.file, "code": f.code, "text": f.text});
    let first: Vec<Value> = faults.first.iter().map(fault).collect();
    json!({"n": faults.n, "first": first})
}

/// Four decimals: the last ones say nothing.
fn decimal(value: Option<f64>) -> Value {
    json!(value.map(|v| libm::round(v * 1e4) / 1e4))
}
