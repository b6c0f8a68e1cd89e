//! One stage of the pipeline, a number of times: what `benches/instructions.py` counts under emulation.
//!
//!     stages STAGE RUNS
//!
//! What a stage costs is the difference between two numbers of runs, so that start and preparation are not in it.
//! The radiograph is a phantom of a console's video output, the screen that of the shipped boards.

use std::hint::black_box;
use std::time::Duration;

use embedded_graphics::primitives::Rectangle;
use raymap::exposure::{self, SettleRules, Settler};
use raymap::frame::Frame;
use raymap::infection_map::InfectionMap;
use raymap::lung_field::LungField;
use raymap::network::{Bundle, Compute, Network};
use raymap::pipeline::{Pipeline, Study};
use raymap::preprocess::{Display, NetworkInput};
use raymap::render::{Badge, Context, Painting, RgbPicture, View, draw, palette};
use raymap::screen::changes;
use raymap::source::phantom::{self, PhantomSpec};
use raymap::source::v4l::{self, PixelFormat};
use raymap::units::{Fraction, PixelSize};

const VIDEO: PixelSize = PixelSize::new(1280, 720);
const SCREEN: PixelSize = PixelSize::new(800, 480);
/// Of the shipped network's input.
const SIDE: u32 = 256;
/// Of a grabber's ten frames a second: with the default rules the eleventh that stands still is one second after the
/// first.
const FRAME_TIME: Duration = Duration::from_millis(100);
const LOOKS: usize = 11;
const RADIOGRAPHS: u64 = 4;
/// The largest that `source::v4l::parse` takes, in pixels, and a row's bytes.
const GREY_SIDE: usize = 64 + 3 * 255;
const GREY_STRIDE: usize = 1664;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (Some(stage), Some(runs)) = (arguments.get(1), arguments.get(2).and_then(|n| n.parse().ok())) else {
        // `cargo bench` calls it without a stage.
        println!("benches/instructions.py runs this");
        return;
    };
    let mut run = prepared(stage);
    (0..runs).for_each(|_: u32| run());
}

/// A stage with all that it needs.
fn prepared(stage: &str) -> Box<dyn FnMut()> {
    match stage {
        "load" => Box::new(|| drop(black_box(network()))),
        "grey" => to_grey(),
        "still" => still(),
        "exposure" => exposing(),
        "preprocess" => preprocessing(),
        "network" => inference(),
        "segmentation" => segmentation(),
        "map" => map(),
        "read" => reading(),
        "draw" => drawing(),
        "first-draw" => first_drawing(),
        "badge" => badge(),
        "differ" => differ(),
        other => panic!("no stage {other}"),
    }
}

fn network() -> Network {
    let bundle = Bundle::embedded().expect("the bundle inside the program");
    let kernels = std::env::var("RAYMAP_KERNELS").ok();
    let compute = Compute::new(kernels.as_deref(), Some(1)).expect("these kernels");
    Network::load_for(bundle, compute).expect("the network")
}

fn radiograph() -> Frame {
    radiograph_of(2)
}

fn radiograph_of(seed: u64) -> Frame {
    let share = Fraction::clamped(0.25).percent();
    phantom::compute(&PhantomSpec { size: VIDEO, ..PhantomSpec::new(seed, share) }).frame
}

fn network_input() -> NetworkInput {
    NetworkInput::of(&Display::of(&radiograph()), SIDE).expect("an input")
}

fn study() -> Study {
    let study = Pipeline::new(network()).read("phantom", &radiograph()).expect("a study");
    assert!(study.reading.fit(), "the phantom is graded");
    study
}

/// One frame of YUYV to grey values.
fn to_grey() -> Box<dyn FnMut()> {
    let yuyv = PixelFormat::PREFERRED.iter().position(|f| *f == PixelFormat::Yuyv).expect("YUYV") as u8;
    let mut frame = vec![100; 4 + GREY_STRIDE * GREY_SIDE];
    // As `parse` has it: format, width and height in threes above the smallest, stride in eights.
    frame[..4].copy_from_slice(&[yuyv, 255, 255, (GREY_STRIDE / 8) as u8]);
    Box::new(move || v4l::parse(black_box(&frame)))
}

/// One more frame of a live picture that has been judged and stands still.
fn still() -> Box<dyn FnMut()> {
    let (mut settler, frame) = (Settler::new(SettleRules::default()), radiograph_of(2));
    let mut now = Duration::ZERO;
    assert!(watched(&mut settler, &frame, &mut now), "the phantom is a new radiograph");
    Box::new(move || {
        now += FRAME_TIME;
        black_box(settler.look(&frame, now).live);
    })
}

