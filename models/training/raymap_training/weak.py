"""Weak supervision of the infection map by what readers said of zones, segments, extents and boxes.

Each radiograph with such a score gives bounds on the mean probability of its zones (A to F), of its whole lung field,
or of boxes; a loss is paid only outside the bounds. The zones come from the lung field of a first, short training.
"""

import json

import numpy as np
import torch

from .calibrate import lung_field
from .corpus import SIDE

# Mean probability a zone of Brixia score 0..3 may have: wide, since Brixia grades texture and not area.
BRIXIA_BOUNDS = [(0.0, 0.05), (0.10, 0.55), (0.25, 0.85), (0.50, 1.0)]
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


def hinge(mean, lo, hi):
    return (lo - mean).clamp(min=0) + (mean - hi).clamp(min=0)


def weak_loss(logits, zones, boxes, items, weak):
    """Mean over the radiographs `items` ((position in batch, index, mirrored)) of the hinges on their bounds.

    `zones` (N, S, S) holds 0..6 with A..F as they stand in the picture after mirroring.
    """
    total, p = logits.sum() * 0.0, torch.sigmoid(logits[:, 0])
    for k, i, mirrored in items:
        lo, hi, touched = weak.bounds[i]
        order = [3, 4, 5, 0, 1, 2, 6] if mirrored else list(range(7))
        z = zones[k]
        means = [p[k][z == n].mean() if (z == n).sum() > 50 else None for n in range(1, 7)]
        field = p[k][(z >= 1) & (z <= 6)]
        means.append(field.mean() if len(field) > 300 else None)
        for n, mean in enumerate(means):
            if mean is not None:
                total = total + (3.0 if n == 6 else 1.0) * hinge(mean, float(lo[order[n]]), float(hi[order[n]]))
        present = [m for m in means[:6] if m is not None]
        if touched >= 0 and len(present) == 6:
            ranked = torch.stack(present).sort(descending=True).values
            total = total + (TOUCHED - ranked[:touched]).clamp(min=0).sum()
            if i not in weak.positive_only:  # there, nothing bounds it from above
                total = total + (ranked[touched:] - UNTOUCHED).clamp(min=0).sum() * 0.5
        if i in weak.boxes and len(field) > 300:
            inside = (boxes[k] == 1) & (z >= 1) & (z <= 6)
            outside = (boxes[k] == 0) & (z >= 1) & (z <= 6)
            if inside.sum() > 50:
                total = total + 2.0 * (0.5 - p[k][inside].mean()).clamp(min=0)
            if outside.sum() > 50:
                total = total + 2.0 * (p[k][outside].mean() - 0.08).clamp(min=0)
    return total / max(1, len(items))

