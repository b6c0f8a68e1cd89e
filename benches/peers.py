#!/usr/bin/env python3
"""Instructions of other engines for the shipped network on ARM, counted under emulation as our own are.

    benches/instructions.py --peers      # after our own figures, in the same run
    benches/peers.py                     # these alone

Needs Debian's gcc and qemu-user, and pip. It fetches Debian's Python for arm64 and the engines' wheels into a folder
(--work, 500 MB, kept for the next time); nothing of it is needed to build or to test.

ONNX Runtime reads the file as it is. LiteRT and ncnn get it from the converters in benches/emulated/, and how far what
they say is from the golden output shows that it is the same network. Each runs on one thread with its own settings.
"""
import argparse
import array
import os
import pathlib
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "models/lite0-unet-256"
WORK = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "raymap-peers"
PYTHON = "3.11"
DEBIAN = ("http://deb.debian.org/debian", "bookworm", [f"python{PYTHON}", "libstdc++6", "libgomp1"])
WHEELS = [
    "ai-edge-litert==2.3.0",
    "ncnn==1.0.20261020",
    "onnxruntime==1.32.0",
    "backports.strenum==1.2.8",
    "flatbuffers==25.12.19",
    "ml_dtypes==0.6.0",
    "numpy==2.4.6",
    "onnx==1.23.2",
    "packaging==26.4",
    "pillow==13.0.0",
    "portalocker==4.4.2",
    "protobuf==7.36.2",
    "requests==2.34.2",
    "tqdm==4.70.1",
    "typing_extensions==4.16.0",
]
# What the engines read in /proc/cpuinfo: QEMU shows this machine's, and they choose by it.
ARMV8 = "fp asimd evtstrm aes pmull sha1 sha2 crc32"
PROCESSORS = {
    "cortex-a72": ("0xd08", f"{ARMV8} cpuid"),
    "cortex-a76": ("0xd0b", f"{ARMV8} atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"),
}
PEERS = {
    "onnxruntime": "ONNX Runtime, int8",
    "litert": "LiteRT (XNNPACK), int8",
    "ncnn-float": "ncnn, float (halves on A76)",
    "ncnn-int8": "ncnn, int8",
}
CONVERTERS = {
    "litert": ["to_tflite.py"],
    "ncnn-float": ["to_ncnn.py", "float"],
    "ncnn-int8": ["to_ncnn.py", "int8"],
}
# The first inferences take memory and pack weights.
RUNS = (2, 8)


def run(*command, **more):
    return subprocess.run(list(map(str, command)), check=True, **more)


