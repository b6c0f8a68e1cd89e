"""A USB video-class grabber that consists of this program alone.

QEMU's `usb-redir` device takes a USB device from a socket; here is the other end of that socket. The guest's own
uvcvideo driver finds a capture device whose picture is whatever `show` was given last. `unplug` pulls its plug.

Terms and numbers: USB 2.0, chapter 9; USB Video Class 1.0; usbredirproto.h (the protocol's own description).
"""
import socket
import struct
import threading
import time

# Packets of the redirection protocol.
HELLO, CONNECT, DISCONNECT, RESET, INTERFACES, ENDPOINTS = 0, 1, 2, 3, 4, 5
SET_CONFIGURATION, GET_CONFIGURATION, CONFIGURATION_IS = 6, 7, 8
SET_ALTERNATE, GET_ALTERNATE, ALTERNATE_IS = 9, 10, 11
CONTROL, BULK = 100, 101
# What both sides must be able to do: bcdDevice in CONNECT, packet sizes in ENDPOINTS, 64-bit ids, 32-bit lengths.
CAPABILITIES = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6
OK, STALLED = 0, 4

VENDOR, PRODUCT = 0x1D6B, 0x0105
CARD = "Emulated grabber"
VIDEO, CONTROL_INTERFACE, STREAMING_INTERFACE = 0x0E, 1, 2
STREAM_ENDPOINT = 0x81
ENDPOINT_PACKET_BYTES = 512
# One payload is what one transfer brings; each begins with its own header.
PAYLOAD_BYTES_MAX = 16_384
PAYLOAD_HEADER_BYTES = 2
CONNECT_TRIES_MAX = 200
YUY2 = bytes.fromhex("5955593200001000800000aa00389b71")


class Frame:
    """A grey picture as YUYV: rows of luma, 8 bits, with colourless chroma between."""

    # VS_FORMAT_UNCOMPRESSED and VS_FRAME_UNCOMPRESSED.
    FORMAT = struct.pack("<BBB16sBBBBBB", 4, 1, 1, YUY2, 16, 1, 0, 0, 0, 0)
    SIZE_KIND = 5

    def __init__(self, width, height, luma):
        assert len(luma) == width * height, (width, height, len(luma))
        self.width, self.height = width, height
        packed = bytearray(b"\x80" * (2 * width * height))
        packed[0::2] = luma
        self.bytes = bytes(packed)

    def luma(self):
        return self.bytes[0::2]


class JpegFrame:
    """A picture as one JPEG."""

    # VS_FORMAT_MJPEG and VS_FRAME_MJPEG.
    FORMAT = bytes([6, 1, 1, 0, 1, 0, 0, 0, 0])
    SIZE_KIND = 7

    def __init__(self, width, height, jpeg):
        self.width, self.height, self.bytes = width, height, jpeg


