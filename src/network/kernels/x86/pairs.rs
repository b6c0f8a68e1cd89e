//! The inner loop of a matrix on AVX2: VPMADDWD on bytes widened to 16 bits, four pixels by sixteen channels.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::super::ConvTensors;
use super::super::blocks::{Form, Matrix, Pass, Weights, over_pixels};
use super::super::product::Product;

/// Pixels of one tile.
const TILE: usize = 4;
const FORM: Form = Form { narrow: false, pack, offsets: None, pass };

/// A matrix whose rows have an even `depth`; AVX2 has to be there (asserted).
pub fn matrix(depth: usize, tensors: &ConvTensors<'_>) -> Box<dyn Product> {
    assert!(is_x86_feature_detected!("avx2") && depth.is_multiple_of(2));
    // SAFETY: the instructions are there.
    Box::new(unsafe { Matrix::new(depth, tensors, FORM) })
}

/// For each pair of bytes of a pixel: sixteen channels' pairs of weights.
fn pack(rows: &[Weights<'_>], depth: usize) -> Vec<i8> {
    let pair =
        |start: usize| rows.iter().flat_map(move |row| row.map_or([0; 2], |w| [w[start], w[start + 1]]));
    (0..depth).step_by(2).flat_map(pair).collect()
}

/// # Safety
/// As `Form::pass` says.
#[target_feature(enable = "avx2")]
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
#[target_feature(enable = "avx2")]
unsafe fn tile<const M: usize>(pass: &Pass<'_>, x: *const i8, y: *mut i8) {
    let block = pass.block;
    // SAFETY: bias and scales have sixteen values, the weights 32 bytes for each of the pixel's pairs.
    unsafe {
        let bias = [0, 8].map(|first| _mm256_loadu_si256(block.bias.as_ptr().add(first).cast()));
        let mut sums = [bias; M];
        let mut w = block.weights.as_ptr();
        for pair in 0..pass.depth / 2 {
            let low = _mm256_cvtepi8_epi16(_mm_loadu_si128(w.cast()));
            let high = _mm256_cvtepi8_epi16(_mm_loadu_si128(w.add(16).cast()));
            for m in 0..M {
                let two = x.add(m * pass.depth + 2 * pair).cast::<i16>().read_unaligned();
                let two = _mm256_cvtepi8_epi16(_mm_set1_epi16(two));
                sums[m][0] = _mm256_add_epi32(sums[m][0], _mm256_madd_epi16(two, low));
                sums[m][1] = _mm256_add_epi32(sums[m][1], _mm256_madd_epi16(two, high));
            }
            w = w.add(32);
        }
        let scales = [0, 8].map(|first| _mm256_loadu_ps(block.scales.as_ptr().add(first)));
        for m in 0..M {
            let bytes = requantise(sums[m], scales, pass.zero);
            store(bytes, y.add(m * pass.outputs), block.valid);
        }
    }
}

/// Sixteen sums with their scales to bytes: what `Requantise` does, in the same order.
#[inline]
#[target_feature(enable = "avx2")]
pub fn requantise(sums: [__m256i; 2], scales: [__m256; 2], zero: i16) -> __m128i {
    let z = f32::from(zero);
    let (lowest, highest) = (_mm256_set1_ps(-128.0 - z), _mm256_set1_ps(127.0 - z));
    let steps = |h: usize| {
        let steps = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[h]), scales[h]);
        // The nearest, ties to even: the mode in which every Rust program runs.
        _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(steps, lowest), highest))
    };
    // In each half of the register: four of the first eight channels, then four of the second.
    let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(steps(0), steps(1)));
    let words = _mm256_add_epi16(words, _mm256_set1_epi16(zero));
    _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words))
}

/// Stores the first `valid` of sixteen bytes.
///
/// # Safety
/// `to` is valid for writing `valid` bytes, at most sixteen.
#[inline]
#[target_feature(enable = "avx2")]
pub unsafe fn store(bytes: __m128i, to: *mut i8, valid: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        if valid == 16 {
            _mm_storeu_si128(to.cast(), bytes);
        } else {
            let mut all = [0i8; 16];
            _mm_storeu_si128(all.as_mut_ptr().cast(), bytes);
            std::ptr::copy_nonoverlapping(all.as_ptr(), to, valid.min(16));
        }
    }
}
