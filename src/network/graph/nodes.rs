//! What tract sees of our operators: one node type for all kernels, and the two ends where float becomes int8.
//!
//! Between the ends every tensor is int8 of shape 1, rows, columns, channels; the float ends are ONNX's NCHW.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;

use crate::network::kernels::{Kernel, MapShape, Quantisation};

/// A tensor's bytes.
pub fn bytes(tensor: &Tensor) -> TractResult<&[i8]> {
    tensor.try_as_plain_ram()?.as_slice::<i8>()
}

/// The type of an int8 map between two nodes.
fn map_fact(map: MapShape) -> TypedFact {
    i8::fact([1, map.height, map.width, map.channels])
}

/// A map filled by `fill`.
fn filled(map: MapShape, fill: impl FnOnce(&mut [i8])) -> TractResult<TVec<TValue>> {
    let mut tensor = Tensor::zero::<i8>(&[1, map.height, map.width, map.channels])?;
    fill(tensor.try_as_plain_ram_mut()?.as_slice_mut::<i8>()?);
    Ok(tvec![tensor.into()])
}

/// A kernel as a node.
#[derive(Debug, Clone)]
pub struct KernelNode {
    pub name: &'static str,
    pub kernel: Arc<dyn Kernel>,
}

impl PartialEq for KernelNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.kernel, &other.kernel)
    }
}

impl Eq for KernelNode {}

impl Op for KernelNode {
    fn name(&self) -> StaticName {
        self.name.into()
    }

    op_as_typed_op!();
}

impl EvalOp for KernelNode {
    not_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let maps: TVec<&[i8]> = inputs.iter().map(|input| bytes(input)).collect::<TractResult<_>>()?;
        filled(self.kernel.output(), |output| self.kernel.run(&maps, output))
    }
}

impl TypedOp for KernelNode {
    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec![map_fact(self.kernel.output())])
    }

    as_op!();
}

/// Float to int8, and ONNX's planes to our pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantise {
    pub map: MapShape,
    pub quantisation: Quantisation,
}

impl Eq for Quantise {}

impl Op for Quantise {
    fn name(&self) -> StaticName {
        "QuantizeLinear".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Quantise {
    not_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let planes = inputs[0].try_as_plain_ram()?.as_slice::<f32>()?;
        let (pixels, channels) = (self.map.pixels(), self.map.channels);
        filled(self.map, |output| {
            for (index, byte) in output.iter_mut().enumerate() {
                *byte = self.quantisation.quantise(planes[index % channels * pixels + index / channels]);
            }
        })
    }
}

impl TypedOp for Quantise {
    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec![map_fact(self.map)])
    }

    as_op!();
}

/// Int8 to float at an output: it marks the map and its scale, and is cut off before anything runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Dequantise {
    pub map: MapShape,
    pub quantisation: Quantisation,
}

impl Eq for Dequantise {}

impl Op for Dequantise {
    fn name(&self) -> StaticName {
        "DequantizeLinear".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Dequantise {
    not_out_of_plan!();
}

impl TypedOp for Dequantise {
    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec![f32::fact([1, self.map.channels, self.map.height, self.map.width])])
    }

    as_op!();
}
