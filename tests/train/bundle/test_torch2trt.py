"""`python -m train.bundle.torch2trt`: what is handed to torch2trt, and what is said without it, on fakes."""

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.engines.backends.tensorrt.fake_cuda import FakeCuda
from tests.engines.backends.tensorrt.fake_tensorrt import FakeTensorRT
from tests.engines.tiny_model import tiny_feeds, write_tiny_model
from train.bundle import torch2trt as command


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "tiny.onnx")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """TensorRT 10, a "GPU" and a torch2trt, all fakes; what the last was given."""
    given: dict[str, Any] = {}

    def convert(module: torch.nn.Module, inputs: list[torch.Tensor], **options: object) -> types.SimpleNamespace:
        given.update(module=module, inputs=inputs, options=options)
        return types.SimpleNamespace(engine=types.SimpleNamespace(serialize=lambda: b"a plan"))

    fake: Any = types.ModuleType("torch2trt")
    fake.torch2trt = convert
    monkeypatch.setitem(sys.modules, "torch2trt", fake)
    monkeypatch.setitem(sys.modules, "tensorrt", FakeTensorRT(FakeCuda()).module())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.nn.Module, "cuda", lambda self: self)
    zeros = torch.zeros
    monkeypatch.setattr(command.torch, "zeros", lambda shape, device: zeros(shape))
    return given


def run(tiny: Path, *options: str) -> int:
    return command.main([str(tiny), "--out", str(tiny.with_suffix(".plan")), *options])


def test_it_hands_over_a_module_of_floats_with_our_names(given: dict[str, Any], tiny: Path) -> None:
    assert run(tiny) == 0
    assert tiny.with_suffix(".plan").read_bytes() == b"a plan"
    assert given["options"] == {
        "input_names": ["pose_map", "doll", "previous"],
        "output_names": ["frame"],
        "fp16_mode": True,
        "use_onnx": True,
        "onnx_opset": 18,
    }
    assert [(tuple(x.shape), x.dtype) for x in given["inputs"]] == [
        ((1, 8, 8, 20), torch.float32),
        ((1, 32, 32, 4), torch.float32),
        ((1, 32, 32, 4), torch.float32),
    ]
    feeds = tiny_feeds() | {"previous": np.zeros((1, 32, 32, 4), np.uint8)}
    with torch.no_grad():
        (frame,) = given["module"](*(torch.from_numpy(f).float() for f in feeds.values()))
    assert frame.dtype == torch.float32
    assert torch.equal(frame, frame.floor())


def test_fp32_can_be_asked_for(given: dict[str, Any], tiny: Path) -> None:
    assert run(tiny, "--precision", "fp32") == 0
    assert given["options"]["fp16_mode"] is False


def test_the_module_survives_the_exporter_that_torch2trt_uses(tiny: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    module = command.OnnxModule(tiny, uint8=False).eval()
    examples = tuple(torch.zeros(shape) for shape in module.input_shapes)
    names = {"input_names": module.input_names, "output_names": module.output_names}
    torch.onnx.export(module, examples, tmp_path / "again.onnx", opset_version=18, verbose=False, **names)
    graph = onnx.load(tmp_path / "again.onnx").graph
    assert [value.name for value in graph.input] == module.input_names
    assert [value.name for value in graph.output] == module.output_names


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.setattr(sys.modules["tensorrt"], "__version__", "11.4.0"), "torch2trt cannot work with this Tens"),
        (lambda m: m.setitem(sys.modules, "tensorrt", None), "TensorRT is not installed"),
        (lambda m: m.setitem(sys.modules, "torch2trt", None), "torch2trt cannot be imported"),
        (lambda m: m.setattr(torch.cuda, "is_available", lambda: False), "torch sees no NVIDIA GPU"),
        (lambda m: m.setattr(sys.modules["torch2trt"], "torch2trt", lambda *_, **__: None), "could not build the plan"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    given: dict[str, Any],
    tiny: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Any,
    words: str,
) -> None:
    change(monkeypatch)
    assert run(tiny) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert words in said
    assert said.count("\n") == 1
    assert not tiny.with_suffix(".plan").exists()
