//! Rows of bytes times a matrix of weights, in blocks of sixteen output channels: what all sets of vector
//! instructions share. Each brings a [`Form`]: its order of weights and its inner loop.

#![allow(unsafe_code)]

use super::ConvTensors;
use super::product::Product;

/// Output channels of a full block.
pub const WIDE: usize = 16;
/// Pixels that go through one block of weights before the next is fetched, so that both stay in a 32 KiB cache.
pub const PASS_PIXELS: usize = 32;

/// One channel's weights; `None`: all are zero.
pub type Weights<'a> = Option<&'a [i8]>;

/// How a set of instructions multiplies.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Whether a last block of at most eight, or four, channels has no more than these.
    pub narrow: bool,
    /// Weights in the order in which `pass` meets them, from channels of so many weights each.
    pub pack: fn(&[Weights<'_>], usize) -> Vec<i8>,
    /// What all sums of a pixel are too large by, where the order of weights makes them so: for each of the pixels at
    /// the first argument, which stand so many bytes apart.
    ///
    /// # Safety
    /// The processor has the form's instructions; as many pixels can be read.
    pub offsets: Option<unsafe fn(*const i8, usize, &mut [i32])>,
    /// Computes all pixels of a pass.
    ///
    /// # Safety
    /// The processor has the form's instructions; `pixels` pixels can be read at `x`, and `block.valid` bytes of each
    /// one's outputs written at `y`.
    pub pass: unsafe fn(&Pass<'_>),
}

/// `outputs` x `depth` weights with bias and scales.
#[derive(Debug)]
pub struct Matrix {
    form: Form,
    depth: usize,
    outputs: usize,
    zero: i16,
    blocks: Vec<Block>,
}

/// Up to sixteen output channels.
#[derive(Debug)]
pub struct Block {
    /// How many of the channels exist.
    pub valid: usize,
    pub weights: Vec<i8>,
    /// Bias less the input's zero point times the weights' sum; channels that do not exist have 0 and a scale of 1.
    /// There are sixteen, or eight or four in a narrow block.
    pub bias: Vec<i32>,
    pub scales: Vec<f32>,
}

/// Where the pixels and outputs are that one block of weights is to compute.
#[derive(Clone, Copy)]
pub struct Pass<'a> {
    pub block: &'a Block,
    pub depth: usize,
    pub outputs: usize,
    pub zero: i16,
    /// First byte of the first of so many pixels, which stand `depth` apart.
    pub x: *const i8,
    pub pixels: usize,
    /// What `Form::offsets` says of each.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code))]
    pub offsets: &'a [i32; PASS_PIXELS],
    /// First output byte of the first pixel; pixels stand `outputs` apart.
    pub y: *mut i8,
}

/// Goes over the pixels of a [`Pass`]: `$many` takes `$tile` of them at a time while there are as many, `$one` the rest.
///
/// A macro and not a function, since both are to be inlined where their instructions are switched on.
#[cfg(not(target_arch = "arm"))]
macro_rules! over_pixels {
    ($pass:expr, $tile:expr, $many:expr, $one:expr) => {{
        let pass: &Pass<'_> = $pass;
        let (mut x, mut y, mut left) = (pass.x, pass.y, pass.pixels);
        while left >= $tile {
            $many(pass, x, y);
            x = x.wrapping_add($tile * pass.depth);
            y = y.wrapping_add($tile * pass.outputs);
            left -= $tile;
        }
        while left > 0 {
            $one(pass, x, y);
            x = x.wrapping_add(pass.depth);
            y = y.wrapping_add(pass.outputs);
            left -= 1;
        }
    }};
}
#[cfg(not(target_arch = "arm"))]
pub(super) use over_pixels;

impl Matrix {
    /// `tensors.weights` are rows of `depth`, a multiple of what the form takes in one step.
    ///
    /// # Safety
    /// The processor has the form's instructions.
    pub unsafe fn new(depth: usize, tensors: &ConvTensors<'_>, form: Form) -> Self {
        let bias = tensors.corrected_bias(depth, 0);
        let outputs = bias.len();
        let block = |first: usize| {
            let valid = (outputs - first).min(WIDE);
            let groups = if form.narrow && valid <= 8 { valid.div_ceil(4) } else { WIDE / 4 };
            let filled = |index: usize| (index < valid).then_some(first + index);
            let row =
                |index: usize| filled(index).map(|channel| &tensors.weights[channel * depth..][..depth]);
            let rows: Vec<_> = (0..4 * groups).map(row).collect();
            Block {
                valid,
                weights: (form.pack)(&rows, depth),
                bias: (0..4 * groups).map(|i| filled(i).map_or(0, |channel| bias[channel])).collect(),
                scales: (0..4 * groups).map(|i| filled(i).map_or(1.0, |c| tensors.scales[c])).collect(),
            }
        };
        let blocks = (0..outputs).step_by(WIDE).map(block).collect();
        Self { form, depth, outputs, zero: tensors.output_zero.into(), blocks }
    }
}

impl Product for Matrix {
    fn run(&self, pixels: &[i8], out: &mut [i8]) {
        assert_eq!(pixels.len() * self.outputs, out.len() * self.depth, "as many rows out as in");
        assert_eq!(pixels.len() % self.depth, 0);
        let passes = pixels.chunks(PASS_PIXELS * self.depth);
        for (x, y) in passes.zip(out.chunks_mut(PASS_PIXELS * self.outputs)) {
            let pixels = x.len() / self.depth;
            let mut offsets = [0; PASS_PIXELS];
            if let Some(sum) = self.form.offsets {
                // SAFETY: the pixels lie in `x`; who made the matrix promised the instructions.
                unsafe { sum(x.as_ptr(), self.depth, &mut offsets[..pixels]) };
            }
            for (index, block) in self.blocks.iter().enumerate() {
                let pass = Pass {
                    block,
                    depth: self.depth,
                    outputs: self.outputs,
                    zero: self.zero,
                    x: x.as_ptr(),
                    pixels,
                    offsets: &offsets,
                    y: y[index * WIDE..].as_mut_ptr(),
                };
                // SAFETY: the pixels lie in `x`, their outputs, `valid` from the block's first channel on, in `y`,
                // whose lengths were compared; who made the matrix promised the instructions.
                unsafe { (self.form.pass)(&pass) };
            }
        }
    }
}
