//! Our operators in an ONNX file: from a node's attributes and constants to an operation.
//!
//! Sources: ONNX operator specification (QLinearConv, QuantizeLinear, DequantizeLinear, Resize) and ONNX Runtime's
//! contributed operators (QLinearAdd, QLinearConcat).

use std::sync::Arc;

use tract_onnx::model::{OnnxOpRegister, ParsingContext};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_hir::internal::*;

use super::constants::{self, Constants, Input};
use super::nodes::{self, Dequantise, KernelNode, Operation, Quantise};
use super::program::MAPS_MAX;
use crate::network::kernels::{ConvShape, MapShape, Quantisation};

type Built = TractResult<(Box<dyn InferenceOp>, Vec<String>)>;

const MICROSOFT: &str = "com.microsoft";

/// Whether a node of this domain and type has a kernel.
pub fn known(domain: &str, operator: &str) -> bool {
    match operator {
        "QLinearAdd" | "QLinearConcat" => domain == MICROSOFT,
        "QLinearConv" | "Resize" | "QuantizeLinear" | "DequantizeLinear" => matches!(domain, "" | "ai.onnx"),
        _ => false,
    }
}

/// Tells tract's reader of ONNX files how each of our operators is made.
pub fn register(register: &mut OnnxOpRegister) {
    register.insert("QLinearConv", |c, node| wiring("QLinearConv", c, node, Geometry::of(node)?, wire_conv));
    register.insert("QLinearAdd", |c, node| wiring("QLinearAdd", c, node, (), wire_add));
    register.insert("QLinearConcat", concat);
    register.insert("Resize", resize);
    register.insert("QuantizeLinear", |c, node| wiring("QuantizeLinear", c, node, (), wire_quantise));
    register.insert("DequantizeLinear", |c, node| wiring("DequantizeLinear", c, node, (), wire_dequantise));
}

/// Makes a node from attributes `A`, the node's name and its inputs.
type Wire<A> = fn(&A, &str, &mut TypedModel, &[Input]) -> TractResult<TVec<OutletId>>;

/// An operator whose attributes and constants are read and whose maps are still to come.
#[derive(Clone)]
struct Wiring<A> {
    operator: &'static str,
    attributes: A,
    constants: Constants,
    wire: Wire<A>,
}

fn wiring<A>(
    operator: &'static str,
    context: &ParsingContext,
    node: &NodeProto,
    attributes: A,
    wire: Wire<A>,
) -> Built
where
    A: Clone + Send + Sync + std::fmt::Debug + 'static,
{
    let constants = constants::of(context, node)?;
    Ok((expand(Wiring { operator, attributes, constants, wire }), vec![]))
}

impl<A: std::fmt::Debug> std::fmt::Debug for Wiring<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.operator, self.attributes)
    }
}

impl<A: Clone + Send + Sync + std::fmt::Debug + 'static> Expansion for Wiring<A> {
    fn name(&self) -> StaticName {
        self.operator.into()
    }

    /// Nothing is inferred ahead: shapes and types come with the wiring, in the order of the graph.
    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        _solver: &mut Solver<'r>,
        _inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_output_arity(outputs, 1)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        (self.wire)(&self.attributes, prefix, model, &constants::inputs(&self.constants, inputs))
            .with_context(|| format!("{} {prefix}", self.operator))
    }
}

/// Attributes of a QLinearConv.
#[derive(Debug, Clone)]
struct Geometry {
    stride: usize,
    pad: usize,
    groups: usize,
}

impl Geometry {
    fn of(node: &NodeProto) -> TractResult<Self> {
        let automatic = node.get_attr_opt::<&str>("auto_pad")?.unwrap_or("NOTSET");
        ensure!(automatic == "NOTSET", "auto_pad {automatic} is not supported");
        let same = |name: &str, or: usize| -> TractResult<usize> {
            let values = node.get_attr_opt_vec::<usize>(name)?.unwrap_or_else(|| vec![or]);
            ensure!(values.iter().all(|v| Some(v) == values.first()), "{name} {values:?} differ");
            Ok(values.first().copied().unwrap_or(or))
        };
        ensure!(same("dilations", 1)? == 1, "dilation is not supported");
        let groups = node.get_attr_opt::<usize>("group")?.unwrap_or(1);
        ensure!(groups > 0, "no groups");
        Ok(Self { stride: same("strides", 1)?, pad: same("pads", 0)?, groups })
    }
}

