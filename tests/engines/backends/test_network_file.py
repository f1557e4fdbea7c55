"""No runtime is given an ONNX file that reads other files, or holds more than one plain graph."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines.backends.network_file import check_network_file
from engines.backends.onnxruntime_engine import open_reference
from engines.errors import EngineError
from tests.engines.tiny_model import tiny_spec

onnx = pytest.importorskip("onnx")


def weights_elsewhere(model: Any) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")


def constant_elsewhere(model: Any) -> None:
    value = onnx.helper.make_tensor("c", onnx.TensorProto.FLOAT, [1], [0.0])
    value.external_data.add(key="location", value="../secret")
    model.graph.node.append(onnx.helper.make_node("Constant", [], ["c"], value=value))


def branch(model: Any) -> None:
    inner = onnx.helper.make_graph([], "inner", [], [])
    model.graph.node.append(onnx.helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner))


def other_operators(model: Any) -> None:
    model.graph.node[0].domain = "com.stranger"


def function(model: Any) -> None:
    model.functions.append(onnx.helper.make_function("com.x", "F", ["a"], ["b"], [], []))


def sparse(model: Any) -> None:
    model.graph.sparse_initializer.add()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (weights_elsewhere, "weights are in another file"),
        (constant_elsewhere, "weights are in another file"),
        (branch, "graphs inside its graph"),
        (other_operators, "an operator of the domain 'com.stranger'"),
        (function, "functions of its own"),
        (sparse, "sparse weights"),
    ],
)
def test_what_is_not_one_whole_graph_is_refused_before_it_is_opened(
    change: Callable[[Any], None], why: str, tiny_model: Path, tmp_path: Path
) -> None:
    model = onnx.load(str(tiny_model))
    change(model)
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(EngineError, match=why):
        open_reference(tmp_path / "x.onnx", tiny_spec())


@pytest.mark.parametrize(
    "content", [b"", b"x" * 99, b"\x3a\xff\xff\xff\xff\x0f", b"\xff" * 20, b"\x3a\x02\x0a\x05", b"\x08\x07"]
)
def test_what_is_no_onnx_or_cut_short_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(EngineError, match="not a network that this version can run"):
        check_network_file(tmp_path / "x.onnx")


def test_a_network_of_ours_is_taken(tiny_model: Path, tiny_network: Path) -> None:
    check_network_file(tiny_model)
    check_network_file(tiny_network)
