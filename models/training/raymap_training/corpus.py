"""The corpus as the network sees it: letterboxed to SIDE x SIDE bytes, with masks, kept in one cache file.

The window and the letterbox are those of `src/preprocess/` on the device: the 0.5th and 99.5th percentile of
the grey values become black and white, the longer side becomes SIDE, black bars fill the rest.
"""

import csv
import pathlib

import numpy as np
from PIL import Image
from tqdm import tqdm

SIDE = 256
PERCENTILES = (0.5, 99.5)
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
        if len(cache["image"]) == len(table):
            return cache
    n = len(table)
    image = np.zeros((n, SIDE, SIDE), np.uint8)
    lung = np.full((n, SIDE, SIDE), UNKNOWN, np.uint8)
    infection = np.full((n, SIDE, SIDE), UNKNOWN, np.uint8)
    root = pathlib.Path(data)
    for i, row in enumerate(tqdm(table, desc="corpus", unit="radiograph")):
        grey = np.asarray(Image.open(root / row["file"]).convert("L"))
        image[i] = letterbox(window(grey), Image.Resampling.BOX)
        if row["lung_mask"]:
            drawn = np.asarray(Image.open(root / row["lung_mask"]).convert("L"))
            drawn = letterbox(drawn, Image.Resampling.NEAREST)
            lung[i] = np.where(drawn == 127, RIGHT, np.where(drawn == 255, LEFT, 0))
        if row["infection_known"] == "1":
            infection[i] = 0
            if row["infection_mask"]:
                drawn = np.asarray(Image.open(root / row["infection_mask"]).convert("L"))
                infection[i] = letterbox(drawn, Image.Resampling.NEAREST) > 127
    cache = {"image": image, "lung": lung, "infection": infection}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **cache)
    return cache


class Pools:
    """Indices of the training split by what can be learned from them.

    Children's radiographs teach the lung field only: they are never the normals of an adult model.
    """

    def __init__(self, table, split="train"):
        here = [i for i, r in enumerate(table) if r["split"] == split]
        adult = [i for i in here if table[i]["pediatric"] != "1"]
        known = [i for i in adult if table[i]["infection_known"] == "1"]
        self.infected = [i for i in known if table[i]["infection_empty"] != "1"]
        self.normal = [i for i in known if table[i]["infection_empty"] == "1"]
        self.lung = [i for i in here if table[i]["lung_mask"] and i not in set(self.infected)]
        self.all = here
        self.heart_in = {i: heart_in(table[i]) for i in here}
        self.pediatric = {i for i in here if table[i]["pediatric"] == "1"}
