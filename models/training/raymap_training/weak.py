"""Weak supervision of the infection map by what readers said of zones, segments, extents and boxes.

Each radiograph with such a score gives bounds on the mean probability of its zones (A to F), of its whole lung field,
or of boxes; a loss is paid only outside the bounds. The zones come from the lung field of a first, short training.
"""

import json
from dataclasses import dataclass

import numpy as np
import torch

from .calibrate import lung_field
from .corpus import SIDE

# Mean probability a zone of Brixia score 0..3 may have: wide, since Brixia grades texture and not area.
BRIXIA_BOUNDS = [(0.0, 0.04), (0.08, 0.40), (0.30, 0.75), (0.60, 1.0)]
TOUCHED, UNTOUCHED = 0.15, 0.05
EXTENT_SLACK = 0.12


def has_score(row):
    return any(row[k] for k in ("brixia_total", "geo_extent", "score_r", "boxes")) or row["rsna_class"].startswith("No Lung")


def is_positive(row):
    return row["finding"] == "covid"


def bounds(row):
    """Lower and upper bound per zone A..F, then of the whole field, and the number of touched zones or -1."""
    lo, hi, touched = np.zeros(7, np.float32), np.ones(7, np.float32), -1
    if row["brixia_total"]:
        for k, zone in enumerate("ABCDEF"):
            lo[k], hi[k] = BRIXIA_BOUNDS[int(float(row[f"brixia_{zone}"]))]
    elif row["score_r"]:
        scores = [float(row[k]) for k in ("score_r", "score_d") if row[k]]
        touched = int(round(np.mean(scores)))
    elif is_positive(row) and not row["geo_extent"]:
        touched = 1
    if row["geo_extent"]:
        share = extent_share(float(row["geo_extent"]))
        lo[6], hi[6] = max(0.0, share - EXTENT_SLACK), min(1.0, share + EXTENT_SLACK)
    if row["rsna_class"].startswith("No Lung"):
        hi[6] = 0.04
    return lo, hi, touched


def extent_share(extent):
    """Infected share that a geographic extent of 0..8 stands for: each lung's 0..4 is a quarter's middle."""
    return float(np.interp(extent / 2, [0, 1, 2, 3, 4], [0.0, 0.125, 0.375, 0.625, 0.875]))


