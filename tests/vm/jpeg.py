"""A JPEG as grabbers send it in MJPG: baseline, colour at half width (4:2:2), without its Huffman tables.

Those are the tables that all such devices share; the numbers here and there are those of ITU-T T.81. The picture is
grey, so chroma is nothing but zeros. Coefficients are not quantised: what is lost is rounding.
"""
import math
import struct

BLOCK = 8
# Table K.3: how many codes there are of each length, from one bit on, and what they stand for, shortest first.
DC_COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1)
DC_VALUES = tuple(range(12))
# Table K.5: the upper four bits are zeros that are passed over, the lower four the size of what follows.
AC_COUNTS = (0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125)
AC_VALUES = bytes.fromhex(
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a"
    "434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9"
    "aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa")
END_OF_BLOCK, SIXTEEN_ZEROS = 0x00, 0xF0
# Chroma, tables K.4 and K.6: a difference of 0, then the end of the block.
ZERO_BLOCK = "00" + "00"


def codes(counts, values):
    """The bits for each value (annex C)."""
    found, code, place = {}, 0, 0
    for length, count in enumerate(counts, 1):
        for value in values[place:place + count]:
            found[value] = f"{code:0{length}b}"
            code += 1
        place, code = place + count, code << 1
    return found


DC, AC = codes(DC_COUNTS, DC_VALUES), codes(AC_COUNTS, AC_VALUES)
# The order of figure 5: along the diagonals, by turns up and down.
ZIGZAG = sorted(
    ((v, u) for v in range(BLOCK) for u in range(BLOCK)), key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]))
COSINES = [
    [math.cos((2 * x + 1) * u * math.pi / 16) * (math.sqrt(1 / 8) if u == 0 else 1 / 2) for x in range(BLOCK)]
    for u in range(BLOCK)]


def encoded(width, height, luma):
    """The JPEG of a grey picture; its sides are multiples of 16 and 8."""
    assert width % (2 * BLOCK) == 0 and height % BLOCK == 0 and len(luma) == width * height, (width, height, len(luma))
    bits, before = [], 0
    for top in range(0, height, BLOCK):
        for left in range(0, width, BLOCK):
            rows = [luma[y * width + left:y * width + left + BLOCK] for y in range(top, top + BLOCK)]
            coefficients = transformed(rows)
            bits.append(block(coefficients, before))
            before = coefficients[0]
            if left % (2 * BLOCK):
                bits.append(2 * ZERO_BLOCK)
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    # A byte of ones alone is followed by zeros, lest it be taken for a marker.
    scan = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    size = struct.pack(">BHHB", 8, height, width, 3) + bytes([1, 0x21, 0, 2, 0x11, 0, 3, 0x11, 0])
    tables = bytes([3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0])
    return b"\xff\xd8" + segment(0xDB, bytes([0] + 64 * [1])) + segment(0xC0, size) + segment(0xDA, tables) + scan + b"\xff\xd9"


def segment(kind, body):
    return struct.pack(">BBH", 0xFF, kind, 2 + len(body)) + body


def transformed(rows):
    """The coefficients of a block in the order of the zigzag (A.3.3)."""
    across = [[sum(c * (v - 128) for c, v in zip(cosines, row)) for cosines in COSINES] for row in rows]
    return [round(sum(COSINES[v][y] * across[y][u] for y in range(BLOCK))) for v, u in ZIGZAG]


def block(coefficients, before):
    """Its bits; `before` is the first coefficient of the block before (F.1.2)."""
    size, bits = sized(coefficients[0] - before)
    text, zeros = DC[size] + bits, 0
    for value in coefficients[1:]:
        if value == 0:
            zeros += 1
            continue
        size, bits = sized(value)
        text += zeros // 16 * AC[SIXTEEN_ZEROS] + AC[zeros % 16 << 4 | size] + bits
        zeros = 0
    return text + AC[END_OF_BLOCK] if zeros else text


def sized(value):
    """How many bits a value has, and these; a negative one is one less (F.1.2.1.1)."""
    size = abs(value).bit_length()
    return size, f"{value if value > 0 else value + (1 << size) - 1:0{size}b}" if size else ""
