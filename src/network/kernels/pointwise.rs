//! Convolution with a kernel of one pixel: a matrix product over the channels, straight from the map.

use std::ops::Range;

use super::product::{Product, product};
use super::{ConvShape, ConvTensors, Kernel, KernelError, KernelSet, MapShape};

#[derive(Debug)]
pub struct Pointwise {
    weights: Box<dyn Product>,
    input: MapShape,
    output: MapShape,
}

impl Pointwise {
    pub fn new(shape: &ConvShape, tensors: &ConvTensors<'_>, set: KernelSet) -> Result<Self, KernelError> {
        let weights = product(shape.input.channels, tensors, set)?;
        Ok(Self { weights, input: shape.input, output: shape.output()? })
    }
}

impl Kernel for Pointwise {
    fn output(&self) -> MapShape {
        self.output
    }

    fn run(&self, inputs: &[&[i8]], rows: Range<usize>, output: &mut [i8], _scratch: &mut [i8]) {
        assert_eq!((inputs.len(), output.len()), (1, self.output.span(&rows).len()));
        self.weights.run(&inputs[0][self.input.span(&rows)], output);
    }
}
