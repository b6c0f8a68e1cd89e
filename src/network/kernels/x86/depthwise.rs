//! Depthwise convolution on AVX2: sixteen channels of one output at a time, two taps in one multiply-add.

#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::ops::Range;

use super::super::lines::{Lines, Window};
use super::super::{ConvShape, ConvTensors, Kernel, KernelError, MapShape};
use super::pairs::{requantise, store};

/// Channels computed at a time; the last ones of an odd number of eights are computed by plain Rust.
pub const LANES: usize = 16;

#[derive(Debug)]
pub struct Depthwise {
    shape: ConvShape,
    lines: Lines,
    output: MapShape,
    /// For each block of sixteen channels and each pair of taps: the pairs of channels 0 to 3 and 8 to 11, then those
    /// of 4 to 7 and 12 to 15, which is the order in which bytes are interleaved. An odd tap's partner is 0.
    weights: Vec<i16>,
    bias: Vec<i32>,
    scales: Vec<f32>,
    zero: i16,
}

impl Depthwise {
    /// `shape` is that of a depthwise convolution whose channels are a multiple of sixteen; AVX2 has to be there
    /// (both asserted).
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        assert!(is_x86_feature_detected!("avx2") && shape.input.channels.is_multiple_of(LANES));
        let taps = shape.kernel * shape.kernel;
        let pairs = taps.div_ceil(2);
        let mut weights = vec![0; shape.input.channels * pairs * 2];
        for (index, slot) in weights.iter_mut().enumerate() {
            let (block, pair, place) = (index / (32 * pairs), index / 32 % pairs, index % 32);
            let (half, lane, odd) = (place / 16, place / 2 % 8, place % 2);
            let channel = block * LANES + lane % 4 + lane / 4 * 8 + half * 4;
            let tap = 2 * pair + odd;
            *slot = if tap < taps { tensors.weights[channel * taps + tap].into() } else { 0 };
        }
        Ok(Self {
            shape: *shape,
            lines: Lines::new(shape, tensors.input_zero),
            output: shape.output()?,
            weights,
            bias: tensors.corrected_bias(taps, 0),
            scales: tensors.scales.clone(),
            zero: tensors.output_zero.into(),
        })
    }

    /// One row of outputs with kernel `K`, which has `PAIRS` pairs of taps.
    fn row<const K: usize, const PAIRS: usize>(&self, window: Window<'_>, output: &mut [i8]) {
        let (channels, step) = (self.output.channels, self.shape.stride * self.output.channels);
        let lines: [&[i8]; K] = std::array::from_fn(|k| window.line(k));
        assert!(lines.iter().all(|l| l.len() >= (self.output.width - 1) * step + K * channels));
        for (column, y) in output.chunks_exact_mut(channels).enumerate() {
            for (block, y) in y.chunks_exact_mut(LANES).enumerate() {
                let at = |tap: usize| {
                    lines[tap / K][column * step + tap % K * channels + block * LANES..].as_ptr()
                };
                // SAFETY: every tap has its sixteen bytes in its line (asserted above), weights, bias and scales have
                // those of the block, and `y` has sixteen bytes; AVX2 was found when this was made.
                unsafe {
                    let weights = self.weights[block * PAIRS * 32..][..PAIRS * 32].as_ptr();
                    let sums = output_of::<K, PAIRS>(at, weights);
                    let bias = self.bias[block * LANES..][..LANES].as_ptr();
                    let scales = self.scales[block * LANES..][..LANES].as_ptr();
                    finish(sums, bias, scales, self.zero, y.as_mut_ptr());
                }
            }
        }
    }
}

impl Kernel for Depthwise {
    fn output(&self) -> MapShape {
        self.output
    }

    fn scratch(&self) -> usize {
        self.lines.bytes()
    }

    fn run(&self, inputs: &[&[i8]], rows: Range<usize>, output: &mut [i8], scratch: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (1, self.output.span(&rows).len()));
        let mut outputs = output.chunks_exact_mut(self.output.row());
        self.lines.under(inputs[0], rows, scratch, |window| {
            outputs.next().into_iter().for_each(|y| match self.shape.kernel {
                3 => self.row::<3, 5>(window, y),
                _ => self.row::<5, 13>(window, y),
            });
        });
    }
}

/// The sums of sixteen channels: 0 to 3 and 8 to 11, then 4 to 7 and 12 to 15.
///
/// # Safety
/// AVX2 is there; sixteen bytes can be read where `at` says each tap is, and 64 x `PAIRS` bytes from `weights` on.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn output_of<const K: usize, const PAIRS: usize>(
    at: impl Fn(usize) -> *const i8,
    weights: *const i16,
) -> [__m256i; 2] {
    let mut sums = [_mm256_setzero_si256(); 2];
    for pair in 0..PAIRS {
        // SAFETY: as the caller promises; the tap after the last is the last again, its weights are zero.
        unsafe {
            let tap = |tap: usize| _mm256_cvtepi8_epi16(_mm_loadu_si128(at(tap.min(K * K - 1)).cast()));
            let (a, b) = (tap(2 * pair), tap(2 * pair + 1));
            let w = |half: usize| _mm256_loadu_si256(weights.add(pair * 32 + half * 16).cast());
            let low = _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), w(0));
            let high = _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), w(1));
            sums = [_mm256_add_epi32(sums[0], low), _mm256_add_epi32(sums[1], high)];
        }
    }
    sums
}

/// Puts sums in the order of their channels, adds the bias, and stores sixteen bytes.
///
/// # Safety
/// AVX2 is there; sixteen values can be read at `bias` and `scales`, and sixteen bytes written at `y`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn finish(sums: [__m256i; 2], bias: *const i32, scales: *const f32, zero: i16, y: *mut i8) {
    // SAFETY: as the caller promises.
    unsafe {
        let first = _mm256_permute2x128_si256::<0x20>(sums[0], sums[1]);
        let second = _mm256_permute2x128_si256::<0x31>(sums[0], sums[1]);
        let sums = [
            _mm256_add_epi32(first, _mm256_loadu_si256(bias.cast())),
            _mm256_add_epi32(second, _mm256_loadu_si256(bias.add(8).cast())),
        ];
        let scales = [_mm256_loadu_ps(scales), _mm256_loadu_ps(scales.add(8))];
        store(requantise(sums, scales, zero), y, LANES);
    }
}
