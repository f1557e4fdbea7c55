"""int8: which layers, how the file looks, and that the caller's process is left as it was."""

import itertools
import logging
import os
from pathlib import Path

import numpy as np
import pytest

from engines.backends.onnxruntime_engine import open_reference
from engines.errors import EngineError
from engines.graph.edit import Graph
from engines.graph.lint import check_for_tensorrt
from engines.graph.prepare import write_prepared
from engines.graph.quantize import quantizable, write_int8
from tests.engines.tiny_model import tiny_feeds, tiny_spec

onnx = pytest.importorskip("onnx")
numpy_helper = pytest.importorskip("onnx.numpy_helper")
FEEDS = [tiny_feeds(seed) for seed in range(4)]


@pytest.fixture(scope="module")
def int8(tiny_network: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("int8") / "network.onnx"
    return write_prepared(tiny_network, tiny_spec(), out, FEEDS, int8_after=open_reference, say=lambda _: None)


def test_convolutions_and_the_sums_between_them_are_quantized_and_nothing_at_the_ends(tiny_network: Path) -> None:
    graph = Graph(tiny_network)
    chosen = [node for node in graph.nodes if node.name in quantizable(graph)]
    assert [node.op_type for node in chosen] == [
        *("Conv", "Conv", "Add", "Conv", "Conv", "DepthToSpace", "Conv", "Add", "Add", "Conv")
    ]


def test_a_network_that_begins_and_ends_with_convolutions_keeps_those(tiny_model: Path) -> None:
    assert quantizable(Graph(tiny_model)) == []
    reference = open_reference(tiny_model, tiny_spec())
    with pytest.raises(EngineError, match="nothing to quantize"):
        write_int8(tiny_model, tiny_spec(), tiny_model, FEEDS, reference, say=lambda _: None)
    reference.close()


def test_the_first_and_the_last_of_a_chain_of_convolutions_stay_as_they_are(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((3, 3, 1, 1), np.float32), "weights")
    names = ["x", "a", "b", "c", "y"]
    nodes = [helper.make_node("Conv", [x, "weights"], [y], name=f"to {y}") for x, y in itertools.pairwise(names)]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 4, 4]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "chain", ports[:1], ports[1:], [weights])
    path = tmp_path / "chain.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    assert quantizable(Graph(path)) == ["to b", "to c"]


def test_it_is_symmetric_with_a_scale_for_each_channel_of_the_weights(int8: Path) -> None:
    from onnx import numpy_helper

    graph = onnx.load(int8).graph
    constants = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
    pairs = [node for node in graph.node if node.op_type in ("QuantizeLinear", "DequantizeLinear")]
    assert pairs
    for node in pairs:
        assert constants[node.input[2]].dtype == np.int8
        assert not constants[node.input[2]].any()
    weights = [n for n in pairs if n.op_type == "DequantizeLinear" and n.input[0] in constants]
    assert {constants[node.input[1]].shape for node in weights} == {(16,), (64,)}
    assert {entry.domain for entry in onnx.load(int8).opset_import} == {""}


def test_weights_have_seven_bits_for_eight_overflow_on_some_processors(int8: Path) -> None:
    from onnx import numpy_helper

    weights = [numpy_helper.to_array(w) for w in onnx.load(int8).graph.initializer]
    assert max(int(np.abs(w.astype(int)).max()) for w in weights if w.dtype == np.int8 and w.ndim == 4) == 64


def test_tensorrt_would_take_the_quantized_file_too(tiny_network: Path, tmp_path: Path) -> None:
    reference = open_reference(tiny_network, tiny_spec())
    out = write_int8(tiny_network, tiny_spec(), tmp_path / "q.onnx", FEEDS, reference, say=lambda _: None)
    reference.close()
    check_for_tensorrt(out, half=False)


def test_folder_and_logging_are_as_they_were(
    tiny_network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    level = logging.getLogger().level
    write_prepared(tiny_network, tiny_spec(), tmp_path / "q.onnx", FEEDS, int8_after=open_reference, say=lambda _: None)
    assert (os.getcwd(), logging.getLogger().level, caplog.records) == (str(tmp_path), level, [])
    assert [path.name for path in tmp_path.iterdir()] == ["q.onnx"]
