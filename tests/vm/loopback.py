"""Two drivers of packed grey formats for the emulated machine's kernel, and these formats as they are defined.

v4l2loopback hands on whatever a program writes, but only in formats of its table, which lacks the packed grey ones: they
are put into it. It has single-planar buffers alone, so a small driver of our own (`planes/`) gives the same frames in
multi-planar ones, and MJPG. Both are compiled against Debian's headers of the guest's kernel by the cross compiler.
Sources: Linux 6.16, Documentation/userspace-api/media/v4l/pixfmt-yuv-luma.rst.
"""
import random
import shutil
import subprocess
from pathlib import Path

import fetch
import jpeg
import vivid

NODE, PLANES_NODE = 9, 10
# In whole blocks of a JPEG.
JPEG_SIZE = (320, 176)
PLANES = Path(__file__).resolve().parent / "planes"
# The driver's buffers are whole pages.
PAGE_BYTES = 4096
BUILD_SECONDS_MAX = 300
CROSS = "aarch64-linux-gnu-"
ROW = '{{ .name = "{fourcc}", .fourcc = v4l2_fourcc({letters}), .depth = {depth}, .flags = 0 }},\n'


def y10p(values):
    """Four pixels in five bytes: the upper eight bits of each, then the lower two of all, the first one's lowest."""
    for a, b, c, d in zip(*[iter(values)] * 4, strict=True):
        yield from (a >> 2, b >> 2, c >> 2, d >> 2, a & 3 | (b & 3) << 2 | (c & 3) << 4 | (d & 3) << 6)


def y12p(values):
    """Two pixels in three bytes: the upper eight bits of each, then the lower four of both, the first one's lowest."""
    for a, b in zip(*[iter(values)] * 2, strict=True):
        yield from (a >> 4, b >> 4, a & 15 | (b & 15) << 4)


def y10b(values):
    """Pixel after pixel, ten bits each, the highest first, with nothing between."""
    for four in zip(*[iter(values)] * 4, strict=True):
        yield from sum(value << 10 * place for place, value in enumerate(reversed(four))).to_bytes(5, "big")


# Bits of a pixel, which here are those that it takes, and how pixels are put together.
PACKED = {"Y10P": (10, y10p), "Y12P": (12, y12p), "Y10B": (10, y10b)}


def noise(fourcc):
    """Every level, at every place within a group of pixels; the same each time."""
    wide, high = vivid.SIZE
    chance = random.Random(fourcc)
    return [chance.randrange(1 << PACKED[fourcc][0]) for _ in range(wide * high)]


def jpeg_luma():
    """A ramp across the picture with a darker square in it."""
    wide, high = JPEG_SIZE
    inside = lambda x, y: wide // 4 <= x < wide // 2 and high // 4 <= y < high // 2
    return bytes(20 + 200 * x // wide + 30 * y // high - 15 * inside(x, y) for y in range(high) for x in range(wide))


def board_name(node, fourcc):
    return f"packed-{fourcc.lower()}-{node}"


def add(archive, parts):
    """The drivers, and for each format board files and a frame: to be written, and where the kernel looks for firmware."""
    for driver in built(parts):
        archive.file(f"/root/{driver.name}", driver.read_bytes())
    for fourcc, (_, packed) in PACKED.items():
        for node in (NODE, PLANES_NODE):
            board = vivid.BOARD.format(node=node, fourcc=fourcc, wide=vivid.SIZE[0], high=vivid.SIZE[1])
            archive.file(f"/etc/raymap/{board_name(node, fourcc)}.toml", board.encode())
        frame = bytes(packed(noise(fourcc)))
        archive.file(f"/root/{fourcc}", frame + bytes(-len(frame) % PAGE_BYTES))
        archive.file(f"/lib/firmware/raymap/{fourcc}", frame)
    wide, high = JPEG_SIZE
    board = vivid.BOARD.format(node=PLANES_NODE, fourcc="MJPG", wide=wide, high=high)
    archive.file(f"/etc/raymap/{board_name(PLANES_NODE, 'MJPG')}.toml", board.encode())
    archive.file("/lib/firmware/raymap/MJPG", jpeg.encoded(wide, high, jpeg_luma()))


def built(parts):
    """The drivers for the machine's kernel; v4l2loopback is kept where its parts are."""
    folder = parts.folder / "loopback" / parts.release
    headers = folder / f"usr/src/linux-headers-{parts.release}"
    loopback = folder / "driver/v4l2loopback.ko"
    if not loopback.exists():
        shutil.rmtree(folder, ignore_errors=True)
        source = fetched(folder, headers, parts)
        compile_driver(source, headers)
        source.rename(loopback.parent)
    planes = folder / "planes"
    shutil.copytree(PLANES, planes, dirs_exist_ok=True)
    compile_driver(planes, headers)
    return loopback, planes / "planes.ko"


def missing():
    """Why no driver can be compiled here, or None."""
    for tool in ("make", f"{CROSS}gcc"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    return None


def fetched(folder, headers, parts):
    """The kernel's headers, and v4l2loopback's source with the packed formats; returns where that lies."""
    folder.mkdir(parents=True)
    common = headers.with_name(f"{headers.name.rpartition('-')[0]}-common")
    fetch.unpack(folder, fetch.updated(parts.folder), [headers.name, common.name], folder)
    # What runs while a driver is compiled is this machine's.
    kbuild = f"linux-kbuild-{'.'.join(parts.release.split('.')[:2])}"
    fetch.unpack(folder, fetch.updated(folder, fetch.own_architecture()), [kbuild, "v4l2loopback-dkms"], folder)
    makefile = headers / "Makefile"
    makefile.write_text(makefile.read_text().replace("/usr/src/", f"{folder.resolve()}/usr/src/"))
    [source] = (folder / "usr/src").glob("v4l2loopback-*")
    formats = source / "v4l2loopback_formats.h"
    rows = [ROW.format(fourcc=fourcc, letters=", ".join(map(repr, fourcc)), depth=depth)
            for fourcc, (depth, _) in PACKED.items()]
    formats.write_text("".join(rows) + formats.read_text())
    return source


def compile_driver(source, headers):
    # Its gcc as it is called here, not by the version that compiled the kernel.
    made = subprocess.run(
        ["make", "-C", str(headers), f"M={source.resolve()}", "ARCH=arm64", f"CROSS_COMPILE={CROSS}", f"CC={CROSS}gcc",
         "modules"],
        check=False, text=True, timeout=BUILD_SECONDS_MAX, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        raise RuntimeError(f"{source.name} against {headers.name}: {made.stdout[-2000:]}")
