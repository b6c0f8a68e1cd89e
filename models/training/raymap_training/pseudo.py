"""Maps for radiographs that nobody outlined: the teachers' probability, brought to the extent that readers scored.

The founding paper let a network propose outlines and people correct them; here where in a lung outlines lie, and the
readers' scores, do the correcting.
The teachers' shares are put beside each kind of score by isotonic regression over the radiographs that have it; each
radiograph's map is then shifted (on the logit) until its share lies halfway between the teachers' and the score's, zone
by zone where readers scored zones (Brixia).
"""

import numpy as np
import torch
from scipy import ndimage, optimize
from torch.nn import functional as F

from .network import normalise

UNKNOWN = 255
MARGIN = 2.0  # logits may be shifted by at most this much
STEP = 1 / 16  # of the kept logits, which are bytes
# Places of a lung, across and down its bounding box; what the logit of their share of outlines weighs beside a network's.
PLACES, OF_PLACE = 32, 1.0
# Pixels from which a zone has a mean; the upper zones, A and D.
ZONE_PIXELS, UPPER = 50, (1, 4)


def isotonic(x, y):
    """Rising step function through (x, y) by pooling adjacent violators; returns a function of x."""
    order = np.argsort(x, kind="stable")
    blocks = [[float(y[i]), 1, float(x[i])] for i in order]
    out = []
    for b in blocks:
        out.append(b)
        while len(out) > 1 and out[-2][0] >= out[-1][0]:
            value, weight, at = out.pop()
            low = out[-1]
            low[0] = (low[0] * low[1] + value * weight) / (low[1] + weight)
            low[1] += weight
    xs, ys, k = np.sort(x), np.concatenate([[b[0]] * b[1] for b in out]), None
    return lambda v: float(np.interp(v, xs, ys))


def score_of(row):
    """Kind and value of the finest score a radiograph has, or None."""
    if row["brixia_total"]:
        return "brixia", float(row["brixia_total"])
    if row["geo_extent"]:
        return "extent", float(row["geo_extent"])
    if row["score_r"]:
        return "segments", float(np.mean([float(row[k]) for k in ("score_r", "score_d") if row[k]]))
    return None


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-np.clip(z, -30, 30)))


def shifted(z, field, share):
    """Logits shifted so that the mean probability in the field is `share`, as far as MARGIN allows."""
    miss = lambda d: float(sigmoid(z[field] + d).mean()) - share
    if miss(-MARGIN) > 0:
        return z - MARGIN
    if miss(MARGIN) < 0:
        return z + MARGIN
    return z + optimize.brentq(miss, -MARGIN, MARGIN, xtol=0.01)


@torch.no_grad()
def mean_logits(nets, images):
    """Mean infection logits of several networks, of pictures and their mirror images, at the outputs' own side."""
    x = normalise(torch.from_numpy(images).to(next(nets[0].parameters()).device).float()[:, None])
    both = lambda net: 0.5 * (net(x)[1] + net(x.flip(-1))[1].flip(-1))
    return torch.stack([both(net).float() for net in nets]).mean(0)[:, 0].cpu().numpy()


def lungs(zones):
    """Masks of the right and of the left lung."""
    return (zones >= 1) & (zones <= 3), (zones >= 4) & (zones <= 6)


