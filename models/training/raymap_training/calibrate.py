"""Thresholds, calibration and cut-offs for the manifest, by cross-validation over the int8 models' own answers.

Each radiograph of folds 1 to 4 is answered by the student that never saw its fold; the shipped model is the same
recipe on all of them, and gets the numbers found here. Nothing here sees the test split, which is fold 0.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import onnxruntime
from scipy import ndimage, optimize
from tqdm import tqdm

from .corpus import POSITIVE, chance_of_opacity
from .network import FIT_CLASSES, normalise

FLOOR = 0.001  # PROBABILITY_FLOOR of src/grade.rs
PEAK_OF, PEAK_STEPS = 100, 1024  # of src/infection_map.rs
ZONES = "ABCDEF"
# The share of outlined radiographs among those whose infection is known, for which a pixel's probability is right: a
# little above the corpus's .14. Where more lungs are infected it says too little, where fewer, too much.
INFECTED = 0.17
# What a marked share of a normal lung weighs beside as much Dice.
FALSE_ALARM = 1.5
# What all normals together, whose score is 0 by definition, weigh beside all radiographs that a reader scored.
NORMALS = 0.1
FIT_FROM_MAX = 0.75
FOUR_FOLDS = "cross-validation over four folds, adults; the final network is the same recipe on all of them"


class Int8:
    """An exported model under ONNX Runtime, with what the device does to its outputs."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options)

    def logits(self, image):
        """(S, S) bytes to lung (4, S, S), infection (S, S), the mean with the mirror image's, and the fit classes'."""
        x = normalise(image.astype(np.float32))[None, None]
        lung, infection, fit = self.session.run(["lung", "infection", "fit"], {"radiograph": x})
        mirrored = self.session.run(["infection"], {"radiograph": np.ascontiguousarray(x[..., ::-1])})[0]
        both = 0.5 * (double(infection[0])[0] + double(mirrored[0])[0][:, ::-1])
        return double(lung[0]), both, fit[0].mean((1, 2))


