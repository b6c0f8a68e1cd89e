"""Float network to model bundle: int8 ONNX, manifest with measured thresholds, card, golden output."""

import json

import numpy as np
import torch
from PIL import Image

from . import bundle, calibrate, card, corpus, plan, quantise, train
from .network import FIT_CLASSES, LUNG_CLASSES, normalise, parameters

CALIBRATION_RADIOGRAPHS = 96
VERSION = "0.4.0"
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
    Image.fromarray(corpus.letterbox(corpus.window(grey), corpus.SCALING)).save(golden)


def manifest(cfg, numbers, table, pools, side, steps):
    half, deep = side // 2, side // 32
    seen = [table[i] for i in pools.all]
    return {
        "schema": 1,
        "name": cfg.bundle.name,
        "version": VERSION,
        "licence": LICENCE,
        "input": {"side": side, "mean": 127.0, "std": 128.0, "mirrored_too": True},
        "outputs": [
            {"name": "lung", "channels": list(LUNG_CLASSES), "side": half},
            {"name": "infection", "channels": ["infected"], "side": half},
            {"name": "fit", "channels": list(FIT_CLASSES), "side": deep},
        ],
        "quantisation": {
            "format": "QOperator",
            "activations": "int8, one scale and zero point a tensor",
            "weights": "int8, symmetric, one scale a channel",
        },
        "infection": numbers["infection"],
        "fit": {**numbers["fit"], "logit_scale": 1.0, "logit_offset": 0.0},
        "grade": {"moderate": 0.15, "severe": 0.30, "critical": 0.50, **numbers["grade"]},
        "detection": numbers["detection"],
        "interval90": numbers["interval90"],
        "training": {
            "radiographs": len(seen),
            "infection_masks": len(pools.infected),
            "lung_masks": sum(r["lung_mask"] != "" for r in seen),
            "steps": steps,
            "seed": cfg.seed,
            "permissive_only": cfg.permissive,
        },
    }


def write_int8(cfg, name, cache, pools):
    """One training's network as `NAME.onnx`; what is there and newer than the checkpoint is kept."""
    path, checkpoint = cfg.work / f"{name}.onnx", cfg.work / f"{name}.pt"
    if path.exists() and path.stat().st_mtime > checkpoint.stat().st_mtime:
        return path
    tape = quantise.Tape(train.load(cfg.work, name))
    ranges = quantise.calibrate(tape, calibration_images(cache, pools))
    quantise.write(tape, ranges, path, cache["image"].shape[-1])
    return path


def measured(cfg, table, cache):
    """The manifest's measured numbers; kept from an earlier call where no student's model is newer."""
    paths = []
    for k in plan.FOLDS:
        paths.append(write_int8(cfg, f"student-{k}", cache, corpus.Pools(table, k, cfg.permissive)))
    kept = cfg.work / "calibration.json"
    if not kept.exists() or kept.stat().st_mtime < max(p.stat().st_mtime for p in paths):
        models = {k: calibrate.Int8(p) for k, p in zip(plan.FOLDS, paths)}
        kept.write_text(json.dumps(calibrate.calibrate(models, table, cache), indent=1))
    return json.loads(kept.read_text())


def export(cfg, net, table, cache, pools):
    numbers = measured(cfg, table, cache)
    model = write_int8(cfg, "final", cache, pools)
    print(f"{model.stat().st_size:,} bytes, {parameters(net):,} parameters")
    golden = cfg.bundle / "golden" / "input.png"
    golden_input(cfg.phantom, golden)
    side = cache["image"].shape[-1]
    steps = sum(p.steps for p in plan.all_plans(cfg.scale))
    described = manifest(cfg, numbers, table, pools, side, steps)
    card.write(cfg.bundle, described, table, parameters(net))
    bundle.write_bundle(cfg.bundle, model, golden, described)
    print(f"wrote {cfg.bundle}")
