"""The serial line as its receiver sees it (docs/serial.md): lines with checksums, apart from the rest."""
from urllib.parse import unquote


class Line:
    """One line: its kind and its fields as text."""

    def __init__(self, text):
        assert is_whole(text), f"a line with a wrong checksum: {text}"
        body = text.rpartition("*")[0]
        version, sequence, uptime, self.kind, *fields = body.split(" ")
        assert version == "RM1", text
        self.sequence, self.uptime, self.text = int(sequence), int(uptime), text
        self.fields = dict(field.split("=", 1) for field in fields)

    def plain(self, key):
        return unquote(self.fields[key].replace("+", " "))


def lines(received):
    """All whole lines; the last piece may still be on its way."""
    whole = [text.removesuffix("\r") for text in bytes(received).decode("ascii").split("\n")[:-1]]
    # A start ends whatever line the program before it was killed amid.
    torn = [(after == "" or " boot " in after) and not is_whole(text) for text, after in zip(whole, [*whole[1:], ""])]
    return [Line(text) for text, is_torn in zip(whole, torn) if text and not is_torn]


def is_whole(text):
    body, _, checksum = text.rpartition("*")
    return checksum == f"{crc16(body.encode()):04X}"


def question(sequence, **fields):
    """A line to the station; the values used here need no escapes."""
    body = f"RM1 {sequence} 0 ask " + " ".join(f"{key}={value}" for key, value in fields.items())
    return f"\r\n{body}*{crc16(body.encode()):04X}\r\n".encode()


def crc16(data):
    """CRC-16/IBM-3740."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
