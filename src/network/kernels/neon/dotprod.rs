//! The inner loop of a matrix on Armv8.2: SDOT, sixteen products in one instruction.
//!
//! A register of weights has four bytes for each of four channels; SDOT multiplies it by one of the four quarters of
//! a pixel's register. The intrinsics are not stable yet: the instruction is written out.

#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::super::ConvTensors;
use super::super::blocks::{Form, Matrix, Pass, Weights, over_pixels};
use super::super::product::Product;
use super::super::turns::STEP;
use super::{TILE, requantise};

const FORM: Form = Form { narrow: true, pack, offsets: None, pass };

/// A matrix whose rows have a `depth` of eights; dot products have to be there (asserted).
pub fn matrix(depth: usize, tensors: &ConvTensors<'_>) -> Box<dyn Product> {
    assert!(std::arch::is_aarch64_feature_detected!("dotprod") && depth.is_multiple_of(STEP / 2));
    // SAFETY: the instructions are there.
    Box::new(unsafe { Matrix::new(depth, tensors, FORM) })
}

/// Bytes of a pixel that one instruction multiplies.
const QUARTER: usize = 4;

/// Weights in the order in which [`tile`] meets them; `rows` has `depth` weights a channel, `None`: all are zero.
fn pack(rows: &[Weights<'_>], depth: usize) -> Vec<i8> {
    let mut packed = Vec::with_capacity(rows.len() * depth);
    for start in (0..depth).step_by(QUARTER) {
        for row in rows {
            packed.extend_from_slice(row.map_or(&[0; QUARTER], |weights| &weights[start..start + QUARTER]));
        }
    }
    packed
}

/// SDOT of `$weights` with quarter `$quarter` of `$pixel`, added to `$sum`.
macro_rules! sdot {
    ($sum:expr, $weights:expr, $pixel:expr, $quarter:literal) => {
        asm!(
            concat!("sdot {sum:v}.4s, {weights:v}.16b, {pixel:v}.4b[", $quarter, "]"),
            sum = inout(vreg) $sum,
            weights = in(vreg) $weights,
            pixel = in(vreg) $pixel,
            options(pure, nomem, nostack, preserves_flags),
        )
    };
}

/// All pixels of a pass.
///
/// # Safety
/// The processor has dot products; `pass.pixels` pixels can be read at `pass.x`, and `pass.block.valid` bytes of
/// each pixel's outputs written at `pass.y`.
#[target_feature(enable = "dotprod")]
unsafe fn pass(pass: &Pass<'_>) {
    // SAFETY: as the caller promises; a block has one to four groups, of which three occur as four.
    unsafe {
        match (pass.block.bias.len() / 4, pass.block.valid) {
            (4, 16) => groups::<4, true>(pass),
            (4, _) => groups::<4, false>(pass),
            (2, 8) => groups::<2, true>(pass),
            (2, _) => groups::<2, false>(pass),
            (_, 4) => groups::<1, true>(pass),
            _ => groups::<1, false>(pass),
        }
    }
}

/// All pixels, by four while there are as many.
///
/// # Safety
/// As for [`pass`]; the block has `G` groups, all of their channels where they are `FULL`.
#[inline]
#[target_feature(enable = "dotprod")]
unsafe fn groups<const G: usize, const FULL: bool>(pass: &Pass<'_>) {
    assert!(pass.block.bias.len() == 4 * G && pass.block.weights.len() == 4 * G * pass.depth);
    // SAFETY: as the caller promises, for the pixels that are left each time.
    unsafe { over_pixels!(pass, TILE, tile::<TILE, G, FULL>, tile::<1, G, FULL>) }
}

/// The `M` pixels at `x` by the channels of a block, to `y`.
///
/// # Safety
/// As for [`groups`]; there are `M` pixels.
#[inline]
#[target_feature(enable = "dotprod")]
unsafe fn tile<const M: usize, const G: usize, const FULL: bool>(pass: &Pass<'_>, x: *const i8, y: *mut i8) {
    let block = pass.block;
    // SAFETY: the weights have 64 x G bytes for each full step and 32 x G for a half one, of which there are as many
    // as fit into `depth`; bias and scales have four values a group; pixels and outputs as the caller promises.
    unsafe {
        let bias: [int32x4_t; G] = std::array::from_fn(|g| vld1q_s32(block.bias.as_ptr().add(4 * g)));
        let mut sums = [bias; M];
        let (mut w, mut x) = (block.weights.as_ptr(), x);
        for _ in 0..pass.depth / STEP {
            let pixels: [int8x16_t; M] = std::array::from_fn(|m| vld1q_s8(x.add(m * pass.depth)));
            step::<M, G, 0>(&mut sums, w, pixels);
            step::<M, G, 1>(&mut sums, w, pixels);
            step::<M, G, 2>(&mut sums, w, pixels);
            step::<M, G, 3>(&mut sums, w, pixels);
            (w, x) = (w.add(G * 64), x.add(STEP));
        }
        if !pass.depth.is_multiple_of(STEP) {
            let half = |m: usize| vcombine_s8(vld1_s8(x.add(m * pass.depth)), vdup_n_s8(0));
            let pixels: [int8x16_t; M] = std::array::from_fn(half);
            step::<M, G, 0>(&mut sums, w, pixels);
            step::<M, G, 1>(&mut sums, w, pixels);
        }
        let scales: [float32x4_t; G] = std::array::from_fn(|g| vld1q_f32(block.scales.as_ptr().add(4 * g)));
        let zero = vdupq_n_s16(pass.zero);
        for m in 0..M {
            let bytes = requantise::bytes(sums[m], scales, zero);
            requantise::store::<G, FULL>(bytes, y.add(m * pass.outputs), block.valid);
        }
    }
}

/// Adds the products of one quarter of each pixel's register.
///
/// # Safety
/// 16 x `G` x (`QUARTER` + 1) bytes can be read at `w`.
#[inline]
#[target_feature(enable = "dotprod")]
unsafe fn step<const M: usize, const G: usize, const QUARTER: usize>(
    sums: &mut [[int32x4_t; G]; M],
    w: *const i8,
    pixels: [int8x16_t; M],
) {
    for g in 0..G {
        // SAFETY: within the bytes that the caller promises; SDOT touches no memory.
        unsafe {
            let weights = vld1q_s8(w.add((QUARTER * G + g) * 16));
            for m in 0..M {
                match QUARTER {
                    0 => sdot!(sums[m][g], weights, pixels[m], "0"),
                    1 => sdot!(sums[m][g], weights, pixels[m], "1"),
                    2 => sdot!(sums[m][g], weights, pixels[m], "2"),
                    _ => sdot!(sums[m][g], weights, pixels[m], "3"),
                }
            }
        }
    }
}
