//! A matrix of weights, packed so that sixteen output channels are computed at a time.

use super::product::Product;
use super::requantise::Requantise;
use super::{ConvTensors, KernelError};

/// Output channels computed at a time; their sums stay in registers.
const WIDE: usize = 16;
/// Output channels of the last block when at most so many are left.
const NARROW: usize = 8;
/// Pixels that go through one block of weights before the next is fetched: 16 x 672 weights of two bytes stay in a
/// 32 KiB first-level cache meanwhile.
const TILE_PIXELS: usize = 32;

/// `outputs` x `depth` weights with bias and scales; a pixel's `depth` bytes become `outputs` bytes.
#[derive(Debug, Clone)]
pub struct Packed {
    depth: usize,
    outputs: usize,
    /// Blocks of `depth` x 16, then at most one of `depth` x 8; channels that do not exist are 0.
    wide: Vec<i16>,
    narrow: Vec<i16>,
    /// Bias less the input's zero point times the weights' sum, for each channel of the blocks.
    bias: Vec<i32>,
    scales: Vec<f32>,
    requantise: Requantise,
}

impl Packed {
    /// `tensors.weights` are rows of `depth`, one an output channel.
    pub fn new(depth: usize, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        let outputs = tensors.bias.len();
        let rest = outputs % WIDE;
        let wide_blocks = outputs / WIDE + usize::from(rest > NARROW);
        let narrow_blocks = usize::from((1..=NARROW).contains(&rest));
        let padded = wide_blocks * WIDE + narrow_blocks * NARROW;
        let (mut bias, mut scales) = (tensors.corrected_bias(depth, 0), tensors.scales.clone());
        bias.resize(padded, 0);
        scales.resize(padded, 1.0);
        let start = wide_blocks * WIDE;
        Ok(Self {
            depth,
            outputs,
            wide: pack::<WIDE>(tensors.weights, depth, 0, wide_blocks),
            narrow: pack::<NARROW>(tensors.weights, depth, start, narrow_blocks),
            bias,
            scales,
            requantise: Requantise::new(tensors.output_zero),
        })
    }

    /// All blocks of `weights`, the first of which begins at output channel `start`, over one tile.
    fn tile<const LANES: usize>(&self, weights: &[i16], start: usize, pixels: &[i8], out: &mut [i8]) {
        for (index, block) in weights.chunks_exact(self.depth * LANES).enumerate() {
            let first = start + index * LANES;
            let valid = LANES.min(self.outputs - first);
            let bias = lanes(&self.bias, first);
            let scales = lanes(&self.scales, first);
            for (x, y) in pixels.chunks_exact(self.depth).zip(out.chunks_exact_mut(self.outputs)) {
                let bytes = self.requantise.bytes::<LANES>(&sums(x, block, bias), scales);
                y[first..first + valid].copy_from_slice(&bytes[..valid]);
            }
        }
    }
}

impl Product for Packed {
    fn run(&self, pixels: &[i8], out: &mut [i8]) {
        assert_eq!(pixels.len() * self.outputs, out.len() * self.depth, "as many rows out as in");
        let tiles = pixels.chunks(TILE_PIXELS * self.depth);
        for (x, y) in tiles.zip(out.chunks_mut(TILE_PIXELS * self.outputs)) {
            self.tile::<WIDE>(&self.wide, 0, x, y);
            self.tile::<NARROW>(&self.narrow, self.wide.len() / self.depth, x, y);
        }
    }
}

/// Bias plus the products of one pixel with one block of weights.
///
/// The index instead of a zip of `x` lets LLVM join two steps into one multiply-add of 16-bit pairs on x86 (twice as
/// fast); on ARM it becomes SMLAL either way.
#[inline(always)]
fn sums<const LANES: usize>(x: &[i8], block: &[i16], bias: &[i32; LANES]) -> [i32; LANES] {
    let mut sums = *bias;
    let (rows, _) = block.as_chunks::<LANES>();
    for (i, weights) in rows.iter().enumerate() {
        let value = i32::from(i16::from(x[i]));
        for lane in 0..LANES {
            sums[lane] = sums[lane].wrapping_add(value * i32::from(weights[lane]));
        }
    }
    sums
}

/// The `LANES` values from `first` on, which is a multiple of `LANES`.
#[inline(always)]
fn lanes<T, const LANES: usize>(values: &[T], first: usize) -> &[T; LANES] {
    &values.as_chunks::<LANES>().0[first / LANES]
}

/// `blocks` blocks of `LANES` channels from channel `start` on, `depth` rows each.
fn pack<const LANES: usize>(weights: &[i8], depth: usize, start: usize, blocks: usize) -> Vec<i16> {
    let outputs = weights.len() / depth;
    let mut packed = vec![0i16; blocks * depth * LANES];
    for (index, slot) in packed.iter_mut().enumerate() {
        let (block, row, lane) = (index / (depth * LANES), index / LANES % depth, index % LANES);
        let channel = start + block * LANES + lane;
        if channel < outputs {
            *slot = weights[channel * depth + row].into();
        }
    }
    packed
}
