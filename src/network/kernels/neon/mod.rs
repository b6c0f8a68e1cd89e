//! Kernels for AArch64: Armv8.0, and Armv8.2 with dot products where that makes a difference.
//!
//! Bytes are multiplied in pairs: two products of bytes fit into 16 bits as long as no weight is -128, and one
//! instruction adds such sums to 32-bit ones. Requantisation and stores are part of every inner loop's end.
//! Only this folder holds `unsafe` for AArch64; its public functions are safe and check all lengths.

mod depthwise;
mod dotprod;
mod elementwise;
mod matrix;
mod pairs;
mod requantise;

pub use depthwise::Depthwise;
pub use elementwise::{add, look_up};
pub use matrix::Matrix;

use super::KernelSet;

/// Whether `weights` can be computed with by `set`: the sum of two products has to fit into 16 bits where pairs are
/// added there, and (-128) x (-128) + (-128) x (-128) alone does not.
pub fn fits(weights: &[i8], set: KernelSet) -> bool {
    set == KernelSet::NeonDotprod || !weights.contains(&i8::MIN)
}
