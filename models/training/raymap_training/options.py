"""What the commands that train have in common on their command line."""

import argparse
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parents[1]
DATA = {
    "type": pathlib.Path,
    "default": os.environ.get("RAYMAP_DATA", HERE.parents[2] / "shared" / "data"),
    "help": "the corpus (default: $RAYMAP_DATA or ../shared/data)",
}


def of_training(prog, about, bundle):
    """A parser with the corpus, the folder of checkpoints, the bundle (`bundle` says what for) and the length."""
    p = argparse.ArgumentParser(prog=prog, description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", **DATA)
    p.add_argument("--work", type=pathlib.Path, default=HERE / "work", help="cache and checkpoints; delete to start anew")
    p.add_argument("--bundle", type=pathlib.Path, default=HERE.parent / "lite0-unet-256", help=bundle)
    p.add_argument("--scale", type=float, default=1.0, help="multiplies every training's steps")
    return p
