//! `raymap`: see `raymap --help`, and `src/lib.rs` for the life of a frame.

use std::process::ExitCode;

use clap::Parser;
use raymap::cli::{Arguments, execute};

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match execute(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("raymap: {}", failure.text);
            ExitCode::from(failure.exit as u8)
        }
    }
}