fn wire_conv(
    geometry: &Geometry,
    name: &str,
    model: &mut TypedModel,
    inputs: &[Input],
) -> TractResult<TVec<OutletId>> {
    ensure!(inputs.len() == 9, "{} inputs, not 9", inputs.len());
    let input = map_shape(model, &inputs[0])?;
    let (x, y) = (quantisation(&inputs[1..3])?, quantisation(&inputs[6..8])?);
    let (weights, weight_scales) = (constant(&inputs[3])?, constant(&inputs[4])?);
    let (weight_zeros, bias) = (constant(&inputs[5])?, constant(&inputs[8])?);
    ensure!(nodes::bytes(weight_zeros)?.iter().all(|&z| z == 0), "the weights are not symmetric");
    let &[outputs, per_group, kernel, across] = weights.shape() else {
        bail!("weights {:?}", weights.shape())
    };
    ensure!(kernel == across, "a kernel of {kernel} x {across} is not square");
    let &Geometry { stride, pad, groups } = geometry;
    let channels = per_group.checked_mul(groups);
    ensure!(channels == Some(input.channels), "{per_group} x {groups} channels");
    let shape = ConvShape { input, outputs, groups, kernel, stride, pad };
    let per_channel = weight_scales.try_as_plain_ram()?.as_slice::<f32>()?;
    let scales = per_channel.iter().map(|w| x.scale * w / y.scale).collect();
    let (output, zeros) = (shape.output()?, (x.zero, y.zero));
    let (weights, bias) = (weights.clone(), bias.clone());
    let conv = Operation::Conv { shape, output, weights, bias, scales, zeros };
    wire_kernel(conv, name, model, &[outlet(&inputs[0])?])
}

fn wire_add(_: &(), name: &str, model: &mut TypedModel, inputs: &[Input]) -> TractResult<TVec<OutletId>> {
    ensure!(inputs.len() == 8, "{} inputs, not 8", inputs.len());
    let a = (map_shape(model, &inputs[0])?, quantisation(&inputs[1..3])?);
    let b = (map_shape(model, &inputs[3])?, quantisation(&inputs[4..6])?);
    let sum = quantisation(&inputs[6..8])?;
    wire_kernel(Operation::Add { a, b, sum }, name, model, &[outlet(&inputs[0])?, outlet(&inputs[3])?])
}

fn concat(context: &ParsingContext, node: &NodeProto) -> Built {
    let axis = node.get_attr::<i64>("axis")?;
    ensure!(matches!(axis, 1 | -3), "only channels are concatenated, not axis {axis}");
    wiring("QLinearConcat", context, node, (), wire_concat)
}

fn wire_concat(_: &(), name: &str, model: &mut TypedModel, inputs: &[Input]) -> TractResult<TVec<OutletId>> {
    ensure!(inputs.len() > 2 && (inputs.len() - 2).is_multiple_of(3), "{} inputs", inputs.len());
    let joined = quantisation(&inputs[..2])?;
    let (mut maps, mut parts) = (vec![], vec![]);
    for part in inputs[2..].chunks_exact(3) {
        maps.push(outlet(&part[0])?);
        parts.push((map_shape(model, &part[0])?, quantisation(&part[1..])?));
    }
    ensure!(maps.len() <= MAPS_MAX, "{} maps, at most {MAPS_MAX}", maps.len());
    let (first, channels) = (parts[0].0, parts.iter().map(|(shape, _)| shape.channels).sum());
    let output = MapShape::new(first.height, first.width, channels)?;
    wire_kernel(Operation::Concat { parts, joined, output }, name, model, &maps)
}

