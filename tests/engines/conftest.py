"""What the engine tests share: the tiny model, written once, and a bundle."""

from pathlib import Path

import pytest

from tests.engines.tiny_bundle import write_bundle


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX file of `tests/engines/tiny_model.py`, 32x32; skips where onnx (of the train extra) is absent."""
    pytest.importorskip("onnx", reason="the tiny model is built with onnx, which the train extra brings")
    from tests.engines.tiny_model import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "tiny.onnx")


@pytest.fixture(scope="session")
def tiny_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX file of `tests/engines/tiny_network.py`, 32x32."""
    pytest.importorskip("onnx")
    from tests.engines.tiny_network import write_tiny_network

    return write_tiny_network(tmp_path_factory.mktemp("tiny") / "network.onnx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle whose files are a few bytes each."""
    return write_bundle(tmp_path / "tiny")
