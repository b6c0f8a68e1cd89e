//! Results on the standard output.

use std::io::Write;
use std::path::Path;

use super::failure::Failure;

/// Prints a line. Whoever reads may be gone, as `head` is: that is a storage failure with its cause, no panic.
pub fn print_line(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|e| Failure::storage(Path::new("standard output"), &e))
}
