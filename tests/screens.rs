//! Whole screens and overlays, compared with the pictures in `tests/golden`.
//!
//! `RAYMAP_GOLDEN=write` writes them anew: look at each before keeping it.

use std::path::{Path, PathBuf};

use embedded_graphics::pixelcolor::Rgb888;
use raymap::grade::{Cutoffs, Severity};
use raymap::infection_map::InfectionMap;
use raymap::lung_field::LungField;
use raymap::network::{Fitness, Segmentation};
use raymap::pipeline::Study;
use raymap::preprocess::{Display, Letterbox};
use raymap::reading::{
    Detection, Finding, LungFieldSummary, OperatingPoint, Provenance, Reading, Refusal, Timing, Warning,
};
use raymap::render::{self, RgbPicture, View};
use raymap::screen::png;
use raymap::units::{Fraction, PixelSize};

const SCREEN: PixelSize = PixelSize::new(800, 480);
const SIDE: u32 = 256;
/// Bytes of a golden picture: they are kept in the repository.
const GOLDEN_BYTES_MAX: u64 = 300_000;

/// An ellipse in shares of the radiograph's width and height.
#[derive(Clone, Copy)]
struct Ellipse {
    x: f32,
    y: f32,
    half_width: f32,
    half_height: f32,
}

const RIGHT: Ellipse = Ellipse { x: 0.29, y: 0.47, half_width: 0.17, half_height: 0.34 };
const LEFT: Ellipse = Ellipse { x: 0.70, y: 0.47, half_width: 0.16, half_height: 0.34 };
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

fn f(value: f32) -> Fraction {
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

fn provenance() -> Provenance {
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
    }
}

/// A graded study of a radiograph of `size` with infection at `spots`.
fn graded(size: PixelSize, spots: &[Ellipse], measured: Option<Fraction>) -> Study {
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

fn mild() -> Study {
    graded(PixelSize::new(700, 760), &[Ellipse::new(0.27, 0.66, 0.09, 0.10)], Some(f(0.95)))
}

fn critical() -> Study {
    let spots = [
        Ellipse::new(0.24, 0.62, 0.14, 0.22),
        Ellipse::new(0.34, 0.40, 0.09, 0.11),
        Ellipse::new(0.72, 0.60, 0.14, 0.20),
        Ellipse::new(0.68, 0.33, 0.12, 0.12),
    ];
    graded(PixelSize::new(1200, 1000), &spots, None)
}

fn refused() -> Study {
    let text =
        "only one lung was found: not read as a frontal chest radiograph. Check view, position and crop.";
    let refusal = Refusal { code: "one_lung_only", text: text.into() };
    let mut display = display(PixelSize::new(640, 560), &[]);
    display.pixels.iter_mut().enumerate().filter(|(i, _)| i % 640 > 330).for_each(|(_, p)| *p = 30);
    study(display, None, Err(refusal))
}

fn screen(view: &View, wall_time: Option<&str>) -> RgbPicture {
    let mut picture = RgbPicture::new(SCREEN, Rgb888::new(255, 0, 255));
    render::draw_at(view, wall_time, &mut picture).unwrap();
    picture
}

/// Compares `picture` with `tests/golden/{name}.png`, pixel by pixel.
fn check(name: &str, picture: &RgbPicture) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.png"));
    if std::env::var("RAYMAP_GOLDEN").is_ok_and(|v| v == "write") {
        png::write(&golden, picture).unwrap();
    }
    let bytes = std::fs::metadata(&golden).map(|m| m.len()).unwrap_or(0);
    assert!(bytes <= GOLDEN_BYTES_MAX, "{} has {bytes} bytes", golden.display());
    let expected = image::open(&golden).map(image::DynamicImage::into_rgb8).ok();
    let same = expected.as_ref().is_some_and(|e| {
        (e.width(), e.height()) == (picture.size().width, picture.size().height)
            && e.as_raw().as_slice() == picture.bytes()
    });
    if !same {
        let [actual, difference] = write_difference(name, picture, expected.as_ref());
        panic!(
            "{name} differs from {}: look at {} and {}, then RAYMAP_GOLDEN=write cargo test --test screens",
            golden.display(),
            actual.display(),
            difference.display()
        );
    }
}

