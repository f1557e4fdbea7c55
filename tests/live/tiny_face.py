"""A target of 128x128 with a generator that shows the doll, and a face network that brightens the face."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from engines.bundle import write_manifest
from engines.engine import EngineSpec
from live.puppet.drawing.face_map import face_map_hash
from live.render.face import SPEC
from tests.engines.tiny_model import tiny_spec, write_tiny_model
from tests.live.tiny_target import SIDE, write_target

BRIGHTER = 40


def write_face_model(path: Path) -> Path:
    """face = the crop's colours + BRIGHTER; the map is read and counts nothing."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    crop, face_map = (tensor.name for tensor in SPEC.inputs[::-1])
    (face,) = SPEC.outputs
    constants = {"from": [0], "to": [3], "axis": [3]}
    nodes = [
        *(helper.make_node("Cast", [name], [f"{name}_f"], to=TensorProto.FLOAT) for name in (crop, face_map)),
        helper.make_node("Slice", [f"{crop}_f", "from", "to", "axis"], ["colours"]),
        helper.make_node("Slice", [f"{face_map}_f", "from", "to", "axis"], ["lines"]),
        helper.make_node("Mul", ["lines", "nothing"], ["no_lines"]),
        helper.make_node("Add", ["colours", "no_lines"], ["same"]),
        helper.make_node("Add", ["same", "more"], ["brighter"]),
        helper.make_node("Clip", ["brighter", "nothing", "most"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], [face.name], to=TensorProto.UINT8),
    ]
    numbers = {"nothing": 0.0, "more": float(BRIGHTER), "most": 255.0}
    graph = helper.make_graph(
        nodes,
        "face",
        [helper.make_tensor_value_info(t.name, TensorProto.UINT8, t.shape) for t in SPEC.inputs],
        [helper.make_tensor_value_info(t.name, TensorProto.UINT8, t.shape) for t in SPEC.outputs],
        [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in constants.items()]
        + [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in numbers.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


def entry(file: str, spec: EngineSpec) -> dict[str, Any]:
    """A network's manifest entry."""
    return {
        "file": file,
        "inputs": {t.name: list(t.shape) for t in spec.inputs},
        "outputs": {t.name: list(t.shape) for t in spec.outputs},
    }


def write_target_with_face(folder: Path, **face: object) -> Path:
    """Write the bundle into `folder` (made); `face` replaces keys of the face's entry. Needs onnx."""
    write_target(folder)
    write_tiny_model(folder / "generator.lite.onnx", SIDE)
    write_face_model(folder / "face.onnx")
    generator = entry("generator.lite.onnx", tiny_spec(SIDE)) | {"state": dict(tiny_spec(SIDE).state)}
    return rewritten(
        folder,
        generators={"lite": generator},
        face={**entry("face.onnx", SPEC), "map": face_map_hash(), **face},
    )


def rewritten(folder: Path, **changes: object) -> Path:
    """The bundle with changed keys of its manifest, hashes computed anew."""
    manifest = json.loads((folder / "manifest.json").read_text())
    write_manifest(folder, {**manifest, **changes})
    return folder
