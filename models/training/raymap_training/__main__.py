"""`python -m raymap_training`: corpus to model bundle in stages that resume."""

import pathlib

import torch

from . import corpus, options, plan, pseudo, train, weak


def arguments():
    p = options.of_training("raymap_training", __doc__, "the bundle to write")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--permissive", action="store_true", help="only radiographs under permissive licences")
    p.add_argument("--only", nargs="*", help="trainings to run (default: all, then the export), see plan.py")
    p.add_argument("--phantom", type=pathlib.Path, help="radiograph of `raymap phantom`, for a bundle without golden input")
    return p.parse_args()


def taught(cfg, plans, todo, table, cache, zones):
    """The maps of the teachers that a training learns from; each fold's are made once and kept."""
    paths = []
    for k in todo.taught_by:
        path, names = cfg.work / f"maps-{k}.npz", plan.siblings(k)
        if not path.exists():
            device = "cuda" if torch.cuda.is_available() else "cpu"
            missing = [p.name for p in plans if p.name in names and not train.finished(cfg.work, p)]
            if missing:
                raise SystemExit(f"{todo.name} learns from {', '.join(missing)}: not finished")
            outlined = [i for i in corpus.Pools(table, k, cfg.permissive).infected if i in zones.zones]
            pseudo.keep_maps(path, [train.load(cfg.work, n).to(device) for n in names], cache, zones, outlined)
        paths.append(path)
    return pseudo.logits(paths)


def run(cfg, plans, todo, table, cache, zones):
    """One training; `zones`, by the training that they come from, is kept between calls, since making it costs minutes."""
    if train.finished(cfg.work, todo):
        return
    pools = corpus.Pools(table, todo.leave_out, cfg.permissive, todo.without)
    if todo.zones is None:
        train.train(cfg, todo, pools, cache)
        return
    if todo.zones not in zones:
        everyone = corpus.Pools(table, None, cfg.permissive, todo.without)
        kept = cfg.work / todo.zones.replace("lungs", "zones", 1)
        zones[todo.zones] = weak.Weak(train.load(cfg.work, todo.zones), table, cache, everyone, kept.with_suffix(".npz"))
    seen = zones[todo.zones]
    pools.weakly(seen)
    labels = None
    if todo.taught_by:
        labels = pseudo.labels(taught(cfg, plans, todo, table, cache, seen), table, pools, seen)
        print(f"{todo.name}: {len(labels)} maps from the teachers of folds {todo.taught_by}", flush=True)
    train.train(cfg, todo, pools, cache, seen, labels)


def main():
    cfg = arguments()
    cfg.work.mkdir(parents=True, exist_ok=True)
    table = corpus.rows(cfg.data)
    cache = corpus.build_cache(cfg.data, cfg.work / "corpus.npz")
    plans, zones = plan.all_plans(cfg.scale), {}
    for todo in plans:
        if cfg.only is None or todo.name in cfg.only:
            run(cfg, plans, todo, table, cache, zones)
    if cfg.only and "calibrate" in cfg.only:
        from . import export

        export.measured(cfg, table, cache)
    if cfg.only is None or "export" in cfg.only:
        from . import export

        export.export(cfg, train.load(cfg.work, "final"), table, cache, corpus.Pools(table, None, cfg.permissive))


if __name__ == "__main__":
    main()
