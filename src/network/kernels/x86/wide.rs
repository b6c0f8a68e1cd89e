//! Depthwise convolution on AVX-512 with VNNI: VPDPBUSD takes four taps of sixteen channels in one instruction.
//!
//! Four outputs beside each other share the interleaved bytes. A register's four lanes of 128 bits are sixteen channels
//! each: of one output, or, where a map has fewer channels left, of two or four outputs, far from each other in their row.

#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::ops::Range;

use super::super::lines::{Lines, Window};
use super::super::taps::over_taps;
use super::super::{ConvShape, ConvTensors, Kernel, KernelError, MapShape};
use super::depthwise::LANES;
use super::lanes::{Block, REGISTER, blocks};
use super::vnni::{is_present, requantise};

/// Outputs beside each other that are computed at a time.
const TILE: usize = 4;

#[derive(Debug)]
pub struct Depthwise {
    shape: ConvShape,
    lines: Lines,
    output: MapShape,
    blocks: Vec<Block>,
    zero: i16,
}

impl Depthwise {
    /// `shape` is that of a depthwise convolution of sixteen channels or more; the instructions have to be there (both
    /// asserted).
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        assert!(is_present() && shape.input.channels >= LANES);
        // The maps' bytes are multiplied without sign: 128 is added to them.
        let bias = tensors.corrected_bias(shape.kernel * shape.kernel, 128);
        let block = |(first, parts)| Block::new(first, parts, shape, tensors, &bias);
        Ok(Self {
            shape: *shape,
            lines: Lines::without_sign(shape, tensors.input_zero),
            output: shape.output()?,
            blocks: blocks(shape.input.channels).map(block).collect(),
            zero: tensors.output_zero.into(),
        })
    }

    fn row<const K: usize, const S: usize>(&self, window: Window<'_>, output: &mut [i8]) {
        assert_eq!((output.len(), S), (self.output.row(), self.shape.stride));
        let lines: [&[i8]; K] = std::array::from_fn(|k| window.line(k));
        let step = self.shape.stride * self.output.channels;
        assert!(lines.iter().all(|l| l.len() >= (self.output.width - 1) * step + K * self.output.channels));
        for block in &self.blocks {
            let row = Row {
                lines: lines.map(|line| line[block.first..].as_ptr()),
                output: output[block.first..].as_mut_ptr(),
                channels: self.output.channels,
                width: self.output.width,
                block,
                zero: self.zero,
            };
            // SAFETY: each line has the block's bytes of every tap of every output, and the row those of every output
            // (asserted above); the instructions were there when this was made.
            unsafe {
                match block.parts {
                    1 => parts::<K, S, 1>(&row),
                    2 => parts::<K, S, 2>(&row),
                    _ => parts::<K, S, 4>(&row),
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
        let outputs = output.chunks_exact_mut(self.output.row());
        let ConvShape { kernel, stride, .. } = self.shape;
        self.lines.under(inputs[0], rows, outputs, scratch, |window, y| match (kernel, stride) {
            (3, 1) => self.row::<3, 1>(window, y),
            (3, _) => self.row::<3, 2>(window, y),
            (_, 1) => self.row::<5, 1>(window, y),
            _ => self.row::<5, 2>(window, y),
        });
    }
}

/// One block's channels of one row of outputs.
struct Row<'a, const K: usize> {
    /// First byte of the block's channels under the first output.
    lines: [*const i8; K],
    output: *mut i8,
    channels: usize,
    width: usize,
    block: &'a Block,
    zero: i16,
}

/// The whole row, `G` parts of it at a time; the last part begins inside the one before it where they do not come out
/// even, as does the last tile of each.
///
/// # Safety
/// The instructions are there; the block's bytes can be read at every tap of every output from `lines` on, and written
/// for every output.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn parts<const K: usize, const S: usize, const G: usize>(row: &Row<'_, K>) {
    let length = row.width.div_ceil(G);
    let mut first = [0; G];
    for g in 0..G {
        first[g] = (g * length).min(row.width - length);
    }
    // SAFETY: as the caller promises, for outputs of the row.
    unsafe {
        if length < TILE {
            for column in 0..length {
                tile::<K, S, G, 1>(row, &first, column);
            }
            return;
        }
        for column in (0..length).step_by(TILE) {
            tile::<K, S, G, TILE>(row, &first, column.min(length - TILE));
        }
    }
}