class Grabber:
    """A grabber on the socket at `path`, plugged in at once; all its frames have the size of the first."""

    def __init__(self, path, frame, frames_per_second):
        self.frame, self.rate = frame, frames_per_second
        self.position, self.parity, self.due = 0, 0, 0.0
        self.sent = frame.bytes
        self.socket = connected(path)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def show(self, frame):
        """From the next whole frame on."""
        assert (frame.width, frame.height) == (self.frame.width, self.frame.height)
        self.frame = frame

    def unplug(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def serve(self):
        try:
            self.greet()
            self.announce()
            while True:
                kind, number, body = self.receive("<IIQ")
                self.answer(kind, number, body)
        except (ConnectionError, OSError):
            pass  # Unplugged, or the machine has ended.

    def greet(self):
        version = b"raymap test grabber".ljust(64, b"\0")
        self.socket.sendall(struct.pack("<III", HELLO, 68, 0) + version + struct.pack("<I", CAPABILITIES))
        kind, _, body = self.receive("<III")
        theirs = struct.unpack_from("<I", body, 64)[0] if len(body) >= 68 else 0
        if kind != HELLO or theirs & CAPABILITIES != CAPABILITIES:
            raise ConnectionError(f"QEMU lacks capabilities: {theirs:#x}")

    def announce(self):
        numbers = table("B", {0: 0, 1: 1})
        classes = table("B", {0: VIDEO, 1: VIDEO})
        subclasses = table("B", {0: CONTROL_INTERFACE, 1: STREAMING_INTERFACE})
        self.send(INTERFACES, 0, struct.pack("<I", 2) + numbers + classes + subclasses + table("B", {}))
        # The first 16 endpoints lead out, the others in; 255 stands for none.
        stream = 16 + (STREAM_ENDPOINT & 0x0F)
        kinds = table("B", {0: 0, 16: 0, stream: 2}, 255)
        sizes = table("H", {0: 64, 16: 64, stream: ENDPOINT_PACKET_BYTES})
        self.send(ENDPOINTS, 0, kinds + table("B", {}) + table("B", {stream: 1}) + sizes)
        high_speed = 2
        self.send(CONNECT, 0, struct.pack("<BBBBHHH", high_speed, 0xEF, 2, 1, VENDOR, PRODUCT, 0x0100))

    def answer(self, kind, number, body):
        if kind == CONTROL:
            self.control(number, body)
        elif kind == BULK:
            self.bulk(number, body)
        elif kind == SET_CONFIGURATION:
            self.send(CONFIGURATION_IS, number, bytes([OK, body[0]]))
        elif kind == GET_CONFIGURATION:
            self.send(CONFIGURATION_IS, number, bytes([OK, 1]))
        elif kind == SET_ALTERNATE:
            self.send(ALTERNATE_IS, number, bytes([OK, body[0], body[1]]))
        elif kind == GET_ALTERNATE:
            self.send(ALTERNATE_IS, number, bytes([OK, body[0], 0]))
        # Transfers that were cancelled have been answered already, and a reset needs no answer.

    def control(self, number, body):
        endpoint, request, kind, _, value, index, length = struct.unpack_from("<BBBBHHH", body)
        if kind & 0x80:
            reply = self.asked(request, kind, value, index)
            status, reply = (STALLED, b"") if reply is None else (OK, reply[:length])
            length = len(reply)
        else:
            # One format and one size: whatever the host sets, there is nothing to choose. A commit starts a frame.
            status, reply = OK, b""
            if request == 0x01 and value >> 8 == 2:
                self.position = 0
        self.send(CONTROL, number, struct.pack("<BBBBHHH", endpoint, request, kind, status, value, index, length) + reply)

    def asked(self, request, kind, value, index):
        """What a request for data is answered with; None: it is not supported."""
        if kind == 0x80 and request == 0x06:
            return self.descriptor(value >> 8, value & 0xFF)
        if kind & 0x60 == 0 and request == 0x00:
            return b"\0\0"
        streaming = kind & 0x60 == 0x20 and index & 0xFF == 1 and value >> 8 in (1, 2)
        if not streaming:
            return None
        negotiated = struct.pack("<HBBIHHHHHII", 1, 1, 1, self.interval(), 0, 0, 0, 0, 0, len(self.frame.bytes), PAYLOAD_BYTES_MAX)
        return {0x85: struct.pack("<H", len(negotiated)), 0x86: b"\x03"}.get(request, negotiated)

    def descriptor(self, kind, number):
        texts = {1: "raymap", 2: CARD, 3: "1"}
        if kind == 1:
            return described(1, struct.pack("<HBBBBHHHBBBB", 0x0200, 0xEF, 2, 1, 64, VENDOR, PRODUCT, 0x0100, 1, 2, 3, 1))
        if kind == 2:
            return configuration(self.frame, self.interval())
        if kind == 3:
            return described(3, texts[number].encode("utf-16le") if number in texts else struct.pack("<H", 0x0409))
        return None

    def interval(self):
        return int(1e7 / self.rate)

    def bulk(self, number, body):
        endpoint, _, low, stream, high = struct.unpack_from("<BBHIH", body)
        data = self.payload(low | high << 16)
        head = struct.pack("<BBHIH", endpoint, OK, len(data) & 0xFFFF, stream, len(data) >> 16)
        self.send(BULK, number, head + data)

    def payload(self, length_max):
        """The next piece of the stream; waits where a new frame begins too early."""
        if self.position == 0:
            time.sleep(max(0.0, self.due - time.monotonic()))
            self.due = max(self.due + 1 / self.rate, time.monotonic())
            self.sent = self.frame.bytes
        room = min(length_max, PAYLOAD_BYTES_MAX) - PAYLOAD_HEADER_BYTES
        piece = self.sent[self.position:self.position + room]
        self.position += len(piece)
        last = self.position >= len(self.sent)
        head = bytes([PAYLOAD_HEADER_BYTES, 0x80 | last << 1 | self.parity])
        if last:
            self.position, self.parity = 0, self.parity ^ 1
        return head + piece

    def send(self, kind, number, body):
        self.socket.sendall(struct.pack("<IIQ", kind, len(body), number) + body)

    def receive(self, head):
        kind, length, number = struct.unpack(head, self.exactly(struct.calcsize(head)))
        return kind, number, self.exactly(length)

    def exactly(self, length):
        data = b""
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            if not piece:
                raise ConnectionError("the machine has let go")
            data += piece
        return data


def connected(path):
    for _ in range(CONNECT_TRIES_MAX):
        try:
            plug = socket.socket(socket.AF_UNIX)
            plug.connect(str(path))
            return plug
        except OSError:
            time.sleep(0.05)
    raise ConnectionError(f"nothing listens at {path}")


def table(form, values, default=0):
    """32 fields, all `default` but for `values`."""
    return struct.pack(f"<32{form}", *(values.get(place, default) for place in range(32)))


def described(kind, body):
    return bytes([len(body) + 2, kind]) + body


def configuration(frame, interval):
    """One interface for control (a camera terminal and an output), one that streams one format in one size over bulk."""
    size = len(frame.bytes)
    class_specific, interface, endpoint = 0x24, 4, 5
    camera = described(class_specific, struct.pack("<BBHBBHHHBH", 2, 1, 0x0201, 0, 0, 0, 0, 0, 2, 0))
    output = described(class_specific, struct.pack("<BBHBBB", 3, 2, 0x0101, 0, 1, 0))
    units = camera + output
    control = described(class_specific, struct.pack("<BHHIBB", 1, 0x0100, 13 + len(units), 48_000_000, 1, 1))
    formats = described(class_specific, frame.FORMAT)
    bits = size * 8 * 10_000_000 // interval
    formats += described(class_specific, struct.pack(
        "<BBBHHIIIIBI", frame.SIZE_KIND, 1, 0, frame.width, frame.height, size * 8, bits, size, interval, 1, interval))
    formats += described(class_specific, bytes([0x0D, 1, 1, 4]))
    streaming = described(class_specific, struct.pack(
        "<BBHBBBBBBBB", 1, 1, 14 + len(formats), STREAM_ENDPOINT, 0, 2, 0, 0, 0, 1, 0))
    both = described(0x0B, bytes([0, 2, VIDEO, 3, 0, 0]))
    first = described(interface, bytes([0, 0, 0, VIDEO, CONTROL_INTERFACE, 0, 0]))
    second = described(interface, bytes([1, 0, 1, VIDEO, STREAMING_INTERFACE, 0, 0]))
    stream = described(endpoint, struct.pack("<BBHB", STREAM_ENDPOINT, 2, ENDPOINT_PACKET_BYTES, 0))
    body = both + first + control + units + second + streaming + formats + stream
    return described(2, struct.pack("<HBBBBB", 9 + len(body), 2, 1, 0, 0x80, 50)) + body
