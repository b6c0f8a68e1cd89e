//! Convolution over all channels with a kernel of more than one pixel: the network's first layer.
//!
//! A row's patches are gathered into rows of bytes, and these go through the same product as a pointwise convolution.

use super::packed::Packed;
use super::{ConvShape, ConvTensors, Kernel, KernelError, MapShape};

#[derive(Debug, Clone)]
pub struct Dense {
    weights: Packed,
    shape: ConvShape,
    output: MapShape,
    input_zero: i8,
}

impl Dense {
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        let (taps, channels) = (shape.kernel * shape.kernel, shape.input.channels);
        let weights = channels_last(tensors.weights, taps, channels);
        let tensors = ConvTensors { weights: &weights, scales: tensors.scales.clone(), ..*tensors };
        Ok(Self {
            weights: Packed::new(taps * channels, &tensors)?,
            shape: *shape,
            output: shape.output()?,
            input_zero: tensors.input_zero,
        })
    }

    /// The patches of output row `row`, one after another; outside the map lies the zero point.
    fn gather(&self, map: &[i8], row: usize, patches: &mut [i8]) {
        let channels = self.shape.input.channels;
        let taps = self.shape.kernel * self.shape.kernel;
        for (index, slot) in patches.chunks_exact_mut(channels).enumerate() {
            let (column, tap) = (index / taps, index % taps);
            match self.shape.source(row, column, tap) {
                Some(pixel) => slot.copy_from_slice(&map[pixel * channels..][..channels]),
                None => slot.fill(self.input_zero),
            }
        }
    }
}

impl Kernel for Dense {
    fn output(&self) -> MapShape {
        self.output
    }

    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (1, self.output.bytes()));
        assert_eq!(inputs[0].len(), self.shape.input.bytes());
        let depth = self.shape.kernel * self.shape.kernel * self.shape.input.channels;
        let mut patches = vec![0i8; self.output.width * depth];
        for (row, y) in output.chunks_exact_mut(self.output.width * self.output.channels).enumerate() {
            self.gather(inputs[0], row, &mut patches);
            self.weights.run(&patches, y);
        }
    }
}

/// Weights as OIHW to rows of taps x channels, one an output channel.
fn channels_last(weights: &[i8], taps: usize, channels: usize) -> Vec<i8> {
    let depth = taps * channels;
    let from = |index: usize| {
        let (output, tap, channel) = (index / depth, index % depth / channels, index % channels);
        weights[output * depth + channel * taps + tap]
    };
    (0..weights.len()).map(from).collect()
}
