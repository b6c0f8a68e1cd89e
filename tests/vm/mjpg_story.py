"""MJPG, as most grabbers send it, from the USB grabber on the emulated machine."""
import base64

import jpeg
import picture
import replay
from case import FRAMES_PER_SECOND, phantom
from grabber import CARD, Grabber, JpegFrame
from story import BOOT_SECONDS_MAX, claim
from vivid_story import ran, wait_for_device

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
        ran(machine, "raymap record --board /etc/raymap/mjpg.toml --out /tmp/mjpg --seconds 2")
        frames = replay.frames(base64.b64decode(ran(machine, "base64 /tmp/mjpg")))
        assert frames, "no frame"
        for frame in frames:
            assert (frame.width, frame.height, frame.bits) == (*SIZE, 8), (frame.width, frame.height, frame.bits)
        far = max(abs(a - b) for frame in frames for a, b in zip(frame.data, shown, strict=True))
        assert far <= TOLERANCE, f"{far} levels off"
        claim(f"MJPG through the USB grabber: {len(frames)} frames, no pixel further off than {far} of 255 levels")
    finally:
        machine.stop()


CHAPTERS = [motion_jpeg]
