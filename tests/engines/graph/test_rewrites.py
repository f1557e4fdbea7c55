"""What is done to a graph before a CPU runs it: each rewrite is found where it is wanted, and keeps the pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.backends.onnxruntime_engine import open_reference
from engines.errors import EngineError
from engines.graph.borders import take_cells_as_they_are
from engines.graph.edit import Graph
from engines.graph.enlarge import fuse_enlargements
from engines.graph.pools import split_pools
from engines.graph.prepare import check_folded, rewrite
from engines.graph.shuffles import order_shuffles
from engines.graph.stem import turn_stems
from engines.graph.tables import divide_first, split_joined
from tests.engines.tiny_model import tiny_feeds, tiny_spec

onnx = pytest.importorskip("onnx")


def drawn(model: Path) -> np.ndarray:
    """Six frames, each fed back."""
    engine = open_reference(model, tiny_spec())
    frames = np.array([engine.run(tiny_feeds(seed))["frame"].copy() for seed in range(6)])
    engine.close()
    return frames.astype(int)


def operations(model: Path) -> list[str]:
    return [node.op_type for node in onnx.load(model).graph.node]


@pytest.mark.parametrize(
    ("one", "found", "gone", "largest"),
    [
        (fuse_enlargements, 1, "Resize", 1),
        (order_shuffles, 1, "", 0),
        (turn_stems, 1, "", 1),
        (divide_first, 1, "", 1),
        (split_joined, 1, "Concat", 1),
        (split_pools, 2, "", 1),
        (take_cells_as_they_are, 3, "Reshape", 0),
    ],
)
def test_each_rewrite_keeps_the_pictures(
    tiny_network: Path, tmp_path: Path, one: Any, found: int, gone: str, largest: int
) -> None:
    graph = Graph(tiny_network)
    assert one(graph) == found
    new = graph.write(tmp_path / "new.onnx")
    assert gone not in operations(new)
    assert new.read_bytes() != tiny_network.read_bytes()
    assert np.abs(drawn(new) - drawn(tiny_network)).max() <= largest


def test_all_together_change_a_value_by_one_level_now_and_then(tiny_network: Path, tmp_path: Path) -> None:
    graph = Graph(tiny_network)
    rewrite(graph)
    difference = np.abs(drawn(graph.write(tmp_path / "new.onnx")) - drawn(tiny_network))
    assert difference.max() <= 1
    assert difference.mean() < 1e-3


def test_a_second_time_there_is_nothing_left_to_rewrite(tiny_network: Path, tmp_path: Path) -> None:
    graph = Graph(tiny_network)
    rewrite(graph)
    graph = Graph(graph.write(tmp_path / "new.onnx"))
    rewrites = (fuse_enlargements, order_shuffles, divide_first, split_joined, turn_stems, split_pools)
    assert [one(graph) for one in (*rewrites, take_cells_as_they_are)] == [0] * 7


def enlarged(tmp_path: Path, *, read_twice: bool = False, **attributes: Any) -> Path:
    """float32 in and out: nearest x2, then a 3x3 convolution, 3 to 5 channels."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(1)
    constants = {
        "scales": np.float32([1, 1, 2, 2]),
        "weights": rng.normal(size=(5, 3, 3, 3)).astype(np.float32),
        "bias": rng.normal(size=5).astype(np.float32),
    }
    conv: dict[str, Any] = {"pads": [1] * 4, "kernel_shape": [3, 3]}
    nodes = [
        helper.make_node("Resize", ["x", "", "scales"], ["large"], mode="nearest", **attributes),
        helper.make_node("Conv", ["large", "weights", "bias"], ["y"], **conv),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5, 12, 16])]
    if read_twice:
        outputs.append(helper.make_tensor_value_info("large", TensorProto.FLOAT, [1, 3, 12, 16]))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 6, 8])]
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "enlarged", inputs, outputs, weights)
    path = tmp_path / "enlarged.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    return path


def run_floats(model: Path, x: np.ndarray) -> np.ndarray:
    ort = pytest.importorskip("onnxruntime")
    return np.asarray(ort.InferenceSession(str(model), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0])


@pytest.mark.parametrize("attributes", [{}, {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}])
def test_an_enlargement_equals_its_transposed_convolution_borders_and_all(
    tmp_path: Path, attributes: dict[str, str]
) -> None:
    model = enlarged(tmp_path, **attributes)
    graph = Graph(model)
    assert fuse_enlargements(graph) == 1
    new = graph.write(tmp_path / "new.onnx")
    assert operations(new) == ["ConvTranspose"]
    x = np.random.default_rng(0).normal(size=(1, 3, 6, 8)).astype(np.float32)
    assert np.abs(run_floats(new, x) - run_floats(model, x)).max() < 1e-5


@pytest.mark.parametrize(
    ("read_twice", "attributes"),
    [(True, {}), (False, {"coordinate_transformation_mode": "align_corners"}), (False, {"nearest_mode": "ceil"})],
)
def test_another_enlargement_is_left_alone(tmp_path: Path, read_twice: bool, attributes: dict[str, str]) -> None:
    assert fuse_enlargements(Graph(enlarged(tmp_path, read_twice=read_twice, **attributes))) == 0


def test_a_division_of_other_tables_is_left_alone(tiny_network: Path, tmp_path: Path) -> None:
    graph = Graph(tiny_network)
    (division,) = [node for node in graph.nodes if node.op_type == "Div"]
    lower = graph.producer(division.input[1])
    assert lower is not None
    product = graph.producer(lower.input[0])
    assert product is not None
    graph.constants[product.input[1]] = graph.constants[product.input[1]] * np.float32(2)
    assert divide_first(graph) == 0


def test_a_batch_norm_that_is_left_is_refused(tiny_network: Path) -> None:
    graph = Graph(tiny_network)
    numbers = [graph.constant(np.ones(16, np.float32)) for _ in range(4)]
    conv = next(node for node in graph.nodes if node.op_type == "Conv")
    graph.add("BatchNormalization", [conv.output[0], *numbers])
    with pytest.raises(EngineError, match="still has batch norms.*export the target again"):
        check_folded(graph)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x0a"])
def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(EngineError, match="x.onnx cannot be read as a model") as raised:
        Graph(tmp_path / "x.onnx")
    assert "\n" not in str(raised.value)
