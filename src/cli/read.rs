//! `raymap read`: one reading per radiograph.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use super::print::print_line;
use super::{isolate, pipeline, progress};
use crate::board::ComputeConfig;
use crate::pipeline::Pipeline;
use crate::reading::{DISCLAIMER, Finding, Reading, Refusal, Timing};
use crate::render;
use crate::screen::png;
use crate::source::{file, folder};

#[derive(Debug, clap::Args)]
pub struct ReadArguments {
    /// Radiographs, or folders of them
    #[arg(required = true, value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// Write an overlay picture of each into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// One JSON object a line, and nothing else, on standard output
    #[arg(long)]
    json: bool,
    /// A model bundle other than the one inside the program
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

/// How many radiographs were read, and how many files could not be.
#[derive(Default)]
struct Tally {
    read: usize,
    failed: usize,
}

pub fn run(arguments: &ReadArguments) -> Result<(), Failure> {
    let result = read_all(arguments);
    if let (Err(failure), true) = (&result, arguments.json) {
        print_line(&failure.to_json(None).to_string())?;
    }
    result
}

fn read_all(arguments: &ReadArguments) -> Result<(), Failure> {
    isolate();
    let mut pipeline = pipeline(arguments.model.as_deref(), &ComputeConfig::default())?;
    let files = folder::list(&arguments.paths)?;
    let mut overlays = arguments.out.as_deref().map(Overlays::new).transpose()?;
    let bar = progress(files.len(), "reading");
    let mut tally = Tally::default();
    for path in &files {
        match read_one(&mut pipeline, path, overlays.as_mut())? {
            Ok(reading) => {
                tally.read += 1;
                let line = if arguments.json { reading.to_json().to_string() } else { sentence(&reading) };
                bar.suspend(|| print_line(&line))?;
            }
            Err(failure) => {
                tally.failed += 1;
                bar.suspend(|| report(&failure, path, arguments.json))?;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    conclude(&tally, arguments.json)
}

/// The reading of one file; the outer error ends the command, the inner one is this file's alone.
fn read_one(
    pipeline: &mut Pipeline,
    path: &Path,
    overlays: Option<&mut Overlays>,
) -> Result<Result<Reading, Failure>, Failure> {
    let name = path.display().to_string();
    let frame = match file::read(path) {
        Ok(frame) => frame,
        Err(e) if e.is_refusal() => {
            return Ok(Ok(Reading {
                name,
                lung_field: None,
                outcome: Err(Refusal { code: e.code(), text: e.to_string() }),
                warnings: Vec::new(),
                provenance: pipeline.provenance(),
                timing: Timing::default(),
            }));
        }
        Err(e) => return Ok(Err(Failure::new(Exit::Input, e.code(), &e))),
    };
    let study = pipeline.read(&name, &frame)?;
    // An overlay takes its memory in place of the frame's, not beside it.
    drop(frame);
    if let Some(overlays) = overlays {
        let target = overlays.path_for(path);
        png::write(&target, &render::overlay(&study)).map_err(|e| Failure::storage(&target, &e))?;
    }
    Ok(Ok(study.reading))
}

/// Where overlays go: a name for each, none twice.
struct Overlays {
    folder: PathBuf,
    taken: HashSet<PathBuf>,
}

impl Overlays {
    fn new(folder: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).map_err(|e| Failure::storage(folder, &e))?;
        Ok(Self { folder: folder.to_owned(), taken: HashSet::new() })
    }

    fn path_for(&mut self, radiograph: &Path) -> PathBuf {
        let stem = radiograph.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = |k: usize| if k == 0 { format!("{stem}.png") } else { format!("{stem}-{}.png", k + 1) };
        // One more candidate than names taken: one of them is free.
        let free =
            (0..=self.taken.len()).map(|k| self.folder.join(name(k))).find(|p| !self.taken.contains(p));
        let path = free.unwrap_or_else(|| self.folder.join(name(self.taken.len() + 1)));
        self.taken.insert(path.clone());
        path
    }
}

/// One line for a person.
fn sentence(reading: &Reading) -> String {
    match &reading.outcome {
        Ok(finding) => format!("{}: {}{}", reading.name, graded(finding), warned(reading)),
        Err(refusal) => format!("{}: not graded ({}): {}", reading.name, refusal.code, refusal.text),
    }
}

/// The warnings, each on a line of its own under the result.
fn warned(reading: &Reading) -> String {
    reading.warnings.iter().map(|w| format!("\n  warning ({}): {}", w.code, w.text)).collect()
}

fn graded(f: &Finding) -> String {
    let [low, high] = f.interval90.map(|v| v.percent().get());
    format!(
        "{}; {} of the lung infected (90 % interval {low:.0}-{high:.0} %), right {}, left {}; \
         extent {}/8, Toussie {}/6, Brixia estimate {}/18; opacity {} (probability {:.2})",
        f.severity.grade.name(),
        f.infected.total.percent(),
        f.infected.right.percent(),
        f.infected.left.percent(),
        f.severity.geographic_extent,
        f.severity.toussie,
        f.severity.brixia_estimate,
        if f.detection.positive() { "likely" } else { "not likely" },
        f.detection.probability.get(),
    )
}

fn report(failure: &Failure, path: &Path, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_line(&failure.to_json(Some(&path.display().to_string())).to_string());
    }
    eprintln!("raymap: {} {}", path.display(), failure.text);
    Ok(())
}

fn conclude(tally: &Tally, as_json: bool) -> Result<(), Failure> {
    if !as_json {
        print_line(DISCLAIMER)?;
    }
    if tally.read == 0 {
        return Err(Failure {
            exit: Exit::Input,
            code: "no_radiograph",
            text: format!("none of {} files could be read as a radiograph", tally.failed),
        });
    }
    if tally.failed > 0 && !as_json {
        eprintln!("raymap: {} radiographs read, {} files could not be", tally.read, tally.failed);
    }
    Ok(())
}
