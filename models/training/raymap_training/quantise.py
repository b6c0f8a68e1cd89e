"""Float network to int8 ONNX in QOperator form, node by node.

Activations are asymmetric int8 by calibrated range, weights symmetric int8 a channel, biases int32.
ReLU6 has no node of its own: it is the lower and upper end of the output's int8 range.
Operators written: QuantizeLinear, QLinearConv, com.microsoft QLinearAdd and QLinearConcat, Resize (nearest, x2),
DequantizeLinear.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .network import FIT_CLASSES, LUNG_CLASSES

OPSET = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]


class Tape:
    """The network as a list of operations on named tensors, run in float to find ranges, then written as int8."""

    def __init__(self, net):
        self.ops, self.count = [], 0
        self.build(net)

    def name(self, kind):
        self.count += 1
        return f"{kind}_{self.count}"

    def conv(self, x, seq):
        conv = fuse_conv_bn_eval(seq[0], seq[1]) if isinstance(seq, torch.nn.Sequential) else seq
        relu6 = isinstance(seq, torch.nn.Sequential) and len(seq) > 2
        y = self.name("conv")
        self.ops.append(("conv", y, [x], conv, relu6))
        return y

    def other(self, kind, inputs):
        y = self.name(kind)
        self.ops.append((kind, y, inputs, None, False))
        return y

    def build(self, net):
        x, skips = self.conv("input", net.stem), []
        for i, b in enumerate(net.blocks):
            y = x
            if not isinstance(b.expand, torch.nn.Identity):
                y = self.conv(y, b.expand)
            y = self.conv(self.conv(y, b.depthwise), b.project)
            x = self.other("add", [x, y]) if b.residual else y
            if i in net.skip_after:
                skips.append(x)
        self.outputs = {"fit": self.conv(x, net.fit)}
        for up, skip in zip(net.ups, reversed(skips)):
            doubled = self.other("resize", [self.conv(x, up.reduce)])
            x = self.conv(self.other("concat", [doubled, skip]), up.mix)
            x = self.conv(self.conv(x, up.depthwise), up.project)
        self.outputs["lung"] = self.conv(x, net.lung)
        self.outputs["infection"] = self.conv(x, net.infection)

    @torch.no_grad()
    def run(self, x, see):
        """Runs in float; calls `see(name, tensor)` for every tensor."""
        values = {"input": x}
        see("input", x)
        for kind, y, inputs, conv, relu6 in self.ops:
            a = [values[i] for i in inputs]
            if kind == "conv":
                v = conv(a[0])
                v = v.clamp(0, 6) if relu6 else v
            elif kind == "add":
                v = a[0] + a[1]
            elif kind == "concat":
                v = torch.cat(a, 1)
            else:
                v = torch.nn.functional.interpolate(a[0], scale_factor=2, mode="nearest")
            values[y] = v
            see(y, v)
        return {k: values[v] for k, v in self.outputs.items()}


def calibrate(tape, images, tail=2e-5):
    """Range of every tensor over calibration pictures (N, 1, S, S): mean over batches of the outer quantiles."""
    lows, highs = {}, {}

    def see(name, v):
        flat = v.flatten()
        k = max(1, int(tail * flat.numel()))
        lows.setdefault(name, []).append(float(torch.topk(flat, k, largest=False).values[-1]))
        highs.setdefault(name, []).append(float(torch.topk(flat, k).values[-1]))

    for part in images.split(8):
        tape.run(part, see)
    return {n: (min(0.0, float(np.mean(lows[n]))), max(1e-6, float(np.mean(highs[n])))) for n in lows}


def scale_zero(lo, hi):
    scale = np.float32((hi - lo) / 255.0)
    zero = int(np.clip(np.rint(-128 - lo / scale), -128, 127))
    return scale, np.int8(zero)


def write(tape, ranges, path, side):
    """Writes the int8 model; input `radiograph` f32 (1, 1, side, side), outputs `lung`, `infection`, `fit` f32 logits."""
    nodes, inits, quant = [], [], {}

    def init(name, array):
        inits.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def params(name):
        if name not in quant:
            scale, zero = (np.float32(1 / 128), np.int8(0)) if name == "input" else scale_zero(*ranges[name])
            quant[name] = (scale, init(f"{name}_scale", scale), init(f"{name}_zero", zero))
        return quant[name]

    def alias(name, of):
        quant[name] = params(of)

    def q(name):
        return [f"{name}_q", *params(name)[1:]]

    nodes.append(helper.make_node("QuantizeLinear", ["radiograph", *params("input")[1:]], ["input_q"], "quantize"))
    for kind, y, inputs, conv, _ in tape.ops:
        if kind == "conv":
            w = conv.weight.detach().numpy()
            sw = np.maximum(np.abs(w).max(axis=(1, 2, 3)), 1e-8).astype(np.float32) / np.float32(127)
            sx, bias = params(inputs[0])[0], conv.bias.detach().numpy().astype(np.float64)
            # A near-dead channel has next to no weights and a bias that would not fit 32 bits in their scale.
            sw = np.maximum(sw, (np.abs(bias) / (float(sx) * 2.0**30)).astype(np.float32))
            wq = np.clip(np.rint(w / sw[:, None, None, None]), -127, 127).astype(np.int8)
            bias = np.rint(bias / (float(sx) * sw.astype(np.float64))).astype(np.int32)
            args = [*q(inputs[0]), init(f"{y}_w", wq), init(f"{y}_w_scale", sw), init(f"{y}_w_zero", np.zeros(len(sw), np.int8))]
            args += [*params(y)[1:], init(f"{y}_b", bias)]
            k, p = conv.kernel_size[0], conv.padding[0]
            nodes.append(helper.make_node("QLinearConv", args, [f"{y}_q"], y, kernel_shape=[k, k], pads=[p] * 4,
                                          strides=list(conv.stride), group=conv.groups, dilations=[1, 1]))
        elif kind == "add":
            nodes.append(helper.make_node("QLinearAdd", [*q(inputs[0]), *q(inputs[1]), *params(y)[1:]], [f"{y}_q"], y, domain="com.microsoft"))
        elif kind == "concat":
            nodes.append(helper.make_node("QLinearConcat", [*params(y)[1:], *q(inputs[0]), *q(inputs[1])], [f"{y}_q"], y, domain="com.microsoft", axis=1))
        else:
            alias(y, inputs[0])
            if not any(i.name == "resize_scales" for i in inits):
                init("resize_scales", np.array([1, 1, 2, 2], np.float32))
            nodes.append(helper.make_node("Resize", [f"{inputs[0]}_q", "", "resize_scales"], [f"{y}_q"], y, mode="nearest",
                                          nearest_mode="floor", coordinate_transformation_mode="asymmetric"))
    outs, shapes = [], {"lung": (len(LUNG_CLASSES), side // 2), "infection": (1, side // 2), "fit": (len(FIT_CLASSES), side // 32)}
    for name in ("lung", "infection", "fit"):
        nodes.append(helper.make_node("DequantizeLinear", q(tape.outputs[name]), [name], f"dequantize_{name}"))
        channels, s = shapes[name]
        outs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, s, s]))
    radiograph = helper.make_tensor_value_info("radiograph", TensorProto.FLOAT, [1, 1, side, side])
    graph = helper.make_graph(nodes, "raymap", [radiograph], outs, inits)
    model = helper.make_model(graph, opset_imports=OPSET, ir_version=9, producer_name="raymap_training")
    onnx.checker.check_model(model, full_check=False)
    onnx.save(model, path)
    return model
