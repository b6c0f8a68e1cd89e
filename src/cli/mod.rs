//! The command line: arguments to the modules above, their errors to messages and exit codes.
//!
//! This module computes nothing.

mod bench;
mod board;
mod calibrate;
mod decode;
mod devices;
mod doctor;
mod evaluate;
mod explain;
mod failure;
mod live;
mod model;
mod page;
mod panel;
mod phantom;
mod print;
mod read;
mod record;
mod records;
mod records_dicom;
mod records_export;
mod records_verify;
mod report;
mod run;
mod sending;
mod supervise;

pub use failure::{Exit, Failure};

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use crate::board::{Board, ComputeConfig, ModelConfig};
use crate::network::{Compute, Network};
use crate::pipeline::{LocalPoint, Pipeline};
use crate::serial::LogLines;
use crate::source::worker;

/// Infection maps and severity grades from chest radiographs. For research and triage support, not for diagnosis.
#[derive(Debug, Parser)]
#[command(name = "raymap", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The station: capture, read, show, report (the default)
    Run(RunArguments),
    /// One reading per radiograph: PNG, JPEG, TIFF or DICOM
    Read(read::ReadArguments),
    /// Metrics of the shipped network on a labelled set
    Evaluate(evaluate::EvaluateArguments),
    /// An operating point for detection, chosen on labelled cases of one's own
    Calibrate(calibrate::CalibrateArguments),
    /// A synthetic radiograph with its exact lung and infection masks
    Phantom(phantom::PhantomArguments),
    /// The station's self-test, now: what works, what does not, and what to do
    Doctor(doctor::DoctorArguments),
    /// What a code means, and what to do about it
    Explain(explain::ExplainArguments),
    /// Which capture devices there are, and why those that cannot be used cannot
    Devices,
    /// Board files: check, explain, list
    Board(board::BoardArguments),
    /// Milliseconds per stage on this machine, with kernels, temperature and memory
    Bench(bench::BenchArguments),
    /// What the model is, and whether it is intact
    Model(model::ModelArguments),
    /// What a board's source gives, frame for frame, into a file that can be played again
    Record(record::RecordArguments),
    /// What the station has kept: list, show, export, verify, repair
    Records(records::RecordsArguments),
    /// One page of a kept reading as PDF or PNG, in any of the screens' languages
    Report(report::ReportArguments),
    /// One file from standard input to a frame on standard output, in a confined process
    #[command(hide = true)]
    Decode,
}

#[derive(Debug, clap::Args)]
pub struct RunArguments {
    /// The board: where radiographs come from, screen, serial line, model; a file, or a name of `raymap board list`
    #[arg(long, value_name = "FILE", default_value = "board/host.toml")]
    board: PathBuf,
    /// Go on after the last phantom or file
    #[arg(long)]
    forever: bool,
}

/// Does what the arguments say; `logger` can give records of the log to a station's serial line.
pub fn execute(arguments: Arguments, logger: &LogLines) -> Result<(), Failure> {
    match arguments.command {
        None => run::run(&arguments.run, logger),
        Some(Command::Run(a)) => run::run(&a, logger),
        Some(Command::Read(a)) => read::run(&a),
        Some(Command::Evaluate(a)) => evaluate::run(&a),
        Some(Command::Calibrate(a)) => calibrate::run(&a),
        Some(Command::Phantom(a)) => phantom::run(&a),
        Some(Command::Doctor(a)) => doctor::run(&a),
        Some(Command::Explain(a)) => explain::run(&a),
        Some(Command::Devices) => devices::run(),
        Some(Command::Board(a)) => board::run(&a),
        Some(Command::Bench(a)) => bench::run(&a),
        Some(Command::Model(a)) => model::run(&a),
        Some(Command::Record(a)) => record::run(&a),
        Some(Command::Records(a)) => records::run(&a),
        Some(Command::Report(a)) => report::run(&a),
        Some(Command::Decode) => decode::run(),
    }
}

/// Kernels by their name, in place of what a board file or the processor says.
const KERNELS_VARIABLE: &str = "RAYMAP_KERNELS";

/// Files of unknown origin are decoded in processes of their own from here on.
///
/// The link leads to this program even when its file has been replaced since.
fn isolate() {
    worker::isolate(Path::new("/proc/self/exe"));
}

/// The pipeline on the bundle in `folder`, which may be a store of models, or on the one inside the binary.
fn pipeline(folder: Option<&Path>, wanted: &ComputeConfig) -> Result<Pipeline, Failure> {
    Ok(Pipeline::new(Network::load_for(model::bundle(folder)?, compute(wanted)?)?))
}

/// What the environment, else a board file, else the processor says of kernels and threads.
fn compute(wanted: &ComputeConfig) -> Result<Compute, Failure> {
    let variable = std::env::var(KERNELS_VARIABLE).ok().filter(|name| !name.is_empty());
    let kernels = variable.as_deref().or(wanted.kernels.as_deref());
    Compute::new(kernels, wanted.threads).map_err(|e| Failure::new(Exit::Configuration, e.code(), &e))
}

/// The pipeline of a board: its model, and its local operating point where it names one.
fn board_pipeline(board: &Board) -> Result<Pipeline, Failure> {
    let folder = match &board.model {
        ModelConfig::Embedded => None,
        ModelConfig::Folder(folder) => Some(folder.as_path()),
    };
    let pipeline = pipeline(folder, &board.compute)?;
    let Some(path) = board.station.as_ref().and_then(|s| s.operating_point.as_ref()) else {
        return Ok(pipeline);
    };
    let text = std::fs::read_to_string(path).map_err(|e| Failure {
        exit: Exit::Configuration,
        code: "point_unreadable",
        text: format!("the operating point {} cannot be read: {e}", path.display()),
    })?;
    let refused = |e: crate::pipeline::LocalPointError| Failure::new(Exit::Configuration, e.code(), &e);
    let local = LocalPoint::parse(&text).map_err(refused)?;
    pipeline.with_local_point(&local).map_err(refused)
}

/// A progress bar on a terminal for more than one piece of work; nothing elsewhere.
fn progress(len: usize, what: &'static str) -> indicatif::ProgressBar {
    use std::io::IsTerminal;
    if len < 2 || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let style = indicatif::ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len}, {eta} left");
    let bar = indicatif::ProgressBar::new(len as u64).with_message(what);
    style.map(|s| bar.clone().with_style(s)).unwrap_or(bar)
}
