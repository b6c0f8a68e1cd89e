//! Depthwise convolution: eight channels of two neighbouring outputs at a time.
//!
//! Two products of bytes are summed in 16 bits and then widened; the last taps of two lines make a pair.

#![allow(unsafe_code)]

use std::arch::naked_asm;
use std::mem::offset_of;
use std::ops::Range;

use super::super::depthwise::LANES;
use super::super::lines::Lines;
use super::super::{ConvShape, ConvTensors, Kernel, KernelError, MapShape};
use super::requantise::{Rounding, to_steps};

/// Outputs that are computed at a time; a row has at least as many.
pub const TWIN: usize = 2;
const KERNEL_MAX: usize = 5;

#[derive(Debug)]
pub struct Depthwise {
    shape: ConvShape,
    lines: Lines,
    output: MapShape,
    /// For each block of channels: taps x 8.
    weights: Vec<i8>,
    bias: Vec<i32>,
    scales: Vec<f32>,
    rounding: Rounding,
}

/// One block of channels in one row, two outputs at a time: what the assembly is told.
#[repr(C)]
struct Strip {
    /// The block's first byte in each of the rows under the kernel.
    lines: [*const i8; KERNEL_MAX],
    /// Bytes from a pixel to the next, of input and output.
    channels: usize,
    /// Bytes from behind the columns of one pair of outputs back to the first of the next.
    back: usize,
    /// The block's first byte in the output row.
    y: *mut i8,
    /// Pairs of outputs, at least one.
    pairs: usize,
    weights: *const i8,
    bias: *const i32,
    scales: *const f32,
    rounding: Rounding,
}

/// One of the functions below.
///
/// # Safety
/// As for [`three_by_one`], whatever the kernel.
type Pairs = unsafe extern "C" fn(&Strip);

