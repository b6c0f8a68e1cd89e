//! What a manifest says of one radiograph, checked.
//!
//! Every label is optional: a metric is measured on the rows that carry its label.

use std::path::PathBuf;

use super::cells::Cells;
use super::error::ManifestError;
use super::person::{AgeGroup, Sex};
use crate::lung_field::ZONES;
use crate::units::Fraction;

/// Boxes of one radiograph; the labelled sets have at most nine.
const BOXES_MAX: usize = 64;
/// How far a box may stick out of the picture, in fractions: rounding of its corners.
const BOX_SLACK: f64 = 0.01;
/// Labels of boxes that mark opacity of the kind that the map shows.
const OPACITY_LABELS: [&str; 4] = ["Lung Opacity", "Pneumonia", "Infiltrate", "Consolidation"];

/// One labelled radiograph.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Line of the manifest, from 1.
    pub line: u64,
    /// As the manifest writes it.
    pub file: String,
    /// The same, from the manifest's folder.
    pub path: PathBuf,
    pub source: Option<String>,
    /// Joins the radiographs of one patient.
    pub group: Option<String>,
    pub child: bool,
    pub sex: Option<Sex>,
    /// By the age that the source states.
    pub age: Option<AgeGroup>,
    /// As the manifest writes it: `PA`.
    pub view: Option<String>,
    pub finding: Option<Stated>,
    pub infection: InfectionLabel,
    pub lung: Option<LungLabel>,
    /// The senior radiologist's score.
    pub brixia: Option<Brixia>,
    /// The junior radiologist's score.
    pub brixia_junior: Option<Brixia>,
    /// Geographic extent 0..=8, mean of readers.
    pub extent: Option<f64>,
    /// Affected lung segments 0..=6; none where the reader called the score inaccurate.
    pub segments: Option<f64>,
    /// Boxes that mark opacity.
    pub boxes: Vec<OpacityBox>,
    pub rsna_class: Option<RsnaClass>,
}

/// The finding that a source states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stated {
    Covid,
    Viral,
    Bacterial,
    Pneumonia,
    Normal,
    Other,
    Unknown,
}

impl Stated {
    const ALL: [Self; 7] = [
        Self::Covid,
        Self::Viral,
        Self::Bacterial,
        Self::Pneumonia,
        Self::Normal,
        Self::Other,
        Self::Unknown,
    ];

    /// As manifests write it.
    pub fn name(self) -> &'static str {
        ["covid", "viral", "bacterial", "pneumonia", "normal", "other", "unknown"][self as usize]
    }

    fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == text)
    }
}

/// Class of the RSNA pneumonia challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsnaClass {
    Normal,
    NotNormal,
    LungOpacity,
}

/// What is known of the infected area.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InfectionLabel {
    pub mask: Option<PathBuf>,
    pub known: Option<bool>,
    pub empty: Option<bool>,
    /// Infected share of the lungs.
    pub share: Option<Fraction>,
}

/// A drawn lung mask.
#[derive(Debug, Clone, PartialEq)]
pub struct LungLabel {
    pub mask: PathBuf,
    /// A second annotator's mask of the same radiograph.
    pub second: Option<SecondLungs>,
    /// Who drew it; decides how the heart is treated.
    pub drawn_by: Option<String>,
    /// Whether grey 127 is the lung on the image's left and 255 the one on its right.
    pub sided: bool,
}

/// The lungs as another annotator drew them.
#[derive(Debug, Clone, PartialEq)]
pub struct SecondLungs {
    pub mask: PathBuf,
    pub drawn_by: Option<String>,
}

/// A Brixia score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brixia {
    /// 0..=18.
    pub total: u8,
    /// A to F, 0..=3 each.
    pub zones: Option<[u8; ZONES]>,
}

/// A box around opacity, in fractions of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpacityBox {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl OpacityBox {
    pub fn holds(&self, x: f64, y: f64) -> bool {
        x >= self.left && x < self.left + self.width && y >= self.top && y < self.top + self.height
    }
}

