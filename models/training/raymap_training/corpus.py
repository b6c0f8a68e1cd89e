"""The corpus as the network sees it: letterboxed to SIDE x SIDE bytes, with masks, kept in one cache file.

The window and the letterbox are those of `src/preprocess/` on the device: the 0.5th and 99.5th percentile of
the grey values become black and white, the longer side becomes SIDE, black bars fill the rest.
A cache that was scaled otherwise is made anew.
"""

import csv
import pathlib

import numpy as np
from PIL import Image
from tqdm import tqdm

SIDE = 256
PERCENTILES = (0.5, 99.5)
# A triangle as wide as two pixels of the square, as on the device.
SCALING = Image.Resampling.BILINEAR
UNKNOWN = 255
# Lung labels in the cache: 0 background, 1 right, 2 left, UNKNOWN where nobody drew.
RIGHT, LEFT = 1, 2


def window(grey):
    """Grey values of any depth to bytes, as on the device."""
    lo, hi = np.percentile(grey, PERCENTILES)
    scaled = (grey.astype(np.float32) - lo) * (255.0 / max(hi - lo, 1.0))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def letterbox(array, resample, side=SIDE, fill=0):
    height, width = array.shape
    scale = side / max(height, width)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(array).resize((w, h), resample)
    out = np.full((side, side), fill, np.uint8)
    top, left = (side - h) // 2, (side - w) // 2
    out[top : top + h, left : left + w] = np.asarray(small)
    return out


def rows(data):
    with open(pathlib.Path(data) / "manifest.csv", newline="") as f:
        return list(csv.DictReader(f))


def heart_in(row):
    """Whether the drawn left lung takes in the part behind the heart.

    Measured on this corpus: v7labs and generalblockchain do (left is 1.07 to 1.10 times the right lung),
    scr and covid-qu-ex leave the heart out (.81 to .83).
    """
    return row["lung_mask_src"].startswith(("v7labs", "generalblockchain"))


def build_cache(data, path):
    """Writes the cache unless it is there; returns it as a dict of arrays, row i being row i of the manifest."""
    path = pathlib.Path(path)
    table = rows(data)
    if path.exists():
        cache = dict(np.load(path))
        if len(cache["image"]) == len(table) and cache.get("scaling") == SCALING:
            return cache
    n = len(table)
    image = np.zeros((n, SIDE, SIDE), np.uint8)
    lung = np.full((n, SIDE, SIDE), UNKNOWN, np.uint8)
    infection = np.full((n, SIDE, SIDE), UNKNOWN, np.uint8)
    root = pathlib.Path(data)
    for i, row in enumerate(tqdm(table, desc="corpus", unit="radiograph")):
        grey = np.asarray(Image.open(root / row["file"]).convert("L"))
        image[i] = letterbox(window(grey), SCALING)
        if row["lung_mask"]:
            drawn = np.asarray(Image.open(root / row["lung_mask"]).convert("L"))
            drawn = letterbox(drawn, Image.Resampling.NEAREST)
            lung[i] = np.where(drawn == 127, RIGHT, np.where(drawn == 255, LEFT, 0))
        if row["infection_known"] == "1":
            infection[i] = 0
            if row["infection_mask"]:
                drawn = np.asarray(Image.open(root / row["infection_mask"]).convert("L"))
                infection[i] = letterbox(drawn, Image.Resampling.NEAREST) > 127
    cache = {"image": image, "lung": lung, "infection": infection, "scaling": np.array(int(SCALING))}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **cache)
    return cache


# What nobody may be stopped from using again: CC BY without NC or ND, Apache-2.0, NIH's own terms without RSNA's.
PERMISSIVE = ("CC BY", "Apache", "NIH")
POSITIVE = ("covid", "viral", "bacterial", "pneumonia")


def permissive(row):
    licence = row["licence"]
    if "NC" in licence or "ND" in licence or not licence.startswith(PERMISSIVE):
        return False
    return "RSNA" not in licence or not row["boxes"] and not row["rsna_class"]


def chance_of_opacity(row):
    """How likely it is, by what was said of an adult, that the radiograph shows opacity; None where nothing was said.

    A radiologist's class or boxes outweigh a finding mined from a report.
    """
    if row["rsna_class"]:
        return 0.97 if row["rsna_class"] == "Lung Opacity" else 0.05
    if row["boxes"] or row["infection_mask"] and row["infection_empty"] != "1":
        return 0.97
    if row["finding"] == "normal":
        return 0.03
    if row["source"] == "nih" and row["finding"] == "pneumonia":
        return 0.7
    return 0.9 if row["finding"] in POSITIVE else None


class Pools:
    """Indices of the radiographs that a training may see, by what can be learned from them.

    Never the test split; without fold `leave_out` if one is named; without the sources `without` and whatever else
    there is of their patients. Children's radiographs teach the lung field and
    fitness only: they are never the normals of an adult model.
    """

    def __init__(self, table, leave_out=None, permissive_only=False, without=()):
        fold = str(leave_out)
        strangers = {r["group_id"] for r in table if r["source"] in without}
        here = [i for i, r in enumerate(table) if r["split"] != "test" and r["fold"] != fold]
        # Outlined radiographs of the fold left out: to follow a training by.
        self.held_out = [i for i, r in enumerate(table) if r["split"] != "test" and r["fold"] == fold and r["infection_mask"] and r["infection_empty"] != "1"]
        here = [i for i in here if table[i]["group_id"] not in strangers]
        if permissive_only:
            here = [i for i in here if permissive(table[i])]
        self.all = here
        self.pediatric = {i for i in here if table[i]["pediatric"] == "1"}
        self.adult = [i for i in here if i not in self.pediatric]
        known = [i for i in self.adult if table[i]["infection_known"] == "1"]
        self.infected = [i for i in known if table[i]["infection_empty"] != "1"]
        self.normal = [i for i in known if table[i]["infection_empty"] == "1"]
        self.emptied = set(self.normal)
        self.lung = [i for i in here if table[i]["lung_mask"] and i not in set(self.infected)]
        self.heart_in = {i: heart_in(table[i]) for i in here}
        self.said = {i: c for i in self.adult if (c := chance_of_opacity(table[i])) is not None}
        self.doubtful = [i for i in self.adult if table[i]["source"] == "nih" and table[i]["finding"] == "pneumonia"]
        self.scored, self.positive = [], []

    def weakly(self, weak):
        """Takes over which of them have a score, or are known only to be positive."""
        here = set(self.all) - set(self.infected)
        self.scored = [i for i in weak.scored if i in here]
        self.positive = [i for i in weak.positive if i in here]

    def group(self, name):
        return self.all if name in ("any", "unfit") else getattr(self, name)
