//! Made-up studies, lists and views: everything that a screen can show, the same on every machine.

use raymap::grade::{Cutoffs, Grade, Severity};
use raymap::infection_map::InfectionMap;
use raymap::lung_field::LungField;
use raymap::network::{Fitness, Segmentation};
use raymap::pipeline::Study;
use raymap::preprocess::{Display, Letterbox};
use raymap::reading::{
    Detection, Finding, LungFieldSummary, OperatingPoint, Provenance, Reading, Refusal, Timing, Warning,
};
use raymap::render::{self, Action, Earlier, List, ListEntry, Listed, Order, View, thumbnail};
use raymap::units::{Fraction, PixelSize};

const SIDE: u32 = 256;

/// An ellipse in shares of the radiograph's width and height.
#[derive(Clone, Copy)]
pub struct Ellipse {
    x: f32,
    y: f32,
    half_width: f32,
    half_height: f32,
}

pub const RIGHT: Ellipse = Ellipse { x: 0.29, y: 0.47, half_width: 0.17, half_height: 0.34 };
pub const LEFT: Ellipse = Ellipse { x: 0.70, y: 0.47, half_width: 0.16, half_height: 0.34 };
const HEART: Ellipse = Ellipse { x: 0.56, y: 0.66, half_width: 0.13, half_height: 0.15 };

impl Ellipse {
    const fn new(x: f32, y: f32, half_width: f32, half_height: f32) -> Self {
        Self { x, y, half_width, half_height }
    }

    /// Squared distance from the centre, 1 on the outline.
    fn distance(&self, (x, y): (f32, f32)) -> f32 {
        let (dx, dy) = ((x - self.x) / self.half_width, (y - self.y) / self.half_height);
        dx * dx + dy * dy
    }
}

pub fn f(value: f32) -> Fraction {
    Fraction::new(value).unwrap()
}

/// A body with two dark lungs, a heart and brighter spots.
fn display(size: PixelSize, spots: &[Ellipse]) -> Display {
    let brightness = |p: (f32, f32)| {
        let body = 150.0 + 40.0 * p.1 - 200.0 * (p.0 - 0.5) * (p.0 - 0.5);
        let lung = RIGHT.distance(p).min(LEFT.distance(p));
        let base = if HEART.distance(p) < 1.0 {
            185.0
        } else if lung < 1.0 {
            55.0 + 40.0 * lung
        } else {
            body
        };
        spots.iter().map(|s| 75.0 * (1.0 - s.distance(p)).max(0.0)).fold(base, f32::max).clamp(0.0, 255.0)
            as u8
    };
    let at = |i: usize| {
        let (w, h) = (size.width as usize, size.height as usize);
        brightness((((i % w) as f32 + 0.5) / w as f32, ((i / w) as f32 + 0.5) / h as f32))
    };
    Display { size, pixels: (0..size.area()).map(at).collect() }
}

