//! A kept reading comes back as it was: the radiograph value for value, the map to a 255th, the reading word for word.

mod powercut;

use powercut::clock;
use raymap::frame::{Frame, Photometric, WindowLevel};
use raymap::network::{Bundle, Network};
use raymap::pipeline::{Pipeline, Study};
use raymap::record::{Body, Journal, Restored, Rule, SimulatedStorage, Store};
use raymap::render;
use raymap::source::phantom::{PhantomSpec, compute};
use raymap::units::{Percent, PixelSize};

/// The records here are in the clear; `record_sealed.rs` tries the same with a key.
#[allow(dead_code)]
pub const KEY: Option<[u8; 32]> = None;

/// Bytes of an overlay that may differ by more than a shade: the map's rounding moves an outline by part of a pixel, and
/// by more the lower the threshold, where probabilities change slowly. Which pixels are infected stays exact.
const DIFFERENT_MAX: f32 = 0.003;
/// A shade: 255ths of probability tint a pixel by no more.
const SHADE: u8 = 4;

fn pipeline() -> Pipeline {
    Pipeline::new(Network::load(Bundle::embedded().unwrap()).unwrap())
}

/// `study` after it was kept and read back, with its frame.
fn kept_and_restored(frame: &Frame, study: &Study) -> (Frame, Study) {
    let disk = SimulatedStorage::default();
    let mut store = Store::open(Box::new(disk.clone()), Rule::of(1 << 26), &clock()).unwrap();
    let id = store.keep(&Body::of("test", frame, study).unwrap(), &clock()).unwrap().id;
    let journal = Journal::open(Box::new(disk)).unwrap();
    let entry = journal.reading(id).unwrap();
    let restored = Restored::load(&journal, &entry).unwrap();
    assert_eq!(restored.json["reading"], study.reading.to_json());
    let frame = restored.frame(&journal, &entry).unwrap();
    let study = restored.study(&frame, &journal, &entry).unwrap();
    (frame, study)
}

#[test]
fn a_graded_reading_comes_back_as_it_was_shown() {
    let phantom = compute(&PhantomSpec::new(3, Percent::new(25.0).unwrap()));
    let study = pipeline().read("a.dcm", &phantom.frame).unwrap();
    assert!(study.reading.fit(), "{:?}", study.reading.outcome);
    let (frame, restored) = kept_and_restored(&phantom.frame, &study);
    assert_eq!(frame, phantom.frame);
    assert_eq!(restored.reading.to_json(), study.reading.to_json());
    assert_eq!((restored.display == study.display, restored.letterbox), (true, study.letterbox));
    let (field, map) = (study.field.as_ref().unwrap(), study.map.as_ref().unwrap());
    let (field_after, map_after) = (restored.field.as_ref().unwrap(), restored.map.as_ref().unwrap());
    assert!(field_after.zones() == field.zones() && field_after.heart() == field.heart());
    assert!((0..map.probability().len()).all(|i| map_after.is_infected(i) == map.is_infected(i)));
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1.01 / 255.0;
    assert!(map.probability().iter().zip(map_after.probability()).all(close));
    let (before, after) = (render::overlay(&study), render::overlay(&restored));
    let different = before.bytes().iter().zip(after.bytes()).filter(|(a, b)| a.abs_diff(**b) > SHADE).count();
    let share = different as f32 / before.bytes().len() as f32;
    assert!(share <= DIFFERENT_MAX, "{share} of the overlay differs");
}

#[test]
fn a_refused_reading_keeps_its_radiograph_and_its_reason() {
    let size = PixelSize::new(100, 90);
    let pixels = (0..size.area()).map(|i| 40_000 + (i % 5) as u16).collect();
    let frame = Frame::new(size, pixels, 16, Photometric::Monochrome1).unwrap();
    let frame = frame.with_window(Some(WindowLevel { center: 40_000.5, width: 12.25 }));
    let study = pipeline().read("b.dcm", &frame).unwrap();
    assert!(!study.reading.fit());
    let (frame_after, restored) = kept_and_restored(&frame, &study);
    assert_eq!(frame_after, frame);
    assert_eq!(restored.reading.outcome, study.reading.outcome);
    assert_eq!((restored.field.is_none(), restored.map), (study.field.is_none(), None));
}