/// The picture as drawn, and its difference from what was expected: grey where equal, white where not.
fn write_difference(name: &str, picture: &RgbPicture, expected: Option<&image::RgbImage>) -> [PathBuf; 2] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let paths = [folder.join(format!("{name}-actual.png")), folder.join(format!("{name}-difference.png"))];
    png::write(&paths[0], picture).unwrap();
    let size = picture.size();
    let grey: Vec<u8> = picture
        .bytes()
        .chunks_exact(3)
        .enumerate()
        .map(|(i, c)| {
            let (x, y) = (i as u32 % size.width, i as u32 / size.width);
            let there = expected.and_then(|e| e.get_pixel_checked(x, y)).map(|p| p.0);
            if there.is_some_and(|p| p == c) { c[1] / 4 } else { 255 }
        })
        .collect();
    png::write(&paths[1], &RgbPicture::from_grey(size, &grey).unwrap()).unwrap();
    paths
}

#[test]
fn a_mild_result_looks_as_agreed() {
    check("result-mild", &screen(&View::Result(&mild()), Some("2026-03-14 09:26")));
}

#[test]
fn a_critical_result_looks_as_agreed() {
    check("result-critical", &screen(&View::Result(&critical()), None));
}

#[test]
fn a_refused_radiograph_looks_as_agreed() {
    check("refused", &screen(&View::Refused(&refused()), Some("2026-03-14 09:26")));
}

#[test]
fn a_fault_looks_as_agreed() {
    let text = "the capture device sent no frame for 10 s: check its cable and its power";
    check("fault", &screen(&View::Fault { code: "capture_timeout", text }, None));
}

#[test]
fn a_self_test_looks_as_agreed() {
    let lines = ["Board: host", "Model: raymap-int8 1.0.0, checksum good", "Model: golden input reproduced"]
        .map(String::from);
    check("boot", &screen(&View::Boot { lines: &lines }, None));
}

#[test]
fn a_waiting_station_looks_as_agreed() {
    let note = Some("The store is 91 % full.");
    let view = View::Ready { source: "built-in phantoms", model: &provenance(), note };
    check("ready", &screen(&view, Some("2026-03-14 09:26")));
}

#[test]
fn a_small_overlay_looks_as_agreed() {
    check("overlay-small", &render::overlay(&graded(PixelSize::new(400, 360), &[RIGHT], Some(f(0.95)))));
}

#[test]
fn a_refused_overlay_looks_as_agreed() {
    check("overlay-refused", &render::overlay(&refused()));
}

#[test]
fn a_refused_study_is_never_drawn_as_a_result() {
    let study = refused();
    assert_eq!(screen(&View::Result(&study), None), screen(&View::Refused(&study), None));
}

#[test]
fn every_state_shows_the_disclaimer() {
    let (result, refusal) = (mild(), refused());
    let views = [
        View::Boot { lines: &[] },
        View::Ready { source: "", model: &provenance(), note: None },
        View::Result(&result),
        View::Refused(&refusal),
        View::Fault { code: "", text: "" },
    ];
    let footer = |p: &RgbPicture| p.bytes()[SCREEN.width as usize * 456 * 3..].to_vec();
    let expected = footer(&screen(&views[0], None));
    let band = &expected[..3];
    assert!(expected.chunks_exact(3).any(|c| c != band));
    assert!(views.iter().all(|v| footer(&screen(v, None)) == expected));
}

#[test]
fn extreme_shapes_and_small_targets_are_drawn_without_failing() {
    for size in [PixelSize::new(64, 3000), PixelSize::new(3000, 64), PixelSize::new(64, 64)] {
        let study = graded(size, &[RIGHT, LEFT], None);
        screen(&View::Result(&study), None);
        let overlay = render::overlay(&study);
        assert!(overlay.size().width >= 760 && overlay.size().height > 300);
    }
    let mut small = RgbPicture::new(PixelSize::new(50, 20), Rgb888::new(0, 0, 0));
    render::draw(&View::Result(&mild()), &mut small).unwrap();
}

#[test]
fn tints_stay_inside_the_lung_field() {
    let study = critical();
    let mut bare = study.clone();
    (bare.map, bare.field) = (None, None);
    let (with, without) = (render::overlay(&study), render::overlay(&bare));
    let changed = |x: i32, y: i32| {
        let at = embedded_graphics::prelude::Point::new(x, y);
        with.pixel(at) != without.pixel(at)
    };
    // Outside both lungs, and in the middle of the worst spot.
    assert!(!changed(590, 300) && !changed(60, 700) && !changed(600, 980));
    assert!(changed(290, 620));
}

#[test]
fn a_warning_is_on_the_screen_and_on_the_overlay() {
    let plain = mild();
    let mut warned = mild();
    warned.reading.warnings = vec![Warning { code: "mirrored", text: "check the side marker.".into() }];
    let header =
        |s: &Study| screen(&View::Result(s), None).bytes()[..SCREEN.width as usize * 28 * 3].to_vec();
    assert_ne!(header(&plain), header(&warned));
    let height = |s: &Study| render::overlay(s).size().height;
    assert!(height(&warned) > height(&plain));
}
