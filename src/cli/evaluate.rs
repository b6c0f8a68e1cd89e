//! `raymap evaluate`: metrics of the device on a labelled set.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure, chain};
use super::print::print_line;
use super::{pipeline, progress};
use crate::board::ComputeConfig;
use crate::evaluate::{Evaluation, Manifest, Observed, Only, Row, evaluate};
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
    /// Only the rows of this fold; with --split, of both. Given several times with as many --model: cross-validation
    #[arg(long = "fold", value_name = "NUMBER")]
    folds: Vec<u8>,
    /// Read each radiograph a second time with its lungs black: what detection says then is no finding of lungs
    #[arg(long)]
    blackout: bool,
    /// Source, sex, age, view and finding in the table, too
    #[arg(long)]
    groups: bool,
    /// One JSON object in place of the table
    #[arg(long)]
    json: bool,
    /// A model bundle other than the one inside the program; given several times, each for the --fold in its place
    #[arg(long = "model", value_name = "DIR")]
    models: Vec<PathBuf>,
}

pub fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let result = measure(arguments);
    if let (Err(failure), true) = (&result, arguments.json) {
        print_line(&failure.to_json(None).to_string())?;
    }
    result
}

fn measure(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let parts = parts(arguments)?;
    let mut rows = Vec::new();
    // The row after the last of each part, and the bundle that reads the part.
    let mut bundles = Vec::new();
    for (fold, model) in parts {
        let only = Only { split: arguments.split.as_deref(), fold };
        let manifest =
            Manifest::read(&arguments.manifest, only).map_err(|e| Failure::new(Exit::Input, e.code(), &e))?;
        rows.extend_from_slice(manifest.rows());
        bundles.push((rows.len(), model));
    }
    let evaluation = answers(arguments, &rows, &bundles)?;
    if evaluation.unreadable.n == evaluation.n {
        let text = format!("none of the {} radiographs of the table could be read", evaluation.n);
        return Err(Failure { exit: Exit::Input, code: "no_radiograph", text });
    }
    if arguments.json {
        return print_line(&evaluation.to_json().to_string());
    }
    print_line(&evaluation.to_string())?;
    if arguments.groups {
        print_line(&evaluation.group_table().to_string())?;
    }
    Ok(())
}

/// A fold, or all of them, and its bundle, or the one inside the program.
type Part<'a> = (Option<u8>, Option<&'a Path>);

/// Which folds are read by which bundle: one part, or as many as there are folds.
fn parts(arguments: &EvaluateArguments) -> Result<Vec<Part<'_>>, Failure> {
    let EvaluateArguments { folds, models, .. } = arguments;
    let models: Vec<&Path> = models.iter().map(PathBuf::as_path).collect();
    match (folds.as_slice(), models.as_slice()) {
        ([], []) => Ok(vec![(None, None)]),
        ([], [model]) => Ok(vec![(None, Some(*model))]),
        ([fold], []) => Ok(vec![(Some(*fold), None)]),
        _ if folds.len() == models.len() => {
            let distinct: BTreeSet<u8> = folds.iter().copied().collect();
            if distinct.len() < folds.len() {
                return Err(usage("a --fold is named twice: each radiograph is read once".to_owned()));
            }
            Ok(folds.iter().map(|fold| Some(*fold)).zip(models.into_iter().map(Some)).collect())
        }
        _ => Err(usage(format!(
            "{} times --fold and {} times --model: for cross-validation give one bundle for each fold",
            folds.len(),
            models.len()
        ))),
    }
}

fn usage(text: String) -> Failure {
    Failure { exit: Exit::Usage, code: "evaluate_folds", text }
}

/// Reads all rows, each part by its own bundle.
fn answers(
    arguments: &EvaluateArguments,
    rows: &[Row],
    bundles: &[(usize, Option<&Path>)],
) -> Result<Evaluation, Failure> {
    let mut pipelines = Vec::new();
    for &(end, model) in bundles {
        pipelines.push((end, pipeline(model, &ComputeConfig::default())?));
    }
    let bar = progress(rows.len(), "evaluating");
    let mut next = 0;
    let evaluation = evaluate(
        rows,
        &mut |row| {
            let at = pipelines.iter_mut().find(|(end, _)| next < *end);
            next += 1;
            at.map_or_else(
                || Err("no bundle for this row".to_owned()),
                |(_, p)| observe(p, row, arguments.blackout),
            )
        },
        &mut |done| bar.set_position(done as u64),
    );
    bar.finish_and_clear();
    Ok(evaluation)
}

/// One radiograph, read as on the device, and once more without its lungs where that is asked for.
fn observe(pipeline: &mut Pipeline, row: &Row, blackout: bool) -> Result<Observed, String> {
    let frame = file::read(&row.path).map_err(|e| chain(&e))?;
    let study = pipeline.read(&row.file, &frame).map_err(|e| chain(&e))?;
    let blackout = if blackout { pipeline.blackout(&study).map_err(|e| chain(&e))? } else { None };
    Ok(Observed { study, blackout })
}
