//! Why a model is refused.

use std::io;
use std::path::PathBuf;

use super::graph::GraphError;
use super::manifest::ManifestError;

/// What is wrong with a bundle, or with what it was asked to read.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// a file of the bundle is missing or unreadable
    #[error("{} cannot be read", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// a file of the bundle is larger than any such file can be
    #[error("{} has more than {max} bytes", .path.display())]
    FileSize { path: PathBuf, max: u64 },
    /// the manifest is not one
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// a file is not the one that the manifest names
    #[error("{file} has SHA-256 {actual}, but the manifest says {expected}: copy the bundle again")]
    Checksum { file: String, expected: String, actual: String },
    /// the graph cannot be run
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// the graph's input is not as the manifest says
    #[error("the model takes {actual} x {actual} pixels, but the manifest says {expected}")]
    InputSide { expected: usize, actual: usize },
    /// the graph's outputs are not those of the manifest
    #[error("the model has {actual} outputs, but the manifest says {expected}")]
    OutputCount { expected: usize, actual: usize },
    /// an output is not as the manifest says
    #[error("output {index} of the model is {actual}, but the manifest says {expected}")]
    OutputShape { index: usize, expected: String, actual: String },
    /// the golden input is no picture
    #[error("the golden input is no PNG that can be read")]
    GoldenPicture(#[source] image::ImageError),
    /// the golden input has another size
    #[error("the golden input has {width} x {height} pixels, not {side} x {side}")]
    GoldenSide { width: u32, height: u32, side: u32 },
    /// the golden output has another size
    #[error("the golden output has {actual} bytes, but the model gives {expected}")]
    GoldenLength { expected: usize, actual: usize },
    /// the model does not give its golden output on this machine
    #[error(
        "{differing} of {of} values of {output} differ from the golden output, the furthest by {largest}"
    )]
    Golden { output: String, differing: usize, of: usize, largest: u8 },
    /// what is to be read is not of the network's size
    #[error("the input has {actual} x {actual} pixels, but the model takes {expected} x {expected}")]
    Input { expected: usize, actual: usize },
}

impl ModelError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "model_file",
            Self::FileSize { .. } => "model_file_size",
            Self::Manifest(e) => e.code(),
            Self::Checksum { .. } => "model_checksum",
            Self::Graph(e) => e.code(),
            Self::InputSide { .. } | Self::OutputCount { .. } | Self::OutputShape { .. } => "model_shape",
            Self::GoldenPicture(_) | Self::GoldenSide { .. } | Self::GoldenLength { .. } => {
                "model_golden_file"
            }
            Self::Golden { .. } => "model_golden",
            Self::Input { .. } => "model_input",
        }
    }
}