def zone_maps(net, cache, indices):
    """Zone of every pixel, 0 none and 1..6 for A..F, by a network's lung field; radiographs without lungs are left out."""
    from .train import predict

    maps = {}
    for part in np.array_split(np.array(indices), max(1, len(indices) // 32)):
        lungs = predict(net, cache["image"][part])[0]
        for i, lung in zip(part, lungs):
            out = np.zeros((SIDE, SIDE), np.uint8)
            masks = lung_field(lung)
            if not all(m.sum() > 800 for m in masks):
                continue
            for first, mask in zip((1, 4), masks):
                rows = np.where(mask.any(1))[0]
                third = np.minimum((np.arange(SIDE) - rows[0]) * 3 // (rows[-1] - rows[0] + 1), 2)
                out[mask] = (first + np.clip(third, 0, 2))[np.where(mask)[0]]
            maps[int(i)] = out
    return maps


def box_map(row, cache_side=SIDE):
    """1 inside a reader's opacity box, 0 outside, in the letterboxed square; None without boxes."""
    boxes = [b for b in json.loads(row["boxes"])] if row["boxes"] else []
    boxes = [b for b in boxes if b[4] in ("Lung Opacity", "Pneumonia")]
    if not boxes:
        return None
    width, height = float(row["width"]), float(row["height"])
    scale = cache_side / max(width, height)
    left, top = (cache_side - width * scale) / 2, (cache_side - height * scale) / 2
    out = np.zeros((cache_side, cache_side), np.uint8)
    for x, y, w, h, *_ in boxes:
        x0, y0 = left + x * width * scale, top + y * height * scale
        out[int(y0) : int(y0 + h * height * scale) + 1, int(x0) : int(x0 + w * width * scale) + 1] = 1
    return out


class Weak:
    """Zones of every adult radiograph outside the test split, and what readers said of those without a mask."""

    def __init__(self, net, table, cache, pools, kept):
        """`kept` is the file that holds the zones from one call to the next."""
        strong = set(pools.infected)
        if not kept.exists():
            made = zone_maps(net, cache, pools.adult)
            np.savez_compressed(kept, index=np.array(list(made)), zones=np.stack(list(made.values())))
        stored = np.load(kept)
        self.zones = dict(zip(stored["index"].tolist(), stored["zones"]))
        wanted = [i for i in self.zones if i not in strong and (has_score(table[i]) or is_positive(table[i]))]
        self.scored = [i for i in wanted if has_score(table[i])]
        self.positive = [i for i in wanted if not has_score(table[i])]
        self.positive_only = set(self.positive)
        self.bounds = {i: bounds(table[i]) for i in wanted}
        self.boxes = {i: b for i in wanted if (b := box_map(table[i])) is not None}


    def batch(self, items, device):
        """Bounds of a batch's marked radiographs ((position, index, mirrored)), zones in the order of the picture."""
        positions, lo, hi, touched, closed = [], [], [], [], []
        for k, i, mirrored in items:
            order = [3, 4, 5, 0, 1, 2, 6] if mirrored else list(range(7))
            positions.append(k)
            lo.append(self.bounds[i][0][order])
            hi.append(self.bounds[i][1][order])
            touched.append(self.bounds[i][2])
            closed.append(i not in self.positive_only)
        at = lambda x, kind: torch.as_tensor(np.array(x), dtype=kind).to(device)
        return Bounds(at(positions, torch.long), at(lo, torch.float32), at(hi, torch.float32), at(touched, torch.long), at(closed, torch.float32))


@dataclass
class Bounds:
    """Of the marked radiographs of one batch: position, bounds of zones A to F and of the field, zones touched or -1,
    and whether the untouched are bounded too."""

    position: torch.Tensor
    lo: torch.Tensor
    hi: torch.Tensor
    touched: torch.Tensor
    closed: torch.Tensor


ZONE_PIXELS, FIELD_PIXELS = 50, 300
FIELD_WEIGHT, BOX_WEIGHT = 3.0, 2.0
INSIDE_BOX, OUTSIDE_BOX = 0.5, 0.08


def mean_over(p, mask):
    """Mean of `p` (N, S, S) over masks (N, K, S, S), and how many pixels each has."""
    mask = mask.float()
    pixels = mask.sum((2, 3))
    return (p[:, None] * mask).sum((2, 3)) / pixels.clamp(min=1), pixels


def weak_loss(logits, zones, boxes, bounds):
    """Mean over the marked radiographs of the hinges on their bounds.

    `zones` (N, S, S) holds 0..6 with A..F as they stand in the picture after mirroring, `boxes` 1 inside a reader's
    box, 0 outside, 255 where there are none.
    """
    p, zones, boxes = (x[bounds.position] for x in (torch.sigmoid(logits[:, 0]), zones, boxes))
    masks = torch.stack([zones == n for n in range(1, 7)] + [(zones >= 1) & (zones <= 6)], 1)
    mean, pixels = mean_over(p, masks)
    field = pixels[:, 6] > FIELD_PIXELS
    seen = torch.cat([pixels[:, :6] > ZONE_PIXELS, field[:, None]], 1).float()
    weight = torch.ones(7, device=p.device)
    weight[6] = FIELD_WEIGHT
    hinge = (bounds.lo - mean).clamp(min=0) + (mean - bounds.hi).clamp(min=0)
    total = (hinge * seen * weight).sum()
    # Where readers only counted zones: as many of the highest are touched.
    ranked = mean[:, :6].sort(descending=True).values
    counted = ((bounds.touched >= 0) & (seen[:, :6].sum(1) == 6)).float()
    among = (torch.arange(6, device=p.device) < bounds.touched[:, None]).float()
    total = total + (counted[:, None] * among * (TOUCHED - ranked).clamp(min=0)).sum()
    total = total + 0.5 * ((counted * bounds.closed)[:, None] * (1 - among) * (ranked - UNTOUCHED).clamp(min=0)).sum()
    mean, pixels = mean_over(p, torch.stack([masks[:, 6] & (boxes == 1), masks[:, 6] & (boxes == 0)], 1))
    boxed = ((pixels > ZONE_PIXELS) & field[:, None]).float()
    miss = torch.stack([INSIDE_BOX - mean[:, 0], mean[:, 1] - OUTSIDE_BOX], 1).clamp(min=0)
    return (total + BOX_WEIGHT * (miss * boxed).sum()) / max(1, len(bounds.position))
