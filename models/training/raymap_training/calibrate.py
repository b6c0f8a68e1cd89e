"""Thresholds, calibration and cut-offs for the manifest, from the int8 model's own answers.

Nothing here sees the test split. Pixel calibration, detection, the interval and the lowest grade come from the
validation split, none of which the network was trained on; the Brixia cut-offs come from the training split's Brixia
scores, which the network was not trained on either.
"""

import numpy as np
import onnxruntime
from scipy import ndimage
from tqdm import tqdm

from .network import normalise

POSITIVE = ("covid", "viral", "bacterial", "pneumonia")
FLOOR = 0.001  # MEAN_PROBABILITY_FLOOR of src/grade.rs


class Int8:
    """The exported model under ONNX Runtime, with what the device does to its outputs."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(str(path))

    def logits(self, image):
        """(S, S) bytes to lung (4, S, S), infection (S, S) and the fit score."""
        x = normalise(image.astype(np.float32))[None, None]
        lung, infection, fit = self.session.run(["lung", "infection", "fit"], {"radiograph": x})
        return double(lung[0]), double(infection[0])[0], float(fit.mean())


def double(z):
    """Bilinear doubling with the edges held: the device's and PyTorch's align_corners=False."""
    for axis in (1, 2):
        n = z.shape[axis]
        before = np.take(z, np.maximum(np.arange(n) - 1, 0), axis)
        after = np.take(z, np.minimum(np.arange(n) + 1, n - 1), axis)
        pair = np.stack([0.25 * before + 0.75 * z, 0.75 * z + 0.25 * after], axis + 1)
        z = pair.reshape([*z.shape[:axis], 2 * n, *z.shape[axis + 1 :]])
    return z


def lung_field(lung):
    """Right and left masks (heart shadow in the left), each its largest part with holes filled."""
    e = np.exp(lung - lung.max(0))
    p = e / e.sum(0)
    field, is_right = p[0] < 0.5, p[1] >= p[2] + p[3]
    masks = []
    for mask in (field & is_right, field & ~is_right):
        labels, count = ndimage.label(mask)
        if count:
            mask = labels == 1 + np.argmax(ndimage.sum(mask, labels, np.arange(1, count + 1)))
        masks.append(ndimage.binary_fill_holes(mask))
    return masks


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def measure(model, image, scale, offset):
    """Infected shares and mean probability of one radiograph, or None where a lung is missing."""
    lung, infection, fit = model.logits(image)
    right, left = lung_field(lung)
    if not right.any() or not left.any():
        return None
    p = sigmoid(scale * infection + offset)
    zones = []
    for mask in (right, left):
        rows = np.where(mask.any(1))[0]
        third = np.minimum((np.arange(len(mask)) - rows[0]) * 3 // (rows[-1] - rows[0] + 1), 2)
        for k in range(3):
            zone = mask & (third == k)[:, None]
            zones.append(float((p[zone] >= 0.5).mean()) if zone.any() else 0.0)
    field = right | left
    return {"share": float((p[field] >= 0.5).mean()), "mean": float(p[field].mean()), "zones": zones, "fit": fit}


def pixel_calibration(model, images, truths):
    """Scale and offset of the infection logit that make its probabilities likeliest on the given masks."""
    zs, ts = [], []
    for image, truth in zip(images, truths):
        lung, z, _ = model.logits(image)
        right, left = lung_field(lung)
        zs.append(z[right | left][::5]), ts.append((truth == 1)[right | left][::5])
    z, t = np.concatenate(zs), np.concatenate(ts).astype(float)
    return logistic(z, t)


def logistic(x, t, steps=50):
    """Slope and intercept by Newton's method, with a breath of ridge so that separable data stay finite."""
    a, b = 1.0, 0.0
    for _ in range(steps):
        p = sigmoid(a * x + b)
        w, g = p * (1 - p), p - t
        ga, gb = (g * x).sum() + 1e-2 * a, g.sum()
        haa, hab, hbb = (w * x * x).sum() + 1e-2, (w * x).sum(), w.sum() + 1e-6
        det = haa * hbb - hab * hab
        a, b = a - (hbb * ga - hab * gb) / det, b - (haa * gb - hab * ga) / det
    return float(a), float(b)


