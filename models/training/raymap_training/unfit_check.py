"""`python -m raymap_training.unfit_check`: how many made-up unfit pictures each kind are refused, by a bundle's model.

Made from radiographs outside the training split (`--split`), with the fitness threshold and lung rule of the bundle's
manifest as far as they are known here: fitness, and both lungs found. The device refuses some more.
"""

import argparse
import pathlib
import tomllib

import numpy as np
import torch

from . import augment, calibrate, corpus

RADIOGRAPHS = 60
KINDS = tuple(dict.fromkeys(augment.UNFIT))


def made(kind, image, lungs, draws):
    """One unfit picture of one kind from a letterboxed radiograph."""
    augment_unfit, augment.UNFIT = augment.UNFIT, (kind,)
    x, _, turns, _ = augment.unfit(torch.from_numpy(image).float()[None, None], torch.from_numpy(lungs)[None, None], draws)
    augment.UNFIT = augment_unfit
    return np.rot90(augment.rewindow(x)[0, 0].numpy().astype(np.uint8), int(turns[0]))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--bundle", type=pathlib.Path, required=True)
    p.add_argument("--split", default="test")
    cfg = p.parse_args()
    table, cache = corpus.rows(cfg.data), corpus.build_cache(cfg.data, cfg.work / "corpus.npz")
    threshold = tomllib.loads((cfg.bundle / "manifest.toml").read_text())["fit"]["threshold"]
    model = calibrate.Int8(cfg.bundle / "model.onnx")
    draws = augment.Draws(7)
    here = [i for i, r in enumerate(table) if r["split"] == cfg.split and r["pediatric"] != "1"]
    picks = [here[int(k)] for k in torch.randperm(len(here), generator=draws.few)[:RADIOGRAPHS]]
    for kind in ("as it is", *KINDS):
        refused = 0
        for i in picks:
            image = cache["image"][i]
            first = calibrate.answer(model, image)
            lungs = first.field if first else np.zeros(image.shape, bool)
            a = first if kind == "as it is" else calibrate.answer(model, made(kind, image, lungs, draws))
            refused += a is None or a.fit[0] + a.fit[1] < threshold
        print(f"{kind:12} {refused} of {len(picks)} refused")


if __name__ == "__main__":
    main()
