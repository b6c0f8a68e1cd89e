//! `raymap calibrate`: the operating point of detection, chosen on labelled cases of one's own.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::failure::{Exit, Failure, chain};
use super::print::print_line;
use super::{pipeline, progress};
use crate::board::ComputeConfig;
use crate::clock::{Clock, SystemClock};
use crate::evaluate::{CASES_MIN, Cases, ChoiceError, Chosen, Manifest, Only, Wish};
use crate::pipeline::{Pipeline, WrittenPoint};
use crate::reading::DISCLAIMER;
use crate::source::file;
use crate::units::Fraction;

#[derive(Debug, clap::Args)]
pub struct CalibrateArguments {
    /// A table of radiographs and whether they show opacity, as for `raymap evaluate`
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,
    /// Find at least this share of the radiographs with opacity
    #[arg(long, value_name = "SHARE", conflicts_with = "specificity")]
    sensitivity: Option<f32>,
    /// Leave at least this share of those without opacity unmarked
    #[arg(long, value_name = "SHARE")]
    specificity: Option<f32>,
    /// Where the operating point is written; the board file's `[station] operating_point` names it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A model bundle, or a store of models, other than the one inside the program
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

pub fn run(arguments: &CalibrateArguments) -> Result<(), Failure> {
    let (wish, wished) = wish(arguments)?;
    let manifest = Manifest::read(&arguments.manifest, Only::default())
        .map_err(|e| Failure::new(Exit::Input, e.code(), &e))?;
    let mut pipeline = pipeline(arguments.model.as_deref(), &ComputeConfig::default())?;
    let (cases, unreadable) = read(&manifest, &mut pipeline);
    let chosen = cases.choose(wish)?;
    let point = written(arguments, &pipeline, &cases, &chosen, wished)?;
    let text = toml::to_string(&point).map_err(|e| Failure::new(Exit::Bug, "write_failed", &e))?;
    fs::write(&arguments.out, text).map_err(|e| Failure::storage(&arguments.out, &e))?;
    report(&arguments.out, &point, cases.unlabelled, unreadable)
}

/// What is wished, and its name; a sensitivity of 90 % where nothing is.
fn wish(arguments: &CalibrateArguments) -> Result<(Wish, String), Failure> {
    let share = |s: f32| Fraction::new(s).map_err(|e| Failure::new(Exit::Usage, "calibrate_share", &e));
    match (arguments.sensitivity, arguments.specificity) {
        (_, Some(s)) => Ok((Wish::Specificity(share(s)?), format!("specificity {s}"))),
        (s, None) => {
            let s = s.unwrap_or(0.9);
            Ok((Wish::Sensitivity(share(s)?), format!("sensitivity {s}")))
        }
    }
}

/// Reads every row; the cases, and how many radiographs could not be read.
fn read(manifest: &Manifest, pipeline: &mut Pipeline) -> (Cases, usize) {
    let bar = progress(manifest.rows().len(), "calibrating");
    let (mut cases, mut unreadable) = (Cases::default(), 0);
    for row in manifest.rows() {
        let study = file::read(&row.path).map_err(|e| chain(&e));
        match study.and_then(|frame| pipeline.read(&row.file, &frame).map_err(|e| chain(&e))) {
            Ok(study) => cases.add(row, &study),
            Err(_) => unreadable += 1,
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    (cases, unreadable)
}

fn written(
    arguments: &CalibrateArguments,
    pipeline: &Pipeline,
    cases: &Cases,
    chosen: &Chosen,
    wish: String,
) -> Result<WrittenPoint, Failure> {
    let provenance = pipeline.provenance();
    let table =
        fs::read(&arguments.manifest).map_err(|e| Failure::new(Exit::Input, "manifest_unreadable", &e))?;
    let digest: String = Sha256::digest(&table).iter().map(|b| format!("{b:02x}")).collect();
    let name = arguments.manifest.file_name().unwrap_or_default().to_string_lossy();
    Ok(WrittenPoint {
        schema: WrittenPoint::SCHEMA,
        manifest_sha256: pipeline.network().manifest_sha256().to_owned(),
        model: format!("{} {}", provenance.model_name, provenance.model_version),
        threshold: chosen.threshold.get(),
        sensitivity: chosen.sensitivity.get(),
        specificity: chosen.specificity.get(),
        sensitivity95: chosen.sensitivity95,
        specificity95: chosen.specificity95,
        positives: chosen.positives,
        negatives: chosen.negatives,
        refused: cases.refused,
        wish,
        measured_on: format!("{name}, sha256 {digest}"),
        made: SystemClock::start().wall_time().map(|t| t.to_string()),
    })
}

fn report(out: &Path, point: &WrittenPoint, unlabelled: usize, unreadable: usize) -> Result<(), Failure> {
    let figure = |name: &str, value: f32, interval: Option<[f64; 2]>| {
        let interval = interval.map_or_else(
            || "interval unknown: too few patients".into(),
            |[low, high]| format!("95 % interval {:.0} to {:.0} %", 100.0 * low, 100.0 * high),
        );
        print_line(&format!("{name} {:.1} % ({interval})", 100.0 * value))
    };
    print_line(&format!("threshold {:.4}, for {}", point.threshold, point.wish))?;
    figure("sensitivity", point.sensitivity, point.sensitivity95)?;
    figure("specificity", point.specificity, point.specificity95)?;
    print_line(&format!(
        "on {} with opacity and {} without; {} refused, {unlabelled} without a label, {unreadable} unreadable",
        point.positives, point.negatives, point.refused
    ))?;
    print_line(&format!(
        "the same cases chose and measured: expect a little less on others (at least {CASES_MIN} of each were asked)"
    ))?;
    print_line(&format!("written: {}; the board file's [station] operating_point names it", out.display()))?;
    print_line(DISCLAIMER)
}

impl From<ChoiceError> for Failure {
    fn from(e: ChoiceError) -> Self {
        Self::new(Exit::Input, e.code(), &e)
    }
}
