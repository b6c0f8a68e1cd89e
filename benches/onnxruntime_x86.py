#!/usr/bin/env python3
"""The network on this machine against ONNX Runtime's on the same file, and its own two threads against one.

    benches/onnxruntime_x86.py                   # builds the program in release mode; needs pip's onnxruntime and onnx
    benches/onnxruntime_x86.py --program FILE --stages FILE

ONNX Runtime reads the file as it is, and with maps of unsigned bytes, which its kernels for x86 are made for. Programs
take turns, many short runs each, since other work on the machine comes and goes; what is printed is the middle one of
the turns' ratios, with its quarters. One thread is compared by processor time, which other work changes least; two
threads need the machine to themselves. What x86 says of boards is nothing: a release that became slower would show.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "models/lite0-unet-256/model.onnx"
# The shipped network is asked for the radiograph and for its mirror image.
INFERENCES_A_RUN = 2
# Of a turn; some that are not counted come before them.
INFERENCES = 20
WARM = 4


def output(*command, **more):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True, **more).stdout


def build():
    command = ["cargo", "build", "--release", "--bin", "raymap", "--bench", "stages"]
    messages = map(json.loads, output(*command, "--message-format", "json-render-diagnostics", cwd=ROOT).splitlines())
    made = {m["target"]["name"]: m["executable"] for m in messages if m.get("executable")}
    return made["raymap"], made["stages"]


def processor_ms(stages):
    """Processor time of one of our inferences: that of many less that of few."""

    def cost(inferences):
        runs = inferences // INFERENCES_A_RUN
        pid = os.posix_spawn(stages, [str(stages), "network", str(runs)], os.environ)
        _, status, used = os.wait4(pid, 0)
        assert status == 0, f"{stages} ended with {status}"
        return 1e3 * (used.ru_utime + used.ru_stime)

    return (cost(WARM + INFERENCES) - cost(WARM)) / INFERENCES


def elapsed_ms(program, threads):
    """The middle one of our inferences by the clock."""
    said = json.loads(output(program, "bench", "--json", "--threads", threads, "--runs", INFERENCES // INFERENCES_A_RUN))
    return said["sizes"][0]["stages_ms"]["network"]["median"] / said["inferences"]


def peer(model, threads):
    """ONNX Runtime's inference in a process of its own: processor time, and the middle one by the clock."""
    return json.loads(output(sys.executable, __file__, "--onnxruntime", model, threads))


def onnxruntime_here(model, threads):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    x = numpy.random.default_rng(1).uniform(-1, 1, (1, 1, 256, 256)).astype(numpy.float32)
    times = []
    for inference in range(WARM + INFERENCES):
        if inference == WARM:
            used = time.process_time()
        start = time.perf_counter()
        session.run(None, {"radiograph": x})
        times.append(1e3 * (time.perf_counter() - start))
    return 1e3 * (time.process_time() - used) / INFERENCES, statistics.median(times[WARM:])


def write_unsigned(path):
    """The same model with every map's bytes and zero point 128 higher."""
    import numpy
    import onnx
    from onnx import numpy_helper

    model = onnx.load(MODEL)
    zeros = {name for node in model.graph.node for name in node.input if name.endswith("_zero")}
    zeros -= {node.input[5] for node in model.graph.node if node.op_type == "QLinearConv"}
    for constant in model.graph.initializer:
        if constant.name in zeros:
            zero = numpy_helper.to_array(constant).astype(int) + 128
            constant.CopyFrom(numpy_helper.from_array(zero.astype(numpy.uint8), constant.name))
    del model.graph.value_info[:]
    onnx.save(model, path)


def row(name, ours, others):
    low, middle, high = statistics.quantiles([a / b for a, b in zip(ours, others)], n=4)
    times = f"{statistics.median(ours):8.2f} to {statistics.median(others):.2f} ms"
    print(f"{name:64}{middle:6.2f} ({low:.2f} to {high:.2f}){times:>24}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--stages", type=pathlib.Path, help="benches/stages.rs, built in the same way")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--onnxruntime", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.onnxruntime:
        model, threads = arguments.onnxruntime
        print(json.dumps(onnxruntime_here(model, int(threads))))
        return
    if bool(arguments.program) != bool(arguments.stages):
        parser.error("--program and --stages go together")
    program, stages = (arguments.program, arguments.stages) if arguments.program else build()
    with tempfile.TemporaryDirectory() as work:
        unsigned = pathlib.Path(work) / "unsigned.onnx"
        write_unsigned(unsigned)
        turn = lambda: (
            (processor_ms(stages), elapsed_ms(program, 1), elapsed_ms(program, 2)),
            *(peer(model, threads) for model in (MODEL, unsigned) for threads in (1, 2)),
        )
        ours, signed, signed_two, unsigned, unsigned_two = zip(*(turn() for _ in range(arguments.turns)))
    processor, one, two = zip(*ours)
    print(f"ratio of times, {arguments.turns} turns")
    for name, single, double in (("as it is", signed, signed_two), ("unsigned", unsigned, unsigned_two)):
        row(f"one thread, against ONNX Runtime, file {name}: processor time", processor, [p for p, _ in single])
        row(f"one thread, against ONNX Runtime, file {name}: by the clock", one, [e for _, e in single])
        row(f"two threads, against ONNX Runtime, file {name}: by the clock", two, [e for _, e in double])
    row("two threads, against one: by the clock", two, one)


if __name__ == "__main__":
    main()
