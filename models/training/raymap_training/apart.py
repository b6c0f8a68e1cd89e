"""What the recipe does on radiographs of sources that it never saw.

    python -m raymap_training.apart --data CORPUS --work work

For each group of sources (`plan.APART`) lung fields and infection are learned without it, by trainings that resume.
Each becomes a bundle under WORK/apart, with the shipped bundle's numbers but for those of detection, which are found on
the radiographs that it learned from: each network has its own scale, and without outlines and scores no other number can
be found. WORK/apart/manifest.csv is the corpus's table without the test split, its folds being the groups. The command
that is printed at the end measures each group by the network that never saw it; `raymap_training.card --apart` takes
what it prints.
"""

import csv
import os

from tqdm import tqdm

from . import __main__, bundle, calibrate, corpus, export, options, plan

# Of the adults that a network learned from, one in so many gives it its numbers of detection.
EVERY = 3
HOW = "radiographs that it learned from, adults"


def arguments():
    p = options.of_training("raymap_training.apart", __doc__, "the bundle whose numbers are used")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", nargs="*", choices=plan.APART, default=list(plan.APART), help="groups to train (default: all)")
    p.set_defaults(permissive=False)
    return p.parse_args()


def write_bundle(cfg, name, table, cache):
    """The network that never saw a group, with its own numbers of detection."""
    pools = corpus.Pools(table, without=plan.APART[name])
    model = export.write_int8(cfg, f"without-{name}", cache, pools)
    described = {k: v for k, v in bundle.read_manifest(cfg.bundle).items() if k != "files"}
    int8 = calibrate.Int8(model)
    seen = {i: calibrate.answer(int8, cache["image"][i]) for i in tqdm(pools.adult[::EVERY], desc=name, mininterval=10)}
    found = calibrate.detection(calibrate.probabilities(described["infection"], seen), seen, table, HOW)
    described |= {"name": f"without-{name}", "version": "0.0.0", "detection": found}
    bundle.write_bundle(cfg.work / "apart" / name, model, cfg.bundle / bundle.FILES["golden_input"], described)


def write_table(cfg, table):
    """The corpus's table without the test split; fold K holds the K-th group, and paths start from the new place."""
    fold = {source: str(k) for k, sources in enumerate(plan.APART.values(), 1) for source in sources}
    out = cfg.work / "apart"
    from_here = os.path.relpath(cfg.data, out)
    with open(out / "manifest.csv", "w", newline="") as f:
        writer = csv.DictWriter(f, table[0])
        writer.writeheader()
        for row in table:
            if row["split"] == "test":
                continue
            paths = {k: f"{from_here}/{row[k]}" for k in ("file", "infection_mask", "infection_classes", "lung_mask", "lung2_mask") if row[k]}
            writer.writerow(row | paths | {"fold": fold.get(row["source"], "")})
    for source in sorted({r["source"] for r in table if r["split"] != "test"} - set(fold)):
        print(f"{source} is in no group of plan.APART: not measured")


def main():
    cfg = arguments()
    (cfg.work / "apart").mkdir(parents=True, exist_ok=True)
    table = corpus.rows(cfg.data)
    cache = corpus.build_cache(cfg.data, cfg.work / "corpus.npz")
    for name in cfg.only:
        plans = plan.short(f"without-{name}", cfg.scale, without=plan.APART[name])
        for todo in plans:
            __main__.run(cfg, plans, todo, table, cache, {})
        write_bundle(cfg, name, table, cache)
    write_table(cfg, table)
    out = cfg.work / "apart"
    made = [f"--fold {k} --model {out / name}" for k, name in enumerate(plan.APART, 1) if (out / name).exists()]
    print(f"raymap evaluate {out / 'manifest.csv'} --groups --blackout --json {' '.join(made)}")


if __name__ == "__main__":
    main()
