"""What the licences and the seed change: short trainings that differ in nothing else.

    python -m raymap_training.twins --data CORPUS --work work

Of everything and of permissive licences alone (`plan.TWINS`), with each of two seeds, lung fields and infection are
learned without one fold, by trainings that resume. Each becomes a bundle under WORK/twins, whose numbers are measured on that
fold, with all its licences. The commands that are printed at the end measure them on the test split;
`raymap_training.card --twins` takes what they print.
"""

import argparse
import pathlib

from . import __main__, bundle, calibrate, corpus, export, plan

HOW = f"fold {plan.TWINS_WITHOUT_FOLD}, adults, which the network never saw"


def arguments():
    here = pathlib.Path(__file__).resolve().parents[1]
    p = argparse.ArgumentParser(prog="raymap_training.twins", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=pathlib.Path, required=True, help="the corpus")
    p.add_argument("--work", type=pathlib.Path, default=here / "work", help="cache, checkpoints and what comes out")
    p.add_argument("--bundle", type=pathlib.Path, default=here.parent / "lite0-unet-256", help="the bundle whose golden input is used")
    p.add_argument("--scale", type=float, default=1.0, help="multiplies every training's steps")
    return p.parse_args()


def write_bundle(cfg, name, table, cache):
    """The network of one training, with its own numbers."""
    pools = corpus.Pools(table, plan.TWINS_WITHOUT_FOLD, cfg.permissive)
    model = export.write_int8(cfg, name, cache, pools)
    numbers = calibrate.calibrate({plan.TWINS_WITHOUT_FOLD: calibrate.Int8(model)}, table, cache, HOW)
    steps = sum(p.steps for p in plan.short(name, cfg.scale))
    described = export.manifest(cfg, numbers, table, pools, cache["image"].shape[-1], steps) | {"name": name, "version": "0.0.0"}
    bundle.write_bundle(cfg.work / "twins" / name, model, cfg.bundle / bundle.FILES["golden_input"], described)


def main():
    cfg = arguments()
    (cfg.work / "twins").mkdir(parents=True, exist_ok=True)
    table = corpus.rows(cfg.data)
    cache = corpus.build_cache(cfg.data, cfg.work / "corpus.npz")
    commands = []
    for cfg.seed in plan.TWINS_SEEDS:
        for licences, cfg.permissive in plan.TWINS.items():
            name = f"{licences}-{cfg.seed}"
            plans = plan.short(name, cfg.scale, plan.TWINS_WITHOUT_FOLD)
            for todo in plans:
                __main__.run(cfg, plans, todo, table, cache, {})
            write_bundle(cfg, name, table, cache)
            commands.append(f"raymap evaluate {cfg.data / 'manifest.csv'} --split test --blackout --json --model {cfg.work / 'twins' / name}")
    print("\n".join(commands))


if __name__ == "__main__":
    main()
