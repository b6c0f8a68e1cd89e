//! From stored pixel values to what a person and the network are shown.
//!
//! Window level first, then the inversion of MONOCHROME1, then a stretch between two percentiles of the grey
//! values; the result is scaled by a triangle's weights into a square with black bars (a letterbox).
//! Training does the same (`models/training`, `corpus.py`).
//! This module does not know what the network makes of its input.

mod letterbox;
mod window_level;

pub use letterbox::{InputError, Letterbox, NetworkInput};
pub use window_level::{Display, PERCENTILE_HIGH, PERCENTILE_LOW};
