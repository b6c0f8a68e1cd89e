//! Depthwise convolution on AVX2: sixteen channels of one output at a time, two taps in one multiply-add.

#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::ops::Range;

use super::super::lines::{Lines, Window};
use super::super::{ConvShape, ConvTensors, Kernel, KernelError, MapShape};
use super::pairs::{requantise, store};

/// Channels computed at a time; where eight are left over, the last sixteen are computed once more, eight of them anew.
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
    /// `shape` is that of a depthwise convolution of sixteen channels or more; AVX2 has to be there (both asserted).
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        let channels = shape.input.channels;
        assert!(is_x86_feature_detected!("avx2") && channels >= LANES);
        let taps = shape.kernel * shape.kernel;
        let pairs = taps.div_ceil(2);
        let mut weights = vec![0; channels.div_ceil(LANES) * LANES * pairs * 2];
        for (index, slot) in weights.iter_mut().enumerate() {
            let (block, pair, place) = (index / (32 * pairs), index / 32 % pairs, index % 32);
            let (half, lane, odd) = (place / 16, place / 2 % 8, place % 2);
            let channel = first_channel(block, channels) + lane % 4 + lane / 4 * 8 + half * 4;
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
        assert_eq!(output.len(), self.output.width * channels);
        for block in 0..channels.div_ceil(LANES) {
            let first = first_channel(block, channels);
            let constants = Constants {
                weights: self.weights[block * PAIRS * 32..][..PAIRS * 32].as_ptr(),
                bias: self.bias[first..][..LANES].as_ptr(),
                scales: self.scales[first..][..LANES].as_ptr(),
                zero: self.zero,
            };
            let starts = lines.map(|line| line[first..].as_ptr());
            // SAFETY: each line has the sixteen bytes of every tap of every output, and the row those of every output
            // (asserted above); weights, bias and scales have those of the block; AVX2 was found when this was made.
            unsafe {
                let y = output[first..].as_mut_ptr();
                columns::<K, PAIRS>(starts, step, &constants, y, self.output.width, channels);
            }
        }
    }
}

/// The first of sixteen channels; the last block of an odd number of eights begins inside the one before it.
fn first_channel(block: usize, channels: usize) -> usize {
    (block * LANES).min(channels - LANES)
}

/// What belongs to sixteen channels.
struct Constants {
    weights: *const i16,
    bias: *const i32,
    scales: *const f32,
    zero: i16,
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
        let outputs = output.chunks_exact_mut(self.output.row());
        self.lines.under(inputs[0], rows, outputs, scratch, |window, y| match self.shape.kernel {
            3 => self.row::<3, 5>(window, y),
            _ => self.row::<5, 13>(window, y),
        });
    }
}

/// Sixteen channels of each of the `width` outputs of a row from `y` on, which lie `channels` apart.
///
/// # Safety
/// AVX2 is there; from each of `lines` on, sixteen bytes can be read at every tap of every output, which lie `step`
/// bytes apart; `constants` have sixteen values, and 64 x `PAIRS` bytes of weights; sixteen bytes can be written for
/// every output.
#[target_feature(enable = "avx2")]
unsafe fn columns<const K: usize, const PAIRS: usize>(
    lines: [*const i8; K],
    step: usize,
    constants: &Constants,
    y: *mut i8,
    width: usize,
    channels: usize,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let bias = [0, 8].map(|first| _mm256_loadu_si256(constants.bias.add(first).cast()));
        let scales = [0, 8].map(|first| _mm256_loadu_ps(constants.scales.add(first)));
        // In the order of the sums.
        let bias = [
            _mm256_permute2x128_si256::<0x20>(bias[0], bias[1]),
            _mm256_permute2x128_si256::<0x31>(bias[0], bias[1]),
        ];
        for column in 0..width {
            let at = |tap: usize| lines[tap / K].add(column * step + tap % K * channels);
            let sums = sums_of::<K, PAIRS>(at, constants.weights, bias);
            let first = _mm256_permute2x128_si256::<0x20>(sums[0], sums[1]);
            let second = _mm256_permute2x128_si256::<0x31>(sums[0], sums[1]);
            store(requantise([first, second], scales, constants.zero), y.add(column * channels), LANES);
        }
    }
}

/// The sums of sixteen channels: 0 to 3 and 8 to 11, then 4 to 7 and 12 to 15; `sums` are their bias.
///
/// # Safety
/// AVX2 is there; sixteen bytes can be read where `at` says each tap is, and 64 x `PAIRS` bytes from `weights` on.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn sums_of<const K: usize, const PAIRS: usize>(
    at: impl Fn(usize) -> *const i8,
    weights: *const i16,
    mut sums: [__m256i; 2],
) -> [__m256i; 2] {
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
