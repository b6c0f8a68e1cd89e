"""What happens to the emulated station, chapter by chapter, and what is claimed of each."""
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import initramfs
import loopback
import picture
import vivid
from case import FRAMES_PER_SECOND, Case, phantom
from grabber import Grabber
from line import lines
from machine import Machine, kernel

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
SYSROOT = "/usr/aarch64-linux-gnu"
# Each with all that it needs; those of other kernels that have them built in are passed over.
MODULES = """virtio_pci virtio_blk ext4 crc32c_generic virtio_gpu xhci_pci uvcvideo i6300esb evdev
 usbhid hid_generic""".split()
# Loaded by the chapter that needs it.
TEST_DRIVER = "vivid"
DISK_BYTES = 256 << 20
# Emulated, and on a machine that may have other things to do: nobody waits in vain for less than this.
BOOT_SECONDS_MAX = 120
READING_SECONDS_MAX = 240
SHELL_SECONDS_MAX = 60
DRAWING_SECONDS_MAX = 60
# A radiograph of the training split, 8 bits grey, as large as its place on the screen: what is cut out of the black
# around a smaller one depends on what stood there before. What it shows was drawn by others and is not judged here.
REAL = "fullres/nih_0045.png"
# The record has four digits of a fraction.
ROUNDING_PERCENT = 0.06
# The time of day and badges, which may differ between a board and its host: the right half of the screen's head.
TIME_AND_BADGES = (640, 0, 1280, 48)
BOARDS = ("station", "drm", "framebuffer", "hanging", "vivid", "mjpg")


class Bench:
    """What the chapters share: the machine's parts, its disk, the radiographs and what is to be said of them."""

    def __init__(self, parts, program, host, work):
        self.parts, self.host, self.work = parts, host.resolve(), work
        self.disk = work / "disk"
        with open(self.disk, "wb") as disk:
            disk.truncate(DISK_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self.disk)], check=True)
        self.cases = [Case(self, "a phantom", phantom(host, work))]
        data = Path(os.environ.get("RAYMAP_DATA", REPOSITORY.parent / "shared/data"))
        if (data / REAL).exists():
            self.cases.append(Case(self, "a real radiograph", (data / REAL).read_bytes()))
        else:
            print(f"skipped: a real radiograph through the grabber: no {data / REAL}")
            self.cases.append(Case(self, "another phantom", phantom(host, work, seed=4)))
        self.initramfs = work / "initramfs.gz"
        guest(parts, program, self.cases).write(self.initramfs)
        # The last that was booted.
        self.machine = None
        # Readings that the serial line has told of, oldest first: from then on they must be in the record.
        self.acknowledged = []

    def boot(self, board="drm"):
        self.machine = Machine(self.disk, kernel(self.parts.kernel, self.initramfs, board))
        return self.machine


def guest(parts, program, cases):
    archive = initramfs.Archive()
    for folder in ("/dev", "/proc", "/sys", "/root"):
        archive.folder(folder)
    initramfs.add_busybox(archive, parts.busybox)
    initramfs.add_modules(archive, parts.modules, [*MODULES, TEST_DRIVER])
    initramfs.add_program(archive, program, SYSROOT)
    initramfs.add_tool(archive, parts.v4l2_ctl, parts.libraries)
    archive.file("/etc/modules", "\n".join(MODULES).encode())
    for board in BOARDS:
        archive.file(f"/etc/raymap/{board}.toml", (HERE / f"{board}.toml").read_bytes())
    for name, text in vivid.boards():
        archive.file(f"/etc/raymap/{name}.toml", text.encode())
    if not loopback.missing():
        loopback.add(archive, parts)
    # As a test driver that shows them reads them: luma alone.
    for number, case in enumerate(cases):
        archive.file(f"/root/frame-{number}", case.frame.luma())
    archive.file("/init", (HERE / "init").read_bytes(), 0o755)
    return archive


def claim(text):
    print(f"ok: {text}", flush=True)


def first_readings(bench):
    """Power-on, a grabber that is plugged in late, two radiographs, a cable that is pulled; then a power cut."""
    first, second = bench.cases
    assert first.is_read_as_a_file(), (first.reading, first.file)
    claim(f"{first.name} is read from a live picture as it is from a file")
    machine = bench.boot()
    try:
        self_tested(machine)
        claim(f"{machine.seconds():.1f} s after power-on the station has tested itself")
        devices_are_there(machine)

        grabber = Grabber(machine.grabber_socket, first.frame, FRAMES_PER_SECOND)
        line = told(machine, first)
        claim(f"{first.name} through the USB grabber is on the serial line: {line.text}")
        screen_shows(machine, first)
        claim(f"the display shows {first.name} as the host draws it, pixel for pixel")

        grabber.unplug()
        fault = wait_line(machine, lambda l: l.kind == "fault" and l.sequence > line.sequence, READING_SECONDS_MAX)
        claim(f"a grabber that is pulled out is a fault, not an end: {fault.text}")
        Grabber(machine.grabber_socket, second.frame, FRAMES_PER_SECOND)
        line = told(machine, second)
        claim(f"plugged in again, {second.name} is on the serial line: {line.text}")
        nothing_else_was_told(bench, machine)
        cut(bench, machine)
    finally:
        machine.stop()


CHAPTERS = [first_readings]


