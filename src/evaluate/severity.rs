//! Severity scales against radiologists' scores.

use super::row::Brixia;
use super::sample::{Name, Origin, Sample};
use super::section::Section;
use super::seen::{Seen, farthest};
use super::statistics::{kappa_quadratic, mae, pearson, r2, spearman};
use crate::lung_field::ZONES;

const BRIXIA: [Name; 4] = [
    ("mae", "error of the total, mean |.| of 18"),
    ("pearson", "correlation of the total, Pearson"),
    ("kappa_quadratic", "quadratic kappa of the total"),
    ("zone_kappa_quadratic", "quadratic kappa of zones, pooled"),
];
const READERS: [Name; 3] = [
    ("mae_readers", "senior against junior: error, mean |.|"),
    ("pearson_readers", "senior against junior: Pearson"),
    ("kappa_quadratic_readers", "senior against junior: quadratic kappa"),
];
const SCALE: [Name; 3] = [
    ("mae", "error, mean |.|"),
    ("r2", "variance explained, R2"),
    ("spearman", "correlation of ranks, Spearman"),
];
const BRIXIA_TOP: f64 = 18.0;
const ZONE_TOP: f64 = 3.0;
const EXTENT_TOP: f64 = 8.0;
const SEGMENTS_TOP: f64 = 6.0;
const BRIXIA_NOTE: &str = "The device estimates Brixia from area; Brixia itself grades texture. The readers' figures are on the same radiographs.";
const EXTENT_NOTE: &str = "0 to 8, against the mean of three readers.";
const SEGMENTS_NOTE: &str =
    "0 to 6, the device's Toussie score against one reader's count of affected segments.";

/// Label first, device second.
type Pair = (f64, f64);

/// One radiograph's Brixia scores.
struct Scored {
    total: Pair,
    zones: Option<[Pair; ZONES]>,
}

/// What the sections keep of their radiographs.
#[derive(Default)]
pub struct Scales {
    brixia: Sample<Scored>,
    readers: Sample<Pair>,
    extent: Sample<Pair>,
    segments: Sample<Pair>,
}

impl Scales {
    pub fn add(&mut self, seen: Seen, origin: Origin) {
        let row = seen.row;
        self.brixia.push(origin, row.brixia.map(|label| scored(label, seen)));
        // The readers' agreement does not depend on the device: nothing is refused here.
        let readers = row.brixia.zip(row.brixia_junior).map(|(a, b)| (a.total.into(), b.total.into()));
        self.readers.push(Origin { graded: true, ..origin }, readers);
        let severity = seen.finding().map(|f| f.severity);
        let pair = |label: f64, answer: Option<u8>, top: f64| {
            (label, answer.map_or(farthest(label, top), f64::from))
        };
        let extent = severity.map(|s| s.geographic_extent);
        self.extent.push(origin, row.extent.map(|label| pair(label, extent, EXTENT_TOP)));
        let touched = severity.map(|s| s.toussie);
        self.segments.push(origin, row.segments.map(|label| pair(label, touched, SEGMENTS_TOP)));
    }

    /// None without labels.
    pub fn brixia_section(&self) -> Option<Section> {
        let mut figures = self.brixia.figures(BRIXIA, &brixia);
        figures.extend(self.readers.figures(READERS, &readers));
        (!self.brixia.is_empty()).then_some(Section {
            key: "brixia",
            heading: "Brixia estimate against a senior radiologist",
            note: BRIXIA_NOTE,
            n: self.brixia.n(),
            refused: self.brixia.refused(),
            figures,
            parts: Vec::new(),
        })
    }

    pub fn extent_section(&self) -> Option<Section> {
        scale("geographic_extent", "Geographic extent against radiologists", EXTENT_NOTE, &self.extent)
    }

    pub fn segments_section(&self) -> Option<Section> {
        scale("toussie", "Zones touched against a radiologist's segments", SEGMENTS_NOTE, &self.segments)
    }
}

fn scored(label: Brixia, seen: Seen) -> Scored {
    let severity = seen.finding().map(|f| f.severity);
    let total = f64::from(label.total);
    let answer = severity.map_or(farthest(total, BRIXIA_TOP), |s| s.brixia_estimate.into());
    let zones = label.zones.map(|zones| {
        std::array::from_fn(|i| {
            let zone = f64::from(zones[i]);
            (zone, severity.map_or(farthest(zone, ZONE_TOP), |s| s.brixia_zones[i].into()))
        })
    });
    Scored { total: (total, answer), zones }
}

fn brixia(scored: &[&Scored]) -> [Option<f64>; 4] {
    let totals: Vec<Pair> = scored.iter().map(|s| s.total).collect();
    let zones: Vec<Pair> = scored.iter().filter_map(|s| s.zones).flatten().collect();
    [mae(&totals), pearson(&totals), kappa_quadratic(&totals), kappa_quadratic(&zones)]
}

fn readers(pairs: &[&Pair]) -> [Option<f64>; 3] {
    let pairs: Vec<Pair> = pairs.iter().map(|p| **p).collect();
    [mae(&pairs), pearson(&pairs), kappa_quadratic(&pairs)]
}

fn scale(
    key: &'static str,
    heading: &'static str,
    note: &'static str,
    sample: &Sample<Pair>,
) -> Option<Section> {
    let measure = |pairs: &[&Pair]| {
        let pairs: Vec<Pair> = pairs.iter().map(|p| **p).collect();
        [mae(&pairs), r2(&pairs), spearman(&pairs)]
    };
    let figures = sample.figures(SCALE, &measure);
    let (n, refused) = (sample.n(), sample.refused());
    (n > 0).then_some(Section { key, heading, note, n, refused, figures, parts: Vec::new() })
}
