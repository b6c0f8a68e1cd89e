//! Depthwise convolution: sixteen channels of neighbouring outputs at a time.
//!
//! Two products of bytes are summed in 16 bits and then widened; with dot products `fours` is the inner loop.

#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::asm;
use std::ops::Range;

use super::super::lines::Lines;
use super::super::{ConvShape, ConvTensors, Kernel, KernelError, MapShape};
use super::{fours, requantise};

/// Channels of a register of bytes; the last block of an odd number of eights has half as many.
pub const LANES: usize = 16;
/// Outputs that share what they load.
const TWIN: usize = 2;

#[derive(Debug)]
pub struct Depthwise {
    shape: ConvShape,
    lines: Lines,
    output: MapShape,
    /// Whether four products are summed by one instruction.
    by_fours: bool,
    /// As many for each block of channels: taps x 16, or as `fours::pack` has them.
    weights: Vec<i8>,
    bias: Vec<i32>,
    scales: Vec<f32>,
    output_zero: i16,
}

/// One block of channels in one row: where everything lies.
#[derive(Clone, Copy)]
pub struct Strip<'a, const K: usize> {
    /// The block's first byte in each of the rows under the kernel.
    pub lines: [*const i8; K],
    /// Bytes from a pixel to the next, of input and output.
    pub channels: usize,
    pub weights: &'a [i8],
    pub bias: &'a [i32],
    pub scales: &'a [f32],
    pub zero: i16,
    /// The block's first byte in the output row, of so many pixels.
    pub y: *mut i8,
    pub width: usize,
}

impl Depthwise {
    /// `shape` is that of a depthwise convolution whose channels are a multiple of eight; `sums_of_pairs_fit` holds.
    pub fn by_pairs(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        let (taps, channels) = (shape.kernel * shape.kernel, shape.input.channels);
        let mut weights = vec![0; channels.next_multiple_of(LANES) * taps];
        for (index, &weight) in tensors.weights.iter().enumerate() {
            let (channel, tap) = (index / taps, index % taps);
            weights[(channel / LANES * taps + tap) * LANES + channel % LANES] = weight;
        }
        Self::new(shape, tensors, weights, false)
    }

    /// The same with any weights; dot products have to be there (asserted).
    pub fn by_fours(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        assert!(std::arch::is_aarch64_feature_detected!("dotprod"));
        Self::new(shape, tensors, fours::pack(shape, tensors.weights), true)
    }

    fn new(
        shape: &ConvShape,
        tensors: &ConvTensors<'_>,
        weights: Vec<i8>,
        by_fours: bool,
    ) -> Result<Self, KernelError> {
        Ok(Self {
            shape: *shape,
            lines: Lines::new(shape, tensors.input_zero),
            output: shape.output()?,
            by_fours,
            weights,
            bias: tensors.corrected_bias(shape.kernel * shape.kernel, 0),
            scales: tensors.scales.clone(),
            output_zero: tensors.output_zero.into(),
        })
    }

    /// `rows` of the output with kernel `K` and stride `S`.
    fn rows<const K: usize, const S: usize>(
        &self,
        map: &[i8],
        rows: Range<usize>,
        output: &mut [i8],
        scratch: &mut [i8],
    ) {
        let outputs = output.chunks_exact_mut(self.output.row());
        self.lines.under(map, rows, outputs, scratch, |window, y| {
            self.row::<K, S>(std::array::from_fn(|k| window.line(k)), y);
        });
    }

