//! The model as it runs: an ONNX file of int8 operators to a program, a radiograph to logits.
//!
//! tract reads the file and orders the operators; every operator is one of ours (`operators.rs` makes them from the
//! file and the constants that `constants.rs` hands them, `nodes.rs` is what tract sees of them), and `program.rs` has
//! their kernels and their memory. A file with any
//! other operator is refused: nothing runs in float unnoticed. tract is named in this folder only.

mod constants;
mod nodes;
mod operators;
mod pool;
mod program;

use std::io;

use tract_onnx::Onnx;
use tract_onnx::pb::ModelProto;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::{TractErrorContext, bail, ensure};

use super::compute::Compute;
use super::kernels::Quantisation;
use super::logits::Logits;
use nodes::{Dequantise, Quantise};
use pool::Pool;
use program::Program;

/// Nodes of the largest graph taken; ours has 86.
const NODES_MAX: usize = 4096;

/// Why a model file cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// an operator without an int8 kernel
    #[error("node {node} is a {operator}, which has no int8 kernel here")]
    Operator { operator: String, node: String },
    /// no graph, or too large a one
    #[error("the model's graph has {0} nodes: 1 to {NODES_MAX} are allowed")]
    Nodes(usize),
    /// an output that is not the dequantisation of an int8 map
    #[error("output {0} does not come from a DequantizeLinear of a square map")]
    Output(String),
    /// the system gave no thread
    #[error("no thread could be started for the network")]
    Thread(#[source] io::Error),
    /// the engine refused the file, a node's constants or the input
    #[error("the model cannot be run: {0:#}")]
    Engine(#[from] TractError),
}

impl GraphError {
    /// Stable name for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Operator { .. } => "model_operator",
            Self::Nodes(_) => "model_nodes",
            Self::Output(_) => "model_output",
            Self::Thread(_) => "model_thread",
            Self::Engine(_) => "model_engine",
        }
    }
}

/// Name, side and channels of an output, and how its bytes become logits.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputShape {
    pub name: String,
    pub side: usize,
    pub channels: usize,
    quantisation: Quantisation,
}

/// A model ready to run.
#[derive(Debug)]
pub struct Graph {
    program: Program,
    side: usize,
    input: Quantisation,
    outputs: Vec<OutputShape>,
    logits: Vec<Logits>,
}

impl Graph {
    /// `file` is an ONNX model whose one input is a square of one channel; `compute` says how it is to be run.
    pub fn load(file: &[u8], compute: Compute) -> Result<Self, GraphError> {
        let onnx = reader();
        let proto = onnx.proto_model_for_read(&mut &*file)?;
        Self::of(onnx, proto, compute)
    }

    fn of(onnx: Onnx, mut proto: ModelProto, compute: Compute) -> Result<Self, GraphError> {
        let names = check(&proto)?;
        proto.graph.as_mut().map_or(Ok(()), constants::hand_over)?;
        let mut model = onnx.model_for_proto_model(&proto)?.into_typed()?;
        let side = square(&model)?;
        let input = quantised(&model)?;
        let outputs = cut_outputs(&mut model, names)?;
        let pool = Pool::new(compute.threads()).map_err(GraphError::Thread)?;
        let program = Program::new(&model, compute.kernels(), pool)?;
        let logits =
            |shape: &OutputShape| Logits::empty(&shape.name, shape.side, shape.channels, shape.quantisation);
        let logits = outputs.iter().map(logits).collect();
        Ok(Self { program, side, input, outputs, logits })
    }

    /// Side of the square that [`Graph::run`] takes.
    pub fn side(&self) -> usize {
        self.side
    }

    pub fn outputs(&self) -> &[OutputShape] {
        &self.outputs
    }

    /// The byte that the network takes for a normalised grey value.
    pub fn input_byte(&self, value: f32) -> i8 {
        self.input.quantise(value)
    }

    pub fn threads(&self) -> usize {
        self.program.threads()
    }

    pub fn multiply_accumulates(&self) -> u64 {
        self.program.multiply_accumulates()
    }

    /// Runs the network on [`Graph::side`] x `side` bytes, row-major; the outputs in the file's order.
    ///
    /// No memory is taken: the outputs are overwritten by the next radiograph.
    pub fn run(&mut self, radiograph: impl Iterator<Item = i8>) -> &[Logits] {
        self.program.input().iter_mut().zip(radiograph).for_each(|(slot, byte)| *slot = byte);
        self.program.run();
        for (index, logits) in self.logits.iter_mut().enumerate() {
            logits.fill(self.program.output(index));
        }
        &self.logits
    }
}

/// tract's reader of ONNX files, with our operators.
fn reader() -> Onnx {
    let mut onnx = Onnx::default().with_ignore_value_info(true);
    operators::register(&mut onnx.op_register);
    onnx
}

/// The names of the outputs; fails on an operator that is none of ours, and on an output that no node gives.
fn check(proto: &ModelProto) -> Result<Vec<String>, GraphError> {
    let Some(graph) = proto.graph.as_ref() else { return Err(GraphError::Nodes(0)) };
    if !(1..=NODES_MAX).contains(&graph.node.len()) {
        return Err(GraphError::Nodes(graph.node.len()));
    }
    if let Some(node) = graph.node.iter().find(|node| !operators::known(&node.domain, &node.op_type)) {
        return Err(GraphError::Operator { operator: node.op_type.clone(), node: node.name.clone() });
    }
    let given = |name: &String| graph.node.iter().any(|node| node.output.contains(name));
    let names: Vec<String> = graph.output.iter().map(|output| output.name.clone()).collect();
    match names.iter().find(|name| !given(name)) {
        Some(missing) => Err(GraphError::Output(missing.clone())),
        None => Ok(names),
    }
}

/// The side of the model's only input.
fn square(model: &TypedModel) -> TractResult<usize> {
    let inputs = model.input_outlets()?;
    let [input] = inputs else { bail!("{} inputs, not one", inputs.len()) };
    match model.outlet_fact(*input)?.shape.as_concrete() {
        Some(&[1, 1, height, width]) if height == width => Ok(height),
        other => {
            bail!("the input's shape is {other:?}, not 1, 1, side, side")
        }
    }
}

/// How the model's input becomes bytes, which happens once and nowhere else.
fn quantised(model: &TypedModel) -> TractResult<Quantisation> {
    let mut all = model.nodes().iter().filter_map(|node| Some((node, node.op_as::<Quantise>()?)));
    let (node, quantise) = all.next().context("the input is not quantised")?;
    ensure!(all.next().is_none(), "more than one QuantizeLinear");
    ensure!(node.inputs[..] == model.input_outlets()?[..], "{} does not quantise the input", node.name);
    Ok(quantise.quantisation)
}

/// Makes the int8 maps before the last dequantisations the outputs, and gives their shapes and scales.
fn cut_outputs(model: &mut TypedModel, names: Vec<String>) -> Result<Vec<OutputShape>, GraphError> {
    let (mut outlets, mut shapes) = (vec![], vec![]);
    for (outlet, name) in model.output_outlets()?.iter().zip(names) {
        let node = model.node(outlet.node);
        let Some(last) = node.op_as::<Dequantise>() else { return Err(GraphError::Output(name)) };
        let map = last.map;
        if map.height != map.width {
            return Err(GraphError::Output(name));
        }
        outlets.push(node.inputs[0]);
        shapes.push(OutputShape {
            name,
            side: map.height,
            channels: map.channels,
            quantisation: last.quantisation,
        });
    }
    model.select_output_outlets(&outlets)?;
    Ok(shapes)
}

#[cfg(test)]
mod tests;