class Emulated:
    """A Python for aarch64 with the engines in it."""

    def __init__(self, work):
        self.work, self.root, self.site = work, work / "root", work / "site"
        (work / "models").mkdir(parents=True, exist_ok=True)
        self.plugin = work / "count.so"
        run("gcc", "-O2", "-shared", "-fPIC", "-o", self.plugin, ROOT / "benches/count.c")
        if not self.root.exists():
            self.fetch_python()
        if not self.site.exists():
            self.fetch_wheels()
        (self.root / "proc").mkdir(exist_ok=True)

    def fetch_python(self):
        apt, (mirror, suite, packages) = self.work / "apt", DEBIAN
        for folder in ("lists/partial", "cache/archives/partial"):
            (apt / folder).mkdir(parents=True, exist_ok=True)
        keys = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
        (apt / "sources.list").write_text(f"deb [arch=arm64 {keys}] {mirror} {suite} main\n")
        (apt / "status").write_text("")
        directories = {"State": "", "State::status": "status", "State::lists": "lists", "Cache": "cache"}
        directories |= {"Etc::sourcelist": "sources.list"}
        lines = [f'Dir::{name} "{apt / place}";' for name, place in directories.items()]
        lines += ['Dir::Etc::sourceparts "/dev/null";', 'APT::Architecture "arm64"; APT::Architectures {"arm64";};']
        (apt / "apt.conf").write_text("\n".join(lines))
        environment = os.environ | {"APT_CONFIG": str(apt / "apt.conf")}
        run("apt-get", "update", "-qq", env=environment)
        run("apt-get", "install", "-qq", "--no-install-recommends", "--download-only", *packages, env=environment)
        for package in (apt / "cache/archives").glob("*.deb"):
            run("dpkg", "-x", package, self.root)

    def fetch_wheels(self):
        wheels = self.work / "wheels"
        platforms = [f"--platform=manylinux{name}_aarch64" for name in ("2014", "_2_27", "_2_28")]
        how = [*platforms, "--python-version", PYTHON, "--only-binary=:all:", "--no-deps"]
        run(sys.executable, "-m", "pip", "download", "-q", *how, "-d", wheels, *WHEELS)
        for wheel in wheels.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(self.site)

    def python(self, cpu, script, *arguments, plugin=()):
        self.pretend(cpu)
        # Without a fixed seed two starts differ by more than an inference's 0.1 %.
        variables = ["-E", f"PYTHONPATH={self.site}", "-E", "PYTHONHASHSEED=0"]
        emulator = ["qemu-aarch64", "-cpu", cpu, "-L", self.root, *plugin, *variables]
        program = [self.root / f"usr/bin/python{PYTHON}", "-S", ROOT / "benches/emulated" / script]
        run(*emulator, *program, *arguments, stderr=subprocess.DEVNULL)

    def pretend(self, cpu):
        part, features = PROCESSORS[cpu]
        lines = [f"Features\t: {features}", "CPU implementer\t: 0x41", "CPU architecture: 8", "CPU variant\t: 0x0"]
        lines += [f"CPU part\t: {part}", "CPU revision\t: 3", "", ""]
        text = "".join("\n".join([f"processor\t: {core}", *lines]) for core in range(4))
        (self.root / "proc/cpuinfo").write_text(text)

    def convert(self, peer):
        script, *how = CONVERTERS[peer]
        self.python("cortex-a72", script, *how, BUNDLE / "model.onnx", self.work / "models" / peer)

    def count(self, peer, cpu, runs):
        counts = self.work / "counts"
        self.python(cpu, "run.py", peer, BUNDLE, self.work, runs, plugin=["-plugin", f"{self.plugin},out={counts}"])
        blocks = (line.split() for line in counts.read_text().splitlines()[1:])
        return sum(int(instructions) * int(times) for _, _, instructions, times in blocks)

    def inference(self, peer, cpu):
        few, many = (self.count(peer, cpu, runs) for runs in RUNS)
        return (many - few) / (RUNS[1] - RUNS[0])

    def distance(self):
        """How far the last outputs are from the golden ones, in their own steps: the mean, and the largest."""
        said, golden = (
            array.array("b", path.read_bytes()) for path in (self.work / "outputs", BUNDLE / "golden/expected.bin")
        )
        distances = [abs(a - b) for a, b in zip(said, golden, strict=True)]
        return sum(distances) / len(distances), max(distances)


def table(macs, work=WORK, own=()):
    """Prints what each takes for an inference of `macs` multiply-accumulates; `own` are rows (name, cpu, count)."""
    emulated = Emulated(work)
    print(f"\n{'an inference on one thread':36}{'millions':>10}{'a MAC':>8}   from the golden output, mean and largest")
    for name, cpu, count in own:
        print(f"{'raymap, ' + name + ', ' + cpu:36}{count / 1e6:10.2f}{count / macs:8.3f}   0.00, 0 steps")
    for peer, name in PEERS.items():
        if peer in CONVERTERS:
            emulated.convert(peer)
        for cpu in PROCESSORS:
            count = emulated.inference(peer, cpu)
            mean, most = emulated.distance()
            print(f"{name + ', ' + cpu:36}{count / 1e6:10.2f}{count / macs:8.3f}   {mean:.2f}, {most} steps")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=pathlib.Path, default=WORK, help=f"what is fetched is kept here ({WORK})")
    parser.add_argument("--macs", type=float, default=445_962_240, help="multiply-accumulates of the network")
    arguments = parser.parse_args()
    table(arguments.macs, arguments.work.resolve())


if __name__ == "__main__":
    main()
