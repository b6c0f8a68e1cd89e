#!/usr/bin/env python3
"""The file system in memory from which an image starts: initrd.py TREE RELEASE OUT.

Busybox, the drivers of what a slot may lie on, and packaging/image/init, which finds the slot.
"""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests/vm"))
import initramfs  # noqa: E402  (the emulated machine's own archive writer)

# Besides those that the tests use.
APPLETS = "switch_root find sort xargs basename dirname".split()
# Always loaded; those that a kernel has built in are passed over.
MODULES = "overlay squashfs virtio_pci virtio_mmio virtio_blk xhci_pci usb_storage uas nvme mmc_block".split()
# Loaded where a bus names them.
FOLDERS = "drivers/mmc drivers/virtio drivers/usb/host drivers/usb/dwc2 drivers/usb/dwc3 drivers/phy drivers/regulator".split()


def main(tree, release, out):
    tree = Path(tree)
    archive = initramfs.Archive()
    for folder in ("/dev", "/proc", "/sys", "/lower", "/upper", "/root"):
        archive.folder(folder)
    initramfs.add_busybox(archive, tree / "usr/bin/busybox")
    for applet in APPLETS:
        archive.link(f"/bin/{applet}", "busybox")
    modules = tree / "usr/lib/modules" / release
    found = [path for folder in FOLDERS for path in (modules / "kernel" / folder).rglob("*.ko*")]
    initramfs.add_modules(archive, modules, MODULES + [initramfs.module_name(path) for path in found])
    archive.file("/etc/modules", "\n".join(MODULES).encode())
    archive.file("/init", (HERE / "init").read_bytes(), 0o755)
    archive.write(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
