//! `raymap`: see `raymap --help`, and `src/lib.rs` for the life of a frame.

use std::process::ExitCode;

use clap::Parser;
use raymap::cli::{Arguments, execute};
use raymap::serial::LogLines;

fn main() -> ExitCode {
    let usual = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).build();
    let level = usual.filter();
    let logger: &'static LogLines = Box::leak(Box::new(LogLines::new(Box::new(usual))));
    // Only a second logger could fail, and there is none.
    let _ = log::set_logger(logger).map(|()| log::set_max_level(level));
    match execute(Arguments::parse(), logger) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("raymap: {}", failure.text);
            ExitCode::from(failure.exit as u8)
        }
    }
}
