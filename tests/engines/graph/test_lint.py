"""The TensorRT contract: the shipped networks keep it, and every single breach of it is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.bundle import SHIPPED
from engines.errors import EngineError
from engines.graph.half import to_half
from engines.graph.lint import check_for_tensorrt, lint

onnx = pytest.importorskip("onnx", reason="graphs are looked at with onnx")
helper, T = onnx.helper, onnx.TensorProto
NETWORKS = sorted(path for path in SHIPPED.glob("*/*.onnx") if ".int8" not in path.name)
Model = Any


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_shipped_network_keeps_the_contract_as_it_is_and_in_half(path: Path) -> None:
    model = onnx.load(path)
    assert lint(model, half=False) == []
    assert lint(to_half(model), half=True) == []
    check_for_tensorrt(path, half=False)


def node(model: Model, op: str) -> Any:
    return next(n for n in model.graph.node if n.op_type == op)


def attribute(model: Model, op: str, **values: object) -> None:
    found = node(model, op)
    for name, value in values.items():
        for old in [a for a in found.attribute if a.name == name]:
            found.attribute.remove(old)
        found.attribute.append(helper.make_attribute(name, value))


def weight_as_input(model: Model) -> None:
    weights = next(w for w in model.graph.initializer if w.name == "weights")
    model.graph.initializer.remove(weights)
    model.graph.node.insert(0, helper.make_node("Cast", ["pose_map"], ["w0"], to=T.FLOAT))
    model.graph.node.insert(1, helper.make_node("Slice", ["w0", "s0", "s4"], ["w1"]))
    model.graph.node.insert(2, helper.make_node("Reshape", ["w1", "shape"], ["weights"]))
    for name, value in (("s0", [0, 0, 0, 0]), ("s4", [1, 7, 8, 18]), ("shape", [4, 28, 3, 3])):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(value), name))


def concat_of_bytes(model: Model) -> None:
    both = helper.make_node("Concat", ["doll", "previous"], ["both"], axis=3)
    model.graph.node.insert(0, both)
    model.graph.node.insert(1, helper.make_node("Cast", ["both"], ["both_f"], to=T.FLOAT))


def bytes_to_integers(model: Model) -> None:
    model.graph.node.insert(0, helper.make_node("Cast", ["doll"], ["doll_i"], to=T.INT32))


def bytes_inside(model: Model) -> None:
    place = next(i for i, n in enumerate(model.graph.node) if n.op_type == "Clip")
    model.graph.node.insert(place, helper.make_node("Cast", ["drawn"], ["inner"], to=T.UINT8))


def quantize(model: Model, *, zero: int = 0, kind: type = np.int8) -> None:
    place = next(i for i, n in enumerate(model.graph.node) if n.op_type == "Conv")
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(0.5), "scale"))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(zero, kind), "zero"))
    model.graph.node.insert(place, helper.make_node("QuantizeLinear", ["all", "scale", "zero"], ["q"]))
    model.graph.node.insert(place + 1, helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["dq"]))
    node(model, "Conv").input[0] = "dq"


def dynamic(model: Model) -> None:
    model.graph.input[1].type.tensor_type.shape.dim[1].dim_param = "height"


def float_output(model: Model) -> None:
    cast = model.graph.node[-1]
    cast.attribute[0].i = T.FLOAT
    model.graph.output[0].type.tensor_type.elem_type = T.FLOAT


def foreign(model: Model) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def function(model: Model) -> None:
    made = helper.make_function("own", "twice", ["x"], ["y"], [helper.make_node("Add", ["x", "x"], ["y"])], [])
    made.opset_import.append(helper.make_opsetid("", 18))
    model.functions.append(made)


def gone_elsewhere(model: Model) -> None:
    weight = model.graph.initializer[0]
    weight.data_location = T.EXTERNAL
    weight.external_data.add(key="location", value="weights.bin")


def unknown_operator(model: Model) -> None:
    clip = node(model, "Clip")
    clip.op_type, name = "Mish", clip.input[0]
    del clip.input[:]
    clip.input.append(name)


BREACHES: list[tuple[str, Callable[[Model], object]]] = [
    ("IR version 11, wanted at most 10", lambda m: setattr(m, "ir_version", 11)),
    ("opset 21, wanted 13 to 20", lambda m: setattr(m.opset_import[0], "version", 21)),
    ("operators of the domain com.microsoft", foreign),
    ("it has functions of its own: twice", function),
    ("weight weights is in another file", gone_elsewhere),
    ("doll: shape [1, None, 32, 4] is not fixed", dynamic),
    ("frame: float, wanted uint8 for inputs and outputs", float_output),
    ("Mish clipped: not an operator that this project uses with TensorRT", unknown_operator),
    ("Concat both: it reads uint8 doll: uint8 may only go from an input into a Cast", concat_of_bytes),
    ("Cast doll_i: it reads uint8 doll", bytes_to_integers),
    ("Cast inner: it outputs uint8 inner: uint8 may only go from a Cast of fp16 or fp32 to an output", bytes_inside),
    ("Conv drawn: its input weights is not a constant", weight_as_input),
    ("QuantizeLinear q: its zero point is not 0", lambda m: quantize(m, zero=3)),
    ("QuantizeLinear q: it quantizes to uint8, wanted int8", lambda m: quantize(m, kind=np.uint8)),
    ("Resize pose_map_big: mode cubic", lambda m: attribute(m, "Resize", mode="cubic")),
    (
        "Resize pose_map_big: coordinates tf_crop_and_resize",
        lambda m: attribute(m, "Resize", coordinate_transformation_mode="tf_crop_and_resize"),
    ),
    ("Resize pose_map_big: antialias", lambda m: attribute(m, "Resize", mode="linear", antialias=1)),
    ("not valid ONNX: ", lambda m: m.graph.node.pop()),
]


@pytest.mark.parametrize(("words", "breach"), BREACHES, ids=[words[:40] for words, _ in BREACHES])
def test_a_breach_is_found(tiny_model: Path, words: str, breach: Callable[[Model], object]) -> None:
    model = onnx.load(tiny_model)
    assert lint(model, half=False) == []
    breach(model)
    assert any(found.startswith(words) for found in lint(model, half=False)), lint(model, half=False)


def test_symmetric_int8_keeps_the_contract(tiny_model: Path) -> None:
    model = onnx.load(tiny_model)
    quantize(model)
    assert lint(model, half=False) == []


def test_a_convolution_left_in_fp32_is_found_in_a_half_file(tiny_model: Path) -> None:
    model = onnx.load(tiny_model)
    assert lint(model, half=True) == ["Conv drawn: it computes in float in an fp16 file"]
    assert lint(to_half(model), half=True) == []


def test_the_message_names_the_file_and_the_first_breaches(tiny_model: Path, tmp_path: Path) -> None:
    model = onnx.load(tiny_model)
    concat_of_bytes(model)
    foreign(model)
    onnx.save(model, tmp_path / "bad.onnx")
    with pytest.raises(EngineError) as raised:
        check_for_tensorrt(tmp_path / "bad.onnx", half=False)
    assert raised.value.what == "TensorRT would not accept bad.onnx"
    assert raised.value.got.startswith("operators of the domain com.microsoft, wanted only ONNX's own | Concat both")
    (tmp_path / "worse.onnx").write_bytes(b"no ONNX at all")
    with pytest.raises(EngineError, match="worse.onnx is not an ONNX file"):
        check_for_tensorrt(tmp_path / "worse.onnx", half=False)
