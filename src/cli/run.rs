//! `raymap run`: a board file made into a station.

use std::sync::Arc;
use std::time::Duration;

use log::LevelFilter;

use super::failure::{Exit, Failure, chain};
use super::live::Said;
use super::page::Looks;
use super::print::print_line;
use super::sending::Sending;
use super::supervise::{Supervised, stop_on_signals};
use super::{RunArguments, board_pipeline, compute, doctor, isolate, live, panel};
use crate::board::{Board, RecordConfig, SerialConfig, SourceConfig};
use crate::clock::SystemClock;
use crate::frame::Frame;
use crate::pipeline::{Pipeline, Study};
use crate::preprocess::Display;
use crate::reading::{DISCLAIMER, Provenance, Refusal};
use crate::record::{Access, DiskStorage, RecordError, RecordKey, Recorder, Rule, Storage};
use crate::serial::{LogFile, LogLines, PortLink, SerialLink};
use crate::source::folder::{FolderSource, Watch};
use crate::source::phantom::{PhantomSource, PhantomSpec};
use crate::source::worker;
use crate::station::{
    About, Edges, Ended, Fault, Feed, Policy, Reader, SourceFeed, Station, Summary, WatchFeed,
};

pub fn run(arguments: &RunArguments, logger: &LogLines) -> Result<(), Failure> {
    isolate();
    let board = Board::load(&arguments.board)?;
    compute(&board.compute)?;
    let mut supervised = Supervised::start(&board, arguments.forever)?;
    worker::beat(supervised.pulse());
    let model = board_pipeline(&board);
    let about = about(&board, model.as_ref().ok());
    let clock = Arc::new(SystemClock::start());
    let mut record = board.record.as_ref().map(|config| recorder(&board.name, config));
    let tests = doctor::self_tests(&board, &about, model.as_ref().err(), record.as_mut(), clock.as_ref());
    // Where the record does not open now, the self-test has said so.
    let started = record.as_mut().and_then(|r| r.open(clock.as_ref()).ok()).map(|store| store.start());
    let Looks { showcase, vitals } = Looks::start(&board, &about, clock.clone());
    let provenance = provenance(model.as_ref().ok());
    let mut panel = panel::start(&board, provenance, started, clock.clone(), showcase)?;
    let mut serial = serial(&board)?;
    let live = matches!(board.source, SourceConfig::Capture(_));
    let policy = if arguments.forever { Policy::FOREVER } else { Policy::ONCE };
    // A result of a live picture stays until the next; looking away meanwhile would miss it.
    let dwell = if live { Duration::ZERO } else { policy.dwell };
    let mut reader = ModelReader(model);
    let edges = Edges {
        clock: clock.as_ref(),
        reader: &mut reader,
        panel: &mut panel,
        serial: serial.as_mut(),
        record: record.as_mut(),
    };
    let (source, forever, mut said) = (board.source.clone(), arguments.forever, Said::default());
    let policy = Policy { live, dwell, ..policy };
    let sending = Sending::start(&board, clock.clone());
    let dispatch = sending.dispatch();
    let station = Station::new(edges, policy).supervised(supervised.supervision());
    let mut station = station.with_dispatch(dispatch).with_vitals(vitals);
    if let Some(level) = board.station.as_ref().map(|s| s.log).filter(|l| *l > LevelFilter::Off) {
        station = station.with_log(logger.give(level));
    }
    stop_on_signals(&station);
    let summary = station.run(&about, tests, &mut || open(&source, forever, &mut said));
    if let Err(error) = panel.finish() {
        log::warn!("screen: {}", chain(&error));
    }
    drop(supervised);
    if !forever {
        sending.finish();
    }
    let said = report(&summary, &board);
    // A refused model has been shown and reported; it is what the command fails with.
    reader.0.map(drop)?;
    conclude(&summary, live)?;
    said
}

pub fn about(board: &Board, pipeline: Option<&Pipeline>) -> About {
    let provenance = provenance(pipeline);
    About {
        software: env!("CARGO_PKG_VERSION"),
        board: board.name.clone(),
        model_name: provenance.model_name,
        model_version: provenance.model_version,
        model_sha256: provenance.model_sha256,
    }
}

fn provenance(pipeline: Option<&Pipeline>) -> Provenance {
    pipeline.map_or_else(no_model, Pipeline::provenance)
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
pub fn recorder(board: &str, config: &RecordConfig) -> Recorder {
    let folder = config.folder.clone();
    let open = move || -> Result<Box<dyn Storage>, RecordError> {
        Ok(Box::new(DiskStorage::open(&folder, Access::Write)?))
    };
    let recorder = Recorder::new(board.to_owned(), Rule::of(config.bytes_max), Box::new(open));
    match config.key_file.clone() {
        Some(path) => recorder.sealed(Box::new(move || RecordKey::load(&path))).with_identity(config.patient),
        None => recorder,
    }
}

/// The board's source; a folder is read through once, or watched `forever`.
pub fn open(source: &SourceConfig, forever: bool, said: &mut Said) -> Result<Box<dyn Feed>, Fault> {
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
        SourceConfig::Capture(config) => live::capture(config, said),
        SourceConfig::Replay(config) => live::replay(config),
        SourceConfig::DicomNet(config) => dicom_net(config),
    }
}

#[cfg(feature = "dicom-net")]
fn dicom_net(config: &crate::board::DicomNetConfig) -> Result<Box<dyn Feed>, Fault> {
    use crate::source::dicom_net::{DicomNetSource, ReceivedError};
    let source = DicomNetSource::open(config).map_err(|e| Fault::source(e.code(), e.to_string()))?;
    Ok(Box::new(SourceFeed::endless(source, ReceivedError::code)))
}

#[cfg(not(feature = "dicom-net"))]
fn dicom_net(_: &crate::board::DicomNetConfig) -> Result<Box<dyn Feed>, Fault> {
    Err(Fault::source("dicom_net_absent", "this program was built without dicom-net".to_owned()))
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

fn report(summary: &Summary, board: &Board) -> Result<(), Failure> {
    let screen = panel::place(&board.screen);
    let serial = match &board.serial {
        SerialConfig::File(path) | SerialConfig::Port { path, .. } => path.display().to_string(),
    };
    print_line(&format!(
        "{} radiographs: {} graded, {} refused; {} faults\nscreen: {screen}\nserial: {serial}",
        summary.radiographs, summary.graded, summary.refused, summary.faults
    ))?;
    if let Some(record) = &board.record {
        let (folder, Summary { kept, not_kept, dropped, .. }) = (record.folder.display(), summary);
        let dropped = format!("{dropped} old ones dropped");
        print_line(&format!("record: {folder}: {kept} readings kept, {not_kept} not; {dropped}"))?;
    }
    print_line(DISCLAIMER)
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
        Ended::SafeMode => {
            failure(Exit::Device, "safe_mode", "it was in safe mode and read nothing: start it again")
        }
        Ended::Source | Ended::Stopped => Ok(()),
    }
}