@dataclass
class Answer:
    """What a model said of one radiograph: infection logits, lung masks, fit classes' probabilities."""

    z: np.ndarray
    right: np.ndarray
    left: np.ndarray
    fit: np.ndarray

    @property
    def field(self):
        return self.right | self.left

    def zones(self):
        """Masks A to F: upper, middle and lower third of the right, then of the left lung."""
        out = []
        for mask in (self.right, self.left):
            rows = np.where(mask.any(1))[0]
            third = np.minimum((np.arange(len(mask)) - rows[0]) * 3 // (rows[-1] - rows[0] + 1), 2)
            out += [mask & (third == k)[:, None] for k in range(3)]
        return out


def answer(model, image):
    """None where a lung is missing."""
    lung, infection, fit = model.logits(image)
    right, left = lung_field(lung)
    if not right.any() or not left.any():
        return None
    e = np.exp(fit - fit.max())
    return Answer(infection.astype(np.float16), right, left, e / e.sum())


def answers(models, table, cache):
    """Out-of-fold answers by index: every adult of the models' folds, by the model that left the fold out."""
    rows = [i for i, r in enumerate(table) if r["split"] != "test" and r["pediatric"] != "1" and int(r["fold"]) in models]
    return {i: answer(models[int(table[i]["fold"])], cache["image"][i]) for i in tqdm(rows, desc="out of fold", mininterval=10)}


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
    return 1.0 / (1.0 + np.exp(-np.clip(np.asarray(z, np.float32), -60, 60)))


def pixel_calibration(pairs):
    """Scale, offset and threshold of the infection logit from (answer, drawn mask) pairs, empty ones among them.

    Masked radiographs weigh `INFECTED` of all, whatever their number. The threshold is the probability with the
    best mean of macro and micro Dice on the masks, less `FALSE_ALARM` times the share that it marks on normals.
    """
    seen = [(a.z.astype(np.float32), a.field, truth == 1) for a, truth in pairs]
    some = [s for s in seen if s[2].any()]
    none = [s for s in seen if not s[2].any()]
    pixels = lambda group: [np.concatenate([s[k][s[1]][::7] for s in group]) for k in (0, 2)]
    (z1, t1), (z0, t0) = pixels(some), pixels(none)
    weight = np.concatenate([np.full(len(z1), INFECTED / len(z1)), np.full(len(z0), (1 - INFECTED) / len(z0))])
    scale, offset = logistic(np.concatenate([z1, z0]), np.concatenate([t1, t0]), weight)
    worth = {}
    for cut in np.arange(0.04, 0.41, 0.01):
        at = (np.log(cut / (1 - cut)) - offset) / scale
        overlaps = [(((z >= at) & f & t).sum(), ((z >= at) & f).sum() + t.sum()) for z, f, t in some]
        macro = np.mean([2 * a / b for a, b in overlaps])
        micro = 2 * sum(a for a, _ in overlaps) / sum(b for _, b in overlaps)
        false = np.mean([((z >= at) & f).sum() / max(1, f.sum()) for z, f, _ in none])
        worth[round(float(cut), 2)] = (macro + micro) / 2 - FALSE_ALARM * false
        print(f"threshold {cut:.2f}: macro {macro:.3f} micro {micro:.3f} marked on normals {false:.4f}")
    best = max(worth, key=worth.get)
    return {"threshold": best, "logit_scale": round(scale, 4), "logit_offset": round(offset, 4)}


def logistic(x, t, weight=None, ridge=1e-4):
    """Slopes, none negative, and intercept of the likeliest logistic curve over one or more figures `x` (N,) or (N, K).

    With a breath of ridge, so that separable data stay finite.
    """
    x = x.reshape(len(x), -1)
    weight = np.full(len(x), 1 / len(x)) if weight is None else weight / weight.sum()
    mean, spread = x.mean(0), x.std(0) + 1e-9
    u = (x - mean) / spread

    def cost(ab):
        z = u @ ab[:-1] + ab[-1]
        return (weight * (np.logaddexp(0, z) - t * z)).sum() + ridge * (ab**2).sum()

    bounds = [(0, None)] * x.shape[1] + [(None, None)]
    *a, b = optimize.minimize(cost, [1.0] * x.shape[1] + [0.0], bounds=bounds).x
    slopes = np.array(a) / spread
    return (*(float(s) for s in slopes), float(b - (slopes * mean).sum()))


def peak(p):
    """The probability that one pixel in `PEAK_OF` reaches, in steps as on the device."""
    steps = np.minimum((p * PEAK_STEPS).astype(int), PEAK_STEPS - 1)
    return (np.sort(steps)[-int(np.ceil(len(p) / PEAK_OF))] + 0.5) / PEAK_STEPS


def brixia_cutoffs(zones, scores, normals):
    """Three rising values of a zone's mean probability that estimate its Brixia score, and the mean errors of the
    total and of a zone.

    `zones` and `scores` are (N, 6), `normals` (M, 6) zones of normal radiographs. Least mean of the total's absolute
    error and twice a zone's.
    """
    grid = np.unique(np.quantile(zones, np.linspace(0.02, 0.98, 49)).round(3))
    reached = {c: ((zones >= c).astype(int), (normals >= c).sum(1)) for c in grid}

    def errors(cuts):
        guess = sum(reached[c][0] for c in cuts)
        return float(np.abs(guess.sum(1) - scores.sum(1)).mean()), float(np.abs(guess - scores).mean())

    def cost(cuts):
        total, zone = errors(cuts)
        of_normals = sum(reached[c][1] for c in cuts).mean()
        return total + 2 * zone + NORMALS * of_normals * (1 + 2 / len(ZONES))

    best = min(itertools.combinations(grid, 3), key=cost)
    return [float(c) for c in best], *errors(best)


def extent_cutoffs(lungs, scores):
    """Four rising values of a lung's mean probability from which readers score its extent as 1 to 4.

    `lungs` is (N, 2), `scores` (N,) the sum of both lungs' scores as the mean of the readers. A lung of mean m scores
    4 (m / full) ** bend, at most 4, which is rounded: two numbers to find. Four free cut-offs fit their own radiographs
    better and others worse.
    """
    error = lambda curve: float(np.abs((4 * np.minimum(1, (lungs / curve[0]) ** curve[1])).sum(1) - scores).mean())
    full, bend = min(itertools.product(np.arange(0.2, 1.01, 0.02), np.arange(0.3, 2.01, 0.05)), key=error)
    cuts = [round(float(full * (score / 4) ** (1 / bend)), 3) for score in (0.5, 1.5, 2.5, 3.5)]
    return cuts, float(np.abs(sum((lungs >= c).sum(1) for c in cuts) - scores).mean())


def touched_from(zones, scores):
    """The share of a zone from which a reader counts it as affected: `zones` (N, 6), `scores` (N,) counts of six."""
    error = lambda cut: float(np.abs((zones >= cut).sum(1) - scores).mean())
    best = min(np.arange(0.01, 0.51, 0.01), key=error)
    return round(float(best), 2), error(best)


def interval(shares, truths):
    """Constant and proportional half-widths below and above a share: conformal, by cross-validation.

    Of all pairs that hold 95 % of the outlined radiographs on each side (with the finite-sample correction of n + 1)
    and 90 % of the normals below, the narrowest on average. A normal's interval cannot miss above.
    """
    s, t = np.array(shares), np.array(truths)
    some = t > 0
    rules = {}
    for name, miss in (("below", s - t), ("above", t - s)):
        need = np.ceil((some.sum() + 1) * 0.95) / some.sum()
        grid = [(a, b) for a in np.arange(0.0, 0.41, 0.01) for b in np.arange(0.0, 1.01, 0.05)]
        ok = []
        for a, b in grid:
            half = np.maximum(0.0, a + b * s)
            holds = (miss[some] <= half[some] + 1e-9).mean() >= min(1.0, need)
            if holds and (name == "above" or (miss[~some] <= half[~some] + 1e-9).mean() >= 0.90):
                ok.append((half[some].mean() + half[~some].mean(), a, b))
        _, a, b = min(ok) if ok else (0, 0.4, 1.0)
        rules[name] = [round(float(a), 4), round(float(b), 4)]
    return rules


def operating_point(p, positive):
    """Threshold with the largest sum of sensitivity and specificity, and both."""
    best = max(np.unique(p), key=lambda c: (p[positive] >= c).mean() + (p[~positive] < c).mean())
    lower = p[p < best].max(initial=0.0)
    cut = round(float((best + lower) / 2), 4)
    return cut, float((p[positive] >= cut).mean()), float((p[~positive] < cut).mean())


def fit_numbers(seen):
    """The fitness threshold refuses the least sure of every 400 radiographs of the corpus, all of which are fit.

    But it is no higher than `FIT_FROM_MAX`: made-up unfit pictures stay below it, and radiographs of devices that
    nobody trained on are less sure than the corpus.
    """
    fit = np.array([a.fit[0] + a.fit[1] for a in seen.values() if a])
    mirrored = np.array([a.fit[1] / (a.fit[0] + a.fit[1]) for a in seen.values() if a])
    print("fitness, lowest of the corpus:", np.sort(fit)[:8].round(3), "mirrored, highest:", np.sort(mirrored)[-8:].round(3))
    return {"threshold": round(float(min(FIT_FROM_MAX, np.quantile(fit, 1 / 400))), 4), "mirrored_from": 0.9}


def probabilities(rule, seen):
    """Of each pixel, by index, where a radiograph has an answer; `rule` is that of the manifest."""
    calibrated = lambda a: sigmoid(rule["logit_scale"] * a.z.astype(np.float32) + rule["logit_offset"])
    return {i: calibrated(a) for i, a in seen.items() if a}


def detection(p, seen, table, how):
    """The manifest's numbers of detection from the probabilities of pixels, and how well they do on the same radiographs."""
    said = {i: c for i in p if (c := chance_of_opacity(table[i])) is not None}
    judged = [i for i in said if table[i]["rsna_class"] or table[i]["finding"] in ("normal", *POSITIVE)]
    level = lambda inside: (float(inside.mean()), peak(inside))
    x = np.log(np.array([level(p[i][seen[i].field]) for i in judged]) + FLOOR)
    positive = np.array([said[i] > 0.5 for i in judged])
    slope, peak_slope, intercept = logistic(x, positive.astype(float))
    cut, sensitivity, specificity = operating_point(sigmoid(x @ [slope, peak_slope] + intercept), positive)
    print(f"detection: sensitivity {sensitivity:.3f}, specificity {specificity:.3f} at {cut} on {len(judged)}")
    return {
        "intercept": round(intercept, 4), "slope": round(slope, 4), "peak_slope": round(peak_slope, 4), "threshold": cut,
        "sensitivity": round(sensitivity, 3), "specificity": round(specificity, 3),
        "positives": int(positive.sum()), "negatives": int((~positive).sum()), "measured_on": how,
    }


def calibrate(models, table, cache, how=FOUR_FOLDS):
    """All measured numbers of the manifest. `models` has an `Int8` for each fold; `how` says it."""
    return numbers(answers(models, table, cache), table, cache, how)


def numbers(seen, table, cache, how):
    """The same as a dict by section, from out-of-fold answers by index."""
    adult = [i for i, a in seen.items() if a]
    known = [i for i in adult if table[i]["infection_known"] == "1"]
    rule = pixel_calibration([(seen[i], cache["infection"][i]) for i in known])
    p = probabilities(rule, seen)
    share = {i: float((p[i][seen[i].field] >= rule["threshold"]).mean()) for i in adult}
    truths = [float(table[i]["infection_frac_lung"] or 0) for i in known]
    scored = [i for i in adult if table[i]["brixia_total"]]
    of_zones = lambda i: [p[i][z].mean() if z.any() else 0.0 for z in seen[i].zones()]
    zones = np.array([of_zones(i) for i in scored])
    scores = np.array([[float(table[i][f"brixia_{k}"]) for k in ZONES] for i in scored])
    healthy = [i for i in known if table[i]["infection_empty"] == "1"]
    cutoffs, total_error, zone_error = brixia_cutoffs(zones, scores, np.array([of_zones(i) for i in healthy]))
    extended = [i for i in adult if table[i]["geo_extent"]]
    lungs = np.array([[p[i][m].mean() for m in (seen[i].right, seen[i].left)] for i in extended])
    extent, extent_error = extent_cutoffs(lungs, np.array([float(table[i]["geo_extent"]) for i in extended]))
    counted = [i for i in adult if table[i]["score_r"] and not table[i]["score_note"]]
    marked = np.array([[(p[i][z] >= rule["threshold"]).mean() if z.any() else 0.0 for z in seen[i].zones()] for i in counted])
    touched, touched_error = touched_from(marked, np.array([float(table[i]["score_r"]) for i in counted]))
    normal = [share[i] for i in healthy]
    # From here on fewer than one normal in ten is called ill; never below one percent of the lung.
    mild = min(0.08, max(0.01, float(np.ceil(100 * np.quantile(normal, 0.9)) / 100)))
    print(f"Brixia zone cut-offs {cutoffs}: mean error {total_error:.2f}, {zone_error:.2f} a zone on {len(scored)} radiographs")
    print(f"extent cut-offs {extent}: mean error {extent_error:.2f} on {len(extended)} radiographs")
    print(f"a zone is touched from {touched}: mean error {touched_error:.2f} on {len(counted)} radiographs")
    return {
        "infection": rule,
        "grade": {"mild": mild, "brixia_zone": cutoffs, "extent_lung": extent, "zone_touched": touched},
        "detection": detection(p, seen, table, how),
        "interval90": {
            **interval([share[i] for i in known], truths),
            "measured_on": f"{how}: {sum(t > 0 for t in truths)} outlines, {sum(t == 0 for t in truths)} normals",
        },
        "fit": fit_numbers(seen),
        "missing_lung": [table[i]["id"] for i, a in seen.items() if not a],
    }
