//! A board as data: where radiographs come from, where they are shown and where they are reported.
//!
//! `board/*.toml` is read as written (`raw`), then checked once (`check`); a [`Board`] that exists is in order.
//! Relative paths are relative to the working directory. This module must not know devices: whether a device
//! is there, and takes what it is given, is found out by those who open it.

mod raw;
mod check;
mod error;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::error::{BoardError, Place};
use crate::units::{Percent, PixelSize};

/// Bytes of the largest board file: the usual one has 500.
pub const FILE_BYTES_MAX: u64 = 64 * 1024;

/// What a station is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// Short, of lower-case letters, digits and dashes; it goes into every boot line.
    pub name: String,
    /// A sentence for people.
    pub description: String,
    pub source: SourceConfig,
    pub screen: ScreenConfig,
    pub serial: SerialConfig,
    pub model: ModelConfig,
}

/// Where radiographs come from.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceConfig {
    /// Computed from geometry, at least one.
    Phantom(Vec<PhantomConfig>),
    Capture(CaptureConfig),
    /// Every radiograph in a folder, once.
    Folder(PathBuf),
}

/// One synthetic radiograph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhantomConfig {
    pub seed: u64,
    /// Infected share of the lungs.
    pub infected: Percent,
}

/// A V4L2 capture device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureConfig {
    pub device: CaptureDevice,
    /// The size to ask for; `None`: what the device is set to.
    pub size: Option<PixelSize>,
    /// The pixel format's four-character code, padded with spaces; `None`: any that can be read.
    pub format: Option<[u8; 4]>,
    /// Longest wait for one frame; `None`: the source's own.
    pub timeout: Option<Duration>,
}

/// Which device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureDevice {
    /// `/dev/video0`.
    Path(PathBuf),
    /// The name that the device gives itself.
    Card(String),
}

/// Where results are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenConfig {
    /// A picture file, written anew for each result.
    Png { path: PathBuf, size: PixelSize },
}

/// Where results are reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialConfig {
    /// The lines go into a file.
    File(PathBuf),
    Port {
        path: PathBuf,
        baud_rate: u32,
    },
}

/// Which network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelConfig {
    /// The one inside the program.
    Embedded,
    /// The bundle in a folder.
    Folder(PathBuf),
}

impl Board {
    /// The board that the file at `path` describes.
    ///
    /// Fails on anything that is not understood, with the file's name, the line and the column.
    pub fn load(path: &Path) -> Result<Self, BoardError> {
        let text = read(path)?;
        Self::parse(&text, path)
    }

    /// The board that `text` describes; `path` names it in errors.
    pub fn parse(text: &str, path: &Path) -> Result<Self, BoardError> {
        let written = toml::from_str(text).map_err(|source| BoardError::syntax(source, text, path))?;
        check::Checker { text, path }.board(written)
    }
}

fn read(path: &Path) -> Result<String, BoardError> {
    let unreadable = |source| BoardError::Read { path: path.into(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    let bytes = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if bytes as u64 > FILE_BYTES_MAX {
        return Err(BoardError::TooLarge { path: path.into() });
    }
    Ok(text)
}
