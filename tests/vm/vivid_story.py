"""Capture from the kernel's test driver, on the emulated machine: every pixel format, in single buffers and in planes."""
import base64

import replay
import vivid
from story import BOOT_SECONDS_MAX, SHELL_SECONDS_MAX, claim

# Two webcams: the first gives single buffers, the second planes.
WEBCAMS = "n_devs=2 node_types=0x1,0x1 num_inputs=1,1 input_types=0,0 multiplanar=1,2"
WAYS = ("single buffers", "planes")
# Looks at the list of devices, each half a second and on a loaded machine a whole one.
LOOKS_MAX = 40


def formats(bench):
    """Each format in both ways, recorded by the program, compared with the driver's pattern as it is defined."""
    if without_driver(bench, "every pixel format"):
        return
    machine = bench.boot("vivid")
    try:
        machine.console.wait("console ready", BOOT_SECONDS_MAX)
        ran(machine, f"modprobe vivid {WEBCAMS}")
        offers = [offered_by(machine, node) for node in range(len(WAYS))]
        for pattern in (vivid.RAMP, vivid.SQUARES):
            show(machine, pattern)
            frames = {(node, fourcc): recorded for fourcc in vivid.covered()
                      for node, recorded in recordings(machine, fourcc)}
            for node, way in enumerate(WAYS):
                compare(pattern, way, {fourcc: found for (at, fourcc), found in frames.items() if at == node})
        for way, offer in zip(WAYS, offers):
            missing = [fourcc for fourcc in vivid.taken() if fourcc not in offer]
            print(f"not shown, since vivid does not offer it in {way}: {' '.join(missing)}", flush=True)
    finally:
        machine.stop()


def without_driver(bench, what):
    """Whether the kernel lacks the driver: then it is said what is not shown."""
    if lacks := not bench.parts.has_module("vivid"):
        print(f"skipped: {what}: the kernel {bench.parts.release} has no vivid", flush=True)
    return lacks


def ran(machine, command):
    """What a command prints that has to succeed."""
    text, code = machine.shell(command, SHELL_SECONDS_MAX)
    assert code == 0, f"{command}: {code}\n{text}"
    return text


def wait_for_device(machine, words):
    """Until a line of the program's list of devices holds `words`: a driver may take seconds."""
    ran(machine, f"for _ in $(seq {LOOKS_MAX}); do raymap devices | grep -q '{words}' && break; sleep 0.1; done")


def offered_by(machine, node):
    """The formats on offer by the program's own list: those that the chapter covers, and no other that is taken."""
    [row] = [row for row in ran(machine, "raymap devices").splitlines() if row.startswith(f"/dev/video{node} ")]
    offer = row.partition(": ")[2].split()
    covered = vivid.offered(in_planes=node == 1)
    assert {fourcc for fourcc in offer if fourcc in vivid.taken()} == set(covered), row
    return offer


def show(machine, pattern):
    for node in range(len(WAYS)):
        ran(machine, f"v4l2-ctl -d /dev/video{node} -c {pattern.controls}")


def recordings(machine, fourcc):
    """The node and its frames: both nodes are recorded at the same time."""
    nodes = [node for node in range(len(WAYS)) if fourcc in vivid.offered(in_planes=node == 1)]
    record = [f"raymap record --board /etc/raymap/{vivid.board_name(node, fourcc)}.toml --out /tmp/{node} --seconds 1"
              for node in nodes]
    # The first in the background; each has to succeed.
    both = f"{record[0]} & {record[1]} && wait $!" if len(record) == 2 else record[0]
    ran(machine, f"rm -f /tmp/0 /tmp/1; ({both})")
    for node in nodes:
        yield node, replay.frames(base64.b64decode(ran(machine, f"base64 /tmp/{node}")))


def recorded(machine, board):
    """The frames that the program records with a board file in two seconds."""
    ran(machine, f"rm -f /tmp/recorded; raymap record --board /etc/raymap/{board}.toml --out /tmp/recorded --seconds 2")
    return replay.frames(base64.b64decode(ran(machine, "base64 /tmp/recorded")))


def compare(pattern, way, by_format):
    far = {}
    for fourcc, frames in by_format.items():
        assert frames, f"{fourcc} in {way}: no frame"
        # Frames that are alike are compared once.
        for frame in {frame.data: frame for frame in frames}.values():
            assert (frame.width, frame.height) == vivid.SIZE, (fourcc, frame.width, frame.height)
            far[fourcc] = max(far.get(fourcc, 0.0), vivid.farthest(frame, pattern, fourcc))
    wrong = {fourcc: round(value, 2) for fourcc, value in far.items() if value > vivid.TOLERANCE}
    assert not wrong, f"{pattern.name} in {way}: further than {vivid.TOLERANCE} levels off: {wrong}"
    count = sum(map(len, by_format.values()))
    claim(f"in {way}, {pattern.name} is captured as it is defined in {len(far)} formats ({' '.join(far)}): {count} frames, "
          f"no pixel further off than {max(far.values()):.2f} of 255 levels")


CHAPTERS = [formats]
