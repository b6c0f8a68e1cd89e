//! Where pictures go: a device that shows them, or a file.
//!
//! This module does not know what a picture says.

use std::io;
use std::path::PathBuf;

use crate::units::PixelSize;

pub mod png;

pub use crate::render::RgbPicture as Canvas;

/// Shows pictures one after another.
pub trait Screen {
    /// The size of the pictures that it takes.
    fn size(&self) -> PixelSize;

    /// Shows `picture` in place of the one before.
    fn show(&mut self, picture: &Canvas) -> Result<(), ScreenError>;
}

/// Why a picture is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// a picture of another size than the screen's
    #[error("a picture of {picture} pixels does not fit a screen of {screen}")]
    Size { picture: PixelSize, screen: PixelSize },
    /// the picture's folder cannot be made
    #[error("the folder {} cannot be made", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// the picture's file cannot be written
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// the picture cannot be turned into PNG
    #[error("{} cannot be written as PNG", .0.display())]
    Encode(PathBuf, #[source] image::ImageError),
    /// the written file cannot take its place
    #[error("{} cannot be replaced", .0.display())]
    Replace(PathBuf, #[source] io::Error),
}

impl ScreenError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Size { .. } => "screen_size",
            Self::Folder(..) => "picture_folder",
            Self::Write(..) => "picture_write",
            Self::Encode(..) => "picture_encode",
            Self::Replace(..) => "picture_replace",
        }
    }
}
