//! A kept reading made into a [`Study`] again, so that it can be shown and exported like a new one.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::body::{HEART, SCHEMA, tag_name};
use super::error::RecordError;
use super::header::{Digest, SectionKind};
use super::journal::{Entry, Journal};
use super::moment::Moment;
use super::picture;
use crate::frame::{Frame, ObjectReference, Photometric, WindowLevel};
use crate::grade::{Grade, Severity};
use crate::identity::Identity;
use crate::infection_map::InfectionMap;
use crate::lung_field::LungField;
use crate::network::{Fitness, Segmentation};
use crate::person::Person;
use crate::pipeline::{LOCAL_POINT_MARK, Study};
use crate::preprocess::{Display, Letterbox};
use crate::reading::{
    Detection, Finding, LungFieldSummary, OperatingPoint, Provenance, Reading, Refusal, Timing, Warning,
};
use crate::units::{Fraction, PixelSize};

/// Different refusal codes and kernel names that are remembered: more than this program has.
const NAMES_MAX: usize = 64;
/// Side of the largest square that a network sees.
const SIDE_MAX: u64 = 4_096;

/// One reading as it was kept, without its pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Restored {
    /// Its number in the record.
    pub id: u64,
    pub moment: Moment,
    /// The entry's own: it tells this reading from all others, those of other units too.
    pub digest: Digest,
    /// The JSON part as a whole: `reading` in it is what `raymap read --json` prints.
    pub json: Value,
}

impl Restored {
    /// The reading of `entry`; its pictures need not be whole.
    pub fn load(journal: &Journal, entry: &Entry) -> Result<Self, RecordError> {
        let id = entry.sequence;
        let (header, digest) = journal.head(entry)?;
        let moment = header.moment;
        let bytes = journal.section(entry, SectionKind::Reading)?;
        let json: Value = serde_json::from_slice(&bytes).map_err(|_| RecordError::Form { id })?;
        let known = json["record"] == SCHEMA && json["reading"].is_object();
        if known { Ok(Self { id, moment, digest, json }) } else { Err(RecordError::Form { id }) }
    }

    /// The grade's name, or `None` for a refused radiograph.
    pub fn grade(&self) -> Option<&str> {
        self.json["reading"]["severity"]["grade"].as_str()
    }

    /// The infected share of both lungs, 0..=1.
    pub fn share(&self) -> Option<f64> {
        self.json["reading"]["infected"]["total"].as_f64()
    }

    /// The ends of the 90 % interval of the infected share, 0..=1.
    pub fn interval90(&self) -> Option<[f64; 2]> {
        let ends = &self.json["reading"]["infected"]["interval90"];
        Some([ends[0].as_f64()?, ends[1].as_f64()?])
    }

    /// Why it was not graded.
    pub fn refusal(&self) -> Option<&str> {
        self.json["reading"]["refusal"]["code"].as_str()
    }

