//! The figures as a table for people.

use std::fmt::{Display, Formatter, Result};

use super::section::{Part, Section};
use super::{Evaluation, Faults, Group};
use crate::reading::DISCLAIMER;

/// Columns of the longest label.
const LABEL: usize = 44;
/// What holds of every figure.
const CAVEATS: &str = "A refused or unreadable radiograph counts with the answer farthest from its label; `graded` leaves it out. Intervals: 95 %, over patients.";

/// Sections with value, 95 % interval, number of radiographs, and the value on graded radiographs alone.
impl Display for Evaluation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(
            f,
            "{} radiographs, {} refused, {} unreadable; adults: {}, {} refused",
            self.n,
            self.refused(),
            self.unreadable.n,
            self.adults[0],
            self.adults[1],
        )?;
        for (code, n) in &self.refused_by_code {
            writeln!(f, "  refused, {code}: {n}")?;
        }
        faults(f, "radiograph", &self.unreadable)?;
        faults(f, "mask of", &self.unreadable_masks)?;
        if let Some(p) = &self.provenance {
            writeln!(f, "model {} {}, kernels {}", p.model_name, p.model_version, p.kernels)?;
            if self.models.len() > 1 {
                writeln!(f, "{} models, each on its own fold", self.models.len())?;
            }
        }
        writeln!(f, "\n{:LABEL$} {:>7}  {:^18} {:>6} {:>7}", "", "value", "95 % interval", "n", "graded")?;
        self.sections.iter().try_for_each(|s| section(f, s))?;
        if let Some(ms) = self.ms_per_image {
            writeln!(f, "{:LABEL$} {ms:>7.1}", "milliseconds per radiograph, mean")?;
        }
        writeln!(f, "\n{CAVEATS}\n{DISCLAIMER}")
    }
}

fn faults(f: &mut Formatter<'_>, what: &str, faults: &Faults) -> Result {
    for fault in &faults.first {
        writeln!(f, "  unreadable {what} {} (line {}): {}", fault.file, fault.line, fault.text)?;
    }
    let rest = faults.n - faults.first.len();
    if rest > 0 { writeln!(f, "  and {rest} more") } else { Ok(()) }
}

fn section(f: &mut Formatter<'_>, section: &Section) -> Result {
    writeln!(f, "{} (n {}, {} refused)", section.heading, section.n, section.refused)?;
    writeln!(f, "  {}", section.note)?;
    for figure in &section.figures {
        let interval = ends(figure.ci95);
        let (value, graded) = (number(figure.value), number(figure.graded_only));
        let label = format!("  {}", figure.label);
        writeln!(f, "{label:LABEL$} {value:>7}  {interval:^18} {:>6} {graded:>7}", figure.n)?;
    }
    section.parts.iter().try_for_each(|p| part(f, p))?;
    writeln!(f)
}

/// The figures of groups as a table for people.
pub struct GroupTable<'a>(&'a [Group]);

impl Evaluation {
    /// Source, sex, age, view and finding, one group a paragraph.
    pub fn group_table(&self) -> GroupTable<'_> {
        GroupTable(&self.groups)
    }
}

impl Display for GroupTable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "{:LABEL$} {:>7}  {:^18} {:>6}", "Groups", "value", "95 % interval", "n")?;
        self.0.iter().try_for_each(|g| group(f, g))
    }
}

fn group(f: &mut Formatter<'_>, group: &Group) -> Result {
    writeln!(f, "{} {} (n {})", group.by, group.name, group.n)?;
    for figure in group.sections.iter().flat_map(|(_, figures)| figures) {
        let label = format!("  {}", figure.label);
        writeln!(f, "{label:LABEL$} {:>7}  {:^18} {:>6}", number(figure.value), ends(figure.ci95), figure.n)?;
    }
    Ok(())
}

fn ends(interval: Option<[f64; 2]>) -> String {
    interval.map_or_else(String::new, |[low, high]| format!("{low:.3} to {high:.3}"))
}

fn part(f: &mut Formatter<'_>, part: &Part) -> Result {
    write!(f, "  {} {}: n {}", part.by.replace('_', " "), part.name, part.n)?;
    for (key, n) in &part.counts {
        write!(f, ", {key} {n}")?;
    }
    for (key, value) in part.values.iter().filter(|(_, v)| v.is_some()) {
        write!(f, ", {key} {}", number(*value))?;
    }
    writeln!(f)
}

/// Three decimals, or a dash where it is not defined.
fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"))
}