impl Row {
    pub(super) fn of(cells: &Cells) -> Result<Self, ManifestError> {
        let file = cells.required("file")?.to_owned();
        let age = cells.text("age").and_then(AgeGroup::of);
        Ok(Self {
            line: cells.line(),
            path: cells.path(&file),
            file,
            source: cells.text("source").map(str::to_owned),
            group: cells.text("group_id").map(str::to_owned),
            child: cells.flag("pediatric")?.unwrap_or(age == Some(AgeGroup::Child)),
            sex: cells.parsed("sex", "M, F, male or female", Sex::of)?,
            age,
            view: cells.text("view").map(str::to_owned),
            finding: cells.parsed("finding", FINDINGS, Stated::of)?,
            infection: InfectionLabel {
                mask: cells.mask("infection_mask")?,
                known: cells.flag("infection_known")?,
                empty: cells.flag("infection_empty")?,
                share: cells.parsed("infection_frac_lung", "a number from 0 to 1", share)?,
            },
            lung: lung(cells)?,
            brixia: brixia(cells, &SENIOR, "brixia_total")?,
            brixia_junior: brixia(cells, &JUNIOR, "brixia_j_total")?,
            extent: cells.number("geo_extent", 8.0, "a number from 0 to 8")?,
            segments: segments(cells)?,
            boxes: cells.parsed("boxes", BOXES, boxes)?.unwrap_or_default(),
            rsna_class: cells.parsed("rsna_class", RSNA_CLASSES, rsna_class)?,
        })
    }

    /// Infected share of the lungs as drawn, or 0 where nothing is infected; children are no reference for 0.
    pub fn infected_share(&self) -> Option<f64> {
        let drawn = self.infection.share.map(|s| f64::from(s.get()));
        if let Some(share) = drawn.filter(|s| *s > 0.0) {
            return Some(share);
        }
        let empty = self.infection.empty == Some(true) || self.normal() || drawn.is_some();
        (empty && !self.child).then_some(0.0)
    }

    /// The age as stated, or that of a child where only that is known.
    pub fn age_group(&self) -> Option<AgeGroup> {
        self.age.or(self.child.then_some(AgeGroup::Child))
    }

    /// A normal radiograph of an adult.
    pub fn normal_adult(&self) -> bool {
        self.normal() && !self.child
    }

    /// Whether detection should find opacity: pneumonia as stated or drawn, or a normal adult; else nothing.
    ///
    /// A radiologist's class outweighs a finding that was mined from a report: "No Lung Opacity / Not Normal" has none.
    /// Children are left out entirely: in the corpus they are one source, and mostly of one class.
    pub fn opacity(&self) -> Option<bool> {
        let stated = matches!(
            self.finding,
            Some(Stated::Covid | Stated::Viral | Stated::Bacterial | Stated::Pneumonia)
        );
        if self.child {
            None
        } else if let Some(class) = self.rsna_class {
            Some(class == RsnaClass::LungOpacity)
        } else if stated || self.outlined() {
            Some(true)
        } else {
            self.normal().then_some(false)
        }
    }

    /// Whether readers marked opacity on this very radiograph: by class, outline, box or score; a normal adult has none.
    ///
    /// A finding that is stated of the patient or mined from a report says nothing here: many such radiographs show
    /// nothing, and where readers scored 0 there is none.
    pub fn marked_opacity(&self) -> Option<bool> {
        let brixia = self.brixia.map(|b| f64::from(b.total));
        let scores = [brixia, self.extent, self.segments];
        if self.child {
            None
        } else if let Some(class) = self.rsna_class {
            Some(class == RsnaClass::LungOpacity)
        } else if self.outlined() || !self.boxes.is_empty() || scores.iter().flatten().any(|s| *s > 0.0) {
            Some(true)
        } else {
            (self.normal() || scores.iter().any(Option::is_some)).then_some(false)
        }
    }

