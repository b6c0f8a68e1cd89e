//! `raymap doctor`: the station's self-test on demand; and the tests themselves, as `raymap run` does them.
//!
//! Each test has a code, says a sentence that names no file, and what to do where it failed comes from the one table
//! of codes. Only the model is vital: nothing is graded by one that was refused.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::failure::{Exit, Failure};
use super::live::Said;
use super::print::print_line;
use super::run::{about, open};
use super::{board_pipeline, sending};
use crate::board::{Board, RecordConfig, ScreenConfig, SerialConfig, SourceConfig};
use crate::clock::{Clock, SystemClock};
use crate::local_page;
use crate::reading::{DISCLAIMER, SCHEMA};
use crate::record::{RecordPlace, Recorder};
use crate::serial::PortLink;
use crate::station::{
    About, Advice, CELSIUS_HIGH, SelfTest, TestReport, bytes_in, free_bytes, hottest_celsius,
};

/// With less than this free, a screen's picture or a log file may not be written either.
const FREE_BYTES_MIN: u64 = 64 << 20;

#[derive(Debug, clap::Args)]
pub struct DoctorArguments {
    /// The board to look at
    #[arg(long, value_name = "FILE", default_value = "board/host.toml")]
    board: PathBuf,
    /// One JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
}

type Found = Result<String, String>;

pub fn run(arguments: &DoctorArguments) -> Result<(), Failure> {
    let result = examine(arguments);
    if let (Err(failure), true) = (&result, arguments.json) {
        print_line(&failure.to_json(None).to_string())?;
    }
    let (failed, vital) = result?;
    match failed.iter().find(|t| t.vital).or(failed.first()) {
        None => Ok(()),
        Some(worst) => {
            let exit = if worst.vital { vital } else { Exit::Device };
            let codes: Vec<&str> = failed.iter().map(|t| t.code).collect();
            let text = format!("{} of the tests failed: {}", codes.len(), codes.join(", "));
            Err(Failure { exit, code: "self_test", text })
        }
    }
}

/// Runs and prints every test; those that failed, and the exit code where a vital one is among them: that of `run`.
fn examine(arguments: &DoctorArguments) -> Result<(Vec<TestReport>, Exit), Failure> {
    let board = Board::load(&arguments.board)?;
    let model = board_pipeline(&board);
    let about = about(&board, model.as_ref().ok());
    let clock = SystemClock::start();
    // A station may be running, and has the record: it is only looked at.
    let record = board.record.as_ref().map(|r| test("record", move || record_beside(r)));
    let mut tests = tests(&board, &about, model.as_ref().err(), record, &clock);
    // Only here: a station does not wait at its start for an archive that is away.
    tests.extend(sending::test(&board).map(|found| test("dicom_send", move || found)));
    let reports: Vec<TestReport> = tests.into_iter().map(SelfTest::run).collect();
    if arguments.json {
        let tests: Vec<Value> = reports.iter().map(to_json).collect();
        print_line(&json!({"schema": SCHEMA, "board": about.board, "tests": tests}).to_string())?;
    } else {
        reports.iter().try_for_each(print)?;
        print_line(DISCLAIMER)?;
    }
    let vital = model.err().map_or(Exit::Model, |failure| failure.exit);
    Ok((reports.into_iter().filter(|r| !r.passed).collect(), vital))
}

fn print(report: &TestReport) -> Result<(), Failure> {
    let outcome = if report.passed { "ok" } else { "FAILED" };
    print_line(&format!("{outcome:<6} {:<12} {}", report.code, report.text))?;
    remedy(report).map_or(Ok(()), |remedy| print_line(&format!("{:<19} {remedy}", "")))
}

fn to_json(report: &TestReport) -> Value {
    json!({"code": report.code, "passed": report.passed, "vital": report.vital, "text": report.text,
        "remedy": remedy(report)})
}

/// What to do where a test failed: by the code of what failed below it, in brackets in its sentence, else by its own.
fn remedy(report: &TestReport) -> Option<&'static str> {
    let below = || report.text.split(['(', ')']).find_map(Advice::of);
    let advice = below().or_else(|| Advice::of(report.code));
    advice.filter(|_| !report.passed).map(|a| a.remedy)
}

/// What a station tries out at its start, with the record that it is to write.
pub fn self_tests<'a>(
    board: &'a Board,
    about: &About,
    refused: Option<&Failure>,
    record: Option<&mut Recorder>,
    clock: &'a dyn Clock,
) -> Vec<SelfTest<'a>> {
    let record = record.map(|record| {
        // Now, and not when its turn comes: the station has the record by then.
        let found = record.self_test(clock);
        test("record", move || found)
    });
    tests(board, about, refused, record, clock)
}