def place_of(mask):
    """Row and column, among a lung's places, of each pixel of its bounding box, and that box."""
    box = tuple(slice(w.min(), w.max() + 1) for w in np.where(mask))
    steps = [np.arange(s.stop - s.start) * PLACES // (s.stop - s.start) for s in box]
    return np.ix_(*steps), box


def places(outlined, cache, weak):
    """Logits of how often outlines cover each place of the right and of the left lung, (2, PLACES, PLACES)."""
    covered, pixels = np.zeros((2, 2, PLACES, PLACES))
    for i in outlined:
        for side, mask in enumerate(lungs(weak.zones[i])):
            at, box = place_of(mask)
            np.add.at(covered[side], at, mask[box] & (cache["infection"][i][box] == 1))
            np.add.at(pixels[side], at, mask[box])
    share = ndimage.gaussian_filter(covered, (0, 2, 2)) / np.maximum(ndimage.gaussian_filter(pixels, (0, 2, 2)), 1)
    share = np.clip(share, 0.01, 0.99)
    return np.log(share / (1 - share))


def by_place(logits, zones):
    """A map of `places` laid over a radiograph's lungs, its mean over them 0, and 0 outside.

    Upper zones are seldom outlined, and are not to be missed for that: their mean is raised to 0.
    """
    out = np.zeros(zones.shape)
    for side, mask in enumerate(lungs(zones)):
        at, box = place_of(mask)
        out[box] = np.where(mask[box], logits[side][at], out[box])
    out -= out[zones > 0].mean() * (zones > 0)
    for zone in UPPER:
        out[zones == zone] -= min(0.0, out[zones == zone].mean())
    return out


def keep_maps(path, nets, cache, weak, outlined):
    """Writes the logits for all that were scored or are positive, as bytes, zero far from the lungs.

    They are the networks' mean, plus `OF_PLACE` times that of how often the radiographs `outlined` are so at that place
    of the lung: by the chest wall and seldom over the heart, of which a network that saw a few dozen knows little.
    """
    wanted, where = np.array(weak.scored + weak.positive), places(outlined, cache, weak)
    kept = []
    for part in np.array_split(wanted, max(1, len(wanted) // 32)):
        for i, z in zip(part, mean_logits(nets, cache["image"][part])):
            zones = weak.zones[int(i)][::2, ::2]
            near = ndimage.binary_dilation(zones > 0, iterations=3)
            z = z + OF_PLACE * by_place(where, zones)
            kept.append(np.where(near, np.clip(np.rint(z / STEP), -127, 127), 0).astype(np.int8))
    temporary = path.with_name(f"{path.stem}.tmp.npz")
    np.savez_compressed(temporary, index=wanted, logits=np.stack(kept))
    temporary.replace(path)


def logits(paths):
    """Mean of the kept logits by index, at the side of the pictures."""
    stored = [np.load(p) for p in paths]
    assert all((s["index"] == stored[0]["index"]).all() for s in stored)
    mean = np.mean([s["logits"].astype(np.float32) for s in stored], axis=0) * STEP
    up = F.interpolate(torch.from_numpy(mean)[:, None], scale_factor=2, mode="bilinear", align_corners=False)[:, 0].numpy()
    return dict(zip(stored[0]["index"].tolist(), up.astype(np.float16)))


def in_zones(row, zones):
    """Masks of the zones that are large enough to have a mean, each with its Brixia score."""
    masks = ((zones == n, float(row[f"brixia_{zone}"])) for n, zone in enumerate("ABCDEF", 1))
    return [(mask, score) for mask, score in masks if mask.sum() >= ZONE_PIXELS]


def curves(logits, wanted, table, weak):
    """By kind of score, the teachers' share that goes with it; "brixia" is of zones, the other kinds of both lungs."""
    mean = lambda i, mask: float(sigmoid(logits[i][mask].astype(np.float32)).mean())
    by_kind = {}
    for i in wanted:
        kind, score = score_of(table[i]) or (None, None)
        if kind == "brixia":
            by_kind.setdefault(kind, []).extend((s, mean(i, mask)) for mask, s in in_zones(table[i], weak.zones[i]))
        elif kind:
            by_kind.setdefault(kind, []).append((score, mean(i, weak.zones[i] > 0)))
    return {k: isotonic(*np.array(v).T) for k, v in by_kind.items() if len(v) >= 10}


def corrected(z, row, zones, curve):
    """A map brought halfway to what readers scored: zone by zone where they scored zones."""
    kind, score = score_of(row) or (None, None)
    if kind not in curve:
        return z
    scored = in_zones(row, zones) if kind == "brixia" else [(zones > 0, score)]
    out = z.copy()
    for mask, s in scored:
        share = float(sigmoid(z[mask]).mean())
        out[mask] = shifted(z, mask, 0.5 * share + 0.5 * curve[kind](s))[mask]
    return out


def labels(logits, table, pools, weak):
    """Byte maps (0..=254 for probability 0..=1) by index, for the scored and the positive without an outline."""
    wanted = [i for i in pools.scored + pools.positive if i in weak.zones]
    curve = curves(logits, wanted, table, weak)
    out = {}
    for i in wanted:
        p = sigmoid(corrected(logits[i].astype(np.float32), table[i], weak.zones[i], curve))
        if table[i]["brixia_total"]:
            for mask, score in in_zones(table[i], weak.zones[i]):
                if score == 0:
                    p[mask] = 0.0
        if i in weak.boxes:
            p[weak.boxes[i] == 0] = 0.0
        if table[i]["rsna_class"].startswith("No Lung"):
            p[:] = 0.0
        m = np.rint(p * 254).astype(np.uint8)
        out[i] = np.where(weak.zones[i] > 0, m, 0).astype(np.uint8)
    return out
