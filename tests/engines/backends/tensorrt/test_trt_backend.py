"""The backend `tensorrt`: what it prepares, where it says no, and that nothing is imported before it is needed."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.backends.tensorrt import backend as module
from engines.backends.tensorrt.backend import TensorRTBackend
from engines.errors import EngineError
from engines.graph.lint import lint
from tests.engines.backends.tensorrt.deep_model import write_deep_model
from tests.engines.backends.tensorrt.fake_cuda import cudaError_t
from tests.engines.backends.tensorrt.fake_tensorrt import MAGIC, FakeTensorRT
from tests.engines.rollout import rollout
from tests.engines.tiny_model import tiny_feeds, tiny_spec


def prepare(backend: TensorRTBackend, model: Path, folder: Path, precision: str, said: list[str]) -> Path:
    return backend.prepare(model, tiny_spec(), precision, folder, (), said.append)


def test_fp16_is_built_from_the_half_file_and_says_what_it_does(
    trt: FakeTensorRT, backend: TensorRTBackend, tiny_model: Path, half_model: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    plan = prepare(backend, tiny_model, tmp_path, "fp16", said)
    assert plan.read_bytes() == MAGIC + half_model.read_bytes()
    assert said == ["building the TensorRT 10.16.1.11 plan of tiny.onnx in fp16 for Fake GPU; may take minutes"]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["network.plan"]
    assert [path.name for path in (tmp_path / "timings").iterdir()] == ["tensorrt-10.16.1.11-9.0-Fake-GPU.timings"]
    engine = backend.open(plan, tiny_spec(), precision="fp16", threads=1)
    assert engine.run(tiny_feeds())["frame"].any()
    engine.close()


def test_fp32_is_built_from_the_very_file(
    trt: FakeTensorRT, backend: TensorRTBackend, tiny_model: Path, tmp_path: Path
) -> None:
    prepare(backend, tiny_model, tmp_path, "fp32", [])
    built = [digest for name, digest in trt.calls if name == "build_serialized_network"]
    assert built == [hashlib.sha256(tiny_model.read_bytes()).hexdigest()]
    assert tiny_model.is_file()


def test_int8_is_built_from_a_symmetric_file_that_keeps_the_contract(
    trt: FakeTensorRT, backend: TensorRTBackend, tiny_model: Path, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    deep_model = write_deep_model(tiny_model, tmp_path / "deep.onnx")
    frames = [tiny_feeds(seed) for seed in range(8)]
    plan = backend.prepare(deep_model, tiny_spec(), "int8", tmp_path, frames, lambda _: None)
    model = onnx.load_from_string(plan.read_bytes().removeprefix(MAGIC))
    assert sum(node.op_type == "QuantizeLinear" for node in model.graph.node) >= 2
    assert lint(model, half=False) == []
    engine = backend.open(plan, tiny_spec(), precision="int8", threads=1)
    (wanted,) = rollout(deep_model, tiny_spec(), frames[:1])
    assert np.abs(engine.run(frames[0])["frame"].astype(int) - wanted).mean() < 3
    engine.close()


def test_a_network_against_the_contract_is_refused_before_tensorrt_sees_it(
    trt: FakeTensorRT, backend: TensorRTBackend, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.graph.lint.ALLOWED", frozenset({"Cast", "Conv"}))
    with pytest.raises(EngineError, match="TensorRT would not accept network.fp16.onnx; got: Transpose"):
        prepare(backend, tiny_model, tmp_path, "fp16", [])
    assert not any(name == "parse_from_file" for name, _ in trt.calls)


@pytest.mark.parametrize("precision", ["fp8", "bf16", "auto"])
def test_another_precision_is_refused(
    trt: FakeTensorRT, backend: TensorRTBackend, tiny_model: Path, tmp_path: Path, precision: str
) -> None:
    with pytest.raises(EngineError, match=f"no such precision; got: {precision}; wanted: fp16, int8, fp32"):
        prepare(backend, tiny_model, tmp_path, precision, [])
    assert backend.unsupported_reason(precision) == f"tensorrt has no {precision}"
    assert backend.unsupported_reason("fp16") == ""


def test_a_plan_that_cannot_be_written_is_said(
    trt: FakeTensorRT, backend: TensorRTBackend, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(EngineError, match="the plan cannot be written; got: no space left on device"):
        prepare(backend, tiny_model, tmp_path, "fp16", [])


def test_it_is_available_with_both_libraries_and_a_gpu(
    trt: FakeTensorRT, backend: TensorRTBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backend.available() == ""
    assert backend.identity() == {
        "version": "10.16.1.11",
        "builder": "onnx",
        "device": "Fake GPU",
        "capability": "9.0",
        "cuda": "13.0",
        "driver": backend.identity()["driver"],
    }
    trt.cuda.fails["cudaGetDeviceCount"] = cudaError_t.cudaErrorInsufficientDriver
    assert backend.available().startswith(
        "CUDA failed while looking for an NVIDIA GPU; got: cudaErrorInsufficientDriver"
    )
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    assert backend.available().startswith("TensorRT is not installed; got: ")
    assert backend.identity() == {"version": "not usable: TensorRT is not installed"}


def test_a_missing_plan_is_said(trt: FakeTensorRT, backend: TensorRTBackend, tmp_path: Path) -> None:
    with pytest.raises(
        EngineError, match="the plan cannot be read; .*; do this: python -m engines build --target NAME"
    ):
        backend.open(tmp_path / "absent.plan", tiny_spec(), precision="fp16", threads=1)


def test_an_unknown_builder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="there is no such builder; got: magic; wanted: onnx, torch2trt"):
        TensorRTBackend("magic", timings=tmp_path)


def test_neither_library_is_imported_with_the_module() -> None:
    code = (
        "import sys, engines.backends.tensorrt.backend as b; b.TensorRTBackend()\n"
        "sys.exit(str([m for m in ('tensorrt', 'cuda', 'torch', 'onnx') if m in sys.modules] or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# -- torch2trt --------------------------------------------------------------------------------------------------------


def test_torch2trt_explains_itself_on_tensorrt_11(
    trt: FakeTensorRT, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["tensorrt"], "__version__", "11.4.0.1")
    legacy = TensorRTBackend("torch2trt", timings=tmp_path)
    for text in (legacy.available(), refusal(legacy, tiny_model, tmp_path)):
        assert text.startswith("torch2trt cannot work with this TensorRT: its last release, of May 2024, uses what")
        assert "got: TensorRT 11.4.0.1; wanted: TensorRT 10; do this: use --builder onnx, which is the default" in text
    monkeypatch.setattr(sys.modules["tensorrt"], "__version__", "10.16.1.11")
    assert legacy.available() == ""


def refusal(backend: TensorRTBackend, model: Path, folder: Path) -> str:
    with pytest.raises(EngineError) as raised:
        prepare(backend, model, folder, "fp16", [])
    return str(raised.value)


def test_torch2trt_has_no_int8(trt: FakeTensorRT, tiny_model: Path, tmp_path: Path) -> None:
    legacy = TensorRTBackend("torch2trt", timings=tmp_path)
    assert legacy.unsupported_reason("int8") == "torch2trt is not used for int8"
    assert legacy.unsupported_reason("fp16") == ""
    with pytest.raises(EngineError, match="torch2trt is not used for this precision; got: int8; wanted: fp16, fp32"):
        prepare(legacy, tiny_model, tmp_path, "int8", [])


def test_torch2trt_builds_in_a_process_of_its_own(
    trt: FakeTensorRT, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        Path(command[command.index("--out") + 1]).write_bytes(MAGIC)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr("engines.backends.tensorrt.torch2trt.subprocess.run", run)
    plan = prepare(TensorRTBackend("torch2trt", timings=tmp_path), tiny_model, tmp_path, "fp16", [])
    assert plan.read_bytes() == MAGIC
    assert commands[0][1:] == [
        *("-m", "train.bundle.torch2trt", str(tiny_model), "--out", str(plan), "--precision", "fp16")
    ]


@pytest.mark.parametrize(
    ("code", "stderr", "words"),
    [
        (1, "Traceback\nerror: torch2trt cannot be imported\n", "got: error: torch2trt cannot be imported"),
        (-11, "", "got: exit code -11"),
        (0, "", "got: exit code 0"),
    ],
)
def test_torch2trt_s_last_words_are_passed_on(
    trt: FakeTensorRT,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    stderr: str,
    words: str,
) -> None:
    done = subprocess.CompletedProcess([], code, "", stderr)
    monkeypatch.setattr("engines.backends.tensorrt.torch2trt.subprocess.run", lambda *_, **__: done)
    text = refusal(TensorRTBackend("torch2trt", timings=tmp_path), tiny_model, tmp_path)
    assert text.startswith(f"torch2trt built no plan; {words}; do this: use --builder onnx")


def test_the_half_file_of_the_tests_keeps_the_contract(half_model: Path) -> None:
    onnx = pytest.importorskip("onnx")
    assert lint(onnx.load(half_model), half=True) == []
