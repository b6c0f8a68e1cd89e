//! `raymap bench`: how long each stage takes on this machine, on phantom radiographs of two sizes.
//!
//! The stages are those of the station: the radiograph to the network's input, the network, the infection map and
//! its grade, the operator's screen. Capture and files are not among them.

mod machine;

use std::fmt;
use std::time::Instant;

use serde_json::{Value, json};

use self::machine::Machine;
use super::failure::{Exit, Failure};
use super::pipeline;
use super::print::print_line;
use crate::board::ComputeConfig;
use crate::frame::{Frame, FrameError};
use crate::network::THREADS_MAX;
use crate::pipeline::Pipeline;
use crate::render::{RgbPicture, View, draw, palette};
use crate::source::phantom::{self, PhantomSpec};
use crate::units::{Fraction, PixelSize};

/// Runs of one size: 1,000 take minutes on a slow board.
const RUNS_MAX: u16 = 1_000;
/// A console's video output.
const VIDEO: PixelSize = PixelSize::new(1280, 720);
/// A detector of 35 x 43 cm at 140 µm, as [`DETECTOR_SCALE`] times a phantom, which takes too much memory itself.
const DETECTOR: PixelSize = PixelSize::new(3000, 2500);
const DETECTOR_SCALE: u32 = 4;
/// The operator's screen of the shipped boards.
const SCREEN: PixelSize = PixelSize::new(800, 480);
const STAGES: [&str; 5] = ["preprocess", "network", "map", "draw", "total"];
/// What has to be known of every figure here.
const NOTE: &str =
    "Times of this machine at this moment. From x86 or an emulator they say nothing of a board.";
/// Version of the JSON form.
const SCHEMA: u32 = 1;

#[derive(Debug, clap::Args)]
pub struct BenchArguments {
    /// One JSON object in place of the table
    #[arg(long)]
    json: bool,
    /// Counted runs of each size, after one that is not counted
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=i64::from(RUNS_MAX)))]
    runs: u16,
    /// Threads for the network, in place of one for each core; everything else runs on one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=THREADS_MAX as i64))]
    threads: Option<u16>,
    /// A model bundle other than the one inside the program
    #[arg(long, value_name = "DIR")]
    model: Option<std::path::PathBuf>,
}

/// Milliseconds of one stage.
#[derive(Debug, Clone, Copy)]
struct Spread {
    min: f32,
    median: f32,
    max: f32,
}

/// Times of one size of radiograph, in the order of [`STAGES`].
struct Timed {
    size: PixelSize,
    graded: bool,
    stages: [Spread; STAGES.len()],
}

/// All that is printed.
struct Bench {
    runs: u16,
    threads: usize,
    /// Of the network, for one radiograph; and what one of them multiplies.
    inferences: usize,
    multiply_accumulates: u64,
    load_ms: f32,
    timed: Vec<Timed>,
    provenance: crate::reading::Provenance,
    machine: Machine,
}

pub fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let result = measured(arguments);
    match (&result, arguments.json) {
        (Ok(bench), true) => print_line(&bench.to_json().to_string())?,
        (Ok(bench), false) => print_line(&bench.to_string())?,
        (Err(failure), true) => print_line(&failure.to_json(None).to_string())?,
        (Err(_), false) => {}
    }
    result.map(drop)
}

fn measured(arguments: &BenchArguments) -> Result<Bench, Failure> {
    let radiographs = radiographs().map_err(|e| Failure::new(Exit::Bug, e.code(), &e))?;
    let threads = arguments.threads.map(usize::from);
    let wanted = ComputeConfig { threads, kernels: None };
    let machine = Machine::before();
    let start = Instant::now();
    let mut pipeline = pipeline(arguments.model.as_deref(), &wanted)?;
    let load_ms = ms(start);
    let timed: Result<Vec<_>, Failure> =
        radiographs.iter().map(|frame| timed(&mut pipeline, frame, arguments.runs)).collect();
    let (runs, provenance) = (arguments.runs, pipeline.provenance());
    let network = pipeline.network();
    let (threads, inferences) = (network.threads(), network.inferences());
    let multiply_accumulates = network.multiply_accumulates();
    Ok(Bench {
        runs,
        threads,
        inferences,
        multiply_accumulates,
        load_ms,
        timed: timed?,
        provenance,
        machine: machine.after(),
    })
}

fn radiographs() -> Result<[Frame; 2], FrameError> {
    let share = Fraction::clamped(0.25).percent();
    let small = PixelSize::new(DETECTOR.width / DETECTOR_SCALE, DETECTOR.height / DETECTOR_SCALE);
    let [video, small] = [VIDEO, small]
        .map(|size| phantom::compute(&PhantomSpec { size, ..PhantomSpec::new(2, share) }).frame);
    Ok([video, enlarged(&small, DETECTOR_SCALE as usize)?])
}

/// Each pixel `scale` x `scale` times.
fn enlarged(frame: &Frame, scale: usize) -> Result<Frame, FrameError> {
    let [width, height] = [frame.size().width, frame.size().height].map(|side| side as usize);
    let at = |i: usize| frame.pixels()[i / (width * scale) / scale * width + i % (width * scale) / scale];
    let pixels = (0..width * height * scale * scale).map(at).collect();
    let size = PixelSize::new((width * scale) as u32, (height * scale) as u32);
    Frame::new(size, pixels, frame.bits_stored(), frame.photometric())
}

