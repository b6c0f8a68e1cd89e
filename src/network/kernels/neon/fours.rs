//! The inner loop of a depthwise convolution on Armv8.2: SDOT takes four taps of four channels in one instruction.
//!
//! Outputs beside each other share the interleaved bytes.

#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::super::ConvShape;
use super::super::taps::{groups, over_taps, tap_of};
use super::depthwise::{LANES, Strip, load};
use super::requantise;

/// Outputs beside each other that are computed at a time; two apart they have less in common.
const fn tile_of(stride: usize) -> usize {
    if stride == 1 { 4 } else { 2 }
}
/// Bytes of a group of taps: four of each of a block's channels.
const GROUP: usize = 4 * LANES;

/// For each block of sixteen channels and each group of taps: a channel's four after another's.
pub fn pack(shape: &ConvShape, weights: &[i8]) -> Vec<i8> {
    let (taps, groups) = (shape.kernel * shape.kernel, groups(shape.kernel));
    let channels = shape.input.channels;
    let weight = |index: usize| {
        let (block, group) = (index / (groups * GROUP), index / GROUP % groups);
        let channel = block * LANES + index / 4 % LANES;
        let tap = tap_of(group, index % 4, shape).filter(|_| channel < channels);
        tap.map_or(0, |tap| weights[channel * taps + tap])
    };
    (0..channels.div_ceil(LANES) * groups * GROUP).map(weight).collect()
}

/// A block of 4 x `G` channels in all pixels of a row; the last tile begins inside the one before it where they do not
/// come out even.
///
/// # Safety
/// There are dot products; (`width` - 1) x `S` + `K` pixels can be read from each line, and `width` pixels written
/// from `y` on, 4 x `G` bytes each; bias and scales have as many values.
#[target_feature(enable = "dotprod")]
pub unsafe fn strip_of<const K: usize, const S: usize, const G: usize>(strip: Strip<'_, K>) {
    assert!(strip.bias.len() >= 4 * G && strip.scales.len() >= 4 * G);
    assert_eq!(strip.weights.len(), groups(K) * GROUP);
    // SAFETY: columns stay below `width`.
    unsafe {
        let tile = const { tile_of(S) };
        if strip.width < tile {
            for column in 0..strip.width {
                outputs::<K, S, G, 1>(&strip, column);
            }
            return;
        }
        for column in (0..strip.width).step_by(tile) {
            let column = column.min(strip.width - tile);
            match S {
                1 => outputs::<K, S, G, { tile_of(1) }>(&strip, column),
                _ => outputs::<K, S, G, { tile_of(2) }>(&strip, column),
            }
        }
    }
}

/// `P` outputs of a block, from `column` on.
///
/// # Safety
/// As for [`strip_of`], `column` + `P` being at most its `width`.
#[inline]
#[target_feature(enable = "dotprod")]
unsafe fn outputs<const K: usize, const S: usize, const G: usize, const P: usize>(
    strip: &Strip<'_, K>,
    column: usize,
) {
    // SAFETY: columns up to (`column` + `P` - 1) x `S` + `K` - 1 lie in the lines, and the outputs in the row; bias and
    // scales have 4 x `G` values, the weights four registers for each group.
    unsafe {
        let bias: [int32x4_t; G] = std::array::from_fn(|g| vld1q_s32(strip.bias.as_ptr().add(4 * g)));
        let mut sums = [bias; P];
        let at = |k: usize, c: usize| load::<G>(strip.lines[k].add((column * S + c) * strip.channels));
        let weights = |group: usize| strip.weights.as_ptr().add(group * GROUP);
        let mut add = |p: usize, fours, group| add_products(&mut sums[p], fours, weights(group));
        over_taps!(K, S, P, at, vdupq_n_s8(0), interleave::<G>, add);
        let scales: [float32x4_t; G] = std::array::from_fn(|g| vld1q_f32(strip.scales.as_ptr().add(4 * g)));
        let zero = vdupq_n_s16(strip.zero);
        for p in 0..P {
            let bytes = requantise::bytes(sums[p], scales, zero);
            requantise::store::<G, true>(bytes, strip.y.add((column + p) * strip.channels), 4 * G);
        }
    }
}

/// The bytes of four registers, one of each in turn: `G` registers of four channels.
#[inline]
#[target_feature(enable = "dotprod")]
fn interleave<const G: usize>([a, b, c, d]: [int8x16_t; 4]) -> [int8x16_t; G] {
    let low = (vreinterpretq_s16_s8(vzip1q_s8(a, b)), vreinterpretq_s16_s8(vzip1q_s8(c, d)));
    let high = (vreinterpretq_s16_s8(vzip2q_s8(a, b)), vreinterpretq_s16_s8(vzip2q_s8(c, d)));
    let all = [
        vzip1q_s16(low.0, low.1),
        vzip2q_s16(low.0, low.1),
        vzip1q_s16(high.0, high.1),
        vzip2q_s16(high.0, high.1),
    ];
    std::array::from_fn(|g| vreinterpretq_s8_s16(all[g]))
}

/// # Safety
/// There are dot products; `G` registers can be read at `weights`.
#[inline]
#[target_feature(enable = "dotprod")]
unsafe fn add_products<const G: usize>(sums: &mut [int32x4_t; G], bytes: [int8x16_t; G], weights: *const i8) {
    for g in 0..G {
        // SAFETY: as the caller promises; the instruction touches no memory.
        unsafe {
            let weights = vld1q_s8(weights.add(16 * g));
            asm!("sdot {sum:v}.4s, {bytes:v}.16b, {weights:v}.16b", sum = inout(vreg) sums[g],
                bytes = in(vreg) bytes[g], weights = in(vreg) weights,
                options(pure, nomem, nostack, preserves_flags));
        }
    }
}
