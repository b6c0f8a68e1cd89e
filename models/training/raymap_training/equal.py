"""Whether the device's engine gives ONNX Runtime's outputs on many radiographs, byte for byte.

    python -m raymap_training.equal --program raymap --bundle ../lite0-unet-256 --data CORPUS --split val

Each radiograph, as the network sees it, becomes the golden input of a copy of the bundle, which the program then
verifies. On x86-64 with VNNI both sides are exact; elsewhere ONNX Runtime's own kernels may round otherwise.
"""
import argparse
import pathlib
import re
import subprocess
import tempfile

import numpy as np
from PIL import Image

from . import bundle, corpus


def differing(program, folder):
    """How many bytes differ, the furthest by how many steps, and of which output; none: nothing."""
    done = subprocess.run([program, "model", "verify", folder], capture_output=True, text=True)
    if done.returncode == 0:
        return None
    said = re.search(r"(\d+) of \d+ values of (\w+) differ from the golden output, the furthest by (\d+)", done.stderr)
    if not said:
        raise SystemExit(done.stderr)
    return said[2], int(said[1]), int(said[3])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--bundle", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    manifest = {k: v for k, v in bundle.read_manifest(arguments.bundle).items() if k != "files"}
    compared = bytes_each = 0
    found = []
    with tempfile.TemporaryDirectory() as work:
        folder, picture = pathlib.Path(work, "bundle"), pathlib.Path(work, "input.png")
        chosen = [row["file"] for row in corpus.rows(arguments.data) if row["split"] == arguments.split]
        for name in chosen[: arguments.limit]:
            grey = np.asarray(Image.open(arguments.data / name).convert("L"))
            Image.fromarray(corpus.letterbox(corpus.window(grey), corpus.SCALING)).save(picture)
            bundle.write_bundle(folder, arguments.bundle / "model.onnx", picture, manifest)
            bytes_each = (folder / "golden/expected.bin").stat().st_size
            compared += 1
            said = differing(arguments.program, folder)
            if said:
                found.append((name, *said))
    for name, output, count, steps in found:
        print(f"{name}: {count} bytes of {output} differ, by at most {steps} steps")
    print(f"{compared - len(found)} of {compared} radiographs equal, {bytes_each} bytes each")


if __name__ == "__main__":
    main()
