//! Rows of bytes times a matrix of weights: the bulk of the network, in one form for each set of kernels.

use std::fmt;

#[cfg(target_arch = "arm")]
use super::armv7;
#[cfg(target_arch = "aarch64")]
use super::neon;
use super::packed::Packed;
#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
use super::turns::sums_of_pairs_fit;
#[cfg(target_arch = "x86_64")]
use super::x86;
use super::{ConvTensors, KernelError, KernelSet};

/// A matrix of weights with bias and scales, packed: a pixel's bytes become as many bytes as there are outputs.
pub trait Product: fmt::Debug + Send + Sync {
    /// Rows of inputs in `pixels` to rows of outputs in `out`, as many (asserted).
    fn run(&self, pixels: &[i8], out: &mut [i8]);
}

/// What a row's length must be a multiple of; the rest is filled with bytes whose weights are zero.
pub fn depth_step(set: KernelSet) -> usize {
    match set {
        KernelSet::Portable => 1,
        KernelSet::Avx2 => 2,
        KernelSet::Avx512Vnni => 4,
        KernelSet::NeonArmv7 | KernelSet::Neon | KernelSet::NeonDotprod => 8,
    }
}

/// `tensors.weights` are rows of `depth`, one an output channel; `depth` is a multiple of [`depth_step`].
pub fn product(
    depth: usize,
    tensors: &ConvTensors<'_>,
    set: KernelSet,
) -> Result<Box<dyn Product>, KernelError> {
    Ok(match set {
        #[cfg(target_arch = "arm")]
        KernelSet::NeonArmv7 if sums_of_pairs_fit(tensors.weights) => armv7::matrix(depth, tensors),
        #[cfg(target_arch = "aarch64")]
        KernelSet::Neon if sums_of_pairs_fit(tensors.weights) => neon::matrix_by_pairs(depth, tensors),
        #[cfg(target_arch = "aarch64")]
        KernelSet::NeonDotprod => neon::matrix_by_fours(depth, tensors),
        #[cfg(target_arch = "x86_64")]
        KernelSet::Avx2 => x86::matrix_by_pairs(depth, tensors),
        #[cfg(target_arch = "x86_64")]
        KernelSet::Avx512Vnni => x86::matrix_by_fours(depth, tensors),
        _ => Box::new(Packed::new(depth, tensors)?),
    })
}
