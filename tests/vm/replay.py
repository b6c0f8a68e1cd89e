"""Recordings as `raymap record` writes them (docs/exposure.md): made of a picture that does not move, and read."""
import struct
import zlib

MAGIC = b"RAYMAPF\x01"
DIFFERENCE = 1
HEAD_BYTES = 36


class Recorded:
    """A frame of a recording: one byte a pixel up to 8 bits, else two."""

    def __init__(self, micros, width, height, bits, data):
        self.micros, self.width, self.height, self.bits, self.data = micros, width, height, bits, data

    def rows(self):
        wide = len(self.data) // self.height
        return (self.data[start:start + wide] for start in range(0, len(self.data), wide))

    def values(self, row):
        return row if self.bits <= 8 else [value for value, in struct.iter_unpack("<H", row)]


def frames(data):
    """All frames of a recording's bytes, each with its checksums right."""
    assert data.startswith(MAGIC), data[:8]
    place, before, found = len(MAGIC), b"", []
    while place < len(data):
        head = data[place:place + HEAD_BYTES]
        mark, micros, width, height, bits, flags, length, checksum, own = struct.unpack("<4sQIIBB2xIII", head)
        assert mark == b"FRAM" and own == zlib.crc32(head[:-4]), f"frame {len(found)}"
        plain = zlib.decompress(data[place + HEAD_BYTES:place + HEAD_BYTES + length], -15)
        if flags & DIFFERENCE:
            # Of a picture that does not move all differences are 0: the quick way to the same.
            plain = before if not plain.strip(b"\0") else bytes(a + b & 255 for a, b in zip(plain, before))
        assert zlib.crc32(plain) == checksum, f"frame {len(found)}"
        found.append(Recorded(micros, width, height, bits, plain))
        place, before = place + HEAD_BYTES + length, plain
    return found


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
