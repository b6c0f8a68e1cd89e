"""A recording of a live picture that does not move, as `raymap record` would write it (docs/exposure.md)."""
import struct
import zlib

MAGIC = b"RAYMAPF\x01"
DIFFERENCE = 1


def recording(width, height, luma, frames, frames_per_second):
    """The bytes of a file with `frames` times the same grey picture of 8 bits."""
    still = bytes(len(luma))
    blocks = []
    for number in range(frames):
        flags, pixels = (DIFFERENCE, still) if number else (0, luma)
        blocks.append(block(number * 1_000_000 // frames_per_second, width, height, flags, deflated(pixels), luma))
    return MAGIC + b"".join(blocks)


def block(micros, width, height, flags, packed, luma):
    head = struct.pack("<4sQIIBB2xII", b"FRAM", micros, width, height, 8, flags, len(packed), zlib.crc32(luma))
    return head + struct.pack("<I", zlib.crc32(head)) + packed


def deflated(data):
    deflate = zlib.compressobj(1, zlib.DEFLATED, -15)
    return deflate.compress(data) + deflate.flush()
