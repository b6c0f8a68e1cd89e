"""Capture in the packed grey formats, which no test driver of the kernel offers, from v4l2loopback."""
import base64

import loopback
import replay
import vivid
from story import BOOT_SECONDS_MAX, claim
from vivid_story import ran, wait_for_device


def packed_formats(bench):
    """Noise in each format, written to the driver by v4l2-ctl, recorded by the program: bit for bit what was written."""
    if why := loopback.missing():
        print(f"skipped: {' '.join(loopback.PACKED)} through v4l2loopback: {why}", flush=True)
        return
    machine = bench.boot("vivid")
    try:
        machine.console.wait("console ready", BOOT_SECONDS_MAX)
        ran(machine, f"insmod /root/v4l2loopback.ko video_nr={loopback.NODE} exclusive_caps=1 card_label=Loopback")
        for fourcc in loopback.PACKED:
            frames = recorded(machine, fourcc)
            assert frames, f"{fourcc}: no frame"
            values = loopback.noise(fourcc)
            # Frames that are alike are compared once.
            for frame in {frame.data: frame for frame in frames}.values():
                found = (frame.width, frame.height, frame.bits)
                assert found == (*vivid.SIZE, loopback.PACKED[fourcc][0]), (fourcc, found)
                assert list(frame.values(frame.data)) == values, f"{fourcc}: not what was written"
            claim(f"{fourcc} through v4l2loopback: {len(frames)} frames, each bit for bit what was written")
    finally:
        machine.stop()


def recorded(machine, fourcc):
    wide, high = vivid.SIZE
    node = f"/dev/video{loopback.NODE}"
    # Over and over, for as long as the program records.
    ran(machine, f"v4l2-ctl -d {node} --set-fmt-video-out=width={wide},height={high},pixelformat='{fourcc}'"
                 f" --stream-out-mmap --stream-loop --stream-from=/root/{fourcc} > /tmp/writer 2>&1 &")
    wait_for_device(machine, f"{node} .*{fourcc}")
    board = f"/etc/raymap/{loopback.board_name(fourcc)}.toml"
    ran(machine, f"rm -f /tmp/packed; raymap record --board {board} --out /tmp/packed --seconds 2")
    # Its end by the signal is no fault.
    ran(machine, "kill $!; wait $! || true")
    return replay.frames(base64.b64decode(ran(machine, "base64 /tmp/packed")))


CHAPTERS = [packed_formats]
