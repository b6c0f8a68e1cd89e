//! Files that somebody made wrongly: each is refused by name, and none ends the program.

use std::fs;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, NodeProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    type_proto,
};

use super::*;

fn shipped() -> ModelProto {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/lite0-unet-256/model.onnx");
    reader().proto_model_for_read(&mut &*fs::read(path).unwrap()).unwrap()
}

fn loaded(proto: ModelProto) -> Result<Graph, GraphError> {
    Graph::of(reader(), proto, Compute::default())
}

/// The code and the message by which the shipped model is refused once its graph is changed.
fn refusal(change: impl FnOnce(&mut GraphProto)) -> (&'static str, String) {
    let mut proto = shipped();
    change(proto.graph.as_mut().unwrap());
    refused(proto)
}

/// A graph that is loaded after all is not printed: its weights are megabytes of text.
fn refused(proto: ModelProto) -> (&'static str, String) {
    let Err(error) = loaded(proto) else { panic!("not refused") };
    (error.code(), error.to_string())
}

fn conv_of(graph: &mut GraphProto) -> &mut NodeProto {
    graph.node.iter_mut().find(|node| node.op_type == "QLinearConv").unwrap()
}

fn integers(name: &str, values: &[i64]) -> AttributeProto {
    let (r#type, ints) = (AttributeType::Ints.into(), values.to_vec());
    AttributeProto { name: name.into(), r#type, ints, ..Default::default() }
}

#[test]
fn a_convolution_that_cannot_be_is_refused() {
    for (name, values) in [("strides", [0, 0]), ("strides", [3, 3]), ("pads", [i64::MAX, i64::MAX])] {
        let (code, message) = refusal(|graph| {
            let conv = conv_of(graph);
            conv.attribute.retain(|a| a.name != name);
            conv.attribute.push(integers(name, &values));
        });
        assert_eq!(code, "model_engine", "{name} {values:?}: {message}");
        assert!(message.contains("QLinearConv"), "{message}");
    }
}

#[test]
fn an_output_that_no_node_gives_is_refused_by_its_name() {
    assert_eq!(refusal(|graph| graph.output[0].name = "nowhere".into()).0, "model_output");
    let (code, message) = refusal(|graph| graph.output[0].name = graph.initializer[0].name.clone());
    assert_eq!(code, "model_output", "{message}");
}

#[test]
fn a_constant_of_a_type_that_no_kernel_takes_is_refused() {
    for kind in [DataType::String, DataType::Double] {
        let (code, message) = refusal(|graph| {
            let scale = conv_of(graph).input[1].clone();
            let constant = graph.initializer.iter_mut().find(|c| c.name == scale).unwrap();
            constant.data_type = kind.into();
            constant.raw_data = vec![0; 8];
        });
        assert_eq!(code, "model_engine");
        assert!(message.contains("of type"), "{message}");
    }
}

#[test]
fn the_input_is_quantised_once() {
    let (code, message) = refusal(|graph| {
        let first = graph.node.iter().find(|node| node.op_type == "QuantizeLinear").unwrap();
        let [scale, zero] = [1, 2].map(|index| first.input[index].clone());
        let again = NodeProto { name: "again".into(), output: vec!["again".into()], ..first.clone() };
        let kept = node("", "DequantizeLinear", &["again", &scale, &zero], "kept", vec![]);
        graph.node.extend([again, kept]);
        graph.output.push(ValueInfoProto { name: "kept".into(), ..Default::default() });
    });
    assert_eq!(code, "model_engine");
    assert!(message.contains("more than one QuantizeLinear"), "{message}");
}

fn constant(name: &str, dims: &[i64], kind: DataType, raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: kind.into(),
        raw_data,
        ..Default::default()
    }
}

fn node(
    domain: &str,
    op_type: &str,
    inputs: &[&str],
    output: &str,
    attribute: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        name: output.into(),
        domain: domain.into(),
        op_type: op_type.into(),
        input: inputs.iter().map(|&i| i.into()).collect(),
        output: vec![output.into()],
        attribute,
        ..Default::default()
    }
}

/// A convolution of one channel by a kernel of `side`, which keeps the map's size.
fn conv(side: i64, input: &str, output: &str) -> NodeProto {
    let weights = format!("w{side}");
    let inputs = [input, "scale", "zero", &weights, "scale", "zero", "scale", "zero", "bias"];
    node("", "QLinearConv", &inputs, output, vec![integers("pads", &[side / 2; 4])])
}

fn add(a: &str, b: &str, output: &str) -> NodeProto {
    let inputs = [a, "scale", "zero", b, "scale", "zero", "scale", "zero"];
    node("com.microsoft", "QLinearAdd", &inputs, output, vec![])
}

/// A model of a square of 4096, so that each map has 16 MiB; `nodes` lead from `q` to `end`.
fn large(nodes: Vec<NodeProto>) -> ModelProto {
    let dimension =
        |value| Dimension { value: Some(dimension::Value::DimValue(value)), ..Default::default() };
    let shape = TensorShapeProto { dim: [1, 1, 4096, 4096].map(dimension).to_vec() };
    let tensor = type_proto::Tensor { elem_type: DataType::Float.into(), shape: Some(shape) };
    let value = Some(type_proto::Value::TensorType(tensor));
    let r#type = Some(TypeProto { value, ..Default::default() });
    let mut all = vec![node("", "QuantizeLinear", &["x", "scale", "zero"], "q", vec![])];
    all.extend(nodes);
    all.push(node("", "DequantizeLinear", &["end", "scale", "zero"], "out", vec![]));
    let graph = GraphProto {
        node: all,
        initializer: vec![
            constant("scale", &[], DataType::Float, 1f32.to_le_bytes().to_vec()),
            constant("zero", &[], DataType::Int8, vec![0]),
            constant("bias", &[1], DataType::Int32, vec![0; 4]),
            constant("w1", &[1, 1, 1, 1], DataType::Int8, vec![1]),
            constant("w7", &[1, 1, 7, 7], DataType::Int8, vec![1; 49]),
        ],
        input: vec![ValueInfoProto { name: "x".into(), r#type, ..Default::default() }],
        output: vec![ValueInfoProto { name: "out".into(), ..Default::default() }],
        ..Default::default()
    };
    ModelProto { graph: Some(graph), ..shipped() }
}

#[test]
fn memory_and_work_are_bounded_before_anything_is_taken() {
    let small = large(vec![conv(1, "q", "c"), add("q", "c", "end")]);
    assert_eq!(loaded(small).unwrap().multiply_accumulates(), 4096 * 4096);

    // Two chains of sums read the same maps, so that all of them are needed until the second.
    let mut maps: Vec<NodeProto> = (0..20).map(|k| conv(1, "q", &format!("c{k}"))).collect();
    for k in 0..40 {
        let before = if k == 0 { "q".into() } else { format!("s{}", k - 1) };
        let sum = if k == 39 { "end".into() } else { format!("s{k}") };
        maps.push(add(&before, &format!("c{}", k % 20), &sum));
    }
    let (_, message) = refused(large(maps));
    assert!(message.contains("the maps take"), "{message}");

    let name = |k: usize| if k == 25 { "end".into() } else { format!("c{k}") };
    let mut work = vec![conv(7, "q", &name(0))];
    work.extend((1..=25).map(|k| conv(7, &name(k - 1), &name(k))));
    let (_, message) = refused(large(work));
    assert!(message.contains("multiply-accumulates"), "{message}");
}
