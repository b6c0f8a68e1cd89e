"""Augmentation for a device that meets portable units: tilt, zoom, exposure, borders, burned-in text, noise, monitors.

Works on a whole batch at once, on the device where it lies. `image` is (N, 1, S, S) in 0..255, `labels` (N, C, S, S)
bytes moved with it.
"""

import math

import torch
from torch.nn import functional as F


class Draws:
    """Random numbers for one batch: the few that say what is done on the processor, noise where the batch lies."""

    def __init__(self, seed, device="cpu"):
        self.device = torch.device(device)
        self.few = torch.Generator().manual_seed(seed)
        self.many = self.few if self.device.type == "cpu" else torch.Generator(self.device).manual_seed(seed)

    def below(self, end):
        return int(torch.randint(0, end, (1,), generator=self.few))

    def unit(self):
        return float(torch.rand(1, generator=self.few))

    def uniform(self, shape, lo, hi):
        return torch.empty(shape).uniform_(lo, hi, generator=self.few).to(self.device)

    def hits(self, n, chance):
        return torch.rand(n, generator=self.few) < chance

    def normal(self, shape):
        return torch.randn(shape, generator=self.many, device=self.device)


def affine(image, labels, draws, unfit_turns):
    """One random similarity with shear to a radiograph; labels move by nearest neighbour, 255 (unknown) fills in."""
    n = len(image)
    u = lambda lo, hi: draws.uniform((n,), lo, hi)
    angle = u(-12, 12) * math.pi / 180 + unfit_turns.to(image.device) * (math.pi / 2)
    zoom, stretch, shear = torch.exp(u(-0.22, 0.22)), torch.exp(u(-0.1, 0.1)), u(-0.08, 0.08)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    theta = torch.stack([cos * stretch, -sin + shear, u(-0.14, 0.14), sin, cos / stretch, u(-0.14, 0.14)], 1)
    grid = F.affine_grid(theta.view(n, 2, 3), image.shape, align_corners=False)
    image = F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    shifted = labels.float() - 255.0  # so that the zeros outside mean unknown
    labels = F.grid_sample(shifted, grid, mode="nearest", padding_mode="zeros", align_corners=False) + 255.0
    return image, labels.round().to(torch.uint8)


def flip(image, lung, others, draws):
    """Mirrors a third of the batch; right and left lung change names with it. `others` are only mirrored."""
    which = draws.hits(len(image), 0.33)
    here = which.to(image.device).view(-1, 1, 1, 1)
    mirrored = lung.flip(-1)
    swapped = torch.where(mirrored == 1, 2, torch.where(mirrored == 2, 1, mirrored.long())).to(lung.dtype)
    pick = lambda a, b: torch.where(here, a, b)
    others = tuple(pick(o.flip(-1), o) for o in others)
    return pick(image.flip(-1), image), pick(swapped, lung), others, which


JOINED_SHARE = 0.35


