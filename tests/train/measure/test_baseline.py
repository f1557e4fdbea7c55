"""Yardsticks: PyTorch and pix2pixHD in the bench's own turns. A CUDA graph needs a GPU and is not run here."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engines.backends.onnxruntime_engine import open_reference
from engines.graph.flops import count_flops
from engines.tools.bench import measure
from tests.engines.tiny_model import tiny_feeds, tiny_spec
from tests.engines.tiny_network import write_tiny_network
from train.__main__ import main
from train.measure import baseline as yardstick


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return write_tiny_network(tmp_path / "network.onnx")


def test_both_are_timed_with_what_they_compute(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.tools.bench.matmul_peak", lambda precision, threads: 1e12)
    contenders = yardstick.baselines(network, tiny_spec(), 32, tmp_path)
    eager, yard = measure([c for c in contenders if c.precision == "fp32"], frames=2, threads=1)
    assert (eager.name, yard.name) == ("torch eager", "torch pix2pixhd")
    assert eager.median_ms > 0 < yard.median_ms
    assert contenders[0].flops == count_flops(network)
    assert contenders[1].flops > 50 * contenders[0].flops


def test_pytorch_computes_the_very_network(network: Path) -> None:
    engine = open_reference(network, tiny_spec())
    wanted = engine.run(tiny_feeds())["frame"].astype(int)
    engine.close()
    feeds = [torch.from_numpy(tiny_feeds()[name]) for name in ("pose_map", "doll")]
    (drawn,) = yardstick.OnnxModule(network)(*feeds, torch.zeros(tiny_spec().inputs[2].shape, dtype=torch.uint8))
    assert np.abs(drawn.numpy().astype(int) - wanted).max() <= 1


def test_a_target_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--target", "nobody-has-this"]) == 1
    assert capsys.readouterr().err.startswith("error: there is no such target")