fn tests<'a>(
    board: &'a Board,
    about: &About,
    refused: Option<&Failure>,
    record: Option<SelfTest<'a>>,
    clock: &'a dyn Clock,
) -> Vec<SelfTest<'a>> {
    let found = match refused {
        Some(failure) => Err(failure.text.clone()),
        None => Ok(format!(
            "{} {}: checksums, shapes and golden output agree; {}",
            about.model_name,
            about.model_version,
            threshold(board)
        )),
    };
    let mut tests = vec![SelfTest { code: "model", vital: true, check: Box::new(move || found) }];
    tests.extend(record);
    tests.push(test("screen", || screen(&board.screen)));
    tests.push(test("source", || source(&board.source)));
    // Now, and not when its turn comes: a port that the station has open cannot be opened a second time.
    let line = serial(&board.serial);
    tests.push(test("serial", move || line));
    // Now, too: the station opens its page after this.
    tests.extend(board.page.as_ref().map(local_page::test).map(|found| test("page", move || found)));
    tests.push(test("clock", || Ok(time_of_day(clock))));
    tests.push(test("space", || space(board)));
    tests.push(test("temperature", temperature));
    tests
}

/// Whose cases the threshold of detection was measured on.
fn threshold(board: &Board) -> &'static str {
    match board.station.as_ref().and_then(|s| s.operating_point.as_ref()) {
        Some(_) => "its threshold was measured on cases of your own",
        None => "its threshold was not measured on this unit (raymap calibrate)",
    }
}

fn test<'a>(code: &'static str, check: impl FnOnce() -> Found + 'a) -> SelfTest<'a> {
    SelfTest { code, vital: false, check: Box::new(check) }
}

/// The record as it lies on the disk, beside a station that may write it.
fn record_beside(config: &RecordConfig) -> Found {
    let place = RecordPlace::from(config);
    if let Err(e) = place.key() {
        return Err(format!("readings are not kept ({}). {}", e.code(), e.advice()));
    }
    if !config.folder.exists() {
        return writable(&config.folder).map(|()| "none yet; the station makes it at its start".into());
    }
    let journal = place.open().map_err(|e| format!("it cannot be read ({})", e.code()))?;
    let text = format!("{} readings, {:.1} MB", journal.readings().count(), journal.bytes() as f64 / 1e6);
    match journal.damages_to_tell() {
        0 => Ok(text),
        n => Err(format!("{text}; damaged in {n} places")),
    }
}

fn screen(config: &ScreenConfig) -> Found {
    match config {
        ScreenConfig::Png { path, size } => {
            writable(path.parent().unwrap_or(Path::new(".")))?;
            Ok(format!("a picture file of {size} pixels"))
        }
        _ => Ok("opened when the station starts".into()),
    }
}

fn source(config: &SourceConfig) -> Found {
    if let SourceConfig::Folder(folder) = config {
        // An empty one is no fault: a watched folder begins so.
        let found = std::fs::read_dir(&folder.path).map(|_| "the folder of radiographs is there".into());
        return found.map_err(|e| format!("its folder cannot be read (folder_read): {}", e.kind()));
    }
    match open(config, false, &mut Said::default()) {
        Ok(_) => Ok("it can be opened".into()),
        // The fault's own text may name a file of a patient.
        Err(fault) => Err(format!("it cannot be opened ({})", fault.code)),
    }
}

fn serial(config: &SerialConfig) -> Found {
    match config {
        SerialConfig::File(path) => {
            writable(path.parent().unwrap_or(Path::new(".")))?;
            Ok("a log file in place of a port".into())
        }
        SerialConfig::Port { path, baud_rate } => match PortLink::probe(path, *baud_rate) {
            Ok(()) => Ok(format!("the port can be opened at {baud_rate} baud")),
            Err(e) => Err(e.to_string()),
        },
    }
}

fn time_of_day(clock: &dyn Clock) -> String {
    match clock.wall_time() {
        Some(time) => format!("trusted: {time}"),
        None => "the time of day is not trusted; order goes by starts and the time since the start".into(),
    }
}

fn space(board: &Board) -> Found {
    let record = board.record.as_ref().map(|r| r.folder.as_path());
    let free = free_bytes(record.unwrap_or(Path::new("."))).map_err(|e| format!("unknown: {e}"))?;
    let text = format!("{:.0} MB free", free as f64 / 1e6);
    if free < FREE_BYTES_MIN {
        return Err(format!("{text}, less than {:.0} MB", FREE_BYTES_MIN as f64 / 1e6));
    }
    let used = record.map_or(0, bytes_in);
    match board.record.as_ref().map(|r| r.bytes_max.saturating_sub(used)) {
        Some(wanted) if wanted > free => {
            Err(format!("{text}, but the record may grow by {:.0} MB", wanted as f64 / 1e6))
        }
        _ => Ok(text),
    }
}

fn temperature() -> Found {
    match hottest_celsius() {
        None => Ok("unknown: no thermal zone".into()),
        Some(celsius) if celsius >= CELSIUS_HIGH => Err(format!("{celsius:.0} °C, above {CELSIUS_HIGH:.0}")),
        Some(celsius) => Ok(format!("{celsius:.0} °C")),
    }
}

/// Whether something can be written in `folder`, or in the nearest folder above it that is there.
fn writable(folder: &Path) -> Result<(), String> {
    let there = folder.ancestors().find(|f| f.exists()).filter(|f| !f.as_os_str().is_empty());
    let there = there.unwrap_or(Path::new("."));
    let probe = there.join(format!(".raymap-doctor-{}", std::process::id()));
    let written = fs::write(&probe, b"x").and_then(|()| fs::remove_file(&probe));
    written.map_err(|e| format!("nothing can be written where it is to be: {e}"))
}