def brixia_cutoffs(shares, scores):
    """Three rising shares of a zone that estimate its Brixia score with the least absolute error."""
    grid = np.array([0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
    best, least = None, np.inf
    for i, a in enumerate(grid):
        for j, b in enumerate(grid[i + 1 :], i + 1):
            for c in grid[j + 1 :]:
                guess = (shares >= a).astype(int) + (shares >= b) + (shares >= c)
                error = np.abs(guess - scores).mean()
                if error < least:
                    best, least = [float(a), float(b), float(c)], error
    return best, float(least)


def interval(shares, truths):
    """Half-widths (constant, proportional) below and above that hold 90 % of the given radiographs."""
    s, t = np.array(shares), np.array(truths)
    rules = {}
    for name, miss in (("below", s - t), ("above", t - s)):
        constant = max(0.02, float(np.quantile(miss[t == 0], 0.95)))
        ratio = np.maximum(0.0, (miss - constant) / np.maximum(s, 0.02))[t > 0]
        # Eight masks cannot carry a 95 % quantile: the largest miss stands for it.
        rules[name] = [round(constant, 4), round(float(ratio.max()), 4)]
    return rules


def operating_point(p, positive):
    """Threshold with the largest sum of sensitivity and specificity, and both."""
    best = max(np.unique(p), key=lambda c: (p[positive] >= c).mean() + (p[~positive] < c).mean())
    lower = p[p < best].max(initial=0.0)
    cut = round(float((best + lower) / 2), 4)
    return cut, float((p[positive] >= cut).mean()), float((p[~positive] < cut).mean())


def calibrate(model_path, table, cache):
    """All measured numbers of the manifest, as a dict by section, and what stands behind them."""
    model = Int8(model_path)
    index = {r["id"]: i for i, r in enumerate(table)}
    val = [r for r in table if r["split"] == "val" and r["pediatric"] != "1"]
    known = [r for r in val if r["infection_known"] == "1"]
    pick = lambda rows, key: [cache[key][index[r["id"]]] for r in rows]
    scale, offset = pixel_calibration(model, pick(known, "image"), pick(known, "infection"))
    look = lambda rows, what: {r["id"]: measure(model, cache["image"][index[r["id"]]], scale, offset) for r in tqdm(rows, desc=what)}
    seen = look(val, "validation")
    masked = [r for r in known if seen[r["id"]]]
    shares = [seen[r["id"]]["share"] for r in masked]
    truths = [float(r["infection_frac_lung"] or 0) for r in masked]
    judged = [r for r in val if seen[r["id"]] and (r["finding"] == "normal" or r["finding"] in POSITIVE)]
    x = np.log(np.array([seen[r["id"]]["mean"] for r in judged]) + FLOOR)
    positive = np.array([r["finding"] in POSITIVE for r in judged])
    slope, intercept = logistic(x, positive.astype(float))
    cut, sensitivity, specificity = operating_point(sigmoid(slope * x + intercept), positive)
    scored = [r for r in table if r["split"] == "train" and r["brixia_total"]]
    zones = look(scored, "Brixia")
    scored = [r for r in scored if zones[r["id"]]]
    z = np.array([zones[r["id"]]["zones"] for r in scored]).ravel()
    b = np.array([[float(r[f"brixia_{k}"]) for k in "ABCDEF"] for r in scored]).ravel()
    cutoffs, error = brixia_cutoffs(z, b)
    normal = [s for s, r in zip(shares, masked) if r["infection_empty"] == "1"]
    mild = max(0.01, float(np.ceil(100 * np.quantile(normal, 0.95)) / 100))
    print(f"Brixia zone cut-offs {cutoffs}: mean error {error:.2f} a zone on {len(scored)} training radiographs")
    print(f"detection on validation: sensitivity {sensitivity:.3f}, specificity {specificity:.3f} at {cut}")
    return {
        "infection": {"threshold": 0.5, "logit_scale": round(scale, 4), "logit_offset": round(offset, 4)},
        "grade": {"mild": min(mild, 0.05), "brixia_zone": cutoffs},
        "detection": {
            "intercept": round(intercept, 4), "slope": round(slope, 4), "threshold": cut,
            "sensitivity": round(sensitivity, 3), "specificity": round(specificity, 3),
            "positives": int(positive.sum()), "negatives": int((~positive).sum()),
            "measured_on": "validation split, adults; the threshold was chosen on the same radiographs",
        },
        "interval90": {
            **interval(shares, truths),
            "measured_on": f"validation split: {sum(t > 0 for t in truths)} masks, {sum(t == 0 for t in truths)} normals",
        },
        "fit_val": sorted(round(v["fit"], 2) for v in seen.values() if v)[:12],
        "missing_lung_val": [k for k, v in seen.items() if not v],
    }
