//! `raymap records`: what the station has kept.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::failure::{Exit, Failure};
use super::print::print_line;
use super::records_export::ExportArguments;
use super::{records_export, records_verify};
use crate::board::Board;
use crate::clock::WallTime;
use crate::reading::DISCLAIMER;
use crate::record::{Entry, Journal, RecordError, RecordKey, RecordPlace, Restored, hexadecimal};

#[derive(Debug, clap::Args)]
pub struct RecordsArguments {
    #[command(subcommand)]
    command: RecordsCommand,
    #[command(flatten)]
    place: Place,
    /// JSON, and nothing else, on standard output
    #[arg(long, global = true)]
    json: bool,
}

/// Which record.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The board whose record it is
    #[arg(long, value_name = "FILE", default_value = "board/host.toml", global = true)]
    board: PathBuf,
    /// The record's folder, whatever the board says
    #[arg(long, value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
    /// The record's key, whatever the board says
    #[arg(long, value_name = "FILE", global = true)]
    key: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum RecordsCommand {
    /// One line for each reading, in the order in which they were kept
    List,
    /// All of one reading, as JSON
    Show {
        /// Its number in the record
        id: u64,
    },
    /// A CSV of the readings, and of each the radiograph and the overlay as PNG; read back and compared
    Export(ExportArguments),
    /// Read every byte and compare it with its checksum
    Verify,
    /// Draw a key for a sealed record into a new file that nobody else can read
    Key {
        /// The file to write; it must not be there yet
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Write down what is damaged, so that new damage is told from old; nothing is removed
    Repair,
}

pub fn run(arguments: &RecordsArguments) -> Result<(), Failure> {
    let find = || arguments.place.find();
    let result = match &arguments.command {
        RecordsCommand::List => find().and_then(|found| list(&found, arguments.json)),
        RecordsCommand::Show { id } => find().and_then(|found| show(&found, *id)),
        RecordsCommand::Export(how) => {
            find().and_then(|found| records_export::run(&found, how, arguments.json))
        }
        RecordsCommand::Verify => find().and_then(|found| records_verify::verify(&found, arguments.json)),
        RecordsCommand::Repair => find().and_then(|f| records_verify::repair(&f.folder, arguments.json)),
        RecordsCommand::Key { to } => make_key(to),
    };
    if let (Err(failure), true) = (&result, arguments.json) {
        print_line(&failure.to_json(None).to_string())?;
    }
    result
}

impl Place {
    pub fn find(&self) -> Result<RecordPlace, Failure> {
        if let Some(folder) = &self.folder {
            return Ok(RecordPlace { folder: folder.clone(), key_file: self.key.clone() });
        }
        let record = Board::load(&self.board)?.record.ok_or_else(|| Failure {
            exit: Exit::Configuration,
            code: "record_none",
            text: format!("{} has no [record] table: nothing is kept", self.board.display()),
        })?;
        Ok(RecordPlace { folder: record.folder, key_file: self.key.clone().or(record.key_file) })
    }
}

fn make_key(to: &Path) -> Result<(), Failure> {
    RecordKey::make(to)?;
    print_line(&format!(
        "{}: a new key. Keep a copy in a safe: without it nothing that it seals can ever be read",
        to.display()
    ))
}

fn list(place: &RecordPlace, as_json: bool) -> Result<(), Failure> {
    let journal = place.open()?;
    for entry in journal.readings() {
        let restored = Restored::load(&journal, entry);
        let line = if as_json { line_json(entry, &restored).to_string() } else { line(entry, &restored) };
        print_line(&line)?;
    }
    if as_json { Ok(()) } else { print_line(&ending(&journal)) }
}

/// `     12  2026-11-24T01:29:15Z  moderate    12 % (8-17 %)  ! mirrored`.
fn line(entry: &Entry, restored: &Result<Restored, RecordError>) -> String {
    let id = entry.sequence;
    match restored {
        Ok(r) => {
            let what = r.refusal().map_or_else(|| graded(r), |code| format!("not graded ({code})"));
            format!("{id:>7}  {:<22}  {what}", r.moment.to_string())
        }
        Err(e) => format!("{id:>7}  {e}"),
    }
}

/// The grade, the infected share with its 90 % interval, and codes of warnings with a mark before them.
fn graded(r: &Restored) -> String {
    let percent = |share: f64| 100.0 * share;
    let share = format!("{:<10} {:3.0} %", r.grade().unwrap_or("?"), percent(r.share().unwrap_or(0.0)));
    let interval = r.interval90().map(|ends| ends.map(percent));
    let interval = interval.map_or_else(String::new, |[low, high]| format!(" ({low:.0}-{high:.0} %)"));
    let warnings = r.warnings().map(|code| format!("  ! {code}")).collect::<String>();
    format!("{share}{interval}{warnings}")
}

fn line_json(entry: &Entry, restored: &Result<Restored, RecordError>) -> Value {
    match restored {
        Ok(r) => {
            let mut line = times(r);
            line["grade"] = json!(r.grade());
            line["infected"] = json!(r.share());
            line["interval90"] = json!(r.interval90());
            line["warnings"] = r.warnings().collect();
            line["refusal"] = json!(r.refusal());
            line["bytes"] = json!(entry.bytes);
            line["notice"] = json!(DISCLAIMER);
            line
        }
        Err(e) => json!({"id": entry.sequence, "error": {"code": e.code(), "text": e.to_string()}}),
    }
}

/// A reading's number and when it was kept.
pub fn times(r: &Restored) -> Value {
    json!({
        "id": r.id,
        "start": r.moment.start,
        "boot_id": r.moment.boot_id.as_str(),
        "uptime_s": (r.moment.uptime.as_secs_f64() * 1e3).round() / 1e3,
        "time": r.moment.wall_time.map(|t: WallTime| t.to_string()),
    })
}

/// What the list does not show: how many were dropped, and that something is damaged.
fn ending(journal: &Journal) -> String {
    let mut text = format!("{} readings, {:.1} MB", journal.readings().count(), journal.bytes() as f64 / 1e6);
    let dropped = journal.dropped();
    if let Some(since) = &dropped.since {
        text = format!("{text}; {} older ones dropped, the first at {since}", dropped.readings);
    }
    if journal.damages_to_tell() > 0 {
        text = format!("{text}; damaged: run `raymap records verify`");
    }
    format!("{text}\n{DISCLAIMER}")
}

fn show(place: &RecordPlace, id: u64) -> Result<(), Failure> {
    let journal = place.open()?;
    let entry = journal.reading(id)?;
    let restored = Restored::load(&journal, &entry)?;
    let mut all = times(&restored);
    let header = journal.header(&entry)?;
    let part = |s: &crate::record::Section| {
        json!({"part": s.kind.name(), "bytes": s.bytes, "sha256": hexadecimal(&s.sha256),
            "sealed": s.sealed, "whole": journal.section(&entry, s.kind).is_ok()})
    };
    all["parts"] = header.sections.iter().map(part).collect();
    for key in ["board", "frame", "reading"] {
        all[key] = restored.json[key].clone();
    }
    print_line(&format!("{all:#}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::BootId;
    use crate::record::Moment;

    #[test]
    fn a_share_is_listed_with_its_interval_and_its_warnings() {
        let warnings = json!([{"code": "mirrored", "text": "…"}, {"code": "incomplete", "text": "…"}]);
        let infected = json!({"total": 0.123, "interval90": [0.08, 0.17]});
        let reading = json!({"severity": {"grade": "moderate"}, "infected": infected, "warnings": warnings});
        let moment = Moment { start: 1, boot_id: BootId::unknown(), uptime: Duration::ZERO, wall_time: None };
        let mut restored = Restored { id: 12, moment, digest: [0; 32], json: json!({"reading": reading}) };
        assert_eq!(graded(&restored), "moderate    12 % (8-17 %)  ! mirrored  ! incomplete");
        restored.json["reading"]["warnings"] = json!([]);
        assert_eq!(graded(&restored), "moderate    12 % (8-17 %)");
    }
}
