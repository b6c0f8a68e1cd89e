"""MJPG, as most grabbers send it, on the emulated machine: from the USB grabber, and in multi-planar buffers."""
import jpeg
import loopback
import picture
from case import FRAMES_PER_SECOND, phantom
from grabber import CARD, Grabber, JpegFrame
from story import BOOT_SECONDS_MAX, claim
from vivid_story import ran, recorded, wait_for_device

# As mjpg.toml has it.
SIZE = (320, 240)
# Rounding: of 64 coefficients, and of the decoder's own integers.
TOLERANCE = 2


def motion_jpeg(bench):
    """A phantom, recorded by the program, compared with the picture that was encoded."""
    shown = picture.fitted(picture.read_png(phantom(bench.host, bench.work)).grey(), *SIZE).data
    machine = bench.boot("vivid")
    try:
        machine.console.wait("console ready", BOOT_SECONDS_MAX)
        Grabber(machine.grabber_socket, JpegFrame(*SIZE, jpeg.encoded(*SIZE, shown)), FRAMES_PER_SECOND)
        wait_for_device(machine, CARD)
        compared(machine, "mjpg", SIZE, shown, "through the USB grabber")
        if why := loopback.missing():
            print(f"skipped: MJPG in multi-planar buffers: {why}", flush=True)
            return
        node, (wide, high) = loopback.PLANES_NODE, loopback.JPEG_SIZE
        ran(machine, f"insmod /root/planes.ko video_nr={node} width={wide} height={high}")
        wait_for_device(machine, f"/dev/video{node} .*MJPG")
        compared(machine, loopback.board_name(node, "MJPG"), (wide, high), loopback.jpeg_luma(), "in multi-planar buffers")
    finally:
        machine.stop()


def compared(machine, board, size, shown, how):
    frames = recorded(machine, board)
    assert frames, f"{how}: no frame"
    for frame in frames:
        assert (frame.width, frame.height, frame.bits) == (*size, 8), (how, frame.width, frame.height, frame.bits)
    far = max(abs(a - b) for frame in frames for a, b in zip(frame.data, shown, strict=True))
    assert far <= TOLERANCE, f"{how}: {far} levels off"
    claim(f"MJPG {how}: {len(frames)} frames, no pixel further off than {far} of 255 levels")


CHAPTERS = [motion_jpeg]
