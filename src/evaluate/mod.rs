//! The device measured on labelled radiographs, through the code that reads them on the device.
//!
//! A [`Manifest`] says what is known of each radiograph; the caller reads it with the device's own pipeline;
//! each section keeps the little that its figures need, and every figure comes with a 95 % interval over patients.
//! A radiograph that is refused counts against the device (module `seen`).
//! This module does not know of the network, of devices, or of who shows the figures.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;

use crate::pipeline::{Blackout, Study};
use crate::reading::{Provenance, Timing};

mod bootstrap;
mod boxes;
mod cells;
mod detection;
mod error;
mod groups;
mod infection;
mod json;
mod lung;
mod manifest;
mod mask;
mod operating_point;
mod overlap;
mod person;
mod reliability;
mod row;
mod sample;
mod section;
mod seen;
mod severity;
mod statistics;
mod table;

pub use bootstrap::RESAMPLES;
pub use error::{ManifestError, ROWS_MAX};
pub use groups::Group;
pub use manifest::{Manifest, Only};
pub use operating_point::{CASES_MIN, Cases, ChoiceError, Chosen, Wish};
pub use person::{AgeGroup, Sex};
pub use row::{Brixia, InfectionLabel, LungLabel, OpacityBox, Row, RsnaClass, SecondLungs, Stated};
pub use sample::Figure;
pub use section::{Part, Section};

use mask::Mask;
use sample::Origin;
use seen::Seen;

/// Texts of unreadable files that are kept; the rest are only counted.
const FAULTS_KEPT_MAX: usize = 20;
/// Code of a radiograph that its reader could not read; the text says why.
const RADIOGRAPH_UNREADABLE: &str = "radiograph_unreadable";

/// All figures of one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    /// Radiographs in all.
    pub n: usize,
    /// Radiographs of adults, and of these refused.
    pub adults: [usize; 2],
    /// Refused radiographs by the refusal's code.
    pub refused_by_code: BTreeMap<&'static str, usize>,
    /// Radiographs that could not be read.
    pub unreadable: Faults,
    /// Masks that could not be read: their radiographs count without them.
    pub unreadable_masks: Faults,
    pub sections: Vec<Section>,
    /// The same for groups of radiographs.
    pub groups: Vec<Group>,
    /// Mean over the radiographs that the network saw; preprocessing, network and map.
    pub ms_per_image: Option<f64>,
    /// Of the first radiograph that was read.
    pub provenance: Option<Provenance>,
    /// SHA-256 of every model that read any: more than one in cross-validation.
    pub models: BTreeSet<String>,
}

/// Files that failed: how many, and the first few by line of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    pub n: usize,
    pub first: Vec<Fault>,
}

/// A file that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: u64,
    pub file: String,
    /// Stable name for machines.
    pub code: &'static str,
    /// What its reader said.
    pub text: String,
}

impl Evaluation {
    /// Radiographs that were read and not graded.
    pub fn refused(&self) -> usize {
        self.refused_by_code.values().sum()
    }

    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.key == key)
    }

    /// Value of one figure; none where its labels are absent or it is not defined.
    pub fn value(&self, section: &str, figure: &str) -> Option<f64> {
        self.section(section)?.figure(figure)?.value
    }
}

/// What the device said of one radiograph.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub study: Study,
    /// What is said with the lungs blacked out ([`crate::pipeline::Pipeline::blackout`]), where measured.
    pub blackout: Option<Blackout>,
}

impl From<Study> for Observed {
    fn from(study: Study) -> Self {
        Self { study, blackout: None }
    }
}

/// Reads every row with `read` and measures the device; `progress` is told the number of rows done after each.
///
/// A row that `read` cannot read counts as a refusal does, and is listed. Deterministic but for `ms_per_image`.
pub fn evaluate<E: Display>(
    rows: &[Row],
    read: &mut dyn FnMut(&Row) -> Result<Observed, E>,
    progress: &mut dyn FnMut(usize),
) -> Evaluation {
    let mut tally = Tally::default();
    for (done, row) in rows.iter().enumerate() {
        let observed = read(row);
        if let Err(e) = &observed {
            tally.evaluation.unreadable.add(row, RADIOGRAPH_UNREADABLE, e);
        }
        let observed = observed.as_ref().ok();
        let blackout = observed.and_then(|o| o.blackout);
        tally.add(Seen { row, study: observed.map(|o| &o.study), blackout });
        progress(done + 1);
    }
    tally.finish()
}

