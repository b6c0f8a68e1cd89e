//! Convolution with a kernel of one pixel: a matrix product over the channels, straight from the map.

use super::packed::Packed;
use super::{ConvShape, ConvTensors, Kernel, KernelError, MapShape};

#[derive(Debug, Clone)]
pub struct Pointwise {
    weights: Packed,
    output: MapShape,
}

impl Pointwise {
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>) -> Result<Self, KernelError> {
        Ok(Self { weights: Packed::new(shape.input.channels, tensors)?, output: shape.output()? })
    }
}

impl Kernel for Pointwise {
    fn output(&self) -> MapShape {
        self.output
    }

    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (1, self.output.bytes()));
        self.weights.run(inputs[0], output);
    }
}
