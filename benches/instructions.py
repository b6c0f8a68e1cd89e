#!/usr/bin/env python3
"""Instructions of the network and of the pipeline's stages on ARM, counted under emulation.

They are instructions, not time: nobody has timed a board. They repeat to about 0.1 %.
Needs: rustup's aarch64-unknown-linux-gnu, Debian's gcc, gcc-aarch64-linux-gnu, qemu-user, and llvm for the last table;
for 32-bit ARM armv7-unknown-linux-gnueabihf and gcc-arm-linux-gnueabihf.

    benches/instructions.py                     # builds the program for aarch64 as packaging/cross.sh does, then counts
    benches/instructions.py --armv7             # the same for 32-bit ARM
    benches/instructions.py --program FILE --stages FILE    # counts programs that are there and not stripped
    benches/instructions.py --peers             # other engines too: benches/peers.py says what it fetches

Each figure is the difference between more runs and fewer, of `raymap bench` or of a stage in `benches/stages.rs`, so
that start and load are not in it.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import tempfile

import peers

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Rust's name of the target, Debian's, QEMU's, and what is counted: processor, kernels.
Target = collections.namedtuple("Target", "rust debian qemu sets")
AARCH64 = Target(
    "aarch64-unknown-linux-gnu",
    "aarch64-linux-gnu",
    "qemu-aarch64",
    [("cortex-a72", "neon"), ("cortex-a76", "neon-dotprod"), ("cortex-a72", "portable")],
)
ARMV7 = Target(
    "armv7-unknown-linux-gnueabihf",
    "arm-linux-gnueabihf",
    "qemu-arm",
    [("cortex-a7", "neon-armv7"), ("cortex-a9", "neon-armv7")],
)
# Bench reads a radiograph of two sizes in each run.
RADIOGRAPHS = 2
# The shipped network is asked for the radiograph and for its mirror image.
INFERENCES = 2
# Runs of a stage that are counted.
RUNS = 2
# Of benches/stages.rs: pixels of its YUYV frame, and frames until a new radiograph is told of.
GREY_PIXELS = (64 + 3 * 255) ** 2
LOOKS = 11
FRAME_PIXELS = 1280 * 720
# What a symbol belongs to; the first that fits. Those before "network, the rest" are operators.
NETWORK = [
    ("products (pointwise, first layer)", r"kernels::(neon::(pairs|dotprod|matrix)|armv7::pairs|packed|product)"),
    ("first layer, gathering", r"kernels::dense"),
    ("depthwise", r"kernels::.*depthwise|neon::fours|kernels::lines"),
    ("sums", r"kernels::add|elementwise::add"),
    ("concatenation", r"kernels::concat|look_up"),
    ("doubling", r"kernels::double"),
    ("network, the rest", r"network::(graph|kernels|logits)"),
]
STAGES = [
    ("preprocess", r"raymap::(preprocess|exposure|frame)|fast_image_resize"),
    ("probabilities", r"raymap::network|libm"),
    ("map and grade", r"raymap::(lung_field|infection_map|grade|reading|pipeline)"),
    ("drawing", r"raymap::render|embedded_graphics|u8g2"),
    ("C library and others", r""),
]
MACS = {"sdot": 16, "smull": 8, "smull2": 8, "smlal": 8, "smlal2": 8}
# Inner loops: which symbol, what part of the products is of taps (a kernel of 5 x 5 is put into 28), on which processors
# of llvm-mca. neoverse-n1 stands in for A76; up to LLVM 16 it has A57's tables, where interleaving takes three times as
# long as Arm says of A76.
LOOPS = [
    ("neon, products", r"neon::pairs::pass", 1, ["cortex-a53", "cortex-a72"]),
    ("neon-dotprod, products", r"neon::dotprod::pass", 1, ["cortex-a55", "neoverse-n1"]),
    ("neon, depthwise", r"neon::depthwise", 1, ["cortex-a53", "cortex-a72"]),
    ("neon-dotprod, depthwise", r"neon::fours", 25 / 28, ["cortex-a55", "neoverse-n1"]),
]
# What a loop's instructions are for; the first that fits.
KINDS = [
    ("products", r"^(sdot|smull|smlal)"),
    ("widened sums", r"^(saddw|sadalp|saddl)"),
    ("bytes turned and interleaved", r"^(zip|uzp|trn|ext|uxtl|ushll|rev)"),
    ("requantised", r"^(scvtf|fmul|fcvt|sqxtn|sqadd)"),
    ("loads and stores", r"^(ld|st)"),
    ("others", r""),
]


def output(*command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def build(target):
    """The program and benches/stages.rs as boards have them, but with their symbols."""
    name = target.rust.replace("-", "_")
    gcc = f"{target.debian}-gcc"
    linker = {f"CARGO_TARGET_{name.upper()}_LINKER": gcc, f"CC_{name}": gcc}
    command = ["cargo", "build", "--profile", "board", "--target", target.rust, "--config", "profile.board.strip=false"]
    command += ["--bin", "raymap", "--bench", "stages", "--message-format", "json-render-diagnostics"]
    messages = map(json.loads, output(*command, cwd=ROOT, env=os.environ | linker).splitlines())
    made = {m["target"]["name"]: m["executable"] for m in messages if m.get("executable")}
    return made["raymap"], made["stages"]


class Program:
    """A program's functions by address, and runs of it that are counted."""

    def __init__(self, path, work, target):
        self.path, self.work, self.target = path, pathlib.Path(work), target
        self.plugin = self.work / "count.so"
        source = ROOT / "benches/count.c"
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", self.plugin, source], check=True)
        lines = output(f"{target.debian}-nm", "-nC", path).splitlines()
        found = [re.match(r"([0-9a-f]{8,16}) [tTwW] (.*)", line) for line in lines]
        self.functions = [(int(m[1], 16), m[2]) for m in found if m]
        headers = output(f"{target.debian}-readelf", "-lW", path).splitlines()
        code = next(h.split() for h in headers if h.strip().startswith("LOAD") and " R E " in h)
        self.page = int(code[2], 16) & ~0xFFF

    def count(self, cpu, kernels, *arguments):
        """Instructions by function, and what the program printed."""
        counts = self.work / "counts"
        emulator = [self.target.qemu, "-cpu", cpu, "-L", f"/usr/{self.target.debian}"]
        plugin = ["-plugin", f"{self.plugin},out={counts}"]
        environment = os.environ | {"RAYMAP_KERNELS": kernels}
        said = output(*emulator, *plugin, self.path, *arguments, env=environment)
        return self.by_function(counts.read_text().splitlines()), said

    def by_function(self, lines):
        base = int(lines[0].split()[1])
        blocks = [tuple(map(int, line.split()[1:])) for line in lines[1:]]
        blocks = sorted((address - base + self.page, n * runs) for address, n, runs in blocks)
        result, index = collections.Counter(), 0
        for address, instructions in blocks:
            while index < len(self.functions) and self.functions[index][0] <= address:
                index += 1
            inside = index > 0 and address < self.functions[-1][0] + 0x10000
            result[self.functions[index - 1][1] if inside else "outside"] += instructions
        return result