    /// One row of the output from the `K` lines under it.
    fn row<const K: usize, const S: usize>(&self, lines: [&[i8]; K], output: &mut [i8]) {
        let channels = self.shape.input.channels;
        assert!(lines.iter().all(|line| line.len() >= ((self.output.width - 1) * S + K) * channels));
        let of_block = self.weights.len() / channels.div_ceil(LANES);
        for (block, start) in (0..channels).step_by(LANES).enumerate() {
            let strip = Strip {
                lines: lines.map(|line| line[start..].as_ptr()),
                channels,
                weights: &self.weights[block * of_block..][..of_block],
                bias: &self.bias[start..],
                scales: &self.scales[start..],
                zero: self.output_zero,
                y: output[start..].as_mut_ptr(),
                width: self.output.width,
            };
            // SAFETY: every output has its K columns in the lines (asserted above), and its own bytes in `output`,
            // which is one row; the block has its sixteen or eight channels in both; weights by fours are made only
            // where there are dot products.
            unsafe {
                match (self.by_fours, channels - start) {
                    (false, LANES..) => strip_of::<K, S, 4>(strip),
                    (false, _) => strip_of::<K, S, 2>(strip),
                    (true, LANES..) => fours::strip_of::<K, S, 4>(strip),
                    (true, _) => fours::strip_of::<K, S, 2>(strip),
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
        let map = inputs[0];
        match (self.shape.kernel, self.shape.stride) {
            (3, 1) => self.rows::<3, 1>(map, rows, output, scratch),
            (3, _) => self.rows::<3, 2>(map, rows, output, scratch),
            (_, 1) => self.rows::<5, 1>(map, rows, output, scratch),
            _ => self.rows::<5, 2>(map, rows, output, scratch),
        }
    }
}

/// A block of 4 x `G` channels in all pixels of a row.
///
/// # Safety
/// (`width` - 1) x `S` + `K` pixels can be read from each line, and `width` pixels written from `y` on, 4 x `G` bytes
/// each; bias and scales have as many values.
unsafe fn strip_of<const K: usize, const S: usize, const G: usize>(strip: Strip<'_, K>) {
    assert!(strip.bias.len() >= 4 * G && strip.scales.len() >= 4 * G && strip.weights.len() == LANES * K * K);
    let mut column = 0;
    // SAFETY: columns stay below `width`.
    unsafe {
        while column + TWIN <= strip.width {
            outputs::<K, S, G, TWIN>(&strip, column);
            column += TWIN;
        }
        if column < strip.width {
            outputs::<K, S, G, 1>(&strip, column);
        }
    }
}

/// `N` outputs of a block, from `column` on.
///
/// # Safety
/// As for [`strip_of`], `column` + `N` being at most its `width`.
#[inline(always)]
unsafe fn outputs<const K: usize, const S: usize, const G: usize, const N: usize>(
    strip: &Strip<'_, K>,
    column: usize,
) {
    // SAFETY: columns up to (`column` + `N` - 1) x `S` + `K` - 1 lie in the lines, and the outputs in the row; bias
    // and scales have 4 x `G` values.
    unsafe {
        let bias: [int32x4_t; G] = std::array::from_fn(|g| vld1q_s32(strip.bias.as_ptr().add(4 * g)));
        let mut sums = [bias; N];
        let mut odd = [[vdupq_n_s16(0); 2]; N];
        // Written out, since a loop of five is left as a loop.
        line::<K, S, G, N, 0>(strip, column, &mut sums, &mut odd);
        line::<K, S, G, N, 1>(strip, column, &mut sums, &mut odd);
        line::<K, S, G, N, 2>(strip, column, &mut sums, &mut odd);
        if K == 5 {
            line::<K, S, G, N, 3>(strip, column, &mut sums, &mut odd);
            line::<K, S, G, N, 4>(strip, column, &mut sums, &mut odd);
        }
        let scales: [float32x4_t; G] = std::array::from_fn(|g| vld1q_f32(strip.scales.as_ptr().add(4 * g)));
        let zero = vdupq_n_s16(strip.zero);
        for n in 0..N {
            let bytes = requantise::bytes(sums[n], scales, zero);
            requantise::store::<G, true>(bytes, strip.y.add((column + n) * strip.channels), 4 * G);
        }
    }
}

/// Adds the products of line `L` to the sums; the last taps of two lines make a pair, which waits in `odd`.
///
/// # Safety
/// As for [`outputs`].
#[inline(always)]
unsafe fn line<const K: usize, const S: usize, const G: usize, const N: usize, const L: usize>(
    strip: &Strip<'_, K>,
    column: usize,
    sums: &mut [[int32x4_t; G]; N],
    odd: &mut [[int16x8_t; 2]; N],
) {
    // SAFETY: line `L` is below `K`, which the caller sees to; the rest as the caller promises, and taps x 16 bytes in
    // the weights.
    unsafe {
        let line = strip.lines.get_unchecked(L).add(column * S * strip.channels);
        let x = |n: usize, tap: usize| load::<G>(line.add((n * S + tap) * strip.channels));
        let w = |tap: usize| load::<G>(strip.weights.as_ptr().add((L * K + tap) * LANES));
        for tap in (0..K - 1).step_by(2) {
            let w = [w(tap), w(tap + 1)];
            for n in 0..N {
                let pair = multiply_add::<G>(multiply::<G>(x(n, tap), w[0]), x(n, tap + 1), w[1]);
                sums[n] = widen_add(sums[n], pair);
            }
        }
        let w = w(K - 1);
        for n in 0..N {
            let x = x(n, K - 1);
            odd[n] = if L.is_multiple_of(2) { multiply::<G>(x, w) } else { multiply_add::<G>(odd[n], x, w) };
            if !L.is_multiple_of(2) || L == K - 1 {
                sums[n] = widen_add(sums[n], odd[n]);
            }
        }
    }
}

/// 4 x `G` bytes, sixteen or eight.
///
/// # Safety
/// As many can be read at `from`.
#[inline(always)]
pub unsafe fn load<const G: usize>(from: *const i8) -> int8x16_t {
    // SAFETY: as the caller promises.
    unsafe { if G == 4 { vld1q_s8(from) } else { vcombine_s8(vld1_s8(from), vdup_n_s8(0)) } }
}

/// Products of sixteen bytes, or of the lower eight alone.
///
/// For the upper half an instruction is written out: the compiler would rather keep shifted copies in registers, and
/// then run out of those.
#[inline(always)]
fn multiply<const G: usize>(x: int8x16_t, w: int8x16_t) -> [int16x8_t; 2] {
    // SAFETY: NEON is part of every AArch64 processor; no memory is touched.
    unsafe {
        let low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
        let mut high = low;
        if G == 4 {
            asm!("smull2 {y:v}.8h, {x:v}.16b, {w:v}.16b", y = lateout(vreg) high, x = in(vreg) x, w = in(vreg) w,
                options(pure, nomem, nostack, preserves_flags));
        }
        [low, high]
    }
}

/// `sums` and products of sixteen bytes, or of the lower eight alone.
#[inline(always)]
fn multiply_add<const G: usize>(sums: [int16x8_t; 2], x: int8x16_t, w: int8x16_t) -> [int16x8_t; 2] {
    // SAFETY: NEON is part of every AArch64 processor; no memory is touched.
    unsafe {
        let low = vmlal_s8(sums[0], vget_low_s8(x), vget_low_s8(w));
        let mut high = sums[1];
        if G == 4 {
            asm!("smlal2 {y:v}.8h, {x:v}.16b, {w:v}.16b", y = inout(vreg) high, x = in(vreg) x, w = in(vreg) w,
                options(pure, nomem, nostack, preserves_flags));
        }
        [low, high]
    }
}

/// `G` registers of sums, each half of `terms` added to two of them.
#[inline(always)]
fn widen_add<const G: usize>(mut sums: [int32x4_t; G], terms: [int16x8_t; 2]) -> [int32x4_t; G] {
    // SAFETY: NEON is part of every AArch64 processor; no memory is touched.
    unsafe {
        for (half, terms) in terms.into_iter().enumerate().take(G / 2) {
            sums[2 * half] = vaddw_s16(sums[2 * half], vget_low_s16(terms));
            sums[2 * half + 1] = vaddw_high_s16(sums[2 * half + 1], terms);
        }
    }
    sums
}