impl Depthwise {
    /// `shape` is that of a depthwise convolution whose channels are a multiple of eight, and its output [`TWIN`] wide;
    /// `sums_of_pairs_fit` holds, and NEON has to be there (asserted).
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        let (taps, output) = (shape.kernel * shape.kernel, shape.output()?);
        assert!(super::is_present() && output.width >= TWIN && shape.input.channels.is_multiple_of(LANES));
        let weight = |index: usize| {
            let (block, tap, lane) = (index / (taps * LANES), index / LANES % taps, index % LANES);
            tensors.weights[(block * LANES + lane) * taps + tap]
        };
        Ok(Self {
            shape: *shape,
            lines: Lines::new(shape, tensors.input_zero),
            output,
            weights: (0..tensors.weights.len()).map(weight).collect(),
            bias: tensors.corrected_bias(taps, 0),
            scales: tensors.scales.clone(),
            rounding: Rounding::new(tensors.output_zero.into()),
        })
    }

    /// `rows` of the output with kernel `K`.
    fn rows<const K: usize>(&self, map: &[i8], rows: Range<usize>, output: &mut [i8], scratch: &mut [i8]) {
        let function: Pairs = match (K, self.shape.stride) {
            (3, 1) => three_by_one,
            (3, _) => three_by_two,
            (_, 1) => five_by_one,
            _ => five_by_two,
        };
        let outputs = output.chunks_exact_mut(self.output.row());
        self.lines.under(map, rows, outputs, scratch, |window, y| {
            let lines: [&[i8]; K] = std::array::from_fn(|k| window.line(k));
            self.row(lines, y, function);
        });
    }

    /// One row of the output from the `K` lines under it; an odd last output is computed with the one before it.
    fn row<const K: usize>(&self, lines: [&[i8]; K], output: &mut [i8], function: Pairs) {
        let (channels, stride, width) = (self.shape.input.channels, self.shape.stride, self.output.width);
        assert!(lines.iter().all(|line| line.len() >= ((width - 1) * stride + K) * channels));
        assert!(output.len() == self.output.row() && K <= KERNEL_MAX);
        let y = output.as_mut_ptr();
        for (block, start) in (0..channels).step_by(LANES).enumerate() {
            let strip = |column: usize, pairs: usize| Strip {
                lines: std::array::from_fn(|k| {
                    lines[k.min(K - 1)][start + column * stride * channels..].as_ptr()
                }),
                channels,
                back: (K - stride) * channels,
                y: y.wrapping_add(start + column * channels),
                pairs,
                weights: self.weights[block * LANES * K * K..][..LANES * K * K].as_ptr(),
                bias: self.bias[start..][..LANES].as_ptr(),
                scales: self.scales[start..][..LANES].as_ptr(),
                rounding: self.rounding,
            };
            // SAFETY: every output has its K columns in the lines (asserted above), and its own bytes in `output`,
            // which is one row and, as `new` saw, no narrower than a pair; the block has its eight channels in both;
            // `new` saw NEON.
            unsafe {
                function(&strip(0, width / TWIN));
                if !width.is_multiple_of(TWIN) {
                    function(&strip(width - TWIN, 1));
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
        match self.shape.kernel {
            3 => self.rows::<3>(inputs[0], rows, output, scratch),
            _ => self.rows::<5>(inputs[0], rows, output, scratch),
        }
    }
}

/// Registers of 16-bit sums, half by half, added to the sums of both outputs.
#[rustfmt::skip]
macro_rules! widen {
    ($a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "vaddw.s16 q8, q8, ", $a, "\n",
            "vaddw.s16 q9, q9, ", $b, "\n",
            "vaddw.s16 q10, q10, ", $c, "\n",
            "vaddw.s16 q11, q11, ", $d, "\n",
        )
    };
}

/// The last taps of a line: they begin a pair, end it, or stand alone.
#[rustfmt::skip]
macro_rules! widen_odd {
    (begin) => { "" };
    (end) => { widen!("d28", "d29", "d30", "d31") };
    (alone) => { widen!("d28", "d29", "d30", "d31") };
}

/// The instruction for the last taps of a line.
#[rustfmt::skip]
macro_rules! odd {
    (begin) => { "vmull.s8 " };
    (end) => { "vmlal.s8 " };
    (alone) => { "vmull.s8 " };
}

/// A line under a kernel of three: its columns fetched to `$load`, those of the two outputs with the weights `$w`.
macro_rules! line_of_three {
    (1, $line:literal, $odd:ident, $w:tt) => {
        line_of_three!(["d9" "d10" "d11" "d12"], "d10", "d11", "d12", $line, $odd, $w)
    };
    (2, $line:literal, $odd:ident, $w:tt) => {
        line_of_three!(["d9" "d10" "d11" "d12" "d13"], "d11", "d12", "d13", $line, $odd, $w)
    };
    ([$($load:literal)+], $y0:literal, $y1:literal, $y2:literal, $line:literal, $odd:ident,
        [$w0:literal $w1:literal $w2:literal]) => {
        concat!(
            $("vld1.8 {{", $load, "}}, [", $line, "], r4\n",)+
            "vmull.s8 q12, d9, ", $w0, "\n",
            "vmull.s8 q13, ", $y0, ", ", $w0, "\n",
            odd!($odd), "q14, d11, ", $w2, "\n",
            odd!($odd), "q15, ", $y2, ", ", $w2, "\n",
            "vmlal.s8 q12, d10, ", $w1, "\n",
            "vmlal.s8 q13, ", $y1, ", ", $w1, "\n",
            "sub ", $line, ", ", $line, ", r0\n",
            widen_odd!($odd),
            widen!("d24", "d25", "d26", "d27"),
        )
    };
}

/// A line under a kernel of five, as [`line_of_three`]; the weights are fetched with it.
macro_rules! line_of_five {
    (1, $line:literal, $odd:ident) => {
        line_of_five!(
            ["d5" "d6" "d7" "d8" "d9" "d10"], "d6", "d7", "d8", "d9", "d10", $line, $odd
        )
    };
    (2, $line:literal, $odd:ident) => {
        line_of_five!(
            ["d5" "d6" "d7" "d8" "d9" "d10" "d11"], "d7", "d8", "d9", "d10", "d11", $line, $odd
        )
    };
    ([$($load:literal)+], $y0:literal, $y1:literal, $y2:literal, $y3:literal, $y4:literal, $line:literal,
        $odd:ident) => {
        concat!(
            "vld1.8 {{d0-d3}}, [lr]!\n",
            "vld1.8 {{d4}}, [lr]!\n",
            $("vld1.8 {{", $load, "}}, [", $line, "], r4\n",)+
            "vmull.s8 q12, d5, d0\n",
            "vmull.s8 q13, ", $y0, ", d0\n",
            "vmull.s8 q6, d7, d2\n",
            "vmull.s8 q7, ", $y2, ", d2\n",
            "vmlal.s8 q12, d6, d1\n",
            "vmlal.s8 q13, ", $y1, ", d1\n",
            "vmlal.s8 q6, d8, d3\n",
            "vmlal.s8 q7, ", $y3, ", d3\n",
            odd!($odd), "q14, d9, d4\n",
            odd!($odd), "q15, ", $y4, ", d4\n",
            "sub ", $line, ", ", $line, ", r0\n",
            widen!("d24", "d25", "d26", "d27"),
            widen!("d12", "d13", "d14", "d15"),
            widen_odd!($odd),
        )
    };
}

/// The function for pairs of outputs: what it fetches once, and the lines that make a pair.
macro_rules! pairs {
    ([$($once:literal)*], [$($lines:expr),+]) => {
        naked_asm!(
            ".fpu neon",
            "push {{r4-r11, lr}}",
            "vpush {{d8-d15}}",
            "ldr r4, [r0, #{channels}]",
            "ldr r5, [r0, #{y}]",
            "ldr r6, [r0, #{pairs}]",
            "ldr r7, [r0, #{weights}]",
            "ldr r8, [r0, #{bias}]",
            "ldr r9, [r0, #{scales}]",
            "add r10, r0, #{rounding}",
            "ldr r1, [r0, #{lines}]",
            "ldr r2, [r0, #{lines} + 4]",
            "ldr r3, [r0, #{lines} + 8]",
            "ldr r11, [r0, #{lines} + 12]",
            "ldr r12, [r0, #{lines} + 16]",
            "ldr r0, [r0, #{back}]",
            $($once,)*
            "2:",
            "vldm r8, {{d16-d19}}",
            "vldm r8, {{d20-d23}}",
            $($lines,)+
            "vldm r9, {{d24-d27}}",
            "vld1.32 {{d28-d31}}, [r10]",
            to_steps!("q14", "q15", ("q8", "q12"), ("q9", "q13"), ("q10", "q12"), ("q11", "q13")),
            "vqmovn.s32 d16, q8",
            "vqmovn.s32 d17, q9",
            "vqmovn.s32 d20, q10",
            "vqmovn.s32 d21, q11",
            "vqmovn.s16 d16, q8",
            "vqmovn.s16 d20, q10",
            "subs r6, r6, #1",
            "vst1.8 {{d16}}, [r5], r4",
            "vst1.8 {{d20}}, [r5], r4",
            "bne 2b",
            "vpop {{d8-d15}}",
            "pop {{r4-r11, pc}}",
            channels = const offset_of!(Strip, channels),
            y = const offset_of!(Strip, y),
            pairs = const offset_of!(Strip, pairs),
            weights = const offset_of!(Strip, weights),
            bias = const offset_of!(Strip, bias),
            scales = const offset_of!(Strip, scales),
            rounding = const offset_of!(Strip, rounding),
            lines = const offset_of!(Strip, lines),
            back = const offset_of!(Strip, back),
        )
    };
}

/// Pairs of outputs of a kernel of three, whose nine weights stay in registers.
macro_rules! pairs_of_three {
    ($stride:tt) => {
        pairs!(
            ["vld1.8 {{d0-d3}}, [r7]!" "vld1.8 {{d4-d7}}, [r7]!" "vld1.8 {{d8}}, [r7]!"],
            [
                line_of_three!($stride, "r1", begin, ["d0" "d1" "d2"]),
                line_of_three!($stride, "r2", end, ["d3" "d4" "d5"]),
                line_of_three!($stride, "r3", alone, ["d6" "d7" "d8"])
            ]
        )
    };
}

/// Pairs of outputs of a kernel of five.
macro_rules! pairs_of_five {
    ($stride:tt) => {
        pairs!(
            [],
            [
                "mov lr, r7",
                line_of_five!($stride, "r1", begin),
                line_of_five!($stride, "r2", end),
                line_of_five!($stride, "r3", begin),
                line_of_five!($stride, "r11", end),
                line_of_five!($stride, "r12", alone)
            ]
        )
    };
}

/// Kernel of three, stride 1.
///
/// # Safety
/// The processor has NEON; what `strip` points to is there: 2 x `pairs` outputs, the columns under them in each line,
/// weights, bias and scales of eight channels.
#[unsafe(naked)]
unsafe extern "C" fn three_by_one(strip: &Strip) {
    pairs_of_three!(1)
}

/// Kernel of three, stride 2.
///
/// # Safety
/// As for [`three_by_one`].
#[unsafe(naked)]
unsafe extern "C" fn three_by_two(strip: &Strip) {
    pairs_of_three!(2)
}

/// Kernel of five, stride 1.
///
/// # Safety
/// As for [`three_by_one`].
#[unsafe(naked)]
unsafe extern "C" fn five_by_one(strip: &Strip) {
    pairs_of_five!(1)
}

/// Kernel of five, stride 2.
///
/// # Safety
/// As for [`three_by_one`].
#[unsafe(naked)]
unsafe extern "C" fn five_by_two(strip: &Strip) {
    pairs_of_five!(2)
}
