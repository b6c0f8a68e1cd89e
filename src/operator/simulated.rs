//! Studies and a screen for tests.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::frame::Frame;
use crate::grade::{Grade, Severity};
use crate::infection_map::Shares;
use crate::pipeline::Study;
use crate::preprocess::Display;
use crate::reading::{Detection, Finding, OperatingPoint, Provenance, Refusal};
use crate::screen::{Attached, Canvas, Screen, ScreenError};
use crate::units::{Fraction, PixelSize};

pub fn provenance() -> Provenance {
    let text = |t: &str| t.to_owned();
    Provenance {
        model_name: text("m"),
        model_version: text("1"),
        model_sha256: text("00"),
        kernels: "portable",
    }
}

pub fn refused() -> Study {
    let frame = Frame::from_grey8(PixelSize::new(64, 64), &[7; 4096]).unwrap();
    let refusal = Refusal { code: "lungs_not_found", text: "no lungs were found".into() };
    Study::refused("a.png", Display::of(&frame), 64, provenance(), refusal)
}

/// A study with so many percent infected and the grade that goes with it; it has no map.
pub fn graded(percent: u8) -> Study {
    let share = Fraction::new(f32::from(percent) / 100.0).unwrap();
    let grade = Grade::ALL[usize::from(percent / 20).min(4)];
    let severity = Severity {
        grade,
        geographic_extent: 2,
        toussie: 3,
        brixia_estimate: 4,
        brixia_zones: [1, 1, 1, 1, 0, 0],
    };
    let point =
        OperatingPoint { threshold: share, sensitivity: None, specificity: None, measured_here: false };
    let finding = Finding {
        infected: Shares::even(share),
        interval90: [share; 2],
        severity,
        detection: Detection { probability: share, operating_point: point },
    };
    let mut study = refused();
    study.reading.outcome = Ok(finding);
    study
}

/// A screen that can be unplugged and that keeps its last picture.
#[derive(Clone)]
pub struct Monitor {
    pub unplugged: Arc<AtomicBool>,
    pub shown: Arc<AtomicUsize>,
    pub last: Arc<Mutex<Option<Canvas>>>,
    pub size: Arc<Mutex<PixelSize>>,
}

impl Monitor {
    pub fn new() -> Self {
        Self {
            unplugged: Arc::default(),
            shown: Arc::default(),
            last: Arc::default(),
            size: Arc::new(Mutex::new(PixelSize::new(800, 480))),
        }
    }

    pub fn attached(&self) -> Attached {
        let monitor = self.clone();
        Attached::new(Box::new(move || {
            monitor.check_plug()?;
            Ok(Box::new(monitor.clone()))
        }))
    }

    fn check_plug(&self) -> Result<(), ScreenError> {
        let absent = ScreenError::Absent { what: "the test".into() };
        if self.unplugged.load(Ordering::Relaxed) { Err(absent) } else { Ok(()) }
    }
}

impl Screen for Monitor {
    fn size(&self) -> PixelSize {
        *self.size.lock().unwrap()
    }

    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError> {
        self.check_plug()?;
        assert_eq!(picture.size(), self.size());
        self.shown.fetch_add(1, Ordering::Relaxed);
        *self.last.lock().unwrap() = Some(picture.clone());
        Ok(())
    }

    fn check(&mut self) -> Result<(), ScreenError> {
        self.check_plug()
    }
}
