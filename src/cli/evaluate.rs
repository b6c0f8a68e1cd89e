//! `raymap evaluate`: metrics of the device on a labelled set.

use std::path::PathBuf;

use super::failure::{Exit, Failure, chain};
use super::{pipeline, progress};
use crate::board::ComputeConfig;
use crate::evaluate::{Manifest, Observed, Only, Row, evaluate};
use crate::pipeline::Pipeline;
use crate::source::file;

#[derive(Debug, clap::Args)]
pub struct EvaluateArguments {
    /// A table of radiographs and their labels; paths in it are relative to its folder
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,
    /// Only the rows of this split
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Only the rows of this fold; with --split, of both
    #[arg(long, value_name = "NUMBER")]
    fold: Option<u8>,
    /// Read each radiograph a second time with its lungs black: what detection says then is no finding of lungs
    #[arg(long)]
    blackout: bool,
    /// Source, sex, age, view and finding in the table, too
    #[arg(long)]
    groups: bool,
    /// One JSON object in place of the table
    #[arg(long)]
    json: bool,
    /// A model bundle other than the one inside the program
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

pub fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let result = measure(arguments);
    if let (Err(failure), true) = (&result, arguments.json) {
        println!("{}", failure.to_json(None));
    }
    result
}

fn measure(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let only = Only { split: arguments.split.as_deref(), fold: arguments.fold };
    let manifest =
        Manifest::read(&arguments.manifest, only).map_err(|e| Failure::new(Exit::Input, e.code(), &e))?;
    let mut pipeline = pipeline(arguments.model.as_deref(), &ComputeConfig::default())?;
    let bar = progress(manifest.rows().len(), "evaluating");
    let evaluation =
        evaluate(manifest.rows(), &mut |row| observe(&mut pipeline, row, arguments.blackout), &mut |done| {
            bar.set_position(done as u64)
        });
    bar.finish_and_clear();
    if evaluation.unreadable.n == evaluation.n {
        let text = format!("none of the {} radiographs of the table could be read", evaluation.n);
        return Err(Failure { exit: Exit::Input, code: "no_radiograph", text });
    }
    if arguments.json {
        println!("{}", evaluation.to_json());
    } else {
        println!("{evaluation}");
    }
    if arguments.groups && !arguments.json {
        println!("{}", evaluation.group_table());
    }
    Ok(())
}

/// One radiograph, read as on the device, and once more without its lungs where that is asked for.
fn observe(pipeline: &mut Pipeline, row: &Row, blackout: bool) -> Result<Observed, String> {
    let frame = file::read(&row.path).map_err(|e| chain(&e))?;
    let study = pipeline.read(&row.file, &frame).map_err(|e| chain(&e))?;
    let blackout = if blackout { pipeline.blackout(&study).map_err(|e| chain(&e))? } else { None };
    Ok(Observed { study, blackout })
}