/// A new radiograph comes into a live picture, settles, is averaged and cut out: [`LOOKS`] frames of it.
fn exposing() -> Box<dyn FnMut()> {
    // As many as no run repeats while they are remembered.
    let frames: Vec<Frame> = (2..2 + RADIOGRAPHS).map(radiograph_of).collect();
    let (mut settler, mut now, mut next) = (Settler::new(SettleRules::default()), Duration::ZERO, 0);
    Box::new(move || {
        assert!(watched(&mut settler, &frames[next % frames.len()], &mut now), "a new radiograph is told of");
        next += 1;
    })
}

/// Whether exactly the last of [`LOOKS`] looks at a frame gives an exposure.
fn watched(settler: &mut Settler, frame: &Frame, now: &mut Duration) -> bool {
    let mut looked = || {
        *now += FRAME_TIME;
        settler.look(frame, *now).exposure.is_some()
    };
    let told: Vec<bool> = (0..LOOKS).map(|_| looked()).collect();
    told.iter().position(|&told| told) == Some(LOOKS - 1)
}

/// As the pipeline does it.
fn preprocessing() -> Box<dyn FnMut()> {
    let frame = radiograph();
    Box::new(move || {
        let histogram = frame.histogram();
        let display = Display::by(&frame, &histogram);
        black_box(exposure::fault(&frame, &histogram));
        drop(black_box(NetworkInput::of(&display, SIDE)));
    })
}

/// The network's operators alone, as often as for one radiograph.
fn inference() -> Box<dyn FnMut()> {
    let (mut network, input) = (network(), network_input());
    Box::new(move || {
        for _ in 0..network.inferences() {
            black_box(network.infer_raw(&input).is_ok());
        }
    })
}

/// The same, and probabilities made of what comes out.
fn segmentation() -> Box<dyn FnMut()> {
    let (mut network, input) = (network(), network_input());
    Box::new(move || drop(black_box(network.infer(&input))))
}

/// The lung field and the infection map.
fn map() -> Box<dyn FnMut()> {
    let segmentation = network().infer(&network_input()).expect("a segmentation");
    Box::new(move || {
        let field = LungField::of(&segmentation);
        drop(black_box(InfectionMap::of(&segmentation, &field, Fraction::clamped(0.5))));
    })
}

fn reading() -> Box<dyn FnMut()> {
    let (mut pipeline, frame) = (Pipeline::new(network()), radiograph());
    Box::new(move || drop(black_box(pipeline.read("phantom", &frame))))
}

fn drawing() -> Box<dyn FnMut()> {
    let study = study();
    Box::new(move || drawn(&study))
}

/// In a thread that has drawn nothing yet, so that no letter is remembered.
fn first_drawing() -> Box<dyn FnMut()> {
    let study = study();
    Box::new(move || std::thread::scope(|s| drop(s.spawn(|| drawn(&study)))))
}

/// One of three badges says something else each time.
fn badge() -> Box<dyn FnMut()> {
    let (study, mut painting, mut celsius) = (study(), Painting::new(SCREEN), 60);
    show(&study, &mut painting, celsius);
    Box::new(move || {
        celsius = 141 - celsius;
        black_box(show(&study, &mut painting, celsius));
    })
}

fn show(study: &Study, painting: &mut Painting, celsius: i16) -> Vec<Rectangle> {
    let badges = [
        Badge::Storage { percent: 91 },
        Badge::Temperature { celsius, high: false },
        Badge::Battery { percent: 64, charging: false },
    ];
    let wall_time = Some("2026-03-14T09:26:00Z");
    let context = Context { badges: &badges, wall_time, ..Context::default() };
    painting.show(&View::Result(study), &context, 0)
}

/// What a device looks for before it is sent what changed.
fn differ() -> Box<dyn FnMut()> {
    let (study, mut painting) = (study(), Painting::new(SCREEN));
    show(&study, &mut painting, 60);
    let before = painting.picture().clone();
    show(&study, &mut painting, 81);
    Box::new(move || drop(black_box(changes(Some(&before), painting.picture()))))
}

fn drawn(study: &Study) {
    let mut picture = RgbPicture::new(SCREEN, palette::GROUND);
    // Drawing into memory cannot fail; whatever its error type, there is none to tell.
    let _ = draw(&View::Result(study), &mut picture);
    black_box(picture);
}
