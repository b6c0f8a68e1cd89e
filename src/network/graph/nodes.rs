//! What tract sees of our operators: one node type for all kernels, and the two ends where float becomes int8.
//!
//! Between the ends every tensor is int8 of shape 1, rows, columns, channels; the float ends are ONNX's NCHW. tract
//! knows shapes and order, and computes nothing: a node says what is to be computed, and `program.rs` makes kernels.

use std::sync::Arc;

use tract_onnx::tract_core::internal::*;

use crate::network::kernels::{
    Add, Concat, ConvShape, ConvTensors, Double, Kernel, KernelSet, MapShape, Quantisation, conv,
};

/// A tensor's bytes.
pub fn bytes(tensor: &Tensor) -> TractResult<&[i8]> {
    tensor.try_as_plain_ram()?.as_slice::<i8>()
}

/// The type of an int8 map between two nodes.
fn map_fact(map: MapShape) -> TypedFact {
    i8::fact([1, map.height, map.width, map.channels])
}

/// A map with its scale.
pub type Scaled = (MapShape, Quantisation);

/// What one node computes, with its constants.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    Conv {
        shape: ConvShape,
        output: MapShape,
        weights: Arc<Tensor>,
        bias: Arc<Tensor>,
        /// Input scale x weight scale / output scale, a value an output channel.
        scales: Vec<f32>,
        zeros: (i8, i8),
    },
    Add {
        a: Scaled,
        b: Scaled,
        sum: Quantisation,
    },
    Concat {
        parts: Vec<Scaled>,
        joined: Quantisation,
        output: MapShape,
    },
    Double {
        input: MapShape,
        output: MapShape,
    },
}

impl Operation {
    pub fn output(&self) -> MapShape {
        match self {
            Self::Conv { output, .. } | Self::Concat { output, .. } | Self::Double { output, .. } => *output,
            Self::Add { a, .. } => a.0,
        }
    }

    /// Multiply-accumulates, those with pixels outside the map included.
    pub fn multiply_accumulates(&self) -> u64 {
        let Self::Conv { shape, output, .. } = self else { return 0 };
        let depth = shape.input.channels / shape.groups * shape.kernel * shape.kernel;
        output.bytes() as u64 * depth as u64
    }

    /// The kernel of `set` that computes it.
    pub fn kernel(&self, set: KernelSet) -> TractResult<Box<dyn Kernel>> {
        Ok(match self {
            Self::Conv { shape, weights, bias, scales, zeros, .. } => {
                let tensors = ConvTensors {
                    weights: bytes(weights)?,
                    bias: bias.try_as_plain_ram()?.as_slice::<i32>()?,
                    scales: scales.clone(),
                    input_zero: zeros.0,
                    output_zero: zeros.1,
                };
                conv(shape, &tensors, set)?
            }
            Self::Add { a, b, sum } => Box::new(Add::new(*a, *b, *sum, set)?),
            Self::Concat { parts, joined, .. } => Box::new(Concat::new(parts, *joined, set)?),
            Self::Double { input, .. } => Box::new(Double::new(*input)?),
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Conv { .. } => "QLinearConv",
            Self::Add { .. } => "QLinearAdd",
            Self::Concat { .. } => "QLinearConcat",
            Self::Double { .. } => "Resize",
        }
    }
}

/// An operation as a node.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelNode {
    pub operation: Operation,
}

impl Eq for KernelNode {}

impl Op for KernelNode {
    fn name(&self) -> StaticName {
        self.operation.name().into()
    }

    op_as_typed_op!();
}

impl EvalOp for KernelNode {
    not_out_of_plan!();
}

impl TypedOp for KernelNode {
    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec![map_fact(self.operation.output())])
    }

    as_op!();
}

/// Float to int8, and ONNX's planes to our pixels: the program's input.
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
}

impl TypedOp for Quantise {
    fn output_facts(&self, _inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec![map_fact(self.map)])
    }

    as_op!();
}

/// Int8 to float at an output: it marks the map and its scale, and is cut off.
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