    /// What is to be known of it before its numbers, by codes.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let all = self.json["reading"]["warnings"].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().filter_map(|warning| warning["code"].as_str())
    }

    /// Who was examined, where the radiograph's file said so surely.
    pub fn person(&self) -> Option<Person> {
        Person::from_hexadecimal(self.json["frame"]["person"].as_str()?)
    }

    /// Patient and study, where they were kept.
    pub fn identity(&self) -> Option<Identity> {
        let kept = &self.json["frame"]["identity"];
        Identity::of(|tag| kept[tag_name(tag)].as_str().and_then(bytes).unwrap_or_default())
    }

    /// The frame that was read, value for value.
    pub fn frame(&self, journal: &Journal, entry: &Entry) -> Result<Frame, RecordError> {
        let form = || RecordError::Form { id: self.id };
        let f = &self.json["frame"];
        let side = |key: &str| f[key].as_u64().and_then(|v| u32::try_from(v).ok()).ok_or_else(form);
        let size = PixelSize::new(side("width")?, side("height")?);
        let png = journal.section(entry, SectionKind::Radiograph)?;
        let section = SectionKind::Radiograph;
        let pixels = picture::values(&png, size).ok_or(RecordError::Picture { id: self.id, section })?;
        let photometric = match f["photometric"].as_str() {
            Some("MONOCHROME1") => Photometric::Monochrome1,
            Some("MONOCHROME2") => Photometric::Monochrome2,
            _ => return Err(form()),
        };
        let bits = f["bits_stored"].as_u64().and_then(|b| u8::try_from(b).ok()).ok_or_else(form)?;
        let number = |v: &Value| v.as_f64().map(|v| v as f32);
        let window = number(&f["window"]["center"]).zip(number(&f["window"]["width"]));
        let frame = Frame::new(size, pixels, bits, photometric).map_err(|_| form())?;
        let uid = |i: usize| f["object"][i].as_str().unwrap_or_default();
        let object = ObjectReference::new([uid(0), uid(1), uid(2), uid(3)]);
        let window = window.map(|(center, width)| WindowLevel { center, width });
        let frame = frame.with_window(window).with_object(object).with_person(self.person());
        Ok(frame.with_identity(self.identity()))
    }

    /// The study as it was shown, but for rounding: probabilities to 255ths, the rest as its JSON has it.
    pub fn study(&self, frame: &Frame, journal: &Journal, entry: &Entry) -> Result<Study, RecordError> {
        let display = Display::of(frame);
        let side = self.json["letterbox_side"].as_u64().filter(|s| (1..=SIDE_MAX).contains(s));
        let letterbox = Letterbox::new(display.size, side.ok_or(RecordError::Form { id: self.id })? as u32);
        let square = |kind| -> Result<Option<Vec<u16>>, RecordError> {
            let size = PixelSize::new(letterbox.side, letterbox.side);
            let bad = RecordError::Picture { id: self.id, section: kind };
            match journal.section(entry, kind) {
                Ok(png) => picture::values(&png, size).ok_or(bad).map(Some),
                Err(RecordError::Absent { .. }) => Ok(None),
                Err(e) => Err(e),
            }
        };
        let (field, map) = (square(SectionKind::Field)?, square(SectionKind::Map)?);
        let threshold = self.json["map"]["threshold"].as_f64().map(|t| Fraction::clamped(t as f32));
        let (field, map) = match field {
            Some(zones) => {
                let segmentation = segmentation(&zones, map.as_deref(), letterbox);
                let field = LungField::of(&segmentation);
                let map = threshold.and_then(|t| InfectionMap::of(&segmentation, &field, t));
                (Some(field), map)
            }
            None => (None, None),
        };
        let reading = self.reading(map.as_ref()).ok_or(RecordError::Form { id: self.id })?;
        Ok(Study { reading, display, letterbox, field, map })
    }

    /// The reading; `map` is its map, of which the shares are counted anew.
    fn reading(&self, map: Option<&InfectionMap>) -> Option<Reading> {
        let r = &self.json["reading"];
        let text = |v: &Value| v.as_str().map(String::from);
        let lung_field = fraction(&r["lung_field"]["fraction_of_frame"])
            .zip(r["lung_field"]["plausible"].as_bool())
            .map(|(fraction_of_frame, plausible)| LungFieldSummary { fraction_of_frame, plausible });
        let outcome = if r["fit"].as_bool()? {
            Ok(finding(r, map?)?)
        } else {
            Err(Refusal { code: known(r["refusal"]["code"].as_str()?), text: text(&r["refusal"]["text"])? })
        };
        let ms = |key: &str| r["timing_ms"][key].as_f64().map_or(0.0, |v| v as f32);
        Some(Reading {
            name: text(&r["file"])?,
            lung_field,
            outcome,
            warnings: warnings(&r["warnings"])?,
            provenance: Provenance {
                model_name: text(&r["model"]["name"])?,
                model_version: text(&r["model"]["version"])?,
                model_sha256: text(&r["model"]["sha256"])?,
                kernels: known(r["kernels"].as_str()?),
            },
            timing: Timing { preprocess_ms: ms("preprocess"), network_ms: ms("network"), map_ms: ms("map") },
        })
    }
}

