//! `raymap run`: a board file made into a station.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::failure::{Exit, Failure, chain};
use super::panel::PicturePanel;
use super::{RunArguments, live, pipeline};
use crate::board::{Board, ModelConfig, RecordConfig, ScreenConfig, SerialConfig, SourceConfig};
use crate::clock::SystemClock;
use crate::frame::Frame;
use crate::pipeline::{Pipeline, Study};
use crate::preprocess::Display;
use crate::reading::{DISCLAIMER, Provenance, Refusal};
use crate::record::{Access, DiskStorage, RecordError, Recorder, Rule, Storage};
use crate::serial::{LogFile, PortLink, SerialLink};
use crate::source::folder::{FolderSource, Watch};
use crate::source::phantom::{PhantomSource, PhantomSpec};
use crate::station::{
    About, Edges, Ended, Fault, Feed, Policy, Reader, SelfTest, SourceFeed, Station, Summary, WatchFeed,
};

pub fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let board = Board::load(&arguments.board)?;
    let model = pipeline(model_folder(&board).as_deref());
    let about = about(&board, model.as_ref().ok());
    let mut tests = self_tests(&about, model.as_ref().err());
    let clock = SystemClock::start();
    let mut record = board.record.as_ref().map(|config| recorder(&board.name, config));
    if let Some(record) = &mut record {
        let found = record.self_test(&clock);
        tests.push(SelfTest { code: "record", vital: false, check: Box::new(move || found) });
    }
    let ScreenConfig::Png { path, size } = &board.screen;
    let mut panel = PicturePanel::new(path.clone(), *size, &clock);
    let mut serial = serial(&board)?;
    let live = matches!(board.source, SourceConfig::Capture(_));
    let policy = if arguments.forever { Policy::FOREVER } else { Policy::ONCE };
    // A result of a live picture stays until the next; looking away meanwhile would miss it.
    let dwell = if live { Duration::ZERO } else { policy.dwell };
    let mut reader = ModelReader(model);
    let edges = Edges {
        clock: &clock,
        reader: &mut reader,
        panel: &mut panel,
        serial: serial.as_mut(),
        record: record.as_mut(),
    };
    let (source, forever) = (board.source.clone(), arguments.forever);
    let summary = Station::new(edges, Policy { live, dwell, ..policy })
        .run(&about, tests, &mut || open(&source, forever));
    report(&summary, &path.display().to_string(), &board);
    // A refused model has been shown and reported; it is what the command fails with.
    reader.0.map(drop)?;
    conclude(&summary, live)
}

fn model_folder(board: &Board) -> Option<PathBuf> {
    match &board.model {
        ModelConfig::Embedded => None,
        ModelConfig::Folder(folder) => Some(folder.clone()),
    }
}

fn about(board: &Board, pipeline: Option<&Pipeline>) -> About {
    let provenance = pipeline.map_or_else(no_model, Pipeline::provenance);
    About {
        software: env!("CARGO_PKG_VERSION"),
        board: board.name.clone(),
        model_name: provenance.model_name,
        model_version: provenance.model_version,
        model_sha256: provenance.model_sha256,
    }
}

/// What stands where a model's name would, when the model was refused.
fn no_model() -> Provenance {
    let none = || "none".to_owned();
    Provenance { model_name: none(), model_version: none(), model_sha256: none(), kernels: "none" }
}

fn serial(board: &Board) -> Result<Box<dyn SerialLink>, Failure> {
    match &board.serial {
        SerialConfig::File(path) => match LogFile::create(path) {
            Ok(link) => Ok(Box::new(link)),
            Err(e) => Err(Failure::new(Exit::Storage, e.code(), &e)),
        },
        SerialConfig::Port { path, baud_rate } => match PortLink::start(path, *baud_rate) {
            Ok(link) => Ok(Box::new(link)),
            Err(e) => Err(Failure::new(Exit::Device, e.code(), &e)),
        },
    }
}

