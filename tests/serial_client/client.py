"""A client of the serial line, protocol RM1 (docs/serial.md), with the standard library alone.

    client.py PORT --until N [--timeout S] [--ask STATUS ...]

Reads lines from PORT, which may come and go, acknowledges them, and prints each reading once, as one JSON object a
line, until N readings have come. Exit code 1 when time is up before.
"""

import argparse
import json
import os
import re
import select
import sys
import termios
import time
import tty
from urllib.parse import unquote_plus

LINE_BYTES_MAX = 254
AHEAD_MAX = 512  # lines that came before one that is still missing
ACK_EVERY_S = 0.2
LOOK_AGAIN_S = 0.05
LINE = re.compile(r"RM1 (\d{1,10}) (\d{1,20}) ([a-z]+)((?: [a-z][a-z0-9_]{0,11}=[!-)+-<>-~]*)*)\Z")


def checksum(data):
    """CRC-16/IBM-3740."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def encode(sequence, kind, **fields):
    """A line to the station; the values used here need no escapes."""
    text = " ".join([f"RM1 {sequence} 0 {kind}"] + [f"{k}={v}" for k, v in fields.items()])
    return f"\r\n{text}*{checksum(text.encode()):04X}\r\n".encode()


def decode(raw):
    """(sequence, uptime, kind, fields), or None for what is no line."""
    if len(raw) > LINE_BYTES_MAX or raw[-5:-4] != b"*":
        return None
    body = raw[:-5]
    if f"{checksum(body):04X}".encode() != raw[-4:]:
        return None
    match = LINE.match(body.decode("ascii", "replace"))
    if not match:
        return None
    fields = dict(word.split("=", 1) for word in match[4].split())
    return int(match[1]), int(match[2]), match[3], {k: unquote_plus(v) for k, v in fields.items()}


class Port:
    """The port, opened anew whenever it has gone."""

    def __init__(self, path):
        self.path, self.file, self.rest = path, None, b""

    def open(self):
        if self.file is None:
            try:
                self.file = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
                tty.setraw(self.file, termios.TCSANOW)
                self.rest = b""
            except (OSError, termios.error):
                self.close()
        return self.file is not None

    def close(self):
        if self.file is not None:
            os.close(self.file)
        self.file = None

    def lines(self, wait_s):
        """Whole lines that came within wait_s."""
        if not self.open():
            time.sleep(LOOK_AGAIN_S)
            return []
        try:
            if not select.select([self.file], [], [], wait_s)[0]:
                return []
            data = os.read(self.file, 65536)
            if not data:
                raise OSError("hung up")
        except OSError:
            self.close()
            return []
        *whole, self.rest = (self.rest + data).replace(b"\r", b"\n").split(b"\n")
        self.rest = self.rest[-LINE_BYTES_MAX - 1:]
        return [line for line in whole if line]

    def write(self, data):
        try:
            if self.open():
                os.write(self.file, data)
        except OSError:
            self.close()


class Client:
    """Gives each line of the station once and in order, over any number of pulled cables and restarts."""

    def __init__(self, port):
        self.port, self.asked = port, 0
        self.ahead, self.boot = {}, None
        self.next, self.newest_ms = 1, 0
        self.last = None  # (sequence, uptime) of the last line in order
        self.last_ack = 0.0
        self.repeated = 0

    def ask(self, **fields):
        self.asked += 1
        self.port.write(encode(self.asked, "ask", **fields))
        return self.asked

    def poll(self, wait_s=0.05):
        """The lines that are next in order."""
        ready = []
        for raw in self.port.lines(wait_s):
            line = decode(raw)
            if line and line[2] != "ask":
                ready += self.take(line)
        if time.monotonic() - self.last_ack >= ACK_EVERY_S:
            self.acknowledge()
        return ready

    def acknowledge(self):
        """Number 0, which no line has, says that none has come yet, and that this peer acknowledges."""
        through, at = self.last or (0, 0)
        self.ask(do="ack", through=through, at=at)
        self.last_ack = time.monotonic()

    def take(self, line):
        sequence, uptime, kind, fields = line
        if kind == "boot" and self.boot and fields != self.boot and uptime < self.newest_ms:
            # Another start: its numbers begin anew.
            self.ahead, self.next, self.newest_ms, self.last = {}, 1, 0, None
        if kind == "boot":
            self.boot = fields
        self.newest_ms = max(self.newest_ms, uptime)
        if kind == "gap" and int(fields["through"]) >= self.next:
            self.next = int(fields["through"]) + 1
            self.ahead = {s: l for s, l in self.ahead.items() if s >= self.next}
        if sequence < self.next or sequence in self.ahead:
            self.repeated += 1
        elif len(self.ahead) < AHEAD_MAX:
            self.ahead[sequence] = line
        ready = []
        while self.next in self.ahead:
            ready.append(self.ahead.pop(self.next))
            self.last, self.next = (self.next, ready[-1][1]), self.next + 1
        return ready


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("--until", type=int, required=True)
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--ask", action="append", default=[], help="such as status, asked once at the start")
    arguments = parser.parse_args()
    client, end, readings, told = Client(Port(arguments.port)), time.monotonic() + arguments.timeout, 0, False
    print(json.dumps({"kind": "listening"}), flush=True)
    while readings < arguments.until and time.monotonic() < end:
        for sequence, uptime, kind, fields in client.poll():
            if not told:
                for what in arguments.ask:
                    client.ask(do=what)
                told = True
            if kind in ("reading", "refused"):
                readings += 1
            if kind in ("reading", "refused", "answer", "entry", "gap"):
                print(json.dumps({"sequence": sequence, "kind": kind, **fields}), flush=True)
    client.acknowledge()
    counts = {"readings": readings, "repeated": client.repeated, "next": client.next, "ahead": len(client.ahead)}
    print(json.dumps({"kind": "summary", **counts}))
    return 0 if readings >= arguments.until else 1


if __name__ == "__main__":
    sys.exit(main())
