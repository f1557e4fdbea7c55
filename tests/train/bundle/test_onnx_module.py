"""A bundle's ONNX file as a torch module: it draws what ONNX Runtime draws, in fp32 and with real halves."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engines.bundle import SHIPPED, open_bundle
from engines.graph.half import write_half
from tests.engines.rollout import rollout
from tests.engines.tiny_model import tiny_feeds, tiny_spec, write_tiny_model
from train.bundle.onnx_module import OnnxModule
from train.errors import TrainError


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "tiny.onnx")


def frames_of(module: OnnxModule, count: int) -> list[np.ndarray]:
    """A rollout of the tiny model by torch."""
    previous = torch.zeros(1, 32, 32, 4, dtype=torch.uint8)
    frames = []
    for seed in range(count):
        feeds = {name: torch.from_numpy(value) for name, value in tiny_feeds(seed).items()} | {"previous": previous}
        with torch.no_grad():
            given = [feeds[name] if module.uint8 else feeds[name].float() for name in module.input_names]
            (frame,) = module(*given)
        previous = frame if module.uint8 else frame.to(torch.uint8)
        frames.append(frame.numpy())
    return frames


def test_it_draws_what_onnx_runtime_draws(tiny: Path) -> None:
    wanted = rollout(tiny, tiny_spec(), map(tiny_feeds, range(5)))
    got = frames_of(OnnxModule(tiny), 5)
    assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(got, wanted, strict=True))
    assert {frame.dtype for frame in got} == {np.dtype(np.uint8)}


def test_with_floats_it_gives_the_same_numbers(tiny: Path) -> None:
    floats, wanted = frames_of(OnnxModule(tiny, uint8=False), 5), frames_of(OnnxModule(tiny), 5)
    assert {frame.dtype for frame in floats} == {np.dtype(np.float32)}
    assert all(np.array_equal(a, b) for a, b in zip(floats, wanted, strict=True))


def test_real_halves_draw_nearly_the_same(tiny: Path, tmp_path: Path) -> None:
    """ONNX Runtime widens fp16 on the CPU; torch rounds after every operation, as a GPU does."""
    half = frames_of(OnnxModule(write_half(tiny, tmp_path / "half.onnx")), 30)
    wanted = rollout(tiny, tiny_spec(), map(tiny_feeds, range(30)))
    assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(half, wanted, strict=True))


NETWORKS = sorted(path for path in SHIPPED.glob("*/*.onnx") if ".int8" not in path.name)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_it_knows_every_operation_of_the_shipped_networks(path: Path) -> None:
    module = OnnxModule(path)
    assert module.output_names in (["frame"], ["face"])
    assert all(shape[0] == 1 for shape in module.input_shapes)


def test_a_shipped_generator_in_real_halves(tmp_path: Path) -> None:
    generator = open_bundle(SHIPPED / "fortnite").generator("lite")
    module = OnnxModule(write_half(generator.file, tmp_path / "half.onnx"))
    rng = np.random.default_rng(0)
    feeds = {t.name: rng.integers(0, 256, t.shape, np.uint8) for t in generator.spec.feeds}
    (wanted,) = rollout(generator.file, generator.spec, [feeds])
    given = feeds | {"previous": np.zeros_like(wanted)}
    with torch.no_grad():
        (frame,) = module(*(torch.from_numpy(given[name]) for name in module.input_names))
    difference = np.abs(frame.numpy().astype(int) - wanted)
    assert difference.max() <= 4
    assert difference.mean() < 0.1


def test_an_operation_that_is_not_known_is_named(tiny: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(tiny)
    model.graph.node[-1].op_type = "Mish"
    onnx.save(model, tiny)
    with pytest.raises(TrainError, match="tiny.onnx has unsupported operations; got: Mish"):
        OnnxModule(tiny)
