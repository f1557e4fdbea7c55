"""fp32 -> fp16: which nodes change, which do not, and that the pictures stay the same, also when they are fed back."""

from pathlib import Path

import numpy as np
import pytest

from engines.bundle import SHIPPED, open_bundle
from engines.errors import EngineError
from engines.graph.half import half_nodes, to_half, write_half
from tests.engines.rollout import rollout
from tests.engines.tiny_model import tiny_feeds, tiny_spec

onnx = pytest.importorskip("onnx", reason="graphs are prepared with onnx")
FLOAT, HALF, U8 = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.UINT8
NETWORKS = sorted(path for path in SHIPPED.glob("*/*.onnx") if ".int8" not in path.name)


def types_of(model: object) -> dict[str, int]:
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = (*graph.value_info, *graph.input, *graph.output)
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    return types | {weight.name: weight.data_type for weight in graph.initializer}


def test_there_are_networks_to_look_at() -> None:
    assert len(NETWORKS) >= 3


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_shipped_network_computes_its_convolutions_in_half(path: Path) -> None:
    model = to_half(onnx.load(path))
    onnx.checker.check_model(model, full_check=True)
    types = types_of(model)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == sum(node.op_type == "Conv" for node in onnx.load(path).graph.node)
    assert all({types[name] for name in (*node.input, *node.output)} == {HALF} for node in convolutions)
    borders = [*model.graph.input, *model.graph.output]
    assert {value.type.tensor_type.elem_type for value in borders} == {U8}
    assert model.ByteSize() < 0.6 * path.stat().st_size


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_paints_the_pixels_stays_in_fp32(path: Path) -> None:
    model = to_half(onnx.load(path))
    types = types_of(model)
    last = model.graph.node[-1]
    assert (last.op_type, types[last.input[0]]) == ("Cast", FLOAT)
    places = [i for i, node in enumerate(model.graph.node) if node.op_type == "Conv"]
    after = [node for node in model.graph.node[places[-1] + 1 :] if node.op_type != "LeakyRelu"]
    assert {types[node.output[0]] for node in after} <= {FLOAT, U8}
    gamma = [node for node in model.graph.node if node.op_type in ("Exp", "Div", "AveragePool", "MaxPool")]
    assert all(types[node.output[0]] == FLOAT for node in gamma)
    if path.stem.startswith("generator"):
        assert len(gamma) > 3, "or this test looks at nothing"


def test_a_tensor_is_cast_once_for_all_who_want_it() -> None:
    model = to_half(onnx.load(NETWORKS[0]))
    casts = [node.input[0] for node in model.graph.node if node.op_type == "Cast"]
    assert len(set(casts)) == len(casts)


def test_the_original_is_not_touched(tiny_model: Path) -> None:
    model = onnx.load(tiny_model)
    before = model.SerializeToString()
    to_half(model)
    assert model.SerializeToString() == before


def test_a_resize_keeps_its_fp32_scales(tiny_model: Path) -> None:
    model = to_half(onnx.load(tiny_model))
    types = types_of(model)
    resize = next(node for node in model.graph.node if node.op_type == "Resize")
    assert (types[resize.input[0]], types[resize.input[2]], types[resize.output[0]]) == (HALF, FLOAT, HALF)


def test_the_picture_is_that_of_fp32_in_one_step_and_fed_back(tiny_model: Path, tmp_path: Path) -> None:
    half = write_half(tiny_model, tmp_path / "half.onnx")
    both = (rollout(path, tiny_spec(), map(tiny_feeds, range(60))) for path in (tiny_model, half))
    for wanted, got in zip(*both, strict=True):
        difference = np.abs(got.astype(int) - wanted)
        assert difference.max() <= 1
        assert difference.mean() < 0.1


def test_a_shipped_generator_draws_the_same_in_half(tmp_path: Path) -> None:
    generator = open_bundle(SHIPPED / "fortnite").generator("lite")
    half = write_half(generator.file, tmp_path / "half.onnx")
    rng = np.random.default_rng(0)
    feeds = {t.name: rng.integers(0, 256, t.shape, np.uint8) for t in generator.spec.feeds}
    feeds["doll"][..., 3] = np.where(feeds["doll"][..., 3] > 99, 255, 0)
    both = (rollout(path, generator.spec, [feeds, feeds]) for path in (generator.file, half))
    for wanted, got in zip(*both, strict=True):
        difference = np.abs(got.astype(int) - wanted)
        assert np.ptp(wanted) > 200
        assert difference.max() <= 3
        assert difference.mean() < 0.1


def test_a_weight_that_fp16_cannot_hold_is_named(tiny_model: Path) -> None:
    model = onnx.load(tiny_model)
    weights = next(w for w in model.graph.initializer if w.name == "weights")
    for value in (70000.0, np.nan):
        changed = onnx.numpy_helper.to_array(weights).copy()
        changed[0, 0, 0, 0] = value
        weights.CopyFrom(onnx.numpy_helper.from_array(changed, "weights"))
        with pytest.raises(EngineError, match="weight weights does not fit into fp16; got: .*; wanted: at most 65504"):
            to_half(model)


def test_a_network_without_a_convolution_is_refused(tiny_model: Path) -> None:
    assert half_nodes(onnx.load(tiny_model).graph)
    only_casts = onnx.load(tiny_model)
    del only_casts.graph.node[:]
    only_casts.graph.node.extend(
        [
            onnx.helper.make_node("Cast", ["doll"], ["d"], to=FLOAT),
            onnx.helper.make_node("Cast", ["d"], ["frame"], to=U8),
        ]
    )
    with pytest.raises(EngineError, match="nothing to compute in fp16; got: no convolution"):
        to_half(only_casts)


def test_constants_become_weights(tiny_model: Path) -> None:
    model = onnx.load(tiny_model)
    bias = next(w for w in model.graph.initializer if w.name == "bias")
    model.graph.initializer.remove(bias)
    constant = onnx.helper.make_node("Constant", [], ["bias"], value=bias)
    model.graph.node.insert(0, constant)
    half = to_half(model)
    assert not [node for node in half.graph.node if node.op_type == "Constant"]
    convolution = next(node for node in half.graph.node if node.op_type == "Conv")
    assert set(convolution.input[1:]) <= {weight.name for weight in half.graph.initializer}


@pytest.mark.parametrize("content", [b"", b"no ONNX at all"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.onnx").write_bytes(content)
    with pytest.raises(EngineError, match="broken.onnx is not an ONNX file"):
        write_half(tmp_path / "broken.onnx", tmp_path / "half.onnx")
    assert not (tmp_path / "half.onnx").exists()
