//! The command line: arguments to the modules above, their errors to messages and exit codes.
//!
//! This module computes nothing.

mod bench;
mod board;
mod devices;
mod evaluate;
mod failure;
mod model;
mod panel;
mod phantom;
mod read;
mod records;
mod records_export;
mod records_verify;
mod report;
mod run;

pub use failure::{Exit, Failure};

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::network::{Bundle, Network};
use crate::pipeline::Pipeline;

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
    /// A synthetic radiograph with its exact lung and infection masks
    Phantom(phantom::PhantomArguments),
    /// Which capture devices there are, and why those that cannot be used cannot
    Devices,
    /// Board files: check, explain, list
    Board(board::BoardArguments),
    /// Milliseconds per stage on this machine, with kernels, temperature and memory
    Bench(bench::BenchArguments),
    /// What the model is, and whether it is intact
    Model(model::ModelArguments),
    /// What the station has kept: list, show, export, verify, repair
    Records(records::RecordsArguments),
    /// One page of a kept reading as PDF or PNG, in any of the screens' languages
    Report(report::ReportArguments),
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

/// Does what the arguments say.
pub fn execute(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        None => run::run(&arguments.run),
        Some(Command::Run(a)) => run::run(&a),
        Some(Command::Read(a)) => read::run(&a),
        Some(Command::Evaluate(a)) => evaluate::run(&a),
        Some(Command::Phantom(a)) => phantom::run(&a),
        Some(Command::Devices) => devices::run(),
        Some(Command::Board(a)) => board::run(&a),
        Some(Command::Bench(a)) => bench::run(&a),
        Some(Command::Model(a)) => model::run(&a),
        Some(Command::Records(a)) => records::run(&a),
        Some(Command::Report(a)) => report::run(&a),
    }
}

/// The pipeline on the bundle in `folder`, or on the one inside the binary.
fn pipeline(folder: Option<&std::path::Path>) -> Result<Pipeline, Failure> {
    let bundle = match folder {
        Some(folder) => Bundle::open(folder)?,
        None => Bundle::embedded()?,
    };
    Ok(Pipeline::new(Network::load(bundle)?))
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
