"""What the recipe does on radiographs that it never saw: cross-validation over the four folds.

    python -m raymap_training.folds --data CORPUS --work work

Each `student-K` becomes a bundle under WORK/folds that owes nothing to fold K: its calibration, thresholds and cut-offs
are those of the three other students on their own folds. The command that is printed at the end measures each fold by
its bundle.
"""

from . import bundle, calibrate, corpus, export, options, plan

HOW = "cross-validation over three folds, adults"


def main():
    p = options.of_training("raymap_training.folds", __doc__, "the bundle whose golden input is used")
    p.add_argument("--seed", type=int, default=1)
    p.set_defaults(permissive=False)
    cfg = p.parse_args()
    table = corpus.rows(cfg.data)
    cache = corpus.build_cache(cfg.data, cfg.work / "corpus.npz")
    pools = {k: corpus.Pools(table, k) for k in plan.FOLDS}
    paths = {k: export.write_int8(cfg, f"student-{k}", cache, pools[k]) for k in plan.FOLDS}
    seen = {k: calibrate.answers({k: calibrate.Int8(paths[k])}, table, cache) for k in plan.FOLDS}
    made = []
    for k in plan.FOLDS:
        others = {i: a for j in plan.FOLDS if j != k for i, a in seen[j].items()}
        numbers = calibrate.numbers(others, table, cache, HOW)
        name = f"student-{k}"
        described = export.manifest(cfg, numbers, table, pools[k], cache["image"].shape[-1], plan.student(k, cfg.scale).steps) | {"name": name, "version": "0.0.0"}
        out = cfg.work / "folds" / name
        bundle.write_bundle(out, paths[k], cfg.bundle / bundle.FILES["golden_input"], described)
        made.append(f"--fold {k} --model {out}")
    print(f"raymap evaluate {cfg.data / 'manifest.csv'} --blackout --json {' '.join(made)}")


if __name__ == "__main__":
    main()
