"""Float network to model bundle: int8 ONNX, manifest with measured thresholds, card, golden output."""

import json

import numpy as np
import torch
from PIL import Image

from . import bundle, calibrate, card, corpus, quantise
from .network import LUNG_CLASSES, normalise, parameters
from .train import BATCH

CALIBRATION_RADIOGRAPHS = 256
VERSION = "0.1.0"
LICENCE = "research and evaluation only: part of the training radiographs is non-commercial or unstated (see card.md)"


def calibration_images(cache, pools):
    """Radiographs of the training split, spread evenly over its rows, plus those with infection masks."""
    step = max(1, len(pools.all) // CALIBRATION_RADIOGRAPHS)
    picks = pools.all[::step][:CALIBRATION_RADIOGRAPHS] + pools.infected
    return normalise(torch.from_numpy(cache["image"][picks]).float()[:, None])


def golden_input(phantom, golden):
    """The network's input for a phantom radiograph; what is there already is kept."""
    if golden.exists():
        return
    if phantom is None:
        raise SystemExit(f"{golden} is missing: give --phantom a radiograph written by `raymap phantom`")
    grey = np.asarray(Image.open(phantom))
    golden.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(corpus.letterbox(corpus.window(grey), Image.Resampling.BOX)).save(golden)


def manifest(cfg, numbers, table, side):
    half, deep = side // 2, side // 32
    train = [r for r in table if r["split"] == "train"]
    return {
        "schema": 1,
        "name": cfg.bundle.name,
        "version": VERSION,
        "licence": LICENCE,
        "input": {"side": side, "mean": 127.0, "std": 128.0},
        "outputs": [
            {"name": "lung", "channels": list(LUNG_CLASSES), "side": half},
            {"name": "infection", "channels": ["infected"], "side": half},
            {"name": "fit", "channels": ["fit"], "side": deep},
        ],
        "quantisation": {
            "format": "QOperator",
            "activations": "int8, one scale and zero point a tensor",
            "weights": "int8, symmetric, one scale a channel",
        },
        "infection": numbers["infection"],
        "fit": {**numbers["fit"], "logit_scale": 1.0, "logit_offset": 0.0},
        "grade": {"moderate": 0.15, "severe": 0.30, "critical": 0.50, "zone_touched": 0.05, **numbers["grade"]},
        "detection": numbers["detection"],
        "interval90": numbers["interval90"],
        "training": {
            "radiographs": len(train),
            "infection_masks": sum(r["infection_mask"] != "" and r["infection_empty"] != "1" for r in train),
            "lung_masks": sum(r["lung_mask"] != "" for r in train),
            "steps": cfg.first_steps + cfg.steps,
            "seed": cfg.seed,
            "permissive_only": False,
        },
    }


def export(cfg, net, table, cache, pools):
    tape = quantise.Tape(net)
    ranges = quantise.calibrate(tape, calibration_images(cache, pools))
    model = cfg.work / "model.onnx"
    side = cache["image"].shape[-1]
    quantise.write(tape, ranges, model, side)
    print(f"{model.stat().st_size:,} bytes, {parameters(net):,} parameters, batch {sum(BATCH.values())}")
    numbers = calibrate.calibrate(model, table, cache)
    (cfg.work / "calibration.json").write_text(json.dumps(numbers, indent=1))
    golden = cfg.bundle / "golden" / "input.png"
    golden_input(cfg.phantom, golden)
    described = manifest(cfg, numbers, table, side)
    (cfg.bundle / "card.md").write_text(card.text(described, table, parameters(net)))
    bundle.write_bundle(cfg.bundle, model, golden, described)
    print(f"wrote {cfg.bundle}")
