"""Thresholds, calibration and cut-offs for the manifest, from the int8 model's own answers.

Nothing here sees the test split. Pixel calibration, detection, the interval and the lowest grade come from the
validation split, on none of which the network was trained; the Brixia cut-offs come from the training split's Brixia scores,
which bounded the map's zones in training but were not its target.
"""

import numpy as np
import onnxruntime
from scipy import ndimage, optimize
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
    return 1.0 / (1.0 + np.exp(-np.clip(z, -60, 60)))


def measure(model, image, rule):
    """Infected shares and mean probability of one radiograph, or None where a lung is missing."""
    lung, infection, fit = model.logits(image)
    right, left = lung_field(lung)
    if not right.any() or not left.any():
        return None
    p = sigmoid(rule["logit_scale"] * infection + rule["logit_offset"])
    zones = []
    for mask in (right, left):
        rows = np.where(mask.any(1))[0]
        third = np.minimum((np.arange(len(mask)) - rows[0]) * 3 // (rows[-1] - rows[0] + 1), 2)
        for k in range(3):
            zone = mask & (third == k)[:, None]
            zones.append(float((p[zone] >= rule["threshold"]).mean()) if zone.any() else 0.0)
    field = right | left
    return {"share": float((p[field] >= rule["threshold"]).mean()), "mean": float(p[field].mean()), "zones": zones, "fit": fit}


def pixel_calibration(model, images, truths):
    """Scale, offset and threshold of the infection logit from the given masks, empty ones among them.

    Masked and normal radiographs weigh the same, whatever their number. The threshold is the probability with the
    best mean of macro and micro Dice on the masks, less the share that it marks on normals.
    """
    seen = []
    for image, truth in zip(images, truths):
        lung, z, _ = model.logits(image)
        field = np.logical_or(*lung_field(lung))
        seen.append((z, field, truth == 1))
    some = [s for s in seen if s[2].any()]
    none = [s for s in seen if not s[2].any()]
    pixels = lambda group: [np.concatenate([s[k][s[1]][::5] for s in group]) for k in (0, 2)]
    (z1, t1), (z0, t0) = pixels(some), pixels(none)
    weight = np.concatenate([np.full(len(z1), 1 / len(z1)), np.full(len(z0), 1 / len(z0))])
    scale, offset = logistic(np.concatenate([z1, z0]), np.concatenate([t1, t0]), weight)
    worth = {}
    for cut in np.arange(0.10, 0.61, 0.05):
        at = (np.log(cut / (1 - cut)) - offset) / scale
        pairs = [(((z >= at) & f & t).sum(), ((z >= at) & f).sum() + t.sum()) for z, f, t in some]
        macro = np.mean([2 * a / b for a, b in pairs])
        micro = 2 * sum(a for a, _ in pairs) / sum(b for _, b in pairs)
        false = np.mean([((z >= at) & f).sum() / max(1, f.sum()) for z, f, _ in none])
        worth[round(float(cut), 2)] = (macro + micro) / 2 - false
        print(f"threshold {cut:.2f}: macro {macro:.3f} micro {micro:.3f} marked on normals {false:.4f}")
    best = max(worth, key=worth.get)
    return {"threshold": best, "logit_scale": round(scale, 4), "logit_offset": round(offset, 4)}


def logistic(x, t, weight=None, ridge=1e-3):
    """Slope and intercept of the likeliest logistic curve, with a breath of ridge so that separable data stay finite."""
    weight = np.full(len(x), 1 / len(x)) if weight is None else weight / weight.sum()
    mean, spread = x.mean(), x.std() + 1e-9
    u = (x - mean) / spread

    def cost(ab):
        z = ab[0] * u + ab[1]
        return (weight * (np.logaddexp(0, z) - t * z)).sum() + ridge * (ab**2).sum()

    a, b = optimize.minimize(cost, [1.0, 0.0]).x
    return float(a / spread), float(b - a * mean / spread)


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
    """Constant and proportional half-widths below and above a share that hold the given radiographs.

    Of all pairs that hold every mask and 95 % of the normals on each side, the narrowest on average. Some eight masks
    can carry no quantile, hence all of them.
    """
    s, t = np.array(shares), np.array(truths)
    rules = {}
    for name, miss in (("below", s - t), ("above", t - s)):
        need = (t > 0) | (miss <= np.quantile(miss[t == 0], 0.95))
        pairs = [(a, b) for a in np.arange(0.02, 0.31, 0.01) for b in np.arange(0, 1.01, 0.05)]
        holds = [(a, b) for a, b in pairs if (miss[need] <= a + b * s[need] + 1e-9).all()] or [pairs[-1]]
        width = lambda ab: (ab[0] + ab[1] * s[t > 0]).mean() + ab[0] + ab[1] * s[t == 0].mean()
        rules[name] = [round(float(v), 4) for v in min(holds, key=width)]
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
    rule = pixel_calibration(model, pick(known, "image"), pick(known, "infection"))
    look = lambda rows, what: {r["id"]: measure(model, cache["image"][index[r["id"]]], rule) for r in tqdm(rows, desc=what)}
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
    # From here on fewer than one normal in ten is called ill; never below one percent of the lung.
    mild = min(0.08, max(0.01, float(np.ceil(100 * np.quantile(normal, 0.9)) / 100)))
    print(f"Brixia zone cut-offs {cutoffs}: mean error {error:.2f} a zone on {len(scored)} training radiographs")
    print(f"detection on validation: sensitivity {sensitivity:.3f}, specificity {specificity:.3f} at {cut}")
    return {
        "infection": rule,
        "grade": {"mild": mild, "brixia_zone": cutoffs},
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
        # One logit below the least sure of the validation split's radiographs, all of which are fit.
        "fit": {"threshold": round(float(sigmoid(min(v["fit"] for v in seen.values() if v) - 1.0)), 4)},
        "missing_lung_val": [k for k, v in seen.items() if not v],
    }