def power_cut(bench, number, chance):
    """What was told of before the last cut is in the record; then one more radiograph, and a cut at some moment."""
    machine = bench.boot()
    try:
        self_tested(machine)
        record_is_whole(bench, machine)
        claim(f"after power cut {number + 1} the record is clean and holds all {len(bench.acknowledged)} readings told of")
        case = bench.cases[number % len(bench.cases)]
        Grabber(machine.grabber_socket, case.frame, FRAMES_PER_SECOND)
        told(machine, case)
        # The first time at once, then while the next reading is computed, kept or shown.
        time.sleep(number and chance.uniform(0, 8))
        cut(bench, machine)
    finally:
        machine.stop()


def cut(bench, machine):
    machine.cut_power()
    told_of = [l for l in lines(machine.line.text) if l.kind == "reading"]
    bench.acknowledged += told_of


def self_tested(machine):
    """Waits for the end of the self-tests; each has to have passed, but for the grabber: it is plugged in later."""
    machine.console.wait("console ready", BOOT_SECONDS_MAX)
    # What the shell says of itself is not taken for a command's output.
    machine.shell("true", SHELL_SECONDS_MAX)
    # The next line after the self-tests is a fault as long as there is no grabber.
    wait_line(machine, lambda l: l.kind not in ("boot", "selftest"), BOOT_SECONDS_MAX)
    tests = [l for l in lines(machine.line.text) if l.kind == "selftest"]
    failed = {l.fields["test"] for l in tests if l.fields["ok"] != "1"}
    assert tests and failed == {"source"}, [l.text for l in tests]


def devices_are_there(machine):
    for device in ("/dev/watchdog0", "/dev/dri/card0", "/dev/ttyS0"):
        _, code = machine.shell(f"test -e {device}", SHELL_SECONDS_MAX)
        assert code == 0, f"the machine has no {device}"


def wait_line(machine, wanted, seconds_max):
    """The first line that is `wanted`; without it, what the program wrote to its log."""
    try:
        return wait_line_of(machine.line, wanted, seconds_max)
    except AssertionError as error:
        if machine.kernel_failed():
            raise
        log, _ = machine.shell("tail -n 20 log", SHELL_SECONDS_MAX)
        raise AssertionError(f"{error}\nlog: {log}") from None


def wait_line_of(wire, wanted, seconds_max, start=0):
    """The first line behind `start` that is `wanted`."""
    end = time.monotonic() + seconds_max
    while True:
        more = wire.drain()
        for other in wire.beside:
            other.drain()
        for line in lines(wire.text[start:]):
            if wanted(line):
                return line
        assert more and time.monotonic() < end, f"not told within {seconds_max} s; the line:\n{wire.text[start:].decode()}"
        time.sleep(0.1)


def told(machine, case):
    return wait_line(machine, case.is_told_by, READING_SECONDS_MAX)


def nothing_else_was_told(bench, machine):
    """Each reading is one of the radiographs that were sent: no frame is a mixture of two."""
    for line in lines(machine.line.text):
        known = line.kind != "reading" or any(case.is_told_by(line) for case in bench.cases)
        assert known and line.kind != "refused", f"nothing like this was sent: {line.text}"


def screen_shows(machine, case):
    """The attached display comes to show what the host draws, but for the time and badges."""
    shows(machine, lambda seen: aside(picture.difference(seen, case.drawn)), f"{case.name} as the host draws it")


def aside(box):
    """Whether nothing, or nothing outside of TIME_AND_BADGES, lies in the box."""
    left, top, right, bottom = TIME_AND_BADGES
    return box is None or (box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom)


def shows(machine, wanted, what):
    """The first picture on the attached display that is `wanted`, and still there at a second look."""
    # A thread of its own draws: the line may tell of a reading first.
    end = time.monotonic() + DRAWING_SECONDS_MAX
    before = None
    while True:
        png = machine.screen()
        if png == before and wanted(seen := picture.read_png(png)):
            return seen
        before = png
        if time.monotonic() > end:
            kept = Path(tempfile.gettempdir()) / "raymap-vm-screen.png"
            kept.write_bytes(png)
            raise AssertionError(f"the display does not come to show {what}; what it shows is in {kept}")
        machine.line.drain()
        time.sleep(0.5)


def record_is_whole(bench, machine):
    """`verify` was clean before the station started, and each acknowledged reading is there; the last as the host has it."""
    found, code = machine.shell("cat verify.json verify.err; exit_code=$(cat verify.code); test $exit_code = 0", SHELL_SECONDS_MAX)
    assert code == 0 and '"clean":true' in found, found
    text, _ = machine.shell("cat list.json", SHELL_SECONDS_MAX)
    assert all(row.startswith("{") for row in text.splitlines()), text
    kept = [json.loads(row) for row in text.splitlines()]
    rest = iter(kept)
    for line in bench.acknowledged:
        # Looked for behind the one before: in the order in which they were told of.
        assert any(is_kept_as(line, entry) for entry in rest), f"not in the record: {line.text}"
    last, _ = machine.shell(f"raymap records --board /etc/raymap/station.toml show {kept[-1]['id']}", SHELL_SECONDS_MAX)
    reading = json.loads(last)["reading"]
    assert any(same_reading(reading, case.reading) for case in bench.cases), f"unlike the host's: {reading}"


def is_kept_as(line, entry):
    """Whether an entry of the record's list is the reading that a line told of."""
    if entry["infected"] is None or line.fields["grade"] != entry["grade"]:
        return False
    return abs(float(line.fields["total"]) - 100 * entry["infected"]) <= ROUNDING_PERCENT


def same_reading(one, other):
    """The same in all but how long it took, by which kernels."""
    return all(one[key] == other[key] for key in ("fit", "infected", "severity", "detection", "model", "warnings"))
