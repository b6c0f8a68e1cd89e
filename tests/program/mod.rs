//! Runs the built program, under the target's runner (an emulator) where cargo was given one.

#[path = "../emulator/mod.rs"]
pub mod emulator;

use std::path::Path;
use std::process::{Command, Output};

/// The program, yet to be given its arguments.
#[allow(dead_code)]
pub fn command() -> Command {
    let program = env!("CARGO_BIN_EXE_raymap");
    match emulator::runner() {
        Some(runner) => {
            let mut words = runner.split_whitespace();
            let mut command = Command::new(words.next().expect("a runner has a name"));
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// The program's output on `arguments`, started in `folder`.
#[allow(dead_code)]
pub fn raymap(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = command();
    command.args(arguments).current_dir(folder).env_remove("RUST_LOG").output().expect("the program starts")
}
