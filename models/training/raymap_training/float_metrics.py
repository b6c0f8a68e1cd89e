"""`python -m raymap_training.float_metrics`: the float network's infection Dice, measured as `raymap evaluate` does.

For one purpose: to see what int8 costs. Run it once, at the end, on the split on which raymap was evaluated.
"""

import argparse
import json
import pathlib

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from . import calibrate, corpus
from .network import Network
from .train import predict


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--split", default="test")
    cfg = p.parse_args()
    net = Network()
    net.load_state_dict(torch.load(cfg.work / "final.pt", weights_only=True)["ema"])
    net.eval()
    numbers = json.loads((cfg.work / "calibration.json").read_text())["infection"]
    table = [r for r in corpus.rows(cfg.data) if r["split"] == cfg.split and r["infection_mask"]]
    scores, inter, total = [], 0, 0
    for row in table:
        truth = np.asarray(Image.open(cfg.data / row["infection_mask"]).convert("L")) > 127
        if not truth.any():
            continue
        grey = np.asarray(Image.open(cfg.data / row["file"]).convert("L"))
        image = corpus.letterbox(corpus.window(grey), corpus.SCALING)
        lung, infection, _ = predict(net, image[None], twice=True)
        right, left = calibrate.lung_field(lung[0])
        p = calibrate.sigmoid(numbers["logit_scale"] * infection[0] + numbers["logit_offset"]) * (right | left)
        h, w = truth.shape
        scale = corpus.SIDE / max(grey.shape)
        inner_h, inner_w = max(1, round(grey.shape[0] * scale)), max(1, round(grey.shape[1] * scale))
        top, left_bar = (corpus.SIDE - inner_h) // 2, (corpus.SIDE - inner_w) // 2
        ys = (np.arange(h) + 0.5) * inner_h / h + top - 0.5
        xs = (np.arange(w) + 0.5) * inner_w / w + left_bar - 0.5
        at = np.stack(np.meshgrid(ys, xs, indexing="ij"))
        found = ndimage.map_coordinates(p, at, order=1, mode="nearest") >= numbers.get("threshold", 0.5)
        inter, total = inter + (found & truth).sum(), total + found.sum() + truth.sum()
        scores.append(2 * (found & truth).sum() / (found.sum() + truth.sum()))
    print(json.dumps({"n": len(scores), "dice_macro": float(np.mean(scores)), "dice_micro": float(2 * inter / total)}))


if __name__ == "__main__":
    main()
