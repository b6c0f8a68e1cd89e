//! Kernels for AArch64: Armv8.0, and Armv8.2 with dot products where that makes a difference.
//!
//! Bytes are multiplied in pairs: two products of bytes fit into 16 bits as long as no weight is -128, and one
//! instruction adds such sums to 32-bit ones. Requantisation and stores are part of every inner loop's end.
//! Only this folder holds `unsafe` for AArch64; its public functions are safe and check all lengths.

// An index is the number of a register here.
#![allow(clippy::needless_range_loop)]

mod depthwise;
mod dotprod;
mod fours;
mod elementwise;
mod pairs;
mod requantise;

pub use depthwise::Depthwise;
pub use dotprod::matrix as matrix_by_fours;
pub use elementwise::{add, look_up};
pub use pairs::matrix as matrix_by_pairs;

/// Pixels of one tile: with sixteen output channels their sums fill half of the registers.
const TILE: usize = 4;
