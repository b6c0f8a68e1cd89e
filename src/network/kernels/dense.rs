//! Convolution over all channels with a kernel of more than one pixel: the network's first layer.
//!
//! A row's patches are gathered into rows of bytes, and these go through the same product as a pointwise convolution.

use std::ops::Range;

use super::lines::{Lines, SLACK, Window};
use super::product::{Product, depth_step, product};
use super::{ConvShape, ConvTensors, Kernel, KernelError, KernelSet, MapShape};

#[derive(Debug)]
pub struct Dense {
    weights: Box<dyn Product>,
    lines: Lines,
    output: MapShape,
    kernel: usize,
    /// Bytes from the patch of one output to the next.
    step: usize,
    /// Bytes of one line of a patch, rounded up so that it is copied in one go; the bytes too many have weights of 0.
    piece: usize,
    /// Bytes of a patch, with what the product wants behind it.
    depth: usize,
}

impl Dense {
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>, set: KernelSet) -> Result<Self, KernelError> {
        let ConvShape { input, kernel, stride, .. } = *shape;
        let piece = (kernel * input.channels).next_multiple_of(SLACK);
        let depth = (kernel * piece).next_multiple_of(depth_step(set));
        let weights = in_pieces(tensors.weights, kernel, input.channels, piece, depth);
        let padded = ConvTensors { weights: &weights, scales: tensors.scales.clone(), ..*tensors };
        Ok(Self {
            weights: product(depth, &padded, set)?,
            lines: Lines::new(shape, tensors.input_zero),
            output: shape.output()?,
            kernel,
            step: stride * input.channels,
            piece,
            depth,
        })
    }

    /// The patches of one row of outputs, one after another.
    fn gather(&self, window: Window<'_>, patches: &mut [i8]) {
        for k in 0..self.kernel {
            let line = window.line(k);
            for (column, patch) in patches.chunks_exact_mut(self.depth).enumerate() {
                let (from, to) = (&line[column * self.step..], &mut patch[k * self.piece..]);
                match (from.first_chunk::<SLACK>(), to.first_chunk_mut::<SLACK>()) {
                    // The first layer: a few instructions in place of a call.
                    (Some(from), Some(to)) if self.piece == SLACK => *to = *from,
                    _ => to[..self.piece].copy_from_slice(&from[..self.piece]),
                }
            }
        }
    }
}

impl Kernel for Dense {
    fn output(&self) -> MapShape {
        self.output
    }

    fn scratch(&self) -> usize {
        self.output.width * self.depth + self.lines.bytes()
    }

    fn run(&self, inputs: &[&[i8]], rows: Range<usize>, output: &mut [i8], scratch: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (1, self.output.span(&rows).len()));
        let (patches, lines) = scratch.split_at_mut(self.output.width * self.depth);
        let outputs = output.chunks_exact_mut(self.output.row());
        self.lines.under(inputs[0], rows, outputs, lines, |window, y| {
            self.gather(window, patches);
            self.weights.run(patches, y);
        });
    }
}

/// Weights as OIHW to rows of `depth`, one an output channel: lines of `piece`, in them pixels of `channels`.
fn in_pieces(weights: &[i8], kernel: usize, channels: usize, piece: usize, depth: usize) -> Vec<i8> {
    let taps = kernel * kernel;
    let mut rows = vec![0; weights.len() / (taps * channels) * depth];
    for (index, &weight) in weights.iter().enumerate() {
        let (output, channel, tap) = (index / (taps * channels), index / taps % channels, index % taps);
        rows[output * depth + tap / kernel * piece + tap % kernel * channels + channel] = weight;
    }
    rows
}
