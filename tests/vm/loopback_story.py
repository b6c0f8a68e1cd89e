"""Capture in the packed grey formats, which no test driver of the kernel offers, from v4l2loopback and `planes/`."""
import loopback
import vivid
from story import BOOT_SECONDS_MAX, claim
from vivid_story import ran, recorded, wait_for_device


def packed_formats(bench):
    """Noise in each format, through single- and multi-planar buffers, recorded by the program: bit for bit what was sent."""
    if why := loopback.missing():
        print(f"skipped: {' '.join(loopback.PACKED)} through v4l2loopback and in planes: {why}", flush=True)
        return
    machine = bench.boot("vivid")
    try:
        machine.console.wait("console ready", BOOT_SECONDS_MAX)
        ran(machine, f"insmod /root/v4l2loopback.ko video_nr={loopback.NODE} exclusive_caps=1 card_label=Loopback")
        wide, high = vivid.SIZE
        ran(machine, f"insmod /root/planes.ko video_nr={loopback.PLANES_NODE} width={wide} height={high}")
        for fourcc in loopback.PACKED:
            compared(fourcc, "through v4l2loopback", written_and_recorded(machine, fourcc))
            compared(fourcc, "in multi-planar buffers", taken(machine, fourcc, loopback.PLANES_NODE))
    finally:
        machine.stop()


def compared(fourcc, how, frames):
    assert frames, f"{fourcc} {how}: no frame"
    values = loopback.noise(fourcc)
    # Frames that are alike are compared once.
    for frame in {frame.data: frame for frame in frames}.values():
        found = (frame.width, frame.height, frame.bits)
        assert found == (*vivid.SIZE, loopback.PACKED[fourcc][0]), (fourcc, how, found)
        assert list(frame.values(frame.data)) == values, f"{fourcc} {how}: not what was sent"
    claim(f"{fourcc} {how}: {len(frames)} frames, each bit for bit what was sent")


def written_and_recorded(machine, fourcc):
    wide, high = vivid.SIZE
    # Over and over, for as long as the program records.
    ran(machine, f"v4l2-ctl -d /dev/video{loopback.NODE}"
                 f" --set-fmt-video-out=width={wide},height={high},pixelformat='{fourcc}'"
                 f" --stream-out-mmap --stream-loop --stream-from=/root/{fourcc} > /tmp/writer 2>&1 &")
    try:
        return taken(machine, fourcc, loopback.NODE)
    finally:
        # Its end by the signal is no fault.
        ran(machine, "kill $!; wait $! || true")


def taken(machine, fourcc, node):
    wait_for_device(machine, f"/dev/video{node} .*{fourcc}")
    return recorded(machine, loopback.board_name(node, fourcc))


CHAPTERS = [packed_formats]
