//! Rows of bytes times a packed matrix of weights: four pixels by sixteen output channels at a time.

#![allow(unsafe_code)]

use super::super::product::Product;
use super::super::{ConvTensors, KernelSet};
use super::{dotprod, pairs};

/// Bytes of a pixel that one step multiplies; the last step may have half as many.
pub const STEP: usize = 16;
/// Pixels of one tile.
pub const TILE: usize = 4;
/// Groups of four output channels in a full block: with four pixels their sums fill half of the registers.
const GROUPS: usize = 4;
/// Pixels that go through one block of weights before the next is fetched, so that both stay in a 32 KiB cache.
const PASS_PIXELS: usize = 32;

/// `outputs` x `depth` weights with bias and scales.
#[derive(Debug)]
pub struct Matrix {
    set: KernelSet,
    depth: usize,
    outputs: usize,
    zero: i16,
    blocks: Vec<Block>,
}

/// Up to sixteen output channels.
#[derive(Debug)]
pub struct Block {
    /// Groups of four channels, and how many of the channels exist.
    pub groups: usize,
    pub valid: usize,
    /// In the order in which a tile multiplies them.
    pub weights: Vec<i8>,
    /// Bias less the input's zero point times the weights' sum; channels that do not exist have 0 and a scale of 1.
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
    /// First output byte of the first pixel; pixels stand `outputs` apart.
    pub y: *mut i8,
}

impl Matrix {
    /// `tensors.weights` are rows of `depth`, a multiple of eight; [`super::fits`] holds for them.
    pub fn new(depth: usize, tensors: &ConvTensors<'_>, set: KernelSet) -> Self {
        assert!(depth.is_multiple_of(STEP / 2));
        let outputs = tensors.bias.len();
        let bias = tensors.corrected_bias(depth);
        let block = |first: usize| {
            let valid = (outputs - first).min(4 * GROUPS);
            let groups = if valid > 8 { GROUPS } else { valid.div_ceil(4) };
            let filled = |index: usize| (index < valid).then_some(first + index);
            let row =
                |index: usize| filled(index).map(|channel| &tensors.weights[channel * depth..][..depth]);
            let rows: Vec<_> = (0..4 * groups).map(row).collect();
            let pack = if set == KernelSet::NeonDotprod { dotprod::pack } else { pairs::pack };
            Block {
                groups,
                valid,
                weights: pack(&rows, depth),
                bias: (0..4 * groups).map(|i| filled(i).map_or(0, |channel| bias[channel])).collect(),
                scales: (0..4 * groups).map(|i| filled(i).map_or(1.0, |c| tensors.scales[c])).collect(),
            }
        };
        let blocks = (0..outputs).step_by(4 * GROUPS).map(block).collect();
        Self { set, depth, outputs, zero: tensors.output_zero.into(), blocks }
    }

    /// One block of weights over a few pixels, whose outputs begin at channel `first`.
    fn pass(&self, block: &Block, first: usize, pixels: &[i8], out: &mut [i8]) {
        let pass = Pass {
            block,
            depth: self.depth,
            outputs: self.outputs,
            zero: self.zero,
            x: pixels.as_ptr(),
            pixels: pixels.len() / self.depth,
            y: out[first..].as_mut_ptr(),
        };
        // SAFETY: the pixels lie in `pixels`, their outputs, `block.valid` from `first` on, in `out`, whose lengths
        // were compared; the set was found on this processor before any matrix was made for it.
        unsafe {
            match self.set {
                KernelSet::NeonDotprod => dotprod::pass(pass),
                _ => pairs::pass(pass),
            }
        }
    }
}

impl Product for Matrix {
    fn run(&self, pixels: &[i8], out: &mut [i8]) {
        assert_eq!(pixels.len() * self.outputs, out.len() * self.depth, "as many rows out as in");
        assert_eq!(pixels.len() % self.depth, 0);
        let passes = pixels.chunks(PASS_PIXELS * self.depth);
        for (x, y) in passes.zip(out.chunks_mut(PASS_PIXELS * self.outputs)) {
            for (index, block) in self.blocks.iter().enumerate() {
                self.pass(block, index * 4 * GROUPS, x, y);
            }
        }
    }
}
