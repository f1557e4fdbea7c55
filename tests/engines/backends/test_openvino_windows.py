"""What OpenVINO prepared is opened in windows that follow the figure, and draws there as on the whole canvas."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.backends.openvino_engine import OpenVINOBackend
from engines.backends.windowed_engine import WindowedEngine
from engines.engine import EngineSpec
from tests.engines.tiny_model import POSE_CHANNELS, tiny_spec

SIZE = 256
SPEC = replace(tiny_spec(SIZE), figure="doll")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    pytest.importorskip("openvino")
    from tests.engines.tiny_network import write_tiny_network

    return write_tiny_network(tmp_path_factory.mktemp("windows") / "network.onnx", SIZE)


@pytest.fixture(scope="module")
def prepared(network: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return OpenVINOBackend().prepare(network, SPEC, "fp32", tmp_path_factory.mktemp("prepared"), [], lambda _: None)


def opened(artifact: Path, spec: EngineSpec) -> object:
    return OpenVINOBackend().open(artifact, spec, precision="fp32", threads=1)


def test_what_was_prepared_has_windows_if_the_network_names_its_figure(network: Path, prepared: Path) -> None:
    assert isinstance(opened(prepared, SPEC), WindowedEngine)
    assert not isinstance(opened(prepared, tiny_spec(SIZE)), WindowedEngine)
    assert not isinstance(opened(network, SPEC), WindowedEngine)


def test_the_figure_is_drawn_in_a_window_as_on_the_whole_canvas(prepared: Path) -> None:
    rng = np.random.default_rng(0)
    windowed, whole = opened(prepared, SPEC), opened(prepared, tiny_spec(SIZE))
    assert isinstance(windowed, WindowedEngine)
    figure = (slice(None), slice(100, 150), slice(110, 150))  # the network sees 32 px far, and the margin is 24
    core = (slice(None), slice(110, 140), slice(120, 140))
    for _ in range(4):
        doll = np.zeros((1, SIZE, SIZE, 4), np.uint8)
        doll[figure] = rng.integers(1, 256, doll[figure].shape)
        pose_map = rng.integers(0, 256, (1, SIZE // 4, SIZE // 4, POSE_CHANNELS), np.uint8)
        drawn = windowed.run({"doll": doll, "pose_map": pose_map})["frame"]
        wanted = whole.run({"doll": doll, "pose_map": pose_map})["frame"]  # type: ignore[attr-defined]
        assert windowed.window.width < SIZE
        assert np.abs(drawn[core].astype(int) - wanted[core]).max() <= 1
