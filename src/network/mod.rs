//! The model bundle and its execution: `NetworkInput` to [`Segmentation`].
//!
//! A bundle is a folder with `model.onnx`, `manifest.toml`, `card.md` and `golden/`; the default one is inside the
//! binary. It is refused whole when its checksum, its shapes or its golden output differ.
//! This module does not know what is done with a segmentation.

mod fitness;
mod segmentation;
mod kernels;
mod logits;
pub mod manifest;
mod compute;
mod graph;
mod error;
mod bundle;
mod exponential;
mod probability;
mod inference;

pub use bundle::Bundle;
pub use compute::{Compute, THREADS_MAX};
pub use error::ModelError;
pub use fitness::{Fitness, PictureClass};
pub use graph::GraphError;
pub use inference::Network;
pub use kernels::{KernelSet, KernelSetError};
pub use logits::Logits;
pub use manifest::{Manifest, ManifestError};
pub use segmentation::Segmentation;
