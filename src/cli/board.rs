//! `raymap board`: whether board files are in order, what they come to, and which there are.

use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};
use super::print::print_line;
use crate::board::{BUILT_IN, Board, BoardError, Explained, Fact, Facts, Status, explain, is_part, schema};

#[derive(Debug, clap::Args)]
pub struct BoardArguments {
    #[command(subcommand)]
    command: BoardCommand,
}

#[derive(Debug, clap::Subcommand)]
enum BoardCommand {
    /// Say what is wrong with board files, each fault with its line and column
    Check {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Every key of a board, and which file says it
    Explain {
        /// A board file, or a name of `raymap board list`
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// The boards inside the program, and those in a folder
    List {
        /// A folder of board files
        #[arg(long, value_name = "DIR", default_value = "board")]
        folder: PathBuf,
        /// The hardware as a table in Markdown, as in docs/integrators.md
        #[arg(long)]
        table: bool,
    },
    /// The JSON schema of board files, for editors
    Schema,
}

pub fn run(arguments: &BoardArguments) -> Result<(), Failure> {
    match &arguments.command {
        BoardCommand::Check { files } => check(files),
        BoardCommand::Explain { file } => explained(file),
        BoardCommand::List { table: true, .. } => print_line(hardware_table()?.trim_end()),
        BoardCommand::List { folder, .. } => list(folder),
        BoardCommand::Schema => print_line(&format!("{:#}", schema())),
    }
}

fn check(files: &[PathBuf]) -> Result<(), Failure> {
    let mut refused = 0;
    for file in files {
        let faults = Board::faults(file);
        refused += usize::from(!faults.is_empty());
        match faults.as_slice() {
            [] => print_line(&format!("{}: in order", file.display()))?,
            faults => faults.iter().for_each(|fault| eprintln!("{fault}")),
        }
    }
    if refused == 0 {
        return Ok(());
    }
    let text = format!("{refused} of {} board files cannot be used", files.len());
    Err(Failure { exit: Exit::Configuration, code: "board_refused", text })
}

fn explained(file: &Path) -> Result<(), Failure> {
    for Explained { key, value, origin } in explain(file)? {
        print_line(&format!("{key} = {value}  # {origin}"))?;
    }
    // Whatever is wrong is said after all that is known.
    Board::faults(file).into_iter().next().map_or(Ok(()), |fault| Err(fault.into()))
}

/// What a list says of one board.
struct Listed {
    name: String,
    outcome: Result<(Status, String), BoardError>,
    place: &'static str,
}

fn list(folder: &Path) -> Result<(), Failure> {
    let mut listed: Vec<Listed> = here(folder)?;
    for (name, _) in BUILT_IN.iter().filter(|(name, _)| !name.contains('/')) {
        if !listed.iter().any(|l| l.name == *name) {
            listed.push(one((*name).into(), Board::built_in(name), "built in"));
        }
    }
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    let width = listed.iter().map(|l| l.name.len()).max().unwrap_or(0);
    for Listed { name, outcome, place } in &listed {
        print_line(&match outcome {
            Ok((status, description)) => {
                format!("{name:width$}  {:9}  {place:8}  {description}", status.name())
            }
            Err(error) => format!("{name:width$}  refused    {place:8}  {error}"),
        })?;
    }
    Ok(())
}

/// The boards of a folder; none where there is no folder.
fn here(folder: &Path) -> Result<Vec<Listed>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let text = format!("{} could not be read: {error}", folder.display());
            return Err(Failure { exit: Exit::Configuration, code: "board_folder", text });
        }
    };
    let paths = entries.filter_map(Result::ok).map(|e| e.path());
    let boards = paths.filter(|p| p.extension().is_some_and(|e| e == "toml") && !is_part(p));
    let stem = |p: &Path| p.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(boards.take(BOARDS_MAX).map(|p| one(stem(&p), Board::load(&p), "here")).collect())
}

/// Boards of one folder that are listed: more are no list for people.
const BOARDS_MAX: usize = 1_000;

fn one(name: String, board: Result<Board, BoardError>, place: &'static str) -> Listed {
    Listed { name, outcome: board.map(|b| (b.status, b.description)), place }
}

/// The computers inside the program, one a row.
fn hardware_table() -> Result<String, Failure> {
    let mut table = String::from(
        "| part | processor and memory | first UART | watchdog, at most | screens | cameras and grabbers | status |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (name, _) in BUILT_IN.iter().filter(|(name, _)| name.starts_with("sbc/")) {
        // A part has no source of its own; any will do to see its facts.
        let text = format!(
            "description = 'Table.'\ninherits = ['{name}']\nsource = {{ kind = 'folder', path = 'none' }}"
        );
        let board = Board::parse(&text, Path::new("no-folder/table.toml"))?;
        table.push_str(&row(name, &board.facts, board.status));
    }
    Ok(table)
}

fn row(name: &str, facts: &Facts, status: Status) -> String {
    let texts = |facts: &[Fact]| facts.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join("; ");
    let first = |facts: &[Fact], text: fn(&Fact) -> String| facts.first().map_or("none".into(), text);
    let uart = first(&facts.uarts, |f| format!("`{}`", f.device.as_deref().unwrap_or("?")));
    let watchdog = first(&facts.watchdogs, |f| f.timeout_s_max.map_or("?".into(), |s| format!("{s} s")));
    let or_none = |text: String| if text.is_empty() { "none".into() } else { text };
    format!(
        "| `{name}` | {} | {uart} | {watchdog} | {} | {} | {status} |\n",
        facts.processor.as_ref().map_or("", |f| f.text.as_str()),
        or_none(texts(&facts.screens)),
        or_none(texts(&facts.cameras)),
    )
}
