"""What the kernel's test driver `vivid` shows: computed from its patterns and the definitions of the pixel formats.

Sources: Linux 6.1, Documentation/admin-guide/media/vivid.rst and drivers/media/common/v4l2-tpg (which pixel has which
colour); ITU-R BT.601-7, 2.5.1 and BT.709-6, 3.2 (luma of a colour), BT.709-6, 3.4 (limited range);
docs/exposure.md of this project says that luma is taken as sent.
"""
import re
from pathlib import Path

HERE = Path(__file__).parent
# One of the sizes that the driver's webcam has.
SIZE = (320, 180)
# Bits of each format that is to be captured. Of RGB the program computes the luma; of the others it takes it.
GREY = {"GREY": 8, "Y10": 10, "Y12": 12, "Y16": 16}
YUV = ("YUYV", "UYVY", "NV12", "NV16", "NM12", "NM16")
RGB = ("RGB3", "BGR3")
# In planes of their own only: drivers of the other interface do not have these.
IN_PLANES_ONLY = {"NM12", "NM16"}
# Controls: no text in the picture, and nothing that moves.
STILL = "osd_text_mode=2,horizontal_movement=3,vertical_movement=3"
BT601, BT709 = (0.299, 0.587, 0.114), (0.2126, 0.7152, 0.0722)
FULL, LIMITED = (0, 255), (16, 235)
# White, yellow, cyan, green, magenta, red, blue, black.
BARS = [(255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0)]
# Levels of 8 bits. The driver computes in sixteenths of a level, cuts off what is below one, has grey's white at 254,
# and keeps full-range luma between 1 and 254: less than two levels in all. The program's own rounding is within that.
TOLERANCE = 2.0

# However slow the machine, a frame comes within that: the longest that a board file can say.
BOARD = """description = "The kernel's test driver, in one format."
inherits = ["sbc/emulated"]

[source]
kind = "v4l"
device = "/dev/video{node}"
width = {wide}
height = {high}
format = "{fourcc}"
timeout_ms = 10_000
"""


class Pattern:
    """One of the driver's test patterns: the menu's number, the quantization's number, and colours by place."""

    def __init__(self, name, number, is_limited, colour):
        self.name, self.colour = name, colour
        self.ends = LIMITED if is_limited else FULL
        # "Quantization": 1 is full, 2 is limited.
        self.controls = f"test_pattern={number},quantization={2 if is_limited else 1},{STILL}"

    def luma(self, fourcc, size):
        """The luma of every pixel in levels of 8 bits, row by row, before any rounding."""
        wide, high = size
        rows = {}
        for y in range(high):
            colours = tuple(self.colour(x, y, wide, high) for x in range(wide))
            if colours not in rows:
                rows[colours] = [self.of_colour(fourcc, colour) for colour in colours]
            yield rows[colours]

    def of_colour(self, fourcc, colour):
        # The driver's grey formats have no quantization: full range (v4l2-tpg-core.c, TGP_COLOR_ENC_LUMA).
        black, white = FULL if fourcc in GREY else self.ends
        weights = BT709 if fourcc in GREY else BT601
        share = sum(weight * part for weight, part in zip(weights, colour)) / 255
        return black + share * (white - black)


def ramp(x, _, wide, __):
    return (x * 256 // wide,) * 3


def squares(x, y, wide, high):
    return BARS[(y * 8 // high + x * 8 // wide) % 8]


# Every level in limited range, where a format has one; every colour, and a picture that changes in both directions, in
# full range.
RAMP = Pattern("a grey ramp (YUV and RGB in limited range)", 20, True, ramp)
SQUARES = Pattern("squares of colour in full range", 4, False, squares)


def bits(fourcc):
    return GREY.get(fourcc, 8)


def farthest(frame, pattern, fourcc):
    """How far the frame's luma is from the pattern's at most, in levels of 8 bits."""
    assert frame.bits == bits(fourcc), f"{fourcc}: {frame.bits} bits"
    step = 1 << (frame.bits - 8)
    far, seen = 0.0, {}
    for row, expected in zip(frame.rows(), pattern.luma(fourcc, (frame.width, frame.height)), strict=True):
        key = (row, id(expected))
        if key not in seen:
            seen[key] = max(abs(got / step - want) for got, want in zip(frame.values(row), expected, strict=True))
        far = max(far, seen[key])
    return far


def taken():
    """The formats that the program takes, by the letters in its own table."""
    source = (HERE.parent.parent / "src/source/v4l/format.rs").read_text()
    return [letters.strip() for letters in re.findall(r'=> b"(.{4})"', source)]


def covered():
    return [*GREY, *YUV, *RGB]


def boards():
    """A board file for each format and node: the name and the text."""
    for node, in_planes in enumerate((False, True)):
        for fourcc in offered(in_planes):
            yield board_name(node, fourcc), BOARD.format(node=node, fourcc=fourcc, wide=SIZE[0], high=SIZE[1])


def board_name(node, fourcc):
    return f"vivid{node}-{fourcc.lower()}"


def offered(in_planes):
    return [fourcc for fourcc in covered() if in_planes or fourcc not in IN_PLANES_ONLY]
