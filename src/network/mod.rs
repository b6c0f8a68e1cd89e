//! The model bundle and its execution: `NetworkInput` to [`Segmentation`].
//!
//! A bundle is a folder with `model.onnx`, `manifest.toml`, `card.md` and `golden/`; the default one is inside the
//! binary. It is refused whole when its checksum, its shapes or its golden output differ.
//! This module does not know what is done with a segmentation.

mod segmentation;

pub use segmentation::Segmentation;
