"""Maps for radiographs that nobody outlined: the teachers' probability, brought to the extent that readers scored.

The founding paper let a network propose outlines and people correct them; here the readers' scores do the correcting.
The teachers' shares are put beside each kind of score by isotonic regression over the radiographs that have it; each
radiograph's map is then shifted (on the logit) until its share lies halfway between the teachers' and the score's.
"""

import numpy as np
import torch
from scipy import ndimage, optimize
from torch.nn import functional as F

from .network import normalise

UNKNOWN = 255
MARGIN = 2.0  # logits may be shifted by at most this much
STEP = 1 / 16  # of the kept logits, which are bytes


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


def keep_maps(path, nets, cache, weak):
    """Writes the teachers' logits for all that were scored or are positive, as bytes, zero far from the lungs."""
    wanted = np.array(weak.scored + weak.positive)
    kept = []
    for part in np.array_split(wanted, max(1, len(wanted) // 32)):
        for i, z in zip(part, mean_logits(nets, cache["image"][part])):
            near = ndimage.binary_dilation(weak.zones[int(i)][::2, ::2] > 0, iterations=3)
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


def labels(logits, table, pools, weak):
    """Byte maps (0..=254 for probability 0..=1) by index, for the scored and the positive without an outline."""
    wanted = [i for i in pools.scored + pools.positive if i in weak.zones]
    share = {i: float(sigmoid(logits[i][weak.zones[i] > 0].astype(np.float32)).mean()) for i in wanted}
    by_kind = {}
    for i in wanted:
        if (s := score_of(table[i])) is not None:
            by_kind.setdefault(s[0], []).append((s[1], share[i]))
    curve = {k: isotonic(*np.array(v).T) for k, v in by_kind.items() if len(v) >= 10}
    out = {}
    for i in wanted:
        z, field = logits[i].astype(np.float32), weak.zones[i] > 0
        s = score_of(table[i])
        if s is not None and s[0] in curve:
            z = shifted(z, field, 0.5 * share[i] + 0.5 * curve[s[0]](s[1]))
        p = sigmoid(z)
        if table[i]["brixia_total"]:
            for n, zone in enumerate("ABCDEF", 1):
                if float(table[i][f"brixia_{zone}"]) == 0:
                    p[weak.zones[i] == n] = 0.0
        if i in weak.boxes:
            p[weak.boxes[i] == 0] = 0.0
        if table[i]["rsna_class"].startswith("No Lung"):
            p[:] = 0.0
        m = np.rint(p * 254).astype(np.uint8)
        out[i] = np.where(field, m, 0).astype(np.uint8)
    return out
