"""A radiograph for the emulated station, and what the same program makes of it on this machine."""
import json
import subprocess
import tomllib
from pathlib import Path

import picture
import replay
from grabber import Frame
from line import lines

HERE = Path(__file__).parent
FRAMES_PER_SECOND = 5
# How long the host sees the picture before it plays no more: far longer than it takes to settle.
SEEN_SECONDS = 6
# What the line says of a radiograph: not how long it took, nor its numbers.
SAID = ("grade", "total", "i90", "right", "left", "zones", "extent", "toussie", "brixia", "prob", "opacity")
# A live picture is averaged to more bits than a file has, and cut out of the black around it: shares as near as
# pixels are.
DIFFERENCE_PERCENT_MAX = 0.5
# The display's.
SCREEN = (1280, 800)


class Case:
    """A radiograph: the frame by which it arrives, and what the host makes of the same frame, line, record and screen."""

    def __init__(self, bench, name, png):
        self.name = name
        area = picture.fitted(picture.read_png(png).grey(), *picture.AREA[2:])
        luma = picture.on_console(area)
        self.frame = Frame(*picture.SCREEN, luma)
        self.folder = bench.work / name.replace(" ", "-")
        self.folder.mkdir()
        frames = replay.recording(*picture.SCREEN, luma, SEEN_SECONDS * FRAMES_PER_SECOND, FRAMES_PER_SECOND)
        (self.folder / "frames").write_bytes(frames)
        (self.folder / "board.toml").write_text(host_board())
        on_host(bench, self.folder, "run", "--board", "board.toml")
        [self.line] = [l for l in lines((self.folder / "out/serial.log").read_bytes()) if l.kind == "reading"]
        kept = on_host(bench, self.folder, "records", "--board", "board.toml", "show", self.line.fields["id"])
        self.reading = json.loads(kept)["reading"]
        self.drawn = picture.read_png((self.folder / "screen.png").read_bytes())
        # The same pixels, as a file.
        (self.folder / "radiograph.png").write_bytes(picture.write_png(picture.as_captured(area)))
        self.file = json.loads(on_host(bench, self.folder, "read", "radiograph.png", "--json"))

    def is_told_by(self, line):
        """Whether a line of the kind `reading` says the same."""
        return line.kind == "reading" and all(line.fields[key] == self.line.fields[key] for key in SAID)

    def is_read_as_a_file(self):
        """Whether the same pixels in a file have the same grade and score, and shares as near as pixels are."""
        one, other = self.reading["infected"], self.file["infected"]
        far = max(abs(one[key] - other[key]) for key in ("total", "right", "left"))
        severity = [r["severity"] for r in (self.reading, self.file)]
        return severity[0] == severity[1] and 100 * far <= DIFFERENCE_PERCENT_MAX


def host_board():
    """The emulated station's, but for its devices."""
    station = tomllib.loads((HERE / "station.toml").read_text())["source"]
    crop = ", ".join(f"{key} = {value}" for key, value in station["crop"].items())
    return f"""description = "What the emulated station does, on this machine."
inherits = ["sbc/host"]
source = {{ kind = "replay", path = "frames", range = "{station["range"]}", crop = {{ {crop} }} }}
screen = {{ kind = "png", path = "screen.png", width = {SCREEN[0]}, height = {SCREEN[1]} }}
record = {{ folder = "records", bytes_max = 67_108_864 }}
"""


def on_host(bench, folder, *words):
    return subprocess.run([bench.host, *words], cwd=folder, check=True, capture_output=True).stdout


def phantom(host, work, seed=7):
    folder = work / f"phantom-{seed}"
    subprocess.run(
        [host, "phantom", "--seed", str(seed), "--infected", "20", "--out", folder], check=True, capture_output=True)
    [png] = folder.glob("*-display.png")
    return png.read_bytes()
