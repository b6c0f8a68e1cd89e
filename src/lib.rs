//! The life of a frame.