def join_halves(image, labels, infected, empty, draws):
    """Gives some of the first `infected` radiographs the right half of another of them, or of a normal one (`empty`).

    Few outlines exist; their halves make many more chests. Labels follow, where both have them. In place.
    """
    s, donors = image.shape[-1], list(range(infected)) + empty
    old_image, old_labels = image[donors].clone(), labels[donors].clone()
    ramp = torch.linspace(0, 1, max(2, s // 24), device=image.device)
    for k in range(infected):
        if draws.unit() >= JOINED_SHARE:
            continue
        j = draws.below(len(donors))
        at = s // 2 - s // 32 + draws.below(s // 16 + 1)
        weight = torch.zeros(s, device=image.device)
        weight[at:] = 1
        weight[at - len(ramp) // 2 : at - len(ramp) // 2 + len(ramp)] = ramp
        image[k] = image[k] * (1 - weight) + old_image[j] * weight
        labels[k, :, :, at:] = old_labels[j][:, :, at:]


def exposure(image, draws):
    """Gamma, window, local shading, blur, noise, moire, posterisation: what units, consoles and cables do."""
    n, _, s, _ = image.shape
    u = lambda lo, hi: draws.uniform((n, 1, 1, 1), lo, hi)
    chance = lambda p: draws.hits(n, p).float().to(image.device).view(n, 1, 1, 1)
    x = image / 255.0
    x = x.clamp(0, 1) ** torch.exp(u(-0.45, 0.45))
    x = (x - 0.5) * torch.exp(u(-0.35, 0.15)) + 0.5 + u(-0.06, 0.06)
    coarse = draws.uniform((n, 1, 4, 4), -0.12, 0.12)
    x = x + chance(0.4) * F.interpolate(coarse, size=(s, s), mode="bicubic", align_corners=False)
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    mix = chance(0.35) * u(-0.8, 1.0)  # negative: sharpened, as consoles do
    x = x + mix * (blurred - x)
    x = x + chance(0.5) * u(0.0, 0.035) * draws.normal(x.shape)
    yy, xx = grid_of(s, image.device)
    wave = torch.sin(xx * u(0.3, 2.8) + yy * u(-2.8, 2.8))
    x = x + chance(0.12) * u(0.0, 0.05) * wave
    return x.clamp(0, 1) * 255.0


def borders_and_text(image, draws):
    """Collimation bars, bright or black, and small bright rectangles where text and markers are burned in."""
    n, _, s, _ = image.shape
    r = draws.below
    for i in range(n):
        if r(100) < 30:
            value = 0 if r(4) else 255
            for edge in range(4):
                if r(2):
                    w = r(s // 10)
                    view = image[i, 0] if edge < 2 else image[i, 0].T
                    if w:
                        (view[:w] if edge % 2 else view[-w:]).fill_(value)
        for _ in range(r(4) if r(100) < 40 else 0):
            h, w, top, left = 3 + r(s // 20), 4 + r(s // 8), r(s), r(s)
            image[i, 0, top : top + h, left : left + w] = 255 if r(3) else 0
    return image


def rewindow(image):
    """The percentile window of `corpus.window`, after augmentation, so that training sees what the device makes."""
    flat = image.flatten(1)
    ordered = flat[:, ::16].sort(1).values
    k = ordered.shape[1]
    lo, hi = ordered[:, int(0.005 * k)], ordered[:, int(0.995 * k)]
    scaled = (flat - lo[:, None]) * (255.0 / (hi - lo).clamp(min=1.0))[:, None]
    return scaled.clamp(0, 255).round().view_as(image)


# Classes of `network.FIT_CLASSES`.
FIT, MIRRORED, INVERTED, UPSIDE_DOWN, TURNED, OTHER = range(6)
# What `unfit` makes, by the chance of each: four ways to stand wrong, and much that is no chest radiograph.
UNFIT = ("inverted", "inverted", "upside_down", "upside_down", "left", "right", "tiles", "close", "noise", "ramp",
         "screen", "screen", "sideways", "half", "blackout", "blackout")


def unfit(image, field, draws):
    """Makes of radiographs what must be refused.

    `field` (N, 1, S, S) is 1 in the lungs where they are known. Returns pictures, their classes, the quarter turns
    still to be done to each, and which have painted lungs: there, the map must be empty.
    """
    n, _, s, _ = image.shape
    r = draws.below
    turns, out = torch.zeros(n), image.clone()
    kinds, painted = torch.full((n,), OTHER), torch.zeros(n, dtype=torch.bool)
    for i in range(n):
        kind, x = UNFIT[r(len(UNFIT))], out[i, 0]
        if kind == "inverted":
            x, kinds[i] = 255.0 - x, INVERTED
        elif kind == "upside_down":
            turns[i], kinds[i] = 2, UPSIDE_DOWN
        elif kind in ("left", "right"):
            turns[i], kinds[i] = (1 if kind == "left" else 3), TURNED
        elif kind == "tiles":
            k = (2, 4)[r(2)]
            tiles = x.view(k, s // k, k, s // k).permute(0, 2, 1, 3).reshape(k * k, s // k, s // k)
            order = torch.randperm(k * k, generator=draws.few).to(x.device)
            x = tiles[order].view(k, k, s // k, s // k).permute(0, 2, 1, 3).reshape(s, s)
        elif kind == "close":
            w = s // 5 + r(s // 8)
            top, left = r(s - w), r(s - w)
            x = scaled(x[top : top + w, left : left + w], s)
        elif kind == "sideways":
            x = lateral(x, s, r)
        elif kind == "half":
            left = r(2) * (s // 2)
            x = scaled(x[:, left : left + s // 2], s)
        elif kind == "noise":
            cells = 2 + r(30)
            noise = draws.uniform((1, 1, cells, cells), 0, 255)
            x = F.interpolate(noise, size=(s, s), mode=("bilinear", "nearest")[r(2)])[0, 0]
        elif kind == "ramp":
            ramp = torch.linspace(0, 255, s, device=x.device) if r(2) else torch.full((s,), float(r(255)), device=x.device)
            x = ramp.expand(s, s) + draws.normal((s, s)) * r(25)
        elif kind == "blackout" and field[i].any():
            grown = F.max_pool2d(field[i].float(), 2 * (s // 48) + 1, 1, s // 48)[0] > 0
            x = torch.where(grown, torch.full_like(x, float(r(60) if r(3) else r(255))), x)
            painted[i] = True
        else:
            x = screen(s, draws)
        out[i, 0] = x.clamp(0, 255)
    return out, kinds, turns, painted


def grid_of(s, device):
    """Row and column of every pixel of a square."""
    along = torch.arange(s, device=device)
    return torch.meshgrid(along, along, indexing="ij")


def scaled(x, s):
    return F.interpolate(x[None, None], size=(s, s), mode="bilinear")[0, 0]


def lateral(x, s, r):
    """Something like a lateral view: one half of a chest over the other's mirror image, spine at one side."""
    left, right = scaled(x[:, : s // 2], s), scaled(x[:, s // 2 :], s).flip(-1)
    shift = r(s // 5)
    both = 0.5 * left + 0.5 * torch.roll(right, shift, -1)
    return both.flip(-1) if r(2) else both


def screen(s, draws):
    """A made-up console screen, photograph or limb: rectangles, lines of text, ellipses and rods on a plain ground."""
    r = draws.below
    x = torch.full((s, s), float(r(255)), device=draws.device)
    yy, xx = grid_of(s, draws.device)
    for _ in range(2 + r(14)):
        value, shape = float(r(255)), r(4)
        top, left, h, w = r(s), r(s), 4 + r(s // 2), 4 + r(s // 2)
        if shape == 0:
            x[top : top + h, left : left + w] = value
        elif shape == 1:
            inside = ((yy - top) / h) ** 2 + ((xx - left) / w) ** 2 < 1
            x = torch.where(inside, x * 0.3 + value * 0.7, x)
        elif shape == 2:
            slope = (r(200) - 100) / 50.0
            x = torch.where(((xx - left) - slope * (yy - top)).abs() < 4 + w / 8, x * 0.4 + value * 0.6, x)
        else:
            rows = draws.uniform((max(1, h // 6), max(1, w // 4)), 0, 255)
            text = F.interpolate(rows[None, None], size=(h, w), mode="nearest")[0, 0]
            x[top : top + h, left : left + w] = text[: max(0, s - top), : max(0, s - left)]
    return x
