"""The shipped network as plain Python: its operators in order, with their constants, for the converters beside it."""
import collections

import onnx
from onnx import numpy_helper

# `inputs` are names of maps; `scales` are (scale, zero point) of each input, then of the output.
Operator = collections.namedtuple("Operator", "kind inputs output scales more")
# weights are as in ONNX: output channels, input channels of a group, rows, columns.
Conv = collections.namedtuple("Conv", "weights weight_scales bias stride pad groups")


class Graph:
    """`operators` in order; `shapes` are (channels, side) of each map; `outputs` are names of int8 maps in order."""

    def __init__(self, path):
        graph = onnx.load(path).graph
        self.constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
        self.operators, self.shapes, self.outputs, self.scales = [], {}, [], {}
        channels, side = (d.dim_value for d in graph.input[0].type.tensor_type.shape.dim[1:3])
        self.shapes[graph.input[0].name] = (channels, side)
        for node in graph.node:
            self.add(node)

    def scale(self, scale, zero):
        return float(self.constants[scale]), int(self.constants[zero])

    def add(self, node):
        if node.op_type == "DequantizeLinear":
            self.outputs.append(node.input[0])
            return
        operator = getattr(self, node.op_type)(node)
        self.operators.append(operator)
        self.scales[operator.output] = operator.scales[-1]

    def QuantizeLinear(self, node):
        self.shapes[node.output[0]] = self.shapes[node.input[0]]
        return Operator("quantise", [node.input[0]], node.output[0], [self.scale(*node.input[1:3])], None)

    def QLinearConv(self, node):
        x, weights, bias = node.input[0], self.constants[node.input[3]], self.constants[node.input[8]]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        stride, pad = attributes["strides"][0], attributes["pads"][0]
        _, side = self.shapes[x]
        side = (side + 2 * pad - weights.shape[2]) // stride + 1
        self.shapes[node.output[0]] = (weights.shape[0], side)
        more = Conv(weights, self.constants[node.input[4]], bias, stride, pad, attributes["group"])
        scales = [self.scale(*node.input[1:3]), self.scale(*node.input[6:8])]
        return Operator("conv", [x], node.output[0], scales, more)

    def QLinearAdd(self, node):
        self.shapes[node.output[0]] = self.shapes[node.input[0]]
        scales = [self.scale(*node.input[i : i + 2]) for i in (1, 4, 6)]
        return Operator("add", [node.input[0], node.input[3]], node.output[0], scales, None)

    def QLinearConcat(self, node):
        inputs = list(node.input[2::3])
        channels = sum(self.shapes[name][0] for name in inputs)
        self.shapes[node.output[0]] = (channels, self.shapes[inputs[0]][1])
        scales = [self.scale(*node.input[i : i + 2]) for i in (3, 6, 0)]
        return Operator("concat", inputs, node.output[0], scales, None)

    def Resize(self, node):
        channels, side = self.shapes[node.input[0]]
        self.shapes[node.output[0]] = (channels, 2 * side)
        scale = self.scales[node.input[0]]
        return Operator("double", [node.input[0]], node.output[0], [scale, scale], None)
