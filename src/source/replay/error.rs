//! Why a recording cannot be written or played.

use super::{FILE_BYTES_MAX, FRAMES_MAX};

/// Why a recording cannot be written or played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// the operating system refused
    #[error("the recording could not be read: {0}")]
    Read(#[source] std::io::Error),
    /// the operating system refused
    #[error("the recording could not be written: {0}")]
    Write(#[source] std::io::Error),
    /// a folder or a device
    #[error("is no regular file: name a file that `raymap record` wrote")]
    NotAFile,
    /// something else
    #[error("is no recording: name a file that `raymap record` wrote")]
    NoRecording,
    /// ends in the middle of a frame
    #[error("the recording ends in the middle of frame {frame}: those before it were played")]
    Cut { frame: u64 },
    /// a checksum or a number that cannot be
    #[error("frame {frame} of the recording, before byte {at}, is damaged: copy the file again")]
    Damaged { frame: u64, at: u64 },
    /// longer than any
    #[error("the recording has more than {FRAMES_MAX} frames: record less at a time")]
    TooMany,
    /// larger than any
    #[error("the recording would have more than {FILE_BYTES_MAX} bytes: record less at a time")]
    TooLarge,
}

impl ReplayError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "replay_read",
            Self::Write(_) => "replay_write",
            Self::NotAFile => "replay_not_regular",
            Self::NoRecording => "replay_no_recording",
            Self::Cut { .. } => "replay_cut",
            Self::Damaged { .. } => "replay_damaged",
            Self::TooMany => "replay_frames_max",
            Self::TooLarge => "replay_bytes_max",
        }
    }
}