fn segmentation(letterbox: Letterbox, spots: &[Ellipse]) -> Segmentation {
    let side = letterbox.side as usize;
    let place = |i: usize| {
        let (x, y) = letterbox.to_frame((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
        (x / letterbox.frame.width as f32, y / letterbox.frame.height as f32)
    };
    let map = |value: &dyn Fn((f32, f32)) -> f32| (0..side * side).map(|i| value(place(i))).collect();
    let share = |inside: bool| if inside { 0.95 } else { 0.0 };
    let heart = |p| LEFT.distance(p) < 1.0 && HEART.distance(p) < 1.0;
    Segmentation {
        side,
        letterbox,
        right: map(&|p| share(RIGHT.distance(p) < 1.0)),
        left: map(&|p| share(LEFT.distance(p) < 1.0 && !heart(p))),
        heart: map(&|p| share(heart(p))),
        infection: map(&|p| {
            spots.iter().map(|s| 0.96 * libm::expf(-0.8 * s.distance(p))).fold(0.02, f32::max)
        }),
        fitness: Fitness::plain(0.99),
    }
}

pub fn provenance() -> Provenance {
    Provenance {
        model_name: "raymap-int8".into(),
        model_version: "1.0.0".into(),
        model_sha256: "3f9ac41be07d".into(),
        kernels: "portable",
    }
}

fn cutoffs() -> Cutoffs {
    Cutoffs {
        grades: [f(0.01), f(0.1), f(0.3), f(0.5)],
        zone_touched: f(0.05),
        brixia_zone: [f(0.05), f(0.3), f(0.7)],
        extent_lung: None,
    }
}

/// A graded study of a radiograph of `size` with infection at `spots`.
pub fn graded(size: PixelSize, spots: &[Ellipse], measured: Option<Fraction>) -> Study {
    let letterbox = Letterbox::new(size, SIDE);
    let segmentation = segmentation(letterbox, spots);
    let field = LungField::of(&segmentation);
    let map = InfectionMap::of(&segmentation, &field, f(0.5)).unwrap();
    let infected = map.shares();
    let ends = [infected.total.get() * 0.8 - 0.01, infected.total.get() * 1.2 + 0.02];
    let finding = Finding {
        infected,
        interval90: ends.map(Fraction::clamped),
        severity: Severity::of(&infected, &cutoffs()),
        detection: Detection {
            probability: f(0.97),
            operating_point: OperatingPoint {
                threshold: f(0.42),
                sensitivity: measured,
                specificity: measured.map(|_| f(0.88)),
                measured_here: false,
            },
        },
    };
    let lung_field = Some(LungFieldSummary { fraction_of_frame: field.fraction_of_frame(), plausible: true });
    Study { field: Some(field), map: Some(map), ..study(display(size, spots), lung_field, Ok(finding)) }
}

fn study(display: Display, lung_field: Option<LungFieldSummary>, outcome: Result<Finding, Refusal>) -> Study {
    let letterbox = Letterbox::new(display.size, SIDE);
    let name = "radiograph".into();
    let reading = Reading {
        name,
        lung_field,
        outcome,
        warnings: Vec::new(),
        provenance: provenance(),
        timing: Timing::default(),
    };
    Study { reading, display, letterbox, field: None, map: None }
}

pub fn mild() -> Study {
    graded(PixelSize::new(700, 760), &[Ellipse::new(0.27, 0.66, 0.09, 0.10)], Some(f(0.95)))
}

pub fn critical() -> Study {
    let spots = [
        Ellipse::new(0.24, 0.62, 0.14, 0.22),
        Ellipse::new(0.34, 0.40, 0.09, 0.11),
        Ellipse::new(0.72, 0.60, 0.14, 0.20),
        Ellipse::new(0.68, 0.33, 0.12, 0.12),
    ];
    graded(PixelSize::new(1200, 1000), &spots, None)
}

pub fn refused() -> Study {
    let text =
        "only one lung was found: not read as a frontal chest radiograph. Check view, position and crop.";
    let refusal = Refusal { code: "one_lung_only", text: text.into() };
    let mut display = display(PixelSize::new(640, 560), &[]);
    display.pixels.iter_mut().enumerate().filter(|(i, _)| i % 640 > 330).for_each(|(_, p)| *p = 30);
    study(display, None, Err(refusal))
}

/// A mild study with a warning.
pub fn warned() -> Study {
    let mut study = mild();
    study.reading.warnings = vec![Warning { code: "mirrored", text: "check the side marker.".into() }];
    study
}

/// A refused study with the refusal of `code`.
pub fn refused_for(code: &'static str) -> Study {
    let mut study = refused();
    study.reading.outcome = Err(Refusal { code, text: String::new() });
    study
}

/// Everything that views borrow.
pub struct Stock {
    pub mild: Study,
    pub critical: Study,
    pub refused: Study,
    pub warned: Study,
    provenance: Provenance,
    lines: Vec<String>,
    entries: Vec<ListEntry>,
    triage: Vec<ListEntry>,
    earlier: Vec<Earlier>,
}

impl Stock {
    pub fn new() -> Self {
        let (mild, critical, refused) = (mild(), critical(), refused());
        let lines = [
            "raymap 0.1.0 on host",
            "ok board: host",
            "ok model: raymap-int8 1.0.0, checksum good",
            "ok model: golden input reproduced",
            "FAILED store: 91 % full",
        ]
        .map(String::from);
        let entries = entries(&[&critical, &refused, &mild]);
        let earlier = [(0.09, [0.04, 0.15], Some("2026-03-11 07:40")), (0.21, [0.15, 0.28], None)].map(
            |(share, ends, time)| Earlier {
                time: time.map(String::from),
                share: f(share),
                interval90: ends.map(f),
                // The one whose time nobody knows.
                warned: time.is_none(),
            },
        );
        Self {
            mild,
            critical,
            refused,
            warned: warned(),
            provenance: provenance(),
            lines: lines.into(),
            triage: by_severity(&entries),
            entries,
            earlier: earlier.into(),
        }
    }

    /// Readings as a list has them: the first was graded, the second was not.
    pub fn entries(&self) -> &[ListEntry] {
        &self.entries
    }

    /// One patient's earlier readings.
    pub fn earlier(&self) -> &[Earlier] {
        &self.earlier
    }

    /// Every state under its name, with the keys that go with it.
    pub fn views(&self) -> Vec<(&'static str, View<'_>, &'static [Action])> {
        use Action::*;
        let list = |order, selected| {
            let entries = if order == Order::Severity { &self.triage } else { &self.entries };
            View::List(List { order, entries, selected })
        };
        let fault = "the capture device sent no frame for 10 s: check its cable and its power";
        let safe = "the station failed three times in a row while it read a radiograph";
        let items: &[Action] = &[Map, Outline, Palette, Language, Clock, Triage, History, ShutDown];
        let result: &[Action] = &[Map, Triage, Menu];
        let choose: &[Action] = &[Previous, Open, Next];
        let note = Some("The store is 91 % full.");
        vec![
            ("boot", View::Boot { lines: &self.lines }, &[]),
            (
                "ready",
                View::Ready { source: "built-in phantoms", model: &self.provenance, note },
                &[Triage, History, Menu],
            ),
            ("no-signal", View::NoSignal { source: "/dev/video0" }, &[Triage, History, Menu]),
            ("no-edges", View::NoEdges, &[Triage, History, Menu]),
            ("exposure-seen", View::ExposureSeen, &[]),
            ("in-progress", View::InProgress { progress: f(0.62) }, &[]),
            ("result-mild", View::Result(&self.mild), result),
            ("result-critical", View::Result(&self.critical), &[]),
            ("result-warned", View::Result(&self.warned), result),
            ("details", View::Details(&self.critical), &[Back, Compare, Menu]),
            ("refused", View::Refused(&self.refused), result),
            (
                "compared",
                View::Compared {
                    study: &self.critical,
                    earlier: Some(&self.earlier),
                    more: false,
                    named: Some("KB-17204"),
                },
                &[Back, Identify, Details, Menu],
            ),
            (
                "identify",
                View::Identify(render::Identify {
                    entry: &self.entries[0],
                    text: "KB-172",
                    selected: 4,
                    problem: None,
                }),
                &[Previous, Next, Take, Done, Back],
            ),
            (
                "clock",
                View::SetClock(render::SetClock {
                    digits: &[2, 0, 2, 6, 0, 3, 1, 4, 0, 9, 2, 6],
                    selected: 9,
                    problem: None,
                }),
                &[Previous, Next, Take, Done, Back],
            ),
            ("triage", list(Order::Severity, 1), choose),
            ("history", list(Order::Time, 6), choose),
            ("menu", View::Menu { items, selected: 2 }, &[Previous, Change, Next]),
            ("fault", View::Fault { code: "capture_timeout", text: fault }, &[Triage, History, Menu]),
            ("safe-mode", View::SafeMode { code: "crash_loop", text: safe }, &[Triage, History, ShutDown]),
            ("confirm-shut-down", View::ConfirmShutDown, &[Cancel, ShutDown]),
            ("shutting-down", View::ShuttingDown, &[]),
        ]
    }
}

/// The newest first.
fn entries(studies: &[&Study]) -> Vec<ListEntry> {
    (0..9)
        .map(|k| {
            let study = studies[k % studies.len()];
            let outcome = match &study.reading.outcome {
                Ok(found) => Listed::Graded {
                    grade: found.severity.grade,
                    share: found.infected.total,
                    interval90: found.interval90,
                    warned: k == 5,
                },
                Err(refusal) => Listed::Refused { code: refusal.code.into() },
            };
            let time = (k != 4).then(|| format!("2026-03-14 0{}:{}5", 9 - k, k % 6));
            ListEntry {
                id: k as i64,
                record: Some(120 - k as u64),
                time,
                outcome,
                thumbnail: Some(thumbnail(study)),
            }
        })
        .collect()
}

/// What was refused first, then the most severe; among equals the newest.
fn by_severity(entries: &[ListEntry]) -> Vec<ListEntry> {
    let rank = |entry: &ListEntry| match entry.outcome {
        Listed::Refused { .. } => -1,
        Listed::Graded { grade, .. } => Grade::Critical as i32 - grade as i32,
    };
    let mut sorted = entries.to_vec();
    sorted.sort_by_key(rank);
    sorted
}
