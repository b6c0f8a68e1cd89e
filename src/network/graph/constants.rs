//! A file's constants, handed to the nodes that read them, so that tract has no nodes but ours to order.
//!
//! tract makes a node of every constant, six for a convolution, and looks at all nodes again and again: that was a
//! third of the instructions from file to first inference. Here each constant becomes an attribute of its reader.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};
use tract_onnx::tract_hir::internal::*;

/// Before the number of the input that a constant is.
const NAME: &str = "constant input ";
/// Of all constants handed over: weights have one reader, so the shipped model's are less than two million.
const BYTES_MAX: usize = 64 << 20;

/// What a node's constant may be: weights and zero points, biases, scales.
const KINDS: [DataType; 3] = [DataType::Int8, DataType::Int32, DataType::Float];

/// An input of a node.
#[derive(Debug, Clone)]
pub enum Input {
    Map(OutletId),
    Constant(Arc<Tensor>),
}

/// Constants of a node, with the numbers of the inputs that they are.
pub type Constants = Vec<(usize, Arc<Tensor>)>;

/// Takes every constant out of `graph` and gives a copy to each node that reads it; what is left are maps.
pub fn hand_over(graph: &mut GraphProto) -> TractResult<()> {
    let constants = mem::take(&mut graph.initializer);
    let constants: HashMap<&str, &TensorProto> = constants.iter().map(|c| (c.name.as_str(), c)).collect();
    // Before version 4 of ONNX's format a constant was an input, too.
    graph.input.retain(|input| !constants.contains_key(input.name.as_str()));
    let mut bytes = 0;
    for node in &mut graph.node {
        node.attribute.retain(|attribute| !attribute.name.starts_with(NAME));
        let inputs = mem::take(&mut node.input).into_iter().filter(|name| !name.is_empty());
        for (index, name) in inputs.enumerate() {
            let Some(constant) = constants.get(name.as_str()) else {
                node.input.push(name);
                continue;
            };
            let kind = constant.data_type;
            ensure!(
                KINDS.iter().any(|k| *k as i32 == kind),
                "constant {name} is of type {kind}, which no node takes"
            );
            bytes += size(constant);
            ensure!(
                bytes <= BYTES_MAX,
                "more than {BYTES_MAX} bytes of constants, each counted for every reader"
            );
            node.attribute.push(attribute(index, constant));
        }
    }
    Ok(())
}

/// The constants of a node that [`hand_over`] has seen.
pub fn of(context: &ParsingContext, node: &NodeProto) -> TractResult<Constants> {
    let constant = |attribute: &AttributeProto| {
        let index = attribute.name.strip_prefix(NAME)?.parse().ok()?;
        let tensor = attribute.t.as_ref()?;
        Some(context.load_tensor(tensor).map(|tensor| (index, Arc::new(tensor))))
    };
    node.attribute.iter().filter_map(constant).collect()
}

/// All inputs of a node in the file's order: its constants, and between them its `maps`.
pub fn inputs(constants: &Constants, maps: &[OutletId]) -> Vec<Input> {
    let count = constants.len() + maps.len();
    let mut maps = maps.iter();
    let input = |index: usize| match constants.iter().find(|(at, _)| *at == index) {
        Some((_, constant)) => Some(Input::Constant(constant.clone())),
        None => maps.next().map(|&map| Input::Map(map)),
    };
    (0..count).map_while(input).collect()
}

fn attribute(index: usize, constant: &TensorProto) -> AttributeProto {
    AttributeProto {
        name: format!("{NAME}{index}"),
        r#type: AttributeType::Tensor.into(),
        t: Some(constant.clone()),
        ..Default::default()
    }
}

/// Bytes that a copy of `constant` takes, whichever way it is written.
fn size(constant: &TensorProto) -> usize {
    let words = constant.float_data.len() + constant.int32_data.len();
    let longs = constant.int64_data.len() + constant.double_data.len() + constant.uint64_data.len();
    let strings: usize = constant.string_data.iter().map(Vec::len).sum();
    constant.raw_data.len() + 4 * words + 8 * longs + strings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(inputs: &[&str]) -> NodeProto {
        NodeProto { input: inputs.iter().map(|&name| name.into()).collect(), ..Default::default() }
    }

    fn graph(bytes: usize, nodes: Vec<NodeProto>) -> GraphProto {
        let constant = TensorProto {
            name: "w".into(),
            data_type: DataType::Int8.into(),
            raw_data: vec![0; bytes],
            ..Default::default()
        };
        GraphProto { initializer: vec![constant], node: nodes, ..Default::default() }
    }

    #[test]
    fn a_node_keeps_its_maps_and_gets_its_constants() {
        let mut graph = graph(3, vec![node(&["x", "w", "", "y", "w"]), node(&["x"])]);
        hand_over(&mut graph).unwrap();
        assert!(graph.initializer.is_empty());
        assert_eq!(
            (&graph.node[0].input[..], &graph.node[1].input[..]),
            (&["x", "y"].map(String::from)[..], &["x".into()][..])
        );
        let names: Vec<&str> = graph.node[0].attribute.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["constant input 1", "constant input 3"]);
    }

    #[test]
    fn inputs_come_in_the_file_s_order() {
        let constants = vec![(1, rctensor0(7i8)), (3, rctensor0(9i8))];
        let all = inputs(&constants, &[OutletId::new(4, 0), OutletId::new(5, 0)]);
        let told: Vec<String> = all
            .iter()
            .map(|input| match input {
                Input::Map(outlet) => format!("map {}", outlet.node),
                Input::Constant(_) => "constant".into(),
            })
            .collect();
        assert_eq!(told, ["map 4", "constant", "map 5", "constant"]);
    }

    #[test]
    fn constants_that_many_nodes_read_are_bounded() {
        let many = |count| hand_over(&mut graph(1 << 20, vec![node(&["w"]); count]));
        assert!(many(64).is_ok());
        assert!(many(65).is_err());
    }
}
