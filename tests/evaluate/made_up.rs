//! A labelled set made up in a temporary folder, and made-up studies of its radiographs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use raymap::evaluate::{Evaluation, Manifest, ManifestError, Observed, Only, evaluate};
use raymap::grade::{Cutoffs, Severity};
use raymap::infection_map::InfectionMap;
use raymap::lung_field::LungField;
use raymap::network::{Fitness, Segmentation};
use raymap::pipeline::{Blackout, Study};
use raymap::preprocess::{Display, Letterbox};
use raymap::reading::{
    Detection, Finding, LungFieldSummary, OperatingPoint, Provenance, Reading, Refusal, Timing,
};
use raymap::units::{Fraction, PixelSize};
use tempfile::TempDir;

/// Side of the made-up radiographs, masks and maps.
pub const SIDE: usize = 64;
/// Left, top, right, bottom; exclusive at the end.
pub type Rect = [usize; 4];
pub const RIGHT: Rect = [8, 8, 28, 56];
pub const LEFT: Rect = [36, 8, 56, 56];
/// The part of the left lung that the heart covers.
pub const HEART: Rect = [36, 32, 46, 56];

pub fn inside(r: Rect, x: usize, y: usize) -> bool {
    (r[0]..r[2]).contains(&x) && (r[1]..r[3]).contains(&y)
}

pub fn share(value: f32) -> Fraction {
    Fraction::new(value).unwrap()
}

/// What the made-up device marks, and whether it refuses.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub marked: Rect,
    pub refused: bool,
    /// Whether it finds the lungs.
    pub lungs: bool,
    /// Probability with the lungs blacked out, and whether that is refused, where it is measured.
    pub blackout: Option<(f32, bool)>,
}

impl Answer {
    pub fn marks(marked: Rect) -> Self {
        Self { marked, refused: false, lungs: true, blackout: None }
    }

    /// A radiograph that is refused since no lung is found on it.
    pub fn without_lungs() -> Self {
        Self { refused: true, lungs: false, ..Self::marks([0; 4]) }
    }
}

/// The study of a device that marks `answer.marked`, as the pipeline would make it.
pub fn observed(answer: Answer) -> Observed {
    let blackout = |(p, refused)| Blackout { probability: share(p), refused };
    Observed { study: study(answer), blackout: answer.blackout.map(blackout) }
}

pub fn study(answer: Answer) -> Study {
    let size = PixelSize::new(SIDE as u32, SIDE as u32);
    let letterbox = Letterbox::new(size, SIDE as u32);
    let draw = |value: f32, rect: Rect| -> Vec<f32> {
        let at = |i: usize| if inside(rect, i % SIDE, i / SIDE) { value } else { 0.0 };
        (0..SIDE * SIDE).map(at).collect()
    };
    let sure = |lung: f32| if answer.lungs { lung } else { 0.0 };
    let heart = draw(sure(0.5), HEART);
    let left = draw(sure(0.9), LEFT).iter().zip(&heart).map(|(l, h)| (l - h).max(0.0)).collect();
    let infection = draw(0.75, answer.marked);
    let fitness = Fitness::plain(1.0);
    let segmentation = Segmentation {
        side: SIDE,
        letterbox,
        right: draw(sure(0.9), RIGHT),
        left,
        heart,
        infection,
        fitness,
    };
    let field = LungField::of(&segmentation);
    let map = InfectionMap::of(&segmentation, &field, share(0.5));
    let graded = map.as_ref().filter(|_| !answer.refused).map(finding);
    let refusal = Refusal { code: "not_frontal_chest", text: "made up".into() };
    Study {
        reading: Reading {
            name: "made up".into(),
            lung_field: Some(LungFieldSummary {
                fraction_of_frame: field.fraction_of_frame(),
                plausible: true,
            }),
            outcome: graded.ok_or(refusal),
            warnings: Vec::new(),
            provenance: Provenance {
                model_name: "made-up".into(),
                model_version: "1".into(),
                model_sha256: "00".into(),
                kernels: "portable",
            },
            timing: Timing { preprocess_ms: 1.0, network_ms: 2.0, map_ms: 3.0 },
        },
        display: Display { size, pixels: vec![0; size.area()] },
        letterbox,
        field: Some(field),
        map: map.filter(|_| !answer.refused),
    }
}

