"""What the TensorRT tests share: the fakes in place of the libraries, and a plan of the tiny model."""

import sys
import types
from pathlib import Path

import pytest

from engines.backends.tensorrt.backend import TensorRTBackend
from engines.graph.half import write_half
from tests.engines.backends.tensorrt.fake_cuda import FakeCuda
from tests.engines.backends.tensorrt.fake_tensorrt import MAGIC, FakeTensorRT


@pytest.fixture
def trt(monkeypatch: pytest.MonkeyPatch) -> FakeTensorRT:
    """A fake TensorRT over a fake CUDA, in the places of the real ones. `.cuda` is the latter."""
    pytest.importorskip("onnxruntime")
    fake = FakeTensorRT(FakeCuda())
    runtime = fake.cuda.module()
    for name, module in (("cuda", types.ModuleType("cuda")), ("cuda.bindings", types.ModuleType("cuda.bindings"))):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys.modules["cuda.bindings"], "runtime", runtime, raising=False)
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", runtime)
    monkeypatch.setitem(sys.modules, "tensorrt", fake.module())
    return fake


@pytest.fixture
def backend(trt: FakeTensorRT, tmp_path: Path) -> TensorRTBackend:
    """The backend over the fakes, with timing caches of its own."""
    return TensorRTBackend(timings=tmp_path / "timings")


@pytest.fixture(scope="session")
def half_model(tiny_model: Path) -> Path:
    """The fp16 version of the tiny model."""
    return write_half(tiny_model, tiny_model.with_name("tiny.fp16.onnx"))


@pytest.fixture
def plan(half_model: Path, tmp_path: Path) -> Path:
    """What the fakes take for an fp16 plan of the tiny model."""
    path = tmp_path / "network.plan"
    path.write_bytes(MAGIC + half_model.read_bytes())
    return path
