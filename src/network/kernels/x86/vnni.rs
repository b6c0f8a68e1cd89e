//! The inner loop of a matrix on AVX-512 with VNNI: VPDPBUSD, 64 products in one instruction, eight pixels by sixteen
//! channels.
//!
//! The instruction takes one side without sign: the weights, to which 128 is added when they are packed. So each sum is
//! 128 times its pixel's bytes too large; these are summed once for all channels. The pixels' side comes from memory,
//! four bytes to all sixteen channels, as part of the instruction.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::super::ConvTensors;
use super::super::blocks::{Form, Matrix, PASS_PIXELS, Pass, Weights};
use super::super::product::Product;

/// Pixels of one tile.
const TILE: usize = 8;
const FORM: Form = Form { narrow: false, pack, offsets: Some(offsets), pass };

/// Whether the processor has what this folder's kernels on AVX-512 take.
pub fn is_present() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni")
}

/// A matrix whose rows have a `depth` of fours; the instructions have to be there (asserted).
pub fn matrix(depth: usize, tensors: &ConvTensors<'_>) -> Box<dyn Product> {
    assert!(is_present() && depth.is_multiple_of(4));
    // SAFETY: the instructions are there.
    Box::new(unsafe { Matrix::new(depth, tensors, FORM) })
}

/// For every four bytes of a pixel: sixteen channels' four weights, 128 added.
fn pack(rows: &[Weights<'_>], depth: usize) -> Vec<i8> {
    let four = |start: usize, row: Weights<'_>| row.map_or([0; 4], |w| std::array::from_fn(|i| w[start + i]));
    let fours = (0..depth).step_by(4).flat_map(|start| rows.iter().map(move |&row| four(start, row)));
    fours.flatten().map(|weight| weight ^ i8::MIN).collect()
}

/// 128 times the sum of each pixel's bytes.
///
/// # Safety
/// As `Form::offsets` says.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn offsets(x: *const i8, depth: usize, offsets: &mut [i32]) {
    for (pixel, offset) in offsets.iter_mut().enumerate() {
        let mut sums = _mm512_setzero_si512();
        for start in (0..depth).step_by(64) {
            let mask = u64::MAX >> (64 - (depth - start).min(64));
            // SAFETY: as the caller promises; the mask leaves out what lies behind the pixel.
            let bytes = unsafe { _mm512_maskz_loadu_epi8(mask, x.add(pixel * depth + start)) };
            sums = _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(1), bytes);
        }
        *offset = _mm512_reduce_add_epi32(sums) << 7;
    }
}

/// # Safety
/// As `Form::pass` says.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn pass(pass: &Pass<'_>) {
    assert!(pass.block.weights.len() == 16 * pass.depth && pass.block.bias.len() == 16);
    assert!(pass.pixels <= PASS_PIXELS);
    let tiled = pass.pixels / TILE * TILE;
    // SAFETY: as the caller promises, for the pixels that are left each time.
    unsafe {
        for first in (0..tiled).step_by(TILE) {
            tile::<TILE>(pass, first);
        }
        for first in tiled..pass.pixels {
            tile::<1>(pass, first);
        }
    }
}

/// The `M` pixels from `first` on by sixteen channels.
///
/// # Safety
/// As for [`pass`]; there are `M` pixels.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn tile<const M: usize>(pass: &Pass<'_>, first: usize) {
    let block = pass.block;
    // SAFETY: bias and scales have sixteen values, the weights 64 bytes for every four of the pixel's.
    unsafe {
        let x = pass.x.add(first * pass.depth);
        let bias = _mm512_loadu_si512(block.bias.as_ptr().cast());
        let mut sums = [bias; M];
        for m in 0..M {
            sums[m] = _mm512_sub_epi32(bias, _mm512_set1_epi32(pass.offsets[first + m]));
        }
        for four in 0..pass.depth / 4 {
            let weights = _mm512_loadu_si512(block.weights.as_ptr().add(64 * four).cast());
            for m in 0..M {
                let bytes = x.add(m * pass.depth + 4 * four).cast::<i32>().read_unaligned();
                sums[m] = _mm512_dpbusd_epi32(sums[m], weights, _mm512_set1_epi32(bytes));
            }
        }
        let scales = _mm512_loadu_ps(block.scales.as_ptr());
        let valid = (0xffff_u32 >> (16 - block.valid)) as __mmask16;
        for (four, sums) in sums.chunks(4).enumerate() {
            let at = |m: usize| sums[m.min(sums.len() - 1)];
            let bytes = requantise([at(0), at(1), at(2), at(3)], [scales; 4], pass.zero);
            // In each lane four channels of each pixel: to each pixel's sixteen.
            let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            let bytes = _mm512_permutexvar_epi32(order, bytes);
            let y = pass.y.add((first + 4 * four) * pass.outputs);
            let pixels = [
                _mm512_castsi512_si128(bytes),
                _mm512_extracti32x4_epi32::<1>(bytes),
                _mm512_extracti32x4_epi32::<2>(bytes),
                _mm512_extracti32x4_epi32::<3>(bytes),
            ];
            for m in 0..sums.len() {
                _mm_mask_storeu_epi8(y.add(m * pass.outputs), valid, pixels[m]);
            }
        }
    }
}

/// Four registers of sums with their scales to bytes, as `Requantise` does: in each lane of 128 bits the four of the
/// first register's lane, then those of the second's, third's and fourth's.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub fn requantise(sums: [__m512i; 4], scales: [__m512; 4], zero: i16) -> __m512i {
    // Beyond it a conversion would give another sign; everything else saturates in the packing.
    let highest = _mm512_set1_ps(f32::from(i16::MAX));
    let mut steps = sums;
    for n in 0..4 {
        let value = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[n]), scales[n]);
        // The nearest, ties to even: the mode in which every Rust program runs.
        steps[n] = _mm512_cvtps_epi32(_mm512_min_ps(value, highest));
    }
    let zero = _mm512_set1_epi16(zero);
    let low = _mm512_adds_epi16(_mm512_packs_epi32(steps[0], steps[1]), zero);
    let high = _mm512_adds_epi16(_mm512_packs_epi32(steps[2], steps[3]), zero);
    _mm512_packs_epi16(low, high)
}