    /// Whether a mask of infection was drawn, and not an empty one.
    fn outlined(&self) -> bool {
        self.infection.known != Some(false)
            && self.infection.mask.is_some()
            && self.infection.empty == Some(false)
    }

    pub(super) fn normal(&self) -> bool {
        self.finding == Some(Stated::Normal) && self.infection.empty != Some(false)
    }
}

const SENIOR: [&str; ZONES] = ["brixia_A", "brixia_B", "brixia_C", "brixia_D", "brixia_E", "brixia_F"];
const JUNIOR: [&str; ZONES] =
    ["brixia_j_A", "brixia_j_B", "brixia_j_C", "brixia_j_D", "brixia_j_E", "brixia_j_F"];
const FINDINGS: &str = "covid, viral, bacterial, pneumonia, normal, other or unknown";
const RSNA_CLASSES: &str = "Normal, No Lung Opacity / Not Normal or Lung Opacity";
const BOXES: &str = "a JSON list of [x, y, width, height, label, set] in fractions of the picture";

fn rsna_class(text: &str) -> Option<RsnaClass> {
    Some(match text {
        "Normal" => RsnaClass::Normal,
        "No Lung Opacity / Not Normal" => RsnaClass::NotNormal,
        "Lung Opacity" => RsnaClass::LungOpacity,
        _ => return None,
    })
}

fn share(text: &str) -> Option<Fraction> {
    Fraction::new(text.parse().ok()?).ok()
}

fn lung(cells: &Cells) -> Result<Option<LungLabel>, ManifestError> {
    let sided = cells.flag("lung_lr")?.unwrap_or(false);
    let drawn_by = cells.text("lung_mask_src").map(str::to_owned);
    let by = cells.text("lung_mask2_src").map(str::to_owned);
    let second = cells.mask("lung2_mask")?.map(|mask| SecondLungs { mask, drawn_by: by });
    Ok(cells.mask("lung_mask")?.map(|mask| LungLabel { mask, second, drawn_by, sided }))
}

/// The total as written, or the sum of all six zones.
fn brixia(
    cells: &Cells,
    names: &[&'static str; ZONES],
    total: &'static str,
) -> Result<Option<Brixia>, ManifestError> {
    let mut zones = [None; ZONES];
    for (zone, name) in zones.iter_mut().zip(names) {
        *zone = cells.whole(name, 3, "a whole number from 0 to 3")?;
    }
    let zones = zones.iter().all(Option::is_some).then(|| zones.map(Option::unwrap_or_default));
    let total = cells.whole(total, 18, "a whole number from 0 to 18")?;
    let total = total.or(zones.map(|z| z.iter().sum()));
    Ok(total.map(|total| Brixia { total, zones }))
}

fn segments(cells: &Cells) -> Result<Option<f64>, ManifestError> {
    let score = cells.number("score_r", 6.0, "a number from 0 to 6")?;
    Ok(score.filter(|_| cells.text("score_note").is_none()))
}

/// `[x, y, width, height, label, set]` of each box; those with other labels than opacity are left out.
fn boxes(text: &str) -> Option<Vec<OpacityBox>> {
    let all: Vec<(f64, f64, f64, f64, String, String)> = serde_json::from_str(text).ok()?;
    let inside = |b: &OpacityBox| {
        b.left.min(b.top) >= -BOX_SLACK
            && b.width.min(b.height) > 0.0
            && (b.left + b.width).max(b.top + b.height) <= 1.0 + BOX_SLACK
    };
    let (mut kept, mut sound) = (Vec::new(), all.len() <= BOXES_MAX);
    for (left, top, width, height, label, _) in all {
        let b = OpacityBox { left, top, width, height };
        sound &= inside(&b);
        if OPACITY_LABELS.contains(&label.as_str()) {
            kept.push(b);
        }
    }
    sound.then_some(kept)
}