/// The record in the board's folder; nothing is opened yet.
fn recorder(board: &str, config: &RecordConfig) -> Recorder {
    let folder = config.folder.clone();
    let open = move || -> Result<Box<dyn Storage>, RecordError> {
        Ok(Box::new(DiskStorage::open(&folder, Access::Write)?))
    };
    Recorder::new(board.to_owned(), Rule::of(config.bytes_max), Box::new(open))
}

/// What was found at start. The model is vital: nothing is graded by one that was refused.
fn self_tests(about: &About, refused: Option<&Failure>) -> Vec<SelfTest<'static>> {
    let found = match refused {
        Some(failure) => Err(failure.text.clone()),
        None => Ok(format!(
            "{} {}: checksums, shapes and golden output agree",
            about.model_name, about.model_version
        )),
    };
    vec![SelfTest { code: "model", vital: true, check: Box::new(move || found) }]
}

/// The board's source; a folder is read through once, or watched `forever`.
fn open(source: &SourceConfig, forever: bool) -> Result<Box<dyn Feed>, Fault> {
    match source {
        SourceConfig::Phantom(phantoms) => {
            let specs = phantoms.iter().map(|p| PhantomSpec::new(p.seed, p.infected)).collect();
            Ok(Box::new(SourceFeed::new(PhantomSource::new(specs), |never| match *never {})))
        }
        SourceConfig::Folder(folder) if forever => {
            let watch = Watch::new(&folder.path, folder.remember.as_deref());
            Ok(Box::new(WatchFeed::new(watch, Arc::new(SystemClock::start()))))
        }
        SourceConfig::Folder(folder) => {
            let source = FolderSource::new(std::slice::from_ref(&folder.path))
                .map_err(|e| Fault::source(e.code(), e.to_string()))?;
            Ok(Box::new(SourceFeed::new(source, |e| e.source.code())))
        }
        SourceConfig::Capture(config) => live::capture(config),
        SourceConfig::Replay(config) => live::replay(config),
    }
}

/// The pipeline as the station sees it: what fails gives a refused study, never a grade.
struct ModelReader(Result<Pipeline, Failure>);

impl Reader for ModelReader {
    fn read(&mut self, name: &str, frame: &Frame) -> Study {
        match &mut self.0 {
            Ok(pipeline) => pipeline.read(name, frame).unwrap_or_else(|e| {
                log::error!("{}: {}", e.code(), chain(&e));
                pipeline.failed(name, frame, &e)
            }),
            Err(failure) => {
                let refusal = Refusal { code: failure.code, text: failure.text.clone() };
                let display = Display::of(frame);
                let side = display.size.width.max(display.size.height);
                Study::refused(name, display, side, no_model(), refusal)
            }
        }
    }
}

fn report(summary: &Summary, picture: &str, board: &Board) {
    let serial = match &board.serial {
        SerialConfig::File(path) | SerialConfig::Port { path, .. } => path.display().to_string(),
    };
    println!(
        "{} radiographs: {} graded, {} refused; {} faults",
        summary.radiographs, summary.graded, summary.refused, summary.faults
    );
    println!("screen: {picture}\nserial: {serial}");
    if let Some(record) = &board.record {
        let (folder, Summary { kept, not_kept, dropped, .. }) = (record.folder.display(), summary);
        println!("record: {folder}: {kept} readings kept, {not_kept} not; {dropped} old ones dropped");
    }
    println!("{DISCLAIMER}");
}

fn conclude(summary: &Summary, live: bool) -> Result<(), Failure> {
    let failure = |exit, code, text: &str| Err(Failure { exit, code, text: text.to_owned() });
    match summary.ended {
        Ended::SelfTest => failure(Exit::Model, "self_test", "the self-test failed: nothing was read"),
        Ended::SourceFaults => {
            failure(Exit::Device, "source_faults", "the source failed too often; see the serial line")
        }
        Ended::Source if summary.radiographs == 0 && !live => {
            failure(Exit::Input, "no_radiograph", "the source gave no radiograph that could be read")
        }
        Ended::Source | Ended::Stopped => Ok(()),
    }
}
