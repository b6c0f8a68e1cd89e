//! `raymap read`: one reading per radiograph.

use std::collections::HashSet;
use std::io::ErrorKind;
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
    let mut overlays = arguments.out.as_deref().map(|folder| Overlays::new(folder, &files)).transpose()?;
    let bar = progress(files.len(), "reading");
    let mut tally = Tally::default();
    for path in &files {
        // Whatever comes of a file, its overlay's name is its own.
        let overlay = overlays.as_mut().map(|overlays| overlays.path_for(path));
        match read_one(&mut pipeline, path, overlay.as_deref())? {
            Ok(read) => {
                tally.read += 1;
                let line = if arguments.json { read.to_json() } else { read.sentence() };
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

/// What was read of one file.
struct Read<'a> {
    reading: Reading,
    /// Where its overlay lies: `None` inside where the file gave no picture, outside where none was asked for.
    overlay: Option<Option<&'a Path>>,
}

impl Read<'_> {
    fn to_json(&self) -> String {
        let mut line = self.reading.to_json();
        if let Some(overlay) = self.overlay {
            line["overlay"] = overlay.map(|path| path.display().to_string()).into();
        }
        line.to_string()
    }

    /// One line for a person.
    fn sentence(&self) -> String {
        let reading = &self.reading;
        let overlay =
            self.overlay.flatten().map_or_else(String::new, |path| format!(" [{}]", path.display()));
        match &reading.outcome {
            Ok(finding) => format!("{}: {}{overlay}{}", reading.name, graded(finding), warned(reading)),
            Err(refusal) => {
                format!("{}: not graded ({}): {}{overlay}", reading.name, refusal.code, refusal.text)
            }
        }
    }
}

/// The reading of one file; the outer error ends the command, the inner one is this file's alone.
fn read_one<'a>(
    pipeline: &mut Pipeline,
    path: &Path,
    overlay: Option<&'a Path>,
) -> Result<Result<Read<'a>, Failure>, Failure> {
    let name = path.display().to_string();
    let frame = match file::read(path) {
        Ok(frame) => frame,
        Err(e) => {
            // What an earlier run has drawn under this name is of another reading.
            overlay.map_or(Ok(()), remove)?;
            if !e.is_refusal() {
                return Ok(Err(Failure::new(Exit::Input, e.code(), &e)));
            }
            let reading = Reading {
                name,
                lung_field: None,
                outcome: Err(Refusal { code: e.code(), text: e.to_string() }),
                warnings: Vec::new(),
                provenance: pipeline.provenance(),
                timing: Timing::default(),
            };
            return Ok(Ok(Read { reading, overlay: overlay.map(|_| None) }));
        }
    };
    let study = pipeline.read(&name, &frame)?;
    // An overlay takes its memory in place of the frame's, not beside it.
    drop(frame);
    if let Some(target) = overlay {
        png::write(target, &render::overlay(&study)).map_err(|e| Failure::storage(target, &e))?;
    }
    Ok(Ok(Read { reading: study.reading, overlay: overlay.map(Some) }))
}

/// Removes a file that may not be there.
fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Failure::storage(path, &e)),
        _ => Ok(()),
    }
}

/// Where overlays go: a name for each, none twice.
struct Overlays {
    folder: PathBuf,
    taken: HashSet<PathBuf>,
}

impl Overlays {
    /// In `folder`, beside those of `radiographs` that lie there themselves: none of them is written over.
    fn new(folder: &Path, radiographs: &[PathBuf]) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).map_err(|e| Failure::storage(folder, &e))?;
        let here = folder.canonicalize().map_err(|e| Failure::storage(folder, &e))?;
        let named = |path: &PathBuf| {
            let path = path.canonicalize().ok().filter(|path| path.parent() == Some(&*here))?;
            Some(folder.join(path.file_name()?))
        };
        Ok(Self { folder: folder.to_owned(), taken: radiographs.iter().filter_map(named).collect() })
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
