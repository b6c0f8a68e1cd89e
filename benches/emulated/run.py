"""A peer reads the bundle's golden radiograph: run.py PEER BUNDLE WORK RUNS

Runs in the emulated Python. PEER's model is there already (../peers.py); the outputs of the last run go to
WORK/outputs as the bundle's own bytes, so that they can be held against its golden ones.
"""
import pathlib
import sys
import tomllib

import numpy as np
from PIL import Image

from graph import Graph


def radiograph(bundle):
    manifest = tomllib.loads((bundle / "manifest.toml").read_text())["input"]
    grey = np.asarray(Image.open(bundle / "golden/input.png").convert("L"), np.float32)
    return ((grey - manifest["mean"]) / manifest["std"]).astype(np.float32)


def onnxruntime(model, x, runs, _):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    for _ in range(runs):
        outputs = session.run(None, {session.get_inputs()[0].name: x[None, None]})
    return [output[0] for output in outputs]


def litert(model, x, runs, _):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=model, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x[None, :, :, None])
    for _ in range(runs):
        interpreter.invoke()
    outputs = []
    for output in interpreter.get_output_details():
        scale, zero = output["quantization"]
        levels = interpreter.get_tensor(output["index"])[0].astype(np.float32)
        outputs.append(((levels - zero) * scale).transpose(2, 0, 1))
    return outputs


def ncnn(model, x, runs, graph):
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = 1
    net.load_param(model + ".param")
    net.load_model(model + ".bin")
    picture = ncnn.Mat(np.ascontiguousarray(x[None]))
    for _ in range(runs):
        extractor = net.create_extractor()
        extractor.input(graph.operators[0].output, picture)
        outputs = [np.array(extractor.extract(name)[1]) for name in graph.outputs]
    return outputs


PEERS = {"onnxruntime": onnxruntime, "litert": litert, "ncnn-float": ncnn, "ncnn-int8": ncnn}


def main():
    peer, bundle, work, runs = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
    graph = Graph(bundle / "model.onnx")
    model = bundle / "model.onnx" if peer == "onnxruntime" else work / "models" / peer
    outputs = PEERS[peer](str(model), radiograph(bundle), runs, graph)
    said = b""
    for output, name in zip(outputs, graph.outputs):
        scale, zero = graph.scales[name]
        said += np.clip(np.round(output / scale) + zero, -128, 127).astype(np.int8).tobytes()
    (work / "outputs").write_bytes(said)


if __name__ == "__main__":
    main()
