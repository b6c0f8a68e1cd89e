//! The order of the stages: one frame in, one study out.
//!
//! This module does no input or output.

mod study;

pub use study::Study;