fn finding(map: &InfectionMap) -> Finding {
    let infected = map.shares();
    let cutoffs = Cutoffs {
        grades: [share(0.01), share(0.1), share(0.25), share(0.5)],
        zone_touched: share(0.05),
        brixia_zone: [share(0.05), share(0.3), share(0.7)],
        extent_lung: None,
    };
    let total = infected.total.get();
    Finding {
        infected,
        interval90: [Fraction::clamped(total - 0.05), Fraction::clamped(total + 0.05)],
        severity: Severity::of(&infected, &cutoffs),
        detection: Detection {
            probability: Fraction::clamped(total * 4.0),
            operating_point: OperatingPoint {
                threshold: share(0.2),
                sensitivity: None,
                specificity: None,
                measured_here: false,
            },
        },
    }
}

/// A manifest and its masks in a temporary folder, removed with it.
pub struct Set {
    folder: TempDir,
    rows: Vec<BTreeMap<String, String>>,
    answers: BTreeMap<String, Answer>,
}

impl Set {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), rows: Vec::new(), answers: BTreeMap::new() }
    }

    /// Adds a radiograph with these cells; the device will answer `answer`.
    pub fn add(&mut self, answer: Answer, cells: &[(&str, &str)]) -> String {
        let file = format!("{}.png", self.rows.len());
        let mut row: BTreeMap<String, String> =
            cells.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        row.insert("file".into(), file.clone());
        self.rows.push(row);
        self.answers.insert(file.clone(), answer);
        file
    }

    pub fn answer(&mut self, file: &str) -> &mut Answer {
        self.answers.get_mut(file).unwrap()
    }

    pub fn files(&self) -> Vec<String> {
        self.answers.keys().cloned().collect()
    }

    /// Writes a mask of `width` x `height` and gives its name; `grey` is asked at each pixel of a square of
    /// [`SIDE`], whatever the mask's size.
    pub fn mask(&self, name: &str, width: u32, height: u32, grey: impl Fn(usize, usize) -> u8) -> String {
        let at = |v: u32, n: u32| v as usize * SIDE / n as usize;
        let picture =
            image::GrayImage::from_fn(width, height, |x, y| image::Luma([grey(at(x, width), at(y, height))]));
        picture.save(self.folder.path().join(name)).unwrap();
        name.to_owned()
    }

    pub fn infection_mask(&self, name: &str, rect: Rect) -> String {
        self.mask(name, SIDE as u32, SIDE as u32, |x, y| if inside(rect, x, y) { 255 } else { 0 })
    }

    pub fn manifest(&self, only: Only) -> Result<Manifest, ManifestError> {
        let columns: BTreeSet<&String> = self.rows.iter().flat_map(BTreeMap::keys).collect();
        let path = self.folder.path().join("manifest.csv");
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(&columns).unwrap();
        for row in &self.rows {
            writer.write_record(columns.iter().map(|c| row.get(*c).map_or("", String::as_str))).unwrap();
        }
        writer.flush().unwrap();
        Manifest::read(&path, only)
    }

    /// The made-up device on this set; files without an answer cannot be read.
    pub fn evaluate(&self) -> Evaluation {
        let manifest = self.manifest(Only::default()).unwrap();
        let mut read = |row: &raymap::evaluate::Row| {
            self.answers.get(&row.file).map(|a| observed(*a)).ok_or_else(|| format!("no {}", row.file))
        };
        evaluate(manifest.rows(), &mut read, &mut |_| ())
    }

    pub fn forget(&mut self, file: &str) {
        self.answers.remove(file);
    }
}

/// The corpus, where it is: at `$RAYMAP_DATA` or beside the repository.
pub fn corpus() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("RAYMAP_DATA").map_or(beside, PathBuf::from);
    folder.join("manifest.csv").is_file().then_some(folder)
}