/// `P` outputs of each part from `column` on; the parts begin at the outputs `first`.
///
/// # Safety
/// As for [`parts`]; there are `P` outputs.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn tile<const K: usize, const S: usize, const G: usize, const P: usize>(
    row: &Row<'_, K>,
    first: &[usize; G],
    column: usize,
) {
    let (block, channels) = (row.block, row.channels);
    let nothing = _mm512_setzero_si512();
    // SAFETY: as the caller promises; bias and scales have four registers, the weights four for each group of taps.
    unsafe {
        let bias = registers(block.bias.as_ptr().cast());
        let mut sums = [bias; P];
        let at =
            |k: usize, c: usize| load::<G>(row.lines[k], first, (column * S + c) * channels, S * channels);
        let weights = |group: usize| registers(block.weights.as_ptr().add(group * 4 * REGISTER).cast());
        let mut add = |p: usize, fours, group| add_products(&mut sums[p], fours, weights(group));
        over_taps!(K, S, P, at, nothing, interleave, add);
        let mut scales = [_mm512_setzero_ps(); 4];
        for n in 0..4 {
            scales[n] = _mm512_loadu_ps(block.scales.as_ptr().add(16 * n));
        }
        for p in 0..P {
            let bytes = requantise(sums[p], scales, row.zero);
            store::<G>(bytes, row.output, first, (column + p) * channels, channels);
        }
    }
}

/// # Safety
/// AVX-512 is there; four registers can be read at `from`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn registers(from: *const __m512i) -> [__m512i; 4] {
    // SAFETY: as the caller promises.
    unsafe {
        [
            _mm512_loadu_si512(from),
            _mm512_loadu_si512(from.add(1)),
            _mm512_loadu_si512(from.add(2)),
            _mm512_loadu_si512(from.add(3)),
        ]
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn add_products(sums: &mut [__m512i; 4], bytes: [__m512i; 4], weights: [__m512i; 4]) {
    for n in 0..4 {
        sums[n] = _mm512_dpbusd_epi32(sums[n], bytes[n], weights[n]);
    }
}

/// The bytes of four registers, one of each in turn, in the order of `Block::weights`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn interleave([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let low = (_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d));
    let high = (_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d));
    [
        _mm512_unpacklo_epi16(low.0, low.1),
        _mm512_unpackhi_epi16(low.0, low.1),
        _mm512_unpacklo_epi16(high.0, high.1),
        _mm512_unpackhi_epi16(high.0, high.1),
    ]
}

/// A block's channels at `G` places: `offset` bytes behind where each part begins, `step` bytes an output.
///
/// # Safety
/// AVX-512 is there; 64 / `G` bytes can be read at each place.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn load<const G: usize>(line: *const i8, first: &[usize; G], offset: usize, step: usize) -> __m512i {
    // SAFETY: as the caller promises.
    unsafe {
        let at = |g: usize| line.add(first[g] * step + offset);
        match G {
            1 => _mm512_loadu_si512(at(0).cast()),
            2 => {
                let low = _mm512_castsi256_si512(_mm256_loadu_si256(at(0).cast()));
                _mm512_inserti64x4::<1>(low, _mm256_loadu_si256(at(1).cast()))
            }
            _ => {
                let lanes = _mm512_castsi128_si512(_mm_loadu_si128(at(0).cast()));
                let lanes = _mm512_inserti32x4::<1>(lanes, _mm_loadu_si128(at(1).cast()));
                let lanes = _mm512_inserti32x4::<2>(lanes, _mm_loadu_si128(at(2).cast()));
                _mm512_inserti32x4::<3>(lanes, _mm_loadu_si128(at(3).cast()))
            }
        }
    }
}

/// The reverse of [`load`].
///
/// # Safety
/// AVX-512 is there; 64 / `G` bytes can be written at each place.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn store<const G: usize>(
    bytes: __m512i,
    row: *mut i8,
    first: &[usize; G],
    offset: usize,
    step: usize,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let at = |g: usize| row.add(first[g] * step + offset);
        match G {
            1 => _mm512_storeu_si512(at(0).cast(), bytes),
            2 => {
                _mm256_storeu_si256(at(0).cast(), _mm512_castsi512_si256(bytes));
                _mm256_storeu_si256(at(1).cast(), _mm512_extracti64x4_epi64::<1>(bytes));
            }
            _ => {
                _mm_storeu_si128(at(0).cast(), _mm512_castsi512_si128(bytes));
                _mm_storeu_si128(at(1).cast(), _mm512_extracti32x4_epi32::<1>(bytes));
                _mm_storeu_si128(at(2).cast(), _mm512_extracti32x4_epi32::<2>(bytes));
                _mm_storeu_si128(at(3).cast(), _mm512_extracti32x4_epi32::<3>(bytes));
            }
        }
    }
}
