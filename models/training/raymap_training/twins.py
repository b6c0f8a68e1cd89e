"""What the licences and the seed change: short trainings that differ in nothing else.

    python -m raymap_training.twins --data CORPUS --work work

Of everything and of permissive licences alone (`plan.TWINS`), with each of two seeds, lung fields are learned, and
infection without one fold, by trainings that resume. Each becomes a bundle under WORK/twins, whose numbers are measured
on that fold, with all its licences. The commands that are printed at the end measure them on the test split;
`raymap_training.card --twins` takes what they print.
"""

from . import __main__, bundle, calibrate, corpus, export, options, plan

HOW = f"fold {plan.TWINS_WITHOUT_FOLD}, adults, whose infection the network never saw"


def write_bundle(cfg, name, table, cache):
    """The network of one training, with its own numbers."""
    pools = corpus.Pools(table, plan.TWINS_WITHOUT_FOLD, cfg.permissive)
    model = export.write_int8(cfg, name, cache, pools)
    numbers = calibrate.calibrate({plan.TWINS_WITHOUT_FOLD: calibrate.Int8(model)}, table, cache, HOW)
    steps = sum(p.steps for p in plan.short(name, cfg.scale))
    described = export.manifest(cfg, numbers, table, pools, cache["image"].shape[-1], steps) | {"name": name, "version": "0.0.0"}
    bundle.write_bundle(cfg.work / "twins" / name, model, cfg.bundle / bundle.FILES["golden_input"], described)


def main():
    cfg = options.of_training("raymap_training.twins", __doc__, "the bundle whose golden input is used").parse_args()
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