/// What is kept while radiographs are read.
#[derive(Default)]
struct Tally {
    evaluation: Evaluation,
    patients: HashMap<String, usize>,
    patients_n: usize,
    ms: f64,
    timed: usize,
    infection: infection::Infection,
    lung: lung::Lung,
    scales: severity::Scales,
    detected: detection::Detected,
    boxes: boxes::Boxes,
    groups: groups::Groups,
}

impl Tally {
    fn add(&mut self, seen: Seen) {
        self.count(seen);
        let origin = Origin { group: self.patient(seen.row), graded: seen.graded() };
        let masks = &mut self.evaluation.unreadable_masks;
        let infection = seen.row.infection.mask.as_ref().and_then(|path| masks.read(seen.row, path));
        let overlap = self.infection.add(seen, origin, infection.as_ref());
        self.groups.add(seen, origin, overlap);
        if let Some(label) = &seen.row.lung
            && let Some(mask) = masks.read(seen.row, &label.mask)
        {
            self.lung.add(seen, origin, label, &mask);
            let second = label.second.as_ref().and_then(|s| Some((s, masks.read(seen.row, &s.mask)?)));
            if let Some((by, other)) = second {
                self.lung.add_second(
                    origin,
                    [label.drawn_by.as_deref(), by.drawn_by.as_deref()],
                    [&mask, &other],
                );
            }
        }
        self.scales.add(seen, origin);
        self.detected.add(seen, origin);
        self.boxes.add(seen, origin);
    }

    fn count(&mut self, seen: Seen) {
        let e = &mut self.evaluation;
        e.n += 1;
        e.adults[0] += usize::from(!seen.row.child);
        let Some(study) = seen.study else { return };
        e.provenance.get_or_insert_with(|| study.reading.provenance.clone());
        e.models.insert(study.reading.provenance.model_sha256.clone());
        if let Err(refusal) = &study.reading.outcome {
            *e.refused_by_code.entry(refusal.code).or_insert(0) += 1;
            e.adults[1] += usize::from(!seen.row.child);
        }
        let Timing { preprocess_ms, network_ms, map_ms } = study.reading.timing;
        if network_ms > 0.0 {
            self.ms += f64::from(preprocess_ms) + f64::from(network_ms) + f64::from(map_ms);
            self.timed += 1;
        }
    }

    /// Number of the row's patient; a row without one is its own.
    fn patient(&mut self, row: &Row) -> usize {
        let next = self.patients_n;
        let patient = row.group.as_ref().map_or(next, |g| *self.patients.entry(g.clone()).or_insert(next));
        self.patients_n += usize::from(patient == next);
        patient
    }

    fn finish(mut self) -> Evaluation {
        let sections = [
            self.infection.section(),
            self.infection.interval_section(),
            self.lung.section(),
            self.scales.brixia_section(),
            self.scales.extent_section(),
            self.scales.segments_section(),
            self.detected.section(),
            self.boxes.section(),
        ];
        self.evaluation.sections = sections.into_iter().flatten().collect();
        self.evaluation.groups = self.groups.all();
        self.evaluation.ms_per_image = statistics::ratio(self.ms, self.timed as f64);
        self.evaluation
    }
}

impl Faults {
    fn add(&mut self, row: &Row, code: &'static str, error: &dyn Display) {
        self.n += 1;
        if self.first.len() < FAULTS_KEPT_MAX {
            let (file, text) = (row.file.clone(), error.to_string());
            self.first.push(Fault { line: row.line, file, code, text });
        }
    }

    /// The mask at `path`; counted where it cannot be read.
    fn read(&mut self, row: &Row, path: &std::path::Path) -> Option<Mask> {
        Mask::read(path).map_err(|e| self.add(row, e.code(), &e)).ok()
    }
}
