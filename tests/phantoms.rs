//! The whole pipeline on phantoms: the lungs are found, infection is seen, and the reading is the same everywhere.

use raymap::frame::Frame;
use raymap::network::{Bundle, Network};
use raymap::pipeline::{Pipeline, Study};
use raymap::source::phantom::{self, Phantom, PhantomSpec};
use raymap::units::{Percent, PixelSize};

/// Lowest Dice of the lung field on a phantom: demo and self-test would look wrong below it.
const LUNG_DICE_MIN: f64 = 0.85;

fn pipeline() -> Pipeline {
    let bundle = Bundle::embedded().expect("the bundle inside the program");
    Pipeline::new(Network::load(bundle).expect("a network that passes its golden input"))
}

fn read(pipeline: &mut Pipeline, seed: u64, infected: f32) -> (Phantom, Study) {
    let spec = PhantomSpec::new(seed, Percent::new(infected).expect("a percentage"));
    let phantom = phantom::compute(&spec);
    let study = pipeline.read(&spec.to_string(), &phantom.frame).expect("a study");
    (phantom, study)
}

/// Dice of the lung field and the phantom's lungs, pixel by pixel of the phantom.
fn lung_dice(phantom: &Phantom, study: &Study) -> f64 {
    let field = study.field.as_ref().expect("a lung field");
    let (mut both, mut sum) = (0u64, 0u64);
    for (i, &truth) in phantom.lungs.mask.iter().enumerate() {
        let width = phantom.frame.size().width;
        let (x, y) = study.letterbox.to_square(i as u32 % width, i as u32 / width);
        let found = field.zones()[y as usize * field.side() + x as usize].is_some();
        both += u64::from(found && truth > 0);
        sum += u64::from(found) + u64::from(truth > 0);
    }
    2.0 * both as f64 / sum as f64
}

#[test]
fn the_lungs_of_phantoms_are_found() {
    let mut pipeline = pipeline();
    for (seed, infected) in [(1, 0.0), (2, 20.0), (3, 45.0)] {
        let (phantom, study) = read(&mut pipeline, seed, infected);
        let dice = lung_dice(&phantom, &study);
        assert!(dice >= LUNG_DICE_MIN, "seed {seed}: lung Dice {dice:.3}");
        assert!(study.reading.fit(), "seed {seed}: {:?}", study.reading.outcome);
        assert!(study.reading.warnings.is_empty(), "seed {seed}: {:?}", study.reading.warnings);
    }
}

/// The phantom without its rows above `from` and from `to` on, both in shares of the lungs' height.
fn cropped(phantom: &Phantom, from: f32, to: f32) -> Frame {
    let (size, bits) = (phantom.frame.size(), phantom.frame.bits_stored());
    let width = size.width as usize;
    let lung_rows: Vec<usize> = (0..size.height as usize)
        .filter(|y| phantom.lungs.mask[y * width..][..width].iter().any(|m| *m > 0))
        .collect();
    let (first, last) = (lung_rows[0] as f32, lung_rows[lung_rows.len() - 1] as f32);
    let row = |share: f32| (first + share * (last - first)).clamp(0.0, size.height as f32) as usize;
    let pixels = phantom.frame.pixels()[row(from) * width..row(to) * width].to_vec();
    let size = PixelSize::new(size.width, (row(to) - row(from)) as u32);
    Frame::new(size, pixels, bits, phantom.frame.photometric()).expect("a frame")
}

#[test]
fn a_phantom_without_its_apices_or_angles_is_not_graded_in_silence() {
    let mut pipeline = pipeline();
    let phantom = phantom::compute(&PhantomSpec::new(2, Percent::new(5.0).expect("a percentage")));
    for (from, to) in [(0.25, 9.0), (-9.0, 0.7)] {
        let study = pipeline.read("cropped", &cropped(&phantom, from, to)).expect("a study");
        let told = match &study.reading.outcome {
            Ok(_) => study.reading.warnings.iter().any(|w| w.code == "incomplete"),
            Err(refusal) => refusal.code == "lungs_cut_off",
        };
        assert!(told, "{from} to {to}: {:?} {:?}", study.reading.outcome, study.reading.warnings);
    }
}

#[test]
fn a_blacked_out_phantom_keeps_little_of_its_opacity_and_is_refused() {
    let mut pipeline = pipeline();
    let (_, study) = read(&mut pipeline, 4, 50.0);
    let seen = study.reading.outcome.as_ref().expect("a finding").detection.probability;
    let blind = pipeline.blackout(&study).expect("a second reading").expect("a lung field");
    assert!(blind.probability < seen, "{blind:?} without lungs, {seen:?} with them");
    assert!(blind.refused, "{blind:?}");
}

#[test]
fn more_infection_gives_a_larger_share() {
    let mut pipeline = pipeline();
    let shares: Vec<f32> = [0.0, 50.0]
        .iter()
        .map(|&p| read(&mut pipeline, 4, p).1.reading.outcome.expect("a finding").infected.total.get())
        .collect();
    assert!(shares[0] + 0.15 < shares[1], "{shares:?}");
}

#[test]
fn an_upside_down_or_inverted_phantom_is_refused() {
    let mut pipeline = pipeline();
    let phantom = phantom::compute(&PhantomSpec::new(5, Percent::new(10.0).expect("a percentage")));
    let (size, pixels) = (phantom.frame.size(), phantom.frame.pixels());
    let bits = phantom.frame.bits_stored();
    let top = (1u16 << bits) - 1;
    let turned: Vec<u16> = pixels.iter().rev().copied().collect();
    let inverted: Vec<u16> = pixels.iter().map(|v| top - v).collect();
    for (name, pixels) in [("upside down", turned), ("inverted", inverted)] {
        let frame = Frame::new(size, pixels, bits, phantom.frame.photometric()).expect("a frame");
        let study = pipeline.read(name, &frame).expect("a study");
        assert!(!study.reading.fit(), "{name} was graded: {:?}", study.reading.outcome);
        assert!(study.map.is_none(), "{name} has a map");
    }
}

/// Golden JSON: tests/golden/phantom_reading.json, written by RAYMAP_GOLDEN=write and read by a person.
#[test]
fn a_phantom_reads_the_same_on_every_processor() {
    let (_, study) = read(&mut pipeline(), 7, 25.0);
    let mut json = study.reading.to_json();
    json.as_object_mut().expect("an object").remove("timing_ms");
    // Kernels differ between processors and must not change anything else.
    json.as_object_mut().expect("an object").remove("kernels");
    let text = serde_json::to_string_pretty(&json).expect("text") + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/phantom_reading.json");
    if std::env::var_os("RAYMAP_GOLDEN").is_some_and(|v| v == "write") {
        std::fs::write(&path, &text).expect("the golden file");
    }
    assert_eq!(text, std::fs::read_to_string(&path).expect("the golden file"));
}
