"""An emulated aarch64 machine: QEMU with a console, a serial line, a grabber's socket, a screen and a watchdog."""
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

QEMU = "qemu-system-aarch64"
CPU = "cortex-a72"
# After a power cut nothing more may be taken from the machine but what had left it.
KILL_SECONDS_MAX = 10
# The scale of QEMU's absolute axes.
ABSOLUTE_MAX = 0x7FFF
# As long as a finger is down, or up.
PRESS_SECONDS = 0.15


class Broken(Exception):
    """The machine did not do what was expected of it."""


class Machine:
    """A machine with `disk`. `boot` are the words that tell QEMU what to start, and what to do at a restart."""

    def __init__(self, disk, boot):
        self.folder = Path(tempfile.mkdtemp(prefix="raymap-vm-"))
        sockets = {name: self.folder / name for name in ("console", "serial", "qmp", "grabber")}
        command = [
            QEMU, "-M", "virt", "-cpu", CPU, "-smp", "2", "-m", "1024", "-nodefaults", "-display", "none", *boot,
            "-chardev", f"socket,id=console,path={sockets['console']},server=on,wait=off", "-serial", "chardev:console",
            "-chardev", f"socket,id=line,path={sockets['serial']},server=on,wait=off", "-device", "pci-serial,chardev=line",
            "-qmp", f"unix:{sockets['qmp']},server=on,wait=off",
            "-drive", f"file={disk},format=raw,if=virtio,cache=writethrough",
            "-device", "virtio-gpu-pci,xres=1280,yres=800",
            "-device", "i6300esb", "-watchdog-action", "poweroff",
            "-device", "qemu-xhci",
            "-chardev", f"socket,id=grabber,path={sockets['grabber']},server=on,wait=off",
            "-device", "usb-redir,chardev=grabber",
        ]
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.grabber_socket = sockets["grabber"]
        self.console, self.line, self.qmp_socket = (
            Wire(sockets[name], self.process) for name in ("console", "serial", "qmp"))
        # QEMU's end of a socket holds some 280 bytes that come one by one; the machine waits for them to be taken.
        self.console.beside, self.line.beside = [self.line], [self.console]
        self.qmp("qmp_capabilities")

    def seconds(self):
        return time.monotonic() - self.started

    def shell(self, command, seconds_max):
        """What a command on the console prints, and its exit status."""
        mark = f"done-{time.monotonic_ns()}"
        start = len(self.console.text)
        # The mark is put together by the shell, so that an echo of the command is not taken for its end.
        self.console.send(f"{command}\necho {mark[:4]}''{mark[4:]} $?\n".encode())
        # With the line's end, which would be taken for the next command's output.
        found = self.console.wait(rf"{mark} (\d+)\r?\n", seconds_max, start)
        printed = self.console.text[start:found.start()].decode(errors="replace")
        return printed.replace("\r\n", "\n"), int(found[1])

    def qmp(self, name, **arguments):
        start = len(self.qmp_socket.text)
        self.qmp_socket.send(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        answer = self.qmp_socket.wait(r'\{"(return|error)".*\}\r?\n', 30, start)
        if answer[1] == b"error":
            raise Broken(answer[0].decode())

    def screen(self):
        """What stands on the attached screen, as a PNG file's bytes."""
        path = self.folder / "screen.png"
        self.qmp("screendump", filename=str(path), format="png")
        return path.read_bytes()

    def plug(self, kind, name):
        """A USB device of QEMU's own, while the machine runs."""
        self.qmp("device_add", driver=kind, id=name)

    def press(self, key):
        """A key by QEMU's name for it, down and up again."""
        for down in (True, False):
            self.input({"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}})

    def touch(self, x, y):
        """A finger at shares of the screen's width and height, put down and lifted."""
        places = [{"type": "abs", "data": {"axis": axis, "value": round(share * ABSOLUTE_MAX)}}
                  for axis, share in (("x", x), ("y", y))]
        for down in (True, False):
            self.input(*places, {"type": "btn", "data": {"down": down, "button": "left"}})

    def input(self, *events):
        self.qmp("input-send-event", events=list(events))
        time.sleep(PRESS_SECONDS)

    def cut_power(self):
        """The machine is gone between two of its instructions; what had reached its disk is there."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(KILL_SECONDS_MAX)
        self.console.drain()
        self.line.drain()

    def wait_end(self, seconds_max):
        """Until the machine has switched itself off."""
        try:
            self.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            raise Broken(f"the machine is still on after {seconds_max} s") from None

    def kernel_failed(self):
        """What the machine's own kernel says of its end, or nothing."""
        self.console.drain()
        text = self.console.text.decode(errors="replace")
        # From the first trouble on, without the shell's words before it.
        found = re.search(r"\[ *[\d.]+\] .*", text, re.DOTALL)
        return found[0] if found and "Kernel panic" in text else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(KILL_SECONDS_MAX)
        shutil.rmtree(self.folder, ignore_errors=True)


def kernel(path, initramfs, board):
    """Boots a kernel without firmware, and `/etc/raymap/{board}.toml` in it; a restart is the end.

    A kernel that fails ends the machine, as on the image's boards, and does not go on with half of itself.
    """
    arguments = f"console=ttyAMA0 quiet loglevel=3 oops=panic panic=-1 raymap.board={board}"
    return ["-kernel", str(path), "-initrd", str(initramfs), "-append", arguments, "-no-reboot"]


class Wire:
    """A socket of QEMU's, and all that came over it."""

    def __init__(self, path, process):
        self.name, self.process, self.text = path.name, process, bytearray()
        # Other wires whose text is taken too while this one is waited for.
        self.beside = []
        self.socket = self.connect(path)
        self.socket.setblocking(False)

    def connect(self, path):
        for _ in range(200):
            if self.process.poll() is not None:
                raise Broken(f"{QEMU} ended with {self.process.returncode}")
            try:
                wire = socket.socket(socket.AF_UNIX)
                wire.connect(str(path))
                return wire
            except OSError:
                time.sleep(0.05)
        raise Broken(f"{QEMU} does not open {path}")

    def send(self, data):
        while data:
            select.select([], [self.socket], [], 10)
            data = data[self.socket.send(data):]

    def drain(self):
        """Takes what has come; whether more may come."""
        try:
            while piece := self.socket.recv(1 << 16):
                self.text += piece
            return False
        except BlockingIOError:
            return True
        except OSError:
            return False

    def wait(self, pattern, seconds_max, start=0):
        """The first match of `pattern` behind `start`."""
        end = time.monotonic() + seconds_max
        pattern = re.compile(pattern.encode())
        while True:
            more = self.drain()
            for wire in self.beside:
                wire.drain()
            if found := pattern.search(self.text, start):
                return found
            if time.monotonic() > end or not more:
                tail = self.text[start:][-2000:].decode(errors="replace")
                why = f"not within {seconds_max} s" if more else "the machine has ended"
                raise Broken(f"{self.name}: {pattern.pattern.decode()}: {why}; the last of it:\n{tail}")
            select.select([wire.socket for wire in (self, *self.beside)], [], [], 0.2)


def missing():
    """Why no machine can be emulated here, or None."""
    paths = os.environ.get("PATH", "").split(":")
    if not any(os.access(os.path.join(path, QEMU), os.X_OK) for path in paths):
        return f"{QEMU} is not installed"
    return None