fn timed(pipeline: &mut Pipeline, frame: &Frame, runs: u16) -> Result<Timed, Failure> {
    let (_, graded) = once(pipeline, frame)?;
    let times: Result<Vec<_>, Failure> = (0..runs).map(|_| Ok(once(pipeline, frame)?.0)).collect();
    let times = times?;
    let stages = std::array::from_fn(|stage| Spread::of(times.iter().map(|t| t[stage]).collect()));
    Ok(Timed { size: frame.size(), graded, stages })
}

/// One radiograph from pixels to the operator's screen.
fn once(pipeline: &mut Pipeline, frame: &Frame) -> Result<([f32; STAGES.len()], bool), Failure> {
    let start = Instant::now();
    let study = pipeline.read("phantom", frame)?;
    let read = Instant::now();
    let mut picture = RgbPicture::new(SCREEN, palette::GROUND);
    // Drawing into memory cannot fail; whatever its error type, there is none to tell.
    let _ = draw(&View::Result(&study), &mut picture);
    let timing = study.reading.timing;
    let times = [timing.preprocess_ms, timing.network_ms, timing.map_ms, ms(read), ms(start)];
    Ok((times, study.reading.fit()))
}

fn ms(from: Instant) -> f32 {
    from.elapsed().as_secs_f32() * 1e3
}

impl Spread {
    /// Of at least one time; the median of an even number is the lower of the two in the middle.
    fn of(mut times: Vec<f32>) -> Self {
        assert!(!times.is_empty(), "at least one run");
        times.sort_by(f32::total_cmp);
        let last = times.len() - 1;
        Self { min: times[0], median: times[last / 2], max: times[last] }
    }
}

impl Bench {
    fn to_json(&self) -> Value {
        let stages = |t: &Timed| -> serde_json::Map<String, Value> {
            let spread = |s: Spread| json!({"min": s.min, "median": s.median, "max": s.max});
            STAGES.iter().zip(t.stages).map(|(name, s)| (name.to_string(), spread(s))).collect()
        };
        let sizes: Vec<Value> = self
            .timed
            .iter()
            .map(|t| {
                json!({"width": t.size.width, "height": t.size.height, "graded": t.graded,
                       "stages_ms": stages(t)})
            })
            .collect();
        let p = &self.provenance;
        json!({
            "schema": SCHEMA, "version": env!("CARGO_PKG_VERSION"), "runs": self.runs, "note": NOTE,
            "kernels": p.kernels, "threads": self.threads,
            "inferences": self.inferences, "multiply_accumulates": self.multiply_accumulates,
            "model": {"name": p.model_name, "version": p.model_version, "sha256": p.model_sha256},
            "load_ms": self.load_ms, "sizes": sizes, "machine": self.machine.to_json(),
        })
    }
}

/// The table.
impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = &self.provenance;
        writeln!(f, "raymap {}, {} {}", env!("CARGO_PKG_VERSION"), p.model_name, p.model_version)?;
        writeln!(f, "kernels {}, threads {}", p.kernels, self.threads)?;
        write!(f, "{}", self.machine)?;
        writeln!(f, "model loaded and tested in {:.1} ms", self.load_ms)?;
        for timed in &self.timed {
            let ungraded = if timed.graded { "" } else { ", not graded: later stages were left out" };
            writeln!(f, "\n{}, {} runs{ungraded}", timed.size, self.runs)?;
            writeln!(f, "{:12}{:>10}{:>10}{:>10}", "ms", "min", "median", "max")?;
            for (name, s) in STAGES.iter().zip(timed.stages) {
                writeln!(f, "{name:12}{:>10.1}{:>10.1}{:>10.1}", s.min, s.median, s.max)?;
            }
        }
        write!(f, "\n{NOTE}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_many_is_one_of_them() {
        let spread = |times: &[f32]| {
            let s = Spread::of(times.to_vec());
            [s.min, s.median, s.max]
        };
        assert_eq!(spread(&[3.0, 1.0, 2.0]), [1.0, 2.0, 3.0]);
        assert_eq!(spread(&[4.0, 1.0]), [1.0, 1.0, 4.0]);
        assert_eq!(spread(&[5.0]), [5.0; 3]);
    }

    #[test]
    fn an_enlarged_frame_repeats_its_pixels() {
        let size = PixelSize::new(64, 64);
        let pixels: Vec<u8> = (0..size.area()).map(|i| (i % 64 + i / 64) as u8).collect();
        let large = enlarged(&Frame::from_grey8(size, &pixels).unwrap(), 4).unwrap();
        assert_eq!(large.size(), PixelSize::new(256, 256));
        let at = |x: usize, y: usize| large.pixels()[y * 256 + x];
        assert_eq!([at(0, 0), at(3, 3), at(4, 3), at(4, 4), at(255, 255)], [0, 0, 1, 2, 126]);
    }
}