def group(counts, kinds):
    """Sums by the first kind whose pattern fits; what fits none is left out."""
    sums = collections.Counter()
    for function, instructions in counts.items():
        kind = next((name for name, pattern in kinds if re.search(pattern, function)), None)
        sums[kind] += instructions
    return sums


def table(program, cpu, kernels):
    arguments = ["bench", "--json", "--threads", "1", "--runs"]
    one, _ = program.count(cpu, kernels, *arguments, "1")
    two, said = program.count(cpu, kernels, *arguments, "2")
    said = json.loads(said)
    two.subtract(one)
    load, _ = program.count(cpu, kernels, "model", "verify")
    inferences = RADIOGRAPHS * said["inferences"]
    macs = said["multiply_accumulates"]
    network = group(two, NETWORK)
    rest = group({f: n for f, n in two.items() if not any(re.search(p, f) for _, p in NETWORK)}, STAGES)
    total = sum(network[name] for name, _ in NETWORK) / inferences
    print(f"\n{kernels} on {cpu}, one thread; network of {macs / 1e6:.1f} MMAC, {said['inferences']} a radiograph")
    print(f"{'millions of instructions':40}{'an inference':>14}")
    for name, _ in NETWORK:
        print(f"{name:40}{network[name] / inferences / 1e6:14.2f}")
    print(f"{'network':40}{total / 1e6:14.2f}   {total / macs:.3f} a multiply-accumulate")
    print(f"{'':40}{'a radiograph':>14}   (mean of 1280x720 and 3000x2500)")
    for name, _ in STAGES:
        print(f"{name:40}{rest[name] / RADIOGRAPHS / 1e6:14.2f}")
    everything = sum(load.values())
    checksum = sum(n for f, n in load.items() if "sha2" in f)
    print(f"{'start, load and golden reading':40}{everything / 1e6:14.2f}   of which checksums {checksum / 1e6:.1f}")
    print(f"{'the same less one inference':40}{(everything - total) / 1e6:14.2f}")
    return kernels, cpu, total, macs


