"""The same network for another canvas, and what it computes."""

from pathlib import Path

import pytest

from engines.backends.onnxruntime_engine import open_reference
from engines.errors import EngineError
from engines.graph.flops import count_flops
from engines.graph.resize import write_resized
from tests.engines.tiny_model import tiny_feeds, tiny_spec


def test_a_resized_network_runs_and_computes_by_the_area(tiny_network: Path, tmp_path: Path) -> None:
    spec = write_resized(tiny_network, tiny_spec(), 64, tmp_path / "64.onnx")
    assert spec == tiny_spec(64)
    engine = open_reference(tmp_path / "64.onnx", spec)
    assert engine.run(tiny_feeds(0, 64))["frame"].shape == (1, 64, 64, 4)
    engine.close()
    assert count_flops(tmp_path / "64.onnx") == pytest.approx(4 * count_flops(tiny_network))


def test_the_flops_are_those_of_convolutions_and_tables(tiny_network: Path) -> None:
    convs = 2 * 16 * (9 * 16 * (8 * 8 * 4 + 4 * 4) + 64 * 4 * 4)  # four at 8x8, one at 4x4, one of 1x1 to 64
    tables = 2 * 8 * 8 * ((20 + 128) * 16 + 16 * 64 + 64 * 4 + 2 * 4 * 64)
    assert count_flops(tiny_network) == convs + tables


def test_a_size_that_does_not_divide_is_refused(tiny_network: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be given another size"):
        write_resized(tiny_network, tiny_spec(), 50, tmp_path / "50.onnx")