fn resize(context: &ParsingContext, node: &NodeProto) -> Built {
    let attribute = |name, or| Ok::<_, TractError>(node.get_attr_opt::<&str>(name)?.unwrap_or(or));
    let mode = attribute("mode", "nearest")?;
    let nearest = attribute("nearest_mode", "round_prefer_floor")?;
    let transformation = attribute("coordinate_transformation_mode", "half_pixel")?;
    ensure!(
        (mode, nearest, transformation) == ("nearest", "floor", "asymmetric"),
        "only nearest, floor, asymmetric is supported, not {mode}, {nearest}, {transformation}"
    );
    wiring("Resize", context, node, (), wire_double)
}

fn wire_double(_: &(), name: &str, model: &mut TypedModel, inputs: &[Input]) -> TractResult<TVec<OutletId>> {
    ensure!(inputs.len() == 2, "{} inputs, not a map and its scales", inputs.len());
    let scales = constant(&inputs[1])?;
    let scales = scales.try_as_plain_ram()?.as_slice::<f32>()?;
    ensure!(scales == [1.0, 1.0, 2.0, 2.0], "only doubling is supported, not {scales:?}");
    let input = map_shape(model, &inputs[0])?;
    let output = MapShape::new(2 * input.height, 2 * input.width, input.channels)?;
    wire_kernel(Operation::Double { input, output }, name, model, &[outlet(&inputs[0])?])
}

fn wire_quantise(
    _: &(),
    name: &str,
    model: &mut TypedModel,
    inputs: &[Input],
) -> TractResult<TVec<OutletId>> {
    ensure!(inputs.len() == 3, "{} inputs, not 3", inputs.len());
    let fact = model.outlet_fact(outlet(&inputs[0])?)?;
    let &[1, channels, height, width] = fact.shape.as_concrete().unwrap_or(&[]) else {
        bail!("input {fact:?}")
    };
    ensure!(fact.datum_type == f32::datum_type(), "input {fact:?} is not f32");
    let map = MapShape::new(height, width, channels)?;
    let quantisation = quantisation(&inputs[1..3])?;
    model.wire_node(name, Quantise { map, quantisation }, &[outlet(&inputs[0])?])
}

fn wire_dequantise(
    _: &(),
    name: &str,
    model: &mut TypedModel,
    inputs: &[Input],
) -> TractResult<TVec<OutletId>> {
    ensure!(inputs.len() == 3, "{} inputs, not 3", inputs.len());
    let (map, quantisation) = (map_shape(model, &inputs[0])?, quantisation(&inputs[1..3])?);
    model.wire_node(name, Dequantise { map, quantisation }, &[outlet(&inputs[0])?])
}

fn wire_kernel(
    operation: Operation,
    name: &str,
    model: &mut TypedModel,
    maps: &[OutletId],
) -> TractResult<TVec<OutletId>> {
    model.wire_node(name, KernelNode { operation }, maps)
}

/// The map that an input is.
fn outlet(input: &Input) -> TractResult<OutletId> {
    match input {
        Input::Map(outlet) => Ok(*outlet),
        Input::Constant(constant) => bail!("input {constant:?} is a constant, not a map"),
    }
}

/// The shape of an int8 map that one of our nodes gives.
fn map_shape(model: &TypedModel, input: &Input) -> TractResult<MapShape> {
    let fact = model.outlet_fact(outlet(input)?)?;
    let &[1, height, width, channels] = fact.shape.as_concrete().unwrap_or(&[]) else {
        bail!("input {fact:?}")
    };
    ensure!(fact.datum_type == i8::datum_type() && fact.konst.is_none(), "input {fact:?} is not an int8 map");
    Ok(MapShape::new(height, width, channels)?)
}

fn constant(input: &Input) -> TractResult<&Arc<Tensor>> {
    match input {
        Input::Constant(constant) => Ok(constant),
        Input::Map(outlet) => bail!("input {outlet:?} is not a constant"),
    }
}

/// Scale and zero point from two constants of one value each.
fn quantisation(inputs: &[Input]) -> TractResult<Quantisation> {
    let (scale, zero) = (constant(&inputs[0])?, constant(&inputs[1])?);
    ensure!(scale.len() == 1 && zero.len() == 1, "a scale a channel is supported for weights only");
    let (scale, zero) = (scale.try_as_plain_ram()?.as_slice::<f32>()?, nodes::bytes(zero)?);
    Ok(Quantisation::new(scale[0], zero[0])?)
}
