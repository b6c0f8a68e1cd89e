//! `raymap record`: what a board's source gives, frame for frame, into a file.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::failure::{Exit, Failure};
use super::live::{self, Said};
use super::print::print_line;
use crate::board::{Board, SourceConfig};
use crate::source::FrameSource;
use crate::source::folder::FolderSource;
use crate::source::phantom::{PhantomSource, PhantomSpec};
use crate::source::replay::{FrameWriter, ReplayError};
use crate::station::Fault;

/// Errors of the source in a row after which it is given up: a device that is waited for takes some.
const FAULTS_MAX: u32 = 5;

#[derive(Debug, clap::Args)]
pub struct RecordArguments {
    /// The board whose source is recorded; a file, or a name of `raymap board list`
    #[arg(long, value_name = "FILE", default_value = "board/host.toml")]
    board: PathBuf,
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How long to record
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    seconds: u16,
}

pub fn run(arguments: &RecordArguments) -> Result<(), Failure> {
    let board = Board::load(&arguments.board)?;
    match &board.source {
        SourceConfig::Phantom(phantoms) => {
            let specs = phantoms.iter().map(|p| PhantomSpec::new(p.seed, p.infected)).collect();
            record(PhantomSource::new(specs), arguments)
        }
        SourceConfig::Folder(folder) => {
            record(FolderSource::new(std::slice::from_ref(&folder.path))?, arguments)
        }
        SourceConfig::DicomNet(_) => Err(Failure {
            exit: Exit::Usage,
            code: "record_no_live_source",
            text: "what arrives as DICOM lies in files already: there is nothing to record".to_owned(),
        }),
        SourceConfig::Replay(config) => record(live::recording(config).map_err(device)?, arguments),
        #[cfg(feature = "v4l")]
        SourceConfig::Capture(config) => {
            record(live::device(config, &mut Said::default()).map_err(device)?, arguments)
        }
        #[cfg(not(feature = "v4l"))]
        SourceConfig::Capture(config) => {
            live::capture(config, &mut Said::default()).map(drop).map_err(device)
        }
    }
}

fn device(fault: Fault) -> Failure {
    Failure { exit: Exit::Device, code: fault.code, text: fault.text }
}

fn storage(error: ReplayError) -> Failure {
    Failure::new(Exit::Storage, error.code(), &error)
}

/// Records until the time is over or the source has ended.
fn record<S: FrameSource>(mut source: S, arguments: &RecordArguments) -> Result<(), Failure> {
    let file = File::create_new(&arguments.out).map_err(|e| Failure::storage(&arguments.out, &e))?;
    let mut writer = FrameWriter::begin(BufWriter::new(file)).map_err(storage)?;
    let (start, mut faults) = (Instant::now(), 0);
    let time = Duration::from_secs(arguments.seconds.into());
    while let Some(next) = source.next_frame() {
        match next {
            Ok(sourced) => {
                faults = 0;
                let at = source.time_of_last().unwrap_or_else(|| start.elapsed());
                writer.add(sourced.frame, at).map_err(storage)?;
            }
            Err(error) => {
                faults += 1;
                log::warn!("no frame: {error}");
                if faults == FAULTS_MAX {
                    let text = format!("{FAULTS_MAX} times in a row no frame came, the last time: {error}");
                    return Err(Failure { exit: Exit::Device, code: "record_source", text });
                }
            }
        }
        if start.elapsed() >= time {
            break;
        }
    }
    let (frames, bytes) = writer.finish().map_err(storage)?;
    let out = arguments.out.display().to_string();
    print_line(&format!(
        "{out}: {frames} frames, {bytes} bytes; play it with a board whose source is\n\
         [source]\nkind = \"replay\"\npath = {out:?}"
    ))
}
