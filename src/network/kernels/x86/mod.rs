//! Kernels for x86-64: AVX2, and AVX-512 with the dot products of VNNI where they make a difference.
//!
//! Only this folder holds `unsafe` for x86-64; its public functions are safe and check all lengths.

// An index is the number of a register here.
#![allow(clippy::needless_range_loop)]

mod depthwise;
mod lanes;
mod pairs;
mod vnni;
mod wide;

pub use depthwise::{Depthwise, LANES};
pub use pairs::matrix as matrix_by_pairs;
pub use vnni::{is_present as vnni_is_present, matrix as matrix_by_fours};
pub use wide::Depthwise as WideDepthwise;
