"""The bundle that the device loads: model, manifest with checksums, golden input and the outputs expected for it.

A new model goes in with one call:

    write_bundle(dir, "model.onnx", "golden/input.png", manifest)

`manifest` is a dict in the shape of manifest.toml (`read_manifest` gives the present one to start from); its checksums
are filled in here.
"""

import hashlib
import pathlib
import shutil
import tomllib

import numpy as np
import onnx
import onnxruntime
from PIL import Image, ImageDraw, ImageFilter

FILES = {"model": "model.onnx", "golden_input": "golden/input.png", "golden_expected": "golden/expected.bin"}
OUTPUTS = ("lung", "infection", "fit")
COMMENTS = {
    "infection": "Probability = 1 / (1 + exp(-(logit_scale * logit + logit_offset))).",
    "input": "mirrored_too: the infection map is the mean of what the network says of the radiograph and of its mirror image.",
    "grade": "Cut-offs on the infected share of the lung field, and of one zone; brixia_zone and extent_lung on mean probabilities.",
    "detection": "Probability of opacity = sigmoid(intercept + slope * ln(mean + 0.001) + peak_slope * ln(peak + 0.001)); see docs/severity.md.",
    "interval90": "90 % interval of the infected share s: s - (below[0] + below[1] * s) to s + (above[0] + above[1] * s).",
}


def write_bundle(dir, model_path, golden_input_png, manifest_dict):
    """Writes the bundle's folder; every file may already lie in its place."""
    dir = pathlib.Path(dir)
    (dir / "golden").mkdir(parents=True, exist_ok=True)
    place(model_path, dir / FILES["model"])
    place(golden_input_png, dir / FILES["golden_input"])
    grey = np.asarray(Image.open(dir / FILES["golden_input"]))
    side = manifest_dict["input"]["side"]
    if grey.shape != (side, side) or grey.dtype != np.uint8:
        raise ValueError(f"golden input is {grey.shape} {grey.dtype}, not 8-bit grey {side} x {side}")
    expected = int8_outputs(dir / FILES["model"], grey, **{k: manifest_dict["input"][k] for k in ("mean", "std")})
    (dir / FILES["golden_expected"]).write_bytes(b"".join(expected[name].tobytes() for name in OUTPUTS))
    files = {k: {"path": p, "sha256": hashlib.sha256((dir / p).read_bytes()).hexdigest()} for k, p in FILES.items()}
    text = to_toml({**manifest_dict, "files": files})
    assert tomllib.loads(text) == {**manifest_dict, "files": files}
    (dir / "manifest.toml").write_text(text)


def read_manifest(dir):
    return tomllib.loads((pathlib.Path(dir) / "manifest.toml").read_text())


def int8_outputs(model_path, grey, mean, std):
    """What ONNX Runtime computes before the last DequantizeLinear, by name, int8 NCHW.

    Its x86 kernels without VNNI saturate 16-bit sums; on such a machine the device's golden test will say so.
    """
    model = onnx.load(model_path)
    before = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "DequantizeLinear"}
    names = [o.name for o in model.graph.output]
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(before[n], onnx.TensorProto.INT8, None) for n in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = ((grey.astype(np.float32) - np.float32(mean)) / np.float32(std))[None, None]
    return dict(zip(names, session.run(None, {session.get_inputs()[0].name: x})))


def draw_golden_input(path, side=256):
    """A picture without a patient that drives the whole range: two ellipses on a slope, a blurred patch, a grating."""
    y, x = np.mgrid[0:side, 0:side]
    grey = Image.fromarray((70 + 110 * y / side + 20 * np.sin(x / 9) * np.cos(y / 13)).astype(np.uint8))
    draw = ImageDraw.Draw(grey)
    for left in (0.14, 0.56):
        draw.ellipse([left * side, 0.18 * side, (left + 0.3) * side, 0.82 * side], fill=38)
    draw.ellipse([0.2 * side, 0.55 * side, 0.36 * side, 0.75 * side], fill=150)
    grey = grey.filter(ImageFilter.GaussianBlur(side / 90))
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    grey.save(path)


def place(source, target):
    if pathlib.Path(source).resolve() != target.resolve():
        shutil.copyfile(source, target)


def to_toml(manifest):
    """The few shapes a manifest has: values, tables, one list of tables, inline tables under `files`."""
    lines = [f"{k} = {value(v)}" for k, v in manifest.items() if not isinstance(v, dict) and k != "outputs"]
    for key in ("files", "input", "outputs", *(k for k in manifest if isinstance(manifest[k], dict) and k not in ("files", "input"))):
        for table in manifest[key] if key == "outputs" else [manifest[key]]:
            lines += ["", *([f"# {COMMENTS[key]}"] if key in COMMENTS else []), f"[[{key}]]" if key == "outputs" else f"[{key}]"]
            lines += [f"{k} = {value(v)}" for k, v in table.items()]
    return "\n".join(lines) + "\n"


def value(v):
    if isinstance(v, bool):
        return str(v).lower()
    if isinstance(v, str):
        return '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(v, dict):
        return "{ " + ", ".join(f"{k} = {value(w)}" for k, w in v.items()) + " }"
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(value(w) for w in v) + "]"
    return repr(v)