/// Bytes from their hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.bytes().all(|d| d.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// What the network must have said for this field and map to come out.
fn segmentation(zones: &[u16], map: Option<&[u16]>, letterbox: Letterbox) -> Segmentation {
    let heart = u16::from(HEART);
    let share = |is: &dyn Fn(u16) -> bool| zones.iter().map(|z| f32::from(u8::from(is(*z)))).collect();
    Segmentation {
        side: letterbox.side as usize,
        letterbox,
        right: share(&|z| (1..=3).contains(&z)),
        left: share(&|z| (4..=6).contains(&z)),
        heart: share(&|z| z > heart),
        infection: match map {
            Some(map) => map.iter().map(|p| f32::from(*p) / 255.0).collect(),
            None => vec![0.0; zones.len()],
        },
        fitness: Fitness::plain(1.0),
    }
}

fn warnings(list: &Value) -> Option<Vec<Warning>> {
    let warning =
        |w: &Value| Some(Warning { code: known(w["code"].as_str()?), text: w["text"].as_str()?.to_owned() });
    list.as_array()?.iter().map(warning).collect()
}

fn finding(r: &Value, map: &InfectionMap) -> Option<Finding> {
    let (interval90, s, d) = (&r["infected"]["interval90"], &r["severity"], &r["detection"]);
    let grade = Grade::ALL.into_iter().find(|g| Some(g.name()) == s["grade"].as_str())?;
    let number = |v: &Value| v.as_u64().and_then(|v| u8::try_from(v).ok());
    let mut brixia_zones = [0; 6];
    for (k, zone) in brixia_zones.iter_mut().enumerate() {
        *zone = number(&s["brixia_estimate_zones"][k])?;
    }
    let point = &d["operating_point"];
    Some(Finding {
        infected: map.shares(),
        interval90: [fraction(&interval90[0])?, fraction(&interval90[1])?],
        severity: Severity {
            grade,
            geographic_extent: number(&s["geographic_extent"])?,
            toussie: number(&s["toussie"])?,
            brixia_estimate: number(&s["brixia_estimate"])?,
            brixia_zones,
        },
        detection: Detection {
            probability: fraction(&d["probability"])?,
            operating_point: OperatingPoint {
                threshold: fraction(&point["threshold"])?,
                sensitivity: fraction(&point["sensitivity"]),
                specificity: fraction(&point["specificity"]),
                measured_here: measured_here(r),
            },
        },
    })
}

/// Whether the operating point was the unit's own; readings kept before this was said name it in the model's version.
fn measured_here(r: &Value) -> bool {
    let named = || r["model"]["version"].as_str().is_some_and(|v| v.contains(LOCAL_POINT_MARK));
    r["detection"]["operating_point"]["measured_here"].as_bool().unwrap_or_else(named)
}

fn fraction(value: &Value) -> Option<Fraction> {
    value.as_f64().and_then(|v| Fraction::new(v as f32).ok())
}

/// `text` for the whole life of the program: readings hold the names of codes and kernels, not copies of them.
///
/// Beyond [`NAMES_MAX`] different ones, which no whole record has, all are `unknown`.
fn known(text: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.get(text) {
        return name;
    }
    if names.len() >= NAMES_MAX {
        return "unknown";
    }
    let name: &'static str = Box::leak(text.to_owned().into_boxed_str());
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::measured_here;

    #[test]
    fn an_older_reading_names_its_operating_point_in_the_models_version() {
        let reading = |version: &str, point: Value| {
            measured_here(&json!({"model": {"version": version}, "detection": {"operating_point": point}}))
        };
        assert!(reading("0.3.2+point.a1b2c3d4", json!({})));
        assert!(!reading("0.3.2", json!({})));
        assert!(reading("0.3.2+point.a1b2c3d4", json!({"measured_here": true})));
        assert!(!reading("0.3.2", json!({"measured_here": false})));
    }
}
