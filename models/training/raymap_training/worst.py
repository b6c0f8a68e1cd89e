"""`python -m raymap_training.worst`: the worst infection maps of cross-validation beside their outlines, to look at.

Each strip: the radiograph, the radiologists' outline, the map of the student that never saw it, and both as contours.
"""

import argparse
import json
import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage

from . import calibrate, corpus, plan

COUNT, ACROSS = 20, 2
DRAWN, FOUND = (90, 160, 255), (255, 150, 40)


def edge(mask):
    return ndimage.binary_dilation(mask) ^ mask


def strip(grey, truth, found):
    plain = np.repeat(grey[..., None], 3, 2)
    panels = [plain.copy() for _ in range(4)]
    panels[1][truth] = (0.5 * panels[1][truth] + 0.5 * np.array(DRAWN)).astype(np.uint8)
    panels[2][found] = (0.5 * panels[2][found] + 0.5 * np.array(FOUND)).astype(np.uint8)
    panels[3][edge(truth)], panels[3][edge(found)] = DRAWN, FOUND
    return np.concatenate(panels, 1)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--out", type=pathlib.Path, required=True, help="PNG to write; contains radiographs: never commit it")
    cfg = p.parse_args()
    table, cache = corpus.rows(cfg.data), corpus.build_cache(cfg.data, cfg.work / "corpus.npz")
    rule = json.loads((cfg.work / "calibration.json").read_text())["infection"]
    models = {k: calibrate.Int8(cfg.work / f"student-{k}.onnx") for k in plan.FOLDS}
    scores = []
    for i in corpus.Pools(table).infected:
        a, truth = calibrate.answer(models[int(table[i]["fold"])], cache["image"][i]), cache["infection"][i] == 1
        p = calibrate.sigmoid(rule["logit_scale"] * a.z + rule["logit_offset"]) if a else np.zeros(truth.shape)
        found = (p >= rule["threshold"]) & (a.field if a else False)
        scores.append((2 * (found & truth).sum() / (found.sum() + truth.sum()), i, found, truth))
    scores.sort(key=lambda s: s[0])
    for dice, i, found, truth in scores[:COUNT]:
        r = table[i]
        print(f"{dice:.2f} {r['id']} {r['view']} {r['finding']} drawn {truth.mean():.3f} found {found.mean():.3f}")
    strips = [strip(cache["image"][i], truth, found) for _, i, found, truth in scores[:COUNT]]
    rows = [np.concatenate(strips[k : k + ACROSS], 1) for k in range(0, len(strips), ACROSS)]
    Image.fromarray(np.concatenate(rows, 0)).save(cfg.out)


if __name__ == "__main__":
    main()
