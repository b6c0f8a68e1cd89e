//! Runs the built program, under the target's runner (an emulator) where cargo was given one.

use std::path::Path;
use std::process::{Command, Output};

/// The program's output on `arguments`, started in `folder`.
pub fn raymap(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_raymap");
    let mut command = match runner() {
        Some(runner) => {
            let mut words = runner.split_whitespace();
            let mut command = Command::new(words.next().expect("a runner has a name"));
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.args(arguments).current_dir(folder).env_remove("RUST_LOG").output().expect("the program starts")
}

/// The emulator that `cargo test --target` was told to use; a test's child needs it as much as the test does.
fn runner() -> Option<String> {
    let name = if cfg!(target_arch = "aarch64") {
        "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER"
    } else if cfg!(target_arch = "arm") {
        "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER"
    } else {
        return None;
    };
    std::env::var(name).ok().filter(|r| !r.trim().is_empty())
}