def stages(program, cpu, kernels):
    """What each stage takes, the C library's part and memory's included: `program` is benches/stages.rs."""

    def cost(stage):
        few, many = (sum(program.count(cpu, kernels, stage, str(n))[0].values()) for n in (1, 1 + RUNS))
        return (many - few) / RUNS / 1e6

    names = ["grey", "still", "exposure", "preprocess", "network", "segmentation", "map", "read", "draw", "first-draw", "badge", "differ", "load"]
    costs = {name: cost(name) for name in names}
    rest = costs["read"] - costs["network"] + costs["draw"]
    inference = costs["network"] / INFERENCES
    grey = costs["grey"] * FRAME_PIXELS / GREY_PIXELS
    settled = costs["exposure"] - LOOKS * costs["still"]
    after = settled + costs["preprocess"] + costs["segmentation"] + costs["map"]
    rows = [
        ("a live frame: YUYV to grey", grey),
        ("a live frame looked at", costs["still"]),
        ("a new radiograph found and cut out", settled),
        ("window level, scaling", costs["preprocess"]),
        (f"network, {INFERENCES} inferences", costs["network"]),
        ("probabilities", costs["segmentation"] - costs["network"]),
        ("lung field and infection map", costs["map"]),
        ("drawing of the result, 800x480", costs["draw"]),
        ("from the last settled line to the reading", grey + costs["still"] + after),
        ("all but the network, exposure aside", rest),
        ("the first drawing, letters included", costs["first-draw"]),
        ("one badge drawn again", costs["badge"]),
        ("what changed looked for", costs["differ"]),
        ("model loaded, less its golden inference", costs["load"] - inference),
    ]
    print(f"\nstages of a radiograph of 1280x720 on {cpu}, {kernels}, one thread")
    for name, millions in rows:
        print(f"{name:40}{millions:14.2f}")
    share, of_all = rest / inference, rest / costs["network"]
    print(f"all but the network: {share:.0%} of an inference, {of_all:.0%} of those of one radiograph")


def loops(program):
    """The loop with the most multiply-accumulates of each inner kernel, and llvm-mca's cycles for it."""
    text = output("aarch64-linux-gnu-objdump", "-dC", "--no-show-raw-insn", program.path)
    print(f"\n{'inner loop':28}{'MAC':>6}{'instructions':>14}{'MAC a cycle (llvm-mca)':>26}")
    chosen = {}
    for name, pattern, of_taps, processors in LOOPS:
        body = chosen[name] = max(bodies(text, pattern), key=lambda b: macs_of(b) / len(b), default=[])
        macs = round(macs_of(body) * of_taps)
        for cpu in processors:
            print(f"{name:28}{macs:6}{len(body):14}{macs / cycles_of(body, cpu):17.1f} {cpu}")
    print(f"\n{'instructions of each loop':32}" + "".join(f"{name:>26}" for name in chosen))
    kinds = {name: group(collections.Counter(i.split()[0] for i in body), KINDS) for name, body in chosen.items()}
    for kind, _ in KINDS:
        print(f"{kind:32}" + "".join(f"{kinds[name][kind]:26}" for name in chosen))


def bodies(text, pattern):
    """Instructions of each innermost loop in functions that fit `pattern`."""
    for function in re.split(r"\n(?=[0-9a-f]+ <)", text):
        if not re.search(pattern, function.split("\n", 1)[0]):
            continue
        code = re.findall(r"^\s+([0-9a-f]+):\s+(.*)$", function, re.M)
        places = {int(address, 16): i for i, (address, _) in enumerate(code)}
        for end, (_, instruction) in enumerate(code):
            branch = re.match(r"(?:b|b\.\w+|cbn?z\s+\w+,|tbn?z\s+\w+, #\w+,)\s+([0-9a-f]+) <", instruction)
            start = places.get(int(branch[1], 16)) if branch else None
            if start is not None and start < end:
                yield [re.sub(r"\s*//.*|\s*<.*", "", i) for _, i in code[start : end + 1]]


def macs_of(body):
    return sum(MACS.get(instruction.split()[0], 0) for instruction in body)


def cycles_of(body, cpu):
    runs = 100
    lines = [i for i in body if not re.match(r"(b|b\.\w+|cbn?z|tbn?z)\s", i)]
    command = ["llvm-mca", "-mtriple=aarch64", f"-mcpu={cpu}", "-mattr=+dotprod", f"-iterations={runs}"]
    said = output(*command, input="\n".join(lines))
    return int(re.search(r"Total Cycles:\s+(\d+)", said)[1]) / runs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--armv7", action="store_true", help="32-bit ARM, not aarch64")
    parser.add_argument("--peers", action="store_true", help="other engines too")
    parser.add_argument("--program", type=pathlib.Path, help="a program for it that is not stripped")
    parser.add_argument("--stages", type=pathlib.Path, help="benches/stages.rs, built in the same way")
    arguments = parser.parse_args()
    if bool(arguments.program) != bool(arguments.stages):
        parser.error("--program and --stages go together")
    target = ARMV7 if arguments.armv7 else AARCH64
    with tempfile.TemporaryDirectory() as work:
        made = (arguments.program, arguments.stages) if arguments.program else build(target)
        program, stage_program = (Program(path, work, target) for path in made)
        stages(stage_program, *target.sets[0])
        ours = [table(program, cpu, kernels) for cpu, kernels in target.sets]
        # llvm-mca has no model of a processor that is meant with 32-bit ARM.
        if target is AARCH64:
            loops(program)
    if arguments.peers:
        peers.table(ours[0][-1], own=[(kernels, cpu, total) for kernels, cpu, total, _ in ours])


if __name__ == "__main__":
    main()
