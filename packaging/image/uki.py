#!/usr/bin/env python3
"""One file that firmware starts: uki.py STUB OUT SECTION=FILE...: systemd's stub with sections added to it.

Does what systemd's ukify does, which Debian 12 does not have; the layout is Microsoft's "PE Format".
"""
import struct
import sys
from pathlib import Path

# Where the fields lie, from the start of the PE header.
SECTIONS, OPTIONAL_BYTES, OPTIONAL = 6, 20, 24
SECTION_ALIGNMENT, FILE_ALIGNMENT, IMAGE_BYTES, HEADER_BYTES = (OPTIONAL + at for at in (32, 36, 56, 60))
ENTRY = struct.Struct("<8s6I2HI")
# Initialised data, to be read.
FLAGS = 0x4000_0040


def main(stub, out, *sections):
    data = bytearray(Path(stub).read_bytes())
    pe = number(data, 0x3C)
    assert data[pe:pe + 4] == b"PE\0\0", f"{stub} is nothing that firmware starts"
    in_memory, in_file = number(data, pe + SECTION_ALIGNMENT), number(data, pe + FILE_ALIGNMENT)
    count = short(data, pe + SECTIONS)
    table = pe + OPTIONAL + short(data, pe + OPTIONAL_BYTES)
    for section in sections:
        name, path = section.split("=", 1)
        content = Path(path).read_bytes()
        entry = table + count * ENTRY.size
        assert entry + ENTRY.size <= number(data, pe + HEADER_BYTES), "no room for more sections"
        address = number(data, pe + IMAGE_BYTES)
        data += b"\0" * (-len(data) % in_file)
        ENTRY.pack_into(
            data, entry, name.encode(), len(content), address, aligned(len(content), in_file), len(data), 0, 0, 0, 0, FLAGS)
        data += content + b"\0" * (-len(content) % in_file)
        struct.pack_into("<I", data, pe + IMAGE_BYTES, aligned(address + len(content), in_memory))
        count += 1
    struct.pack_into("<H", data, pe + SECTIONS, count)
    Path(out).write_bytes(data)


def number(data, at):
    return struct.unpack_from("<I", data, at)[0]


def short(data, at):
    return struct.unpack_from("<H", data, at)[0]


def aligned(value, step):
    return -(-value // step) * step


if __name__ == "__main__":
    main(*sys.argv[1:])
