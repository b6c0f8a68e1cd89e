"""The shipped network for ncnn: to_ncnn.py float|int8 MODEL.onnx MODEL

Writes MODEL.param and MODEL.bin. In float the weights are the file's, multiplied out; ncnn halves them itself where
the processor can. In int8 they are the file's own, and maps are symmetric about nought, as ncnn has it: convolutions
hand int8 to convolutions, and float to all else.
"""
import collections
import pathlib
import sys

import numpy as np

from graph import Graph

# Of ncnn's layers: what is done to a convolution's output, and how weights are stored.
RELU, CLIP = 1, 3
FLOAT_WEIGHTS, INT8_WEIGHTS = 0, 0x000D4B38


def range_of(scale, zero):
    return (-128 - zero) * scale, (127 - zero) * scale


class Writer:
    def __init__(self, graph, int8):
        self.graph, self.int8 = graph, int8
        self.lines, self.weights, self.blobs = [], [], 0
        self.readers = collections.defaultdict(list)
        for operator in graph.operators:
            for name in operator.inputs:
                self.readers[name].append(operator)
        # Copies of a map that several operators read, still to be handed out.
        self.copies = {}

    def layer(self, kind, name, inputs, outputs, **parameters):
        said = " ".join(f"{key.lstrip('p').replace('m', '-')}={value}" for key, value in parameters.items())
        self.lines.append(f"{kind} {name} {len(inputs)} {len(outputs)} {' '.join(inputs + outputs)} {said}")
        self.blobs += len(outputs)

    def wanted(self, name):
        return len(self.readers[name]) + (name in self.graph.outputs)

    def made(self, name):
        """A map is there; it is copied when more than one operator reads it."""
        if self.wanted(name) > 1:
            self.copies[name] = [f"{name}_{i}" for i in range(self.wanted(name))]
            self.layer("Split", f"{name}_split", [name], list(self.copies[name]))

    def take(self, name):
        return self.copies[name].pop() if name in self.copies else name

    def add(self, operator):
        inputs, output = [self.take(name) for name in operator.inputs], operator.output
        if operator.kind == "quantise":
            channels, side = self.graph.shapes[output]
            self.layer("Input", output, [], [output], p0=side, p1=side, p2=channels)
        elif operator.kind == "conv":
            self.conv(operator, inputs)
        elif operator.kind == "add":
            self.layer("BinaryOp", output, inputs, [output], p0=0)
        elif operator.kind == "concat":
            self.layer("Concat", output, inputs, [output], p0=0)
        else:
            self.layer("Interp", output, inputs, [output], p0=1, p1=2.0, p2=2.0)
        self.made(output)

    def conv(self, operator, inputs):
        conv, name = operator.more, operator.output
        (scale, _), made = operator.scales
        parameters = dict(p0=conv.weights.shape[0], p1=conv.weights.shape[2], p3=conv.stride, p4=conv.pad, p5=1)
        parameters["p6"] = conv.weights.size
        if conv.groups > 1:
            parameters["p7"] = conv.groups
        requantised = self.int8 and all(reader.kind == "conv" for reader in self.readers[name]) and self.readers[name]
        if self.int8:
            parameters["p8"] = (1 if conv.groups > 1 else 2) + (100 if requantised else 0)
        low, high = range_of(*made)
        if low == 0:
            parameters |= {"p9": CLIP, "pm23310": f"2,0.0,{high:.8g}"}
        kind = "ConvolutionDepthWise" if conv.groups > 1 else "Convolution"
        self.layer(kind, name, inputs, [name], **parameters)
        bias = (conv.bias * (conv.weight_scales * scale)).astype(np.float32)
        if self.int8:
            self.int8_weights(operator, bias, requantised)
        else:
            weights = conv.weights * conv.weight_scales[:, None, None, None]
            self.weights += [np.uint32(FLOAT_WEIGHTS), weights.astype(np.float32), bias]

    def int8_weights(self, operator, bias, requantised):
        conv = operator.more
        padding = np.zeros(-conv.weights.size % 4, np.int8)
        factors = [1 / conv.weight_scales, self.factor(operator.scales[0])]
        if requantised:
            factors.append(self.factor(operator.scales[1]))
        factors = [np.asarray(f, np.float32) for f in factors]
        self.weights += [np.uint32(INT8_WEIGHTS), conv.weights, padding, bias, *factors]

    @staticmethod
    def factor(scale):
        return 127 / max(map(abs, range_of(*scale)))

    def write(self, path):
        for operator in self.graph.operators:
            self.add(operator)
        text = "\n".join(["7767517", f"{len(self.lines)} {self.blobs}", *self.lines, ""])
        path.with_suffix(".param").write_text(text)
        path.with_suffix(".bin").write_bytes(b"".join(np.ascontiguousarray(w).tobytes() for w in self.weights))


def main():
    how, model, path = sys.argv[1:]
    Writer(Graph(model), how == "int8").write(pathlib.Path(path))


if __name__ == "__main__":
    main()
