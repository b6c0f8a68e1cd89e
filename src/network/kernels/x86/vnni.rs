//! The inner loop of a matrix on AVX-512 with VNNI: VPDPBUSD, 64 products in one instruction, eight pixels by sixteen
//! channels.
//!
//! The instruction takes a pixel's bytes without sign: 128 is added to them, and the bias makes up for it.

#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::super::ConvTensors;
use super::super::blocks::{Form, Matrix, Pass, Weights, over_pixels};
use super::super::product::Product;

/// Pixels of one tile.
const TILE: usize = 8;
/// Bytes of a pixel that are shifted at a time: what eight pixels have lies in the fastest cache.
const CHUNK: usize = 512;
const FORM: Form = Form { narrow: false, shift: 128, pack, pass };

/// A matrix whose rows have a `depth` of fours; AVX-512 F and VNNI have to be there (asserted).
pub fn matrix(depth: usize, tensors: &ConvTensors<'_>) -> Box<dyn Product> {
    assert!(is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni"));
    assert!(depth.is_multiple_of(4));
    // SAFETY: the instructions are there.
    Box::new(unsafe { Matrix::new(depth, tensors, FORM) })
}

/// For every four bytes of a pixel: sixteen channels' four weights.
fn pack(rows: &[Weights<'_>], depth: usize) -> Vec<i8> {
    let mut packed = Vec::with_capacity(rows.len() * depth);
    for start in (0..depth).step_by(4) {
        for row in rows {
            packed.extend_from_slice(row.map_or(&[0; 4], |weights| &weights[start..start + 4]));
        }
    }
    packed
}

/// # Safety
/// As `Form::pass` says.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn pass(pass: &Pass<'_>) {
    assert!(pass.block.weights.len() == 16 * pass.depth && pass.block.bias.len() == 16);
    // SAFETY: as the caller promises, for the pixels that are left each time.
    unsafe { over_pixels!(pass, TILE, tile::<TILE>, tile::<1>) }
}

/// The `M` pixels at `x` by sixteen channels, to `y`.
///
/// # Safety
/// As for [`pass`]; there are `M` pixels.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn tile<const M: usize>(pass: &Pass<'_>, x: *const i8, y: *mut i8) {
    let block = pass.block;
    let mut shifted = [const { MaybeUninit::<[u8; CHUNK]>::uninit() }; M];
    // SAFETY: bias and scales have sixteen values, the weights 64 bytes for every four of the pixel's; what is read of
    // `shifted` was written for this chunk; the mask leaves out what is not valid.
    unsafe {
        let mut sums = [_mm512_loadu_si512(block.bias.as_ptr().cast()); M];
        let mut w = block.weights.as_ptr();
        for start in (0..pass.depth).step_by(CHUNK) {
            let bytes = CHUNK.min(pass.depth - start);
            for m in 0..M {
                shift(x.add(m * pass.depth + start), bytes, shifted[m].as_mut_ptr().cast());
            }
            for four in 0..bytes / 4 {
                let weights = _mm512_loadu_si512(w.cast());
                for m in 0..M {
                    let bytes = shifted[m].as_ptr().cast::<i32>().add(four).read_unaligned();
                    sums[m] = _mm512_dpbusd_epi32(sums[m], _mm512_set1_epi32(bytes), weights);
                }
                w = w.add(64);
            }
        }
        let scales = _mm512_loadu_ps(block.scales.as_ptr());
        let valid = (0xffff_u32 >> (16 - block.valid)) as __mmask16;
        for m in 0..M {
            let steps = requantise(sums[m], scales, pass.zero);
            _mm512_mask_cvtsepi32_storeu_epi8(y.add(m * pass.outputs), valid, steps);
        }
    }
}

/// Writes `bytes` bytes of `x`, a multiple of four, with 128 added.
///
/// # Safety
/// AVX-512 is there; so many bytes can be read at `x` and written at `to`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn shift(x: *const i8, bytes: usize, to: *mut i8) {
    let sign = _mm512_set1_epi8(i8::MIN);
    for start in (0..bytes).step_by(64) {
        let fours = (bytes - start).min(64) / 4;
        let mask = (0xffff_u32 >> (16 - fours)) as __mmask16;
        // SAFETY: as the caller promises; the mask leaves out what lies behind the last byte.
        unsafe {
            let some = _mm512_maskz_loadu_epi32(mask, x.add(start).cast());
            _mm512_mask_storeu_epi32(to.add(start).cast(), mask, _mm512_xor_si512(some, sign));
        }
    }
}

/// Sixteen sums with their scales to what saturates to bytes: as `Requantise` does, in the same order.
#[inline]
#[target_feature(enable = "avx512f")]
fn requantise(sums: __m512i, scales: __m512, zero: i16) -> __m512i {
    let z = f32::from(zero);
    let steps = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), scales);
    let steps = _mm512_min_ps(_mm512_max_ps(steps, _mm512_set1_ps(-128.0 - z)), _mm512_set1_ps(127.0 - z));
    // The nearest, ties to even: the mode in which every Rust program runs.
    _mm512_add_epi32(_mm512_cvtps_epi32(steps), _mm512_set1_epi32(zero.into()))
}
