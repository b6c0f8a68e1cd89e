"""A root file system in memory for the guest: busybox, the kernel modules that it needs, and the program under test.

Writes the kernel's own archive format (cpio, newc) directly, so neither cpio nor root is needed.
"""
import gzip
import lzma
import os
import stat
from pathlib import Path

APPLETS = """sh mount umount modprobe insmod ls cat echo sleep poweroff reboot mkdir setsid stty sync kill pidof base64 dmesg
 ln grep touch head tail rm uname seq test true false printf wc cut""".split()


class Archive:
    """Files to be, in the order in which the kernel makes them."""

    def __init__(self):
        self.entries = {}

    def folder(self, path):
        parts = [p for p in path.strip("/").split("/") if p]
        for end in range(1, len(parts) + 1):
            self.entries.setdefault("/".join(parts[:end]), (stat.S_IFDIR | 0o755, b""))

    def file(self, path, content, mode=0o644):
        self.folder(os.path.dirname(path))
        self.entries[path.strip("/")] = (stat.S_IFREG | mode, content)

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self.entries[path.strip("/")] = (stat.S_IFLNK | 0o777, target.encode())

    def write(self, out):
        with gzip.open(out, "wb", compresslevel=1) as packed:
            for number, (name, (mode, content)) in enumerate(self.entries.items(), 1):
                packed.write(record(number, name, mode, content))
            packed.write(record(0, "TRAILER!!!", 0, b""))


def record(number, name, mode, content):
    name = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = [number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return padded(head) + padded(content)


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def add_busybox(archive, busybox):
    archive.file("/bin/busybox", Path(busybox).read_bytes(), 0o755)
    for applet in APPLETS:
        archive.link(f"/bin/{applet}", "busybox")


def add_modules(archive, folder, names):
    """The modules `names` and all that they need, unpacked, with the tables that modprobe reads.

    A name that is no file is one that the kernel has built in.
    """
    target = f"/lib/modules/{folder.name}"
    needs = dict(line.split(":", 1) for line in (folder / "modules.dep").read_text().splitlines())
    by_name = {module_name(path): path for path in needs}
    wanted = [by_name[name] for name in names if name in by_name]
    lines = {}
    while wanted:
        path = wanted.pop()
        if path not in lines:
            lines[path] = needs[path].split()
            wanted += lines[path]
            archive.file(f"{target}/{bare(path)}", unpacked(folder / path))
    table = "".join(f"{bare(path)}: {' '.join(map(bare, needed))}\n" for path, needed in lines.items())
    archive.file(f"{target}/modules.dep", table.encode())
    for name in ("modules.builtin", "modules.alias", "modules.softdep"):
        if (folder / name).exists():
            archive.file(f"{target}/{name}", (folder / name).read_bytes())


def module_name(path):
    return os.path.basename(path).split(".")[0].replace("-", "_")


def bare(path):
    return path.removesuffix(".xz")


def unpacked(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def add_program(archive, program, sysroot):
    """A dynamically linked program as /usr/bin/raymap, with the C library that it was linked to."""
    archive.file("/usr/bin/raymap", Path(program).read_bytes(), 0o755)
    for library in ("ld-linux-aarch64.so.1", "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libdl.so.2", "libpthread.so.0"):
        archive.file(f"/lib/{library}", (Path(sysroot) / "lib" / library).read_bytes(), 0o755)


def add_tool(archive, tool, libraries):
    """A program of Debian's with the libraries that it has besides the C library."""
    archive.file(f"/usr/bin/{tool.name}", tool.read_bytes(), 0o755)
    for library in libraries:
        archive.file(f"/lib/{library.name}", library.read_bytes(), 0o755)
