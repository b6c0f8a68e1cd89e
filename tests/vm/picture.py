"""Pictures of the test: PNG files read and written, radiographs shrunk, a console's screen around them."""
import struct
import zlib

# The console's screen, and where the radiograph stands on it: station.toml says the same.
SCREEN = (1280, 720)
AREA = (640, 104, 512, 512)
# Video levels as consoles send them (ITU-R BT.709, 3.4).
BLACK, WHITE = 16, 235
MENU, PANEL = 70, 110


class Picture:
    """Rows of `channels` bytes a pixel."""

    def __init__(self, width, height, channels, data):
        assert len(data) == width * height * channels, (width, height, channels, len(data))
        self.width, self.height, self.channels, self.data = width, height, channels, bytes(data)

    def grey(self):
        """The first channel alone, which is all that a colourless picture has."""
        return Picture(self.width, self.height, 1, self.data[::self.channels])


def read_png(data):
    """8 bits a channel, not interlaced: what this project writes and the corpus holds."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    place, packed = 8, b""
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8:place + 8 + length]
        if kind == b"IHDR":
            width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        place += length + 12
    channels = {0: 1, 2: 3, 4: 2, 6: 4}.get(colour)
    assert bits == 8 and channels and not interlaced, (bits, colour, interlaced)
    return Picture(width, height, channels, unfiltered(zlib.decompress(packed), width * channels, channels))


def unfiltered(data, row_bytes, step):
    """PNG specification, section 9: each row is told by the one above and the pixel before."""
    rows, above = bytearray(), bytearray(row_bytes)
    for start in range(0, len(data), row_bytes + 1):
        kind, row = data[start], bytearray(data[start + 1:start + 1 + row_bytes])
        if kind == 1:
            for i in range(step, row_bytes):
                row[i] = row[i] + row[i - step] & 255
        elif kind == 2:
            row = bytearray(a + b & 255 for a, b in zip(row, above))
        elif kind == 3:
            for i in range(row_bytes):
                left = row[i - step] if i >= step else 0
                row[i] = row[i] + (left + above[i]) // 2 & 255
        elif kind == 4:
            for i in range(row_bytes):
                left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
                row[i] = row[i] + paeth(left, above[i], corner) & 255
        rows += row
        above = row
    return rows


def paeth(left, above, corner):
    guess = left + above - corner
    far = abs(guess - left), abs(guess - above), abs(guess - corner)
    return (left, above, corner)[far.index(min(far))]


def write_png(picture):
    """A grey picture as a PNG file's bytes."""
    assert picture.channels == 1
    rows = (picture.data[i:i + picture.width] for i in range(0, len(picture.data), picture.width))
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    head = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def fitted(radiograph, width, height):
    """Shrunk by a whole factor where it is larger (means of squares), in the middle of a black picture."""
    factor = max(-(-radiograph.width // width), -(-radiograph.height // height))
    small = shrunk(radiograph, factor)
    left, top = (width - small.width) // 2, (height - small.height) // 2
    data = bytearray(width * height)
    paste(data, width, small, left, top)
    return Picture(width, height, 1, data)


def shrunk(picture, factor):
    if factor == 1:
        return picture
    width, height, wide = picture.width // factor, picture.height // factor, picture.width
    data = bytearray()
    for y in range(height):
        start = y * factor * wide
        sums = [0] * width
        for row in range(start, start + factor * wide, wide):
            for shift in range(factor):
                columns = picture.data[row + shift:row + width * factor:factor]
                sums = [s + v for s, v in zip(sums, columns)]
        data += bytes(s // factor ** 2 for s in sums)
    return Picture(width, height, 1, data)


def paste(data, wide, picture, left, top):
    for y in range(picture.height):
        start = (top + y) * wide + left
        data[start:start + picture.width] = picture.data[y * picture.width:(y + 1) * picture.width]


def on_console(area):
    """The luma of a console's screen with `area` in its place: a menu on the left, panels, all in video levels."""
    wide, high = SCREEN
    left, top, width, height = AREA
    data = bytearray([BLACK]) * (wide * high)
    paste(data, wide, plain(320, high, MENU), 0, 0)
    for place in range(40, high - 80, 80):
        paste(data, wide, plain(240, 40, PANEL), 40, place)
    levels = bytes(BLACK + (v * (WHITE - BLACK) + 127) // 255 for v in range(256))
    assert (area.width, area.height) == (width, height)
    paste(data, wide, Picture(width, height, 1, area.data.translate(levels)), left, top)
    return bytes(data)


def as_captured(area):
    """What is left of `area` after video levels and back: the radiograph that the station reads."""
    span = WHITE - BLACK
    sent = [(v * span + 127) // 255 for v in range(256)]
    return Picture(area.width, area.height, 1, area.data.translate(bytes((v * 255 + span // 2) // span for v in sent)))


def plain(width, height, level):
    return Picture(width, height, 1, bytes([level]) * (width * height))


def difference(one, other):
    """The box (left, top, right, bottom; exclusive at the end) round all pixels that differ in colour; None: none do."""
    assert (one.width, one.height) == (other.width, other.height), "the pictures' sizes differ"
    width = one.width
    pixels = [[p.data[i::p.channels] for i in range(3)] for p in (one, other)]
    rows = [y for y in range(one.height) if any(a[y * width:(y + 1) * width] != b[y * width:(y + 1) * width] for a, b in zip(*pixels))]
    places = [x for y in rows for x in range(width) if any(a[y * width + x] != b[y * width + x] for a, b in zip(*pixels))]
    return (min(places), rows[0], max(places) + 1, rows[-1] + 1) if rows else None


def is_grey(picture, box):
    """Whether nothing in the box has a colour."""
    return all(row[0::3] == row[1::3] == row[2::3] for row in colours(picture, box))


def is_plain(picture, box):
    """Whether all in the box has one colour."""
    rows = list(colours(picture, box))
    return all(row == rows[0][:3] * (len(row) // 3) for row in rows)


def colours(picture, box):
    """The rows of the box, three bytes a pixel."""
    left, top, right, bottom = box
    step = picture.channels
    for y in range(top, bottom):
        row = picture.data[(y * picture.width + left) * step:(y * picture.width + right) * step]
        yield row if step == 3 else bytes(v for i in range(0, len(row), step) for v in row[i:i + 3])
