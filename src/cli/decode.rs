//! `raymap decode`: the hidden command that `source::worker` starts for each file.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use super::failure::{Exit, Failure, chain};
use crate::source::file;
use crate::source::worker::{Answered, answer, confine, greet};

pub fn run() -> Result<(), Failure> {
    talk().map_err(|e| Failure::new(Exit::Bug, "decoder_pipe", &e))
}

/// Standard input is the file, standard output whoever waits for the frame.
fn talk() -> io::Result<()> {
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let bytes = file.metadata()?.len();
    let mut to = io::stdout().lock();
    greet(&mut to, confine())?;
    let frame = file::read_open(file, bytes).map_err(|error| {
        let refusal = error.is_refusal();
        let text = if refusal { error.to_string() } else { chain(&error) };
        Answered { code: error.code(), text, refusal }
    });
    answer(&mut to, frame.as_ref())
}
