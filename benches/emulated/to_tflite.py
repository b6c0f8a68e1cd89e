"""The shipped network as int8 TensorFlow Lite: tflite.py MODEL.onnx MODEL.tflite

The scales are the file's own, but that a concatenation and all that goes into it have one scale, as LiteRT demands;
borders are an operator of their own, since its convolutions pad one side only at a stride of 2.
"""
import sys

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from graph import Graph

INT8, INT32, FLOAT = schema.TensorType.INT8, schema.TensorType.INT32, schema.TensorType.FLOAT32
KINDS = schema.BuiltinOperator
OPTIONS = schema.BuiltinOptions


def joined_scales(graph):
    """Scales by name, those of a concatenation handed to all that it joins."""
    scales = dict(graph.scales)
    for operator in reversed(graph.operators):
        if operator.kind in ("concat", "double"):
            scales.update((name, scales[operator.output]) for name in operator.inputs)
    return scales


class Writer:
    def __init__(self, graph):
        self.graph, self.scales = graph, joined_scales(graph)
        self.buffers, self.tensors, self.operators, self.kinds = [schema.BufferT()], [], [], []
        self.places = {}

    def tensor(self, name, shape, kind, scale=None, data=None, axis=0):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, list(shape), kind
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.atleast_1d(np.asarray(scale[0], np.float32)).tolist()
            tensor.quantization.zeroPoint = np.atleast_1d(scale[1]).tolist()
            tensor.quantization.quantizedDimension = axis
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def map(self, name, scale=None, kind=INT8):
        channels, side = self.graph.shapes[name]
        self.places[name] = self.tensor(name, (1, side, side, channels), kind, scale)
        return self.places[name]

    def operator(self, kind, inputs, output, options=None, version=1):
        if (kind, version) not in self.kinds:
            self.kinds.append((kind, version))
        operator = schema.OperatorT()
        operator.opcodeIndex = self.kinds.index((kind, version))
        operator.inputs, operator.outputs = inputs, [output]
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(OPTIONS, type(options).__name__.removesuffix("T"))
        self.operators.append(operator)

    def add(self, operator):
        inputs = [self.places[name] for name in operator.inputs]
        output = self.map(operator.output, self.scales[operator.output])
        if operator.kind == "conv":
            self.conv(operator, inputs[0], output)
        elif operator.kind == "quantise":
            self.operator(KINDS.QUANTIZE, inputs, output, schema.QuantizeOptionsT())
        elif operator.kind == "add":
            self.operator(KINDS.ADD, inputs, output, schema.AddOptionsT(), 2)
        elif operator.kind == "double":
            side = self.graph.shapes[operator.output][1]
            size = self.tensor(operator.output + "_size", [2], INT32, data=np.array([side, side], np.int32))
            self.operator(
                KINDS.RESIZE_NEAREST_NEIGHBOR, inputs + [size], output, schema.ResizeNearestNeighborOptionsT(), 2
            )
        else:
            options = schema.ConcatenationOptionsT()
            options.axis = 3
            self.operator(KINDS.CONCATENATION, inputs, output, options, 2)

    def conv(self, operator, x, output):
        conv, name = operator.more, operator.output
        scale = self.scales[operator.inputs[0]]
        same = conv.stride == 1
        if conv.pad and not same:
            x = self.padded(operator, x, scale)
        depthwise = conv.groups > 1
        order = (1, 2, 3, 0) if depthwise else (0, 2, 3, 1)
        weights = conv.weights.transpose(order)
        zeros = np.zeros(len(conv.weight_scales), np.int64)
        axis = 3 if depthwise else 0
        w = self.tensor(name + "_w", weights.shape, INT8, (conv.weight_scales, zeros), weights, axis)
        bias_scale = conv.weight_scales.astype(np.float64) * scale[0]
        # The bias counts in steps of input scale x weight scale, and a concatenation's scale may differ from the file's.
        bias = np.round(conv.bias * (operator.scales[0][0] / scale[0])).astype(np.int32)
        b = self.tensor(name + "_b", bias.shape, INT32, (bias_scale, zeros), bias)
        options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideW = options.strideH = conv.stride
        options.dilationWFactor = options.dilationHFactor = 1
        # In the file's own scale the lowest byte cuts off what is below nought; in another nothing would.
        if operator.scales[-1][1] == -128:
            options.fusedActivationFunction = schema.ActivationFunctionType.RELU
        if depthwise:
            options.depthMultiplier = 1
        self.operator(KINDS.DEPTHWISE_CONV_2D if depthwise else KINDS.CONV_2D, [x, w, b], output, options, 3)

    def padded(self, operator, x, scale):
        """The map with its zero point round it; no more of it than the convolution looks at."""
        channels, side = self.graph.shapes[operator.inputs[0]]
        pad = operator.more.pad
        after = pad - (side + 2 * pad - operator.more.weights.shape[2]) % operator.more.stride
        pads = np.array([[0, 0], [pad, after], [pad, after], [0, 0]], np.int32)
        pads = self.tensor(operator.output + "_pads", [4, 2], INT32, data=pads)
        wide = side + pad + after
        result = self.tensor(operator.output + "_padded", (1, wide, wide, channels), INT8, scale)
        self.operator(KINDS.PAD, [x, pads], result, schema.PadOptionsT(), 2)
        return result

    def model(self, source):
        self.map(source, kind=FLOAT)
        for operator in self.graph.operators:
            self.add(operator)
        subgraph = schema.SubGraphT()
        subgraph.tensors, subgraph.operators = self.tensors, self.operators
        subgraph.inputs = [self.places[source]]
        subgraph.outputs = [self.places[name] for name in self.graph.outputs]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, [subgraph], self.buffers
        model.operatorCodes = []
        for kind, version in self.kinds:
            code = schema.OperatorCodeT()
            code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, min(kind, 127), version
            model.operatorCodes.append(code)
        return model


def main():
    graph = Graph(sys.argv[1])
    model = Writer(graph).model(graph.operators[0].inputs[0])
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    with open(sys.argv[2], "wb") as file:
        file.write(builder.Output())


if __name__ == "__main__":
    main()
