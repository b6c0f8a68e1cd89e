//! Frames into a recording.

use std::io::Write;
use std::time::Duration;

use super::block::Block;
use super::{FRAMES_MAX, MAGIC, ReplayError};
use crate::frame::Frame;

/// Largest recording: fits on a FAT file system with room to spare.
pub const FILE_BYTES_MAX: u64 = 2 << 30;
/// Every so many frames one stands on its own, so that damage costs no more.
const WHOLE_EVERY: u64 = 64;

/// Writes one frame after another.
pub struct FrameWriter<W: Write> {
    file: W,
    frames: u64,
    bytes: u64,
    before: Option<Frame>,
}

impl<W: Write> FrameWriter<W> {
    /// Begins a recording in `file`, which is empty.
    pub fn begin(mut file: W) -> Result<Self, ReplayError> {
        file.write_all(&MAGIC).map_err(ReplayError::Write)?;
        Ok(Self { file, frames: 0, bytes: MAGIC.len() as u64, before: None })
    }

    /// Adds a frame that was taken at `time`, no earlier than the one before.
    pub fn add(&mut self, frame: Frame, time: Duration) -> Result<(), ReplayError> {
        if self.frames == FRAMES_MAX {
            return Err(ReplayError::TooMany);
        }
        let before = self.before.as_ref().filter(|_| !self.frames.is_multiple_of(WHOLE_EVERY));
        let block = Block::of(&frame, time, before).map_err(ReplayError::Write)?.to_bytes();
        if self.bytes + block.len() as u64 > FILE_BYTES_MAX {
            return Err(ReplayError::TooLarge);
        }
        self.file.write_all(&block).map_err(ReplayError::Write)?;
        self.bytes += block.len() as u64;
        (self.frames, self.before) = (self.frames + 1, Some(frame));
        Ok(())
    }

    /// Hands the last bytes over; how many frames and bytes the recording has.
    pub fn finish(mut self) -> Result<(u64, u64), ReplayError> {
        self.file.flush().map_err(ReplayError::Write)?;
        Ok((self.frames, self.bytes))
    }
}
