//! Frames recorded from any source, and played again frame for frame: for bug reports, and for tests.
//!
//! A file is a header and one block for each frame, each with its own checksum; `docs/exposure.md` has the layout.
//! Frames are as the source gave them: a board's crop and levels are applied when they are played.
//! This module must not know what the frames show.

mod block;
mod error;
mod writer;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::Duration;

pub use error::ReplayError;
pub use writer::{FILE_BYTES_MAX, FrameWriter};

use self::block::{Block, HEAD_BYTES, Head};
use super::{FrameSource, Sourced};
use crate::frame::Frame;

/// First bytes of every recording; the last one is the version of the layout.
const MAGIC: [u8; 8] = *b"RAYMAPF\x01";
/// Frames in one file: ten minutes at 60 a second.
pub const FRAMES_MAX: u64 = 36_000;

/// Plays a recording, as fast as it is asked; the frames keep their times.
pub struct ReplaySource {
    name: String,
    file: BufReader<File>,
    /// Bytes read so far, for errors.
    at: u64,
    frames: u64,
    before: Option<Frame>,
    time: Option<Duration>,
    ended: bool,
}

impl ReplaySource {
    pub fn open(path: &Path) -> Result<Self, ReplayError> {
        let about = std::fs::metadata(path).map_err(ReplayError::Read)?;
        if !about.is_file() {
            return Err(ReplayError::NotAFile);
        }
        let mut file = BufReader::new(File::open(path).map_err(ReplayError::Read)?);
        let mut magic = [0; MAGIC.len()];
        match file.read_exact(&mut magic) {
            Ok(()) if magic == MAGIC => {}
            _ => return Err(ReplayError::NoRecording),
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let at = MAGIC.len() as u64;
        Ok(Self { name, file, at, frames: 0, before: None, time: None, ended: false })
    }

    /// The next frame; `None` where the file ends between two.
    fn next(&mut self) -> Result<Option<Frame>, ReplayError> {
        let Some(head) = self.head()? else { return Ok(None) };
        if self.frames == FRAMES_MAX {
            return Err(ReplayError::TooMany);
        }
        let damaged = ReplayError::Damaged { frame: self.frames, at: self.at };
        let head = Head::parse(&head).ok_or(damaged)?;
        let mut packed = vec![0; head.packed_bytes()];
        self.file.read_exact(&mut packed).map_err(|_| ReplayError::Cut { frame: self.frames })?;
        self.at += (HEAD_BYTES + packed.len()) as u64;
        let frame = Block { head, packed }.frame(self.before.as_ref());
        let frame = frame.ok_or(ReplayError::Damaged { frame: self.frames, at: self.at })?;
        (self.time, self.before) = (Some(head.time), Some(frame.clone()));
        self.frames += 1;
        Ok(Some(frame))
    }

    /// The next block's head; `None` at the file's end.
    fn head(&mut self) -> Result<Option<[u8; HEAD_BYTES]>, ReplayError> {
        let mut head = [0; HEAD_BYTES];
        let mut got = 0;
        while let Some(rest) = head.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.file.read(rest) {
                Ok(0) if got == 0 => return Ok(None),
                Ok(0) => return Err(ReplayError::Cut { frame: self.frames }),
                Ok(n) => got += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ReplayError::Read(error)),
            }
        }
        Ok(Some(head))
    }
}

impl FrameSource for ReplaySource {
    type Error = ReplayError;

    /// The next frame; after an error the recording has ended, since what follows rests on what was lost.
    fn next_frame(&mut self) -> Option<Result<Sourced, ReplayError>> {
        if self.ended {
            return None;
        }
        let next = self.next();
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose().map(|frame| frame.map(|frame| Sourced { name: self.name.clone(), frame }))
    }

    fn time_of_last(&self) -> Option<Duration> {
        self.time
    }
}
