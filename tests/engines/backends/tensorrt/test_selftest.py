"""`selftest` over the fakes: what it finds, says and writes, and that it says what is missing where it cannot run."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.backends.tensorrt.backend import TensorRTBackend
from engines.bundle import Bundle, write_manifest
from engines.tools import selftest
from tests.engines.backends.tensorrt.deep_model import write_deep_model
from tests.engines.backends.tensorrt.fake_cuda import cudaError_t
from tests.engines.backends.tensorrt.fake_tensorrt import FakeTensorRT
from tests.engines.tiny_bundle import manifest, write_bundle
from tests.engines.tiny_model import tiny_feeds


class TinyFeeds:
    """Twelve frames of the tiny model, drawn into the same arrays."""

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        arrays = tiny_feeds()
        for seed in range(12):
            for name, value in tiny_feeds(seed).items():
                arrays[name][:] = value
            yield arrays


def rehearse(bundle: Bundle, network: str) -> TinyFeeds:
    assert (bundle.name, network) == ("tiny", "lite")
    return TinyFeeds()


@pytest.fixture
def target(tmp_path: Path, tiny_model: Path) -> Path:
    model = write_deep_model(tiny_model, tmp_path / "deep.onnx")
    return write_bundle(tmp_path / "tiny", model.read_bytes())


def arguments(target: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    selftest.add_arguments(parser)
    report = str(target.parent / "report.json")
    return parser.parse_args(["--target", str(target), "--report", report, "--runs", "5", *more])


def report_of(target: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((target.parent / "report.json").read_text())
    return report


def test_what_holds_is_reported_with_its_figures(
    trt: FakeTensorRT, backend: TensorRTBackend, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert selftest.run(arguments(target), rehearse, backend=backend) == 0
    report = report_of(target)
    assert (report["passed"], report["target"], report["tensorrt"]) == (True, "tiny", "10.16.1.11")
    assert report["gpu"]["name"] == "Fake GPU"
    assert [(n["network"], n["precision"], n["failure"]) for n in report["networks"]] == [
        ("lite", "fp16", ""),
        ("lite", "int8", ""),
        ("lite", "fp32", ""),
    ]
    first, _, last = report["networks"]
    assert first["gate"]["frames"] == 12
    assert first["gate"]["psnr_db"] > 50
    assert last["gate"]["psnr_db"] == "infinite", "the fake computes fp32 as the reference does"
    assert 0 < first["ms"]["p50"] <= first["ms"]["p99"] <= first["ms"]["max"]
    assert "CUDA graph" in first["engine"]
    out = capsys.readouterr().out
    assert "lite fp16: passed: built in " in out
    assert out.splitlines()[-1].startswith("all passed; the report is ")
    assert not trt.cuda.held("device")


def test_a_failure_is_reported_and_the_others_go_on(
    trt: FakeTensorRT, backend: TensorRTBackend, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trt.faults.build = "no implementation"
    assert selftest.run(arguments(target), rehearse, backend=backend) == 1
    report = report_of(target)
    assert report["passed"] is False
    assert all("no implementation" in network["failure"] for network in report["networks"])
    assert len(report["networks"]) == 3
    assert "NOT all passed" in capsys.readouterr().out


def test_int8_that_is_too_coarse_is_said_but_is_no_failure_of_tensorrt(
    trt: FakeTensorRT,
    backend: TensorRTBackend,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("engines.selection.compare.LEAST_PSNR_DB", 90.0)
    assert selftest.run(arguments(target, "--precision", "int8"), rehearse, backend=backend) == 0
    (network,) = report_of(target)["networks"]
    assert "dB against the reference" in network["too_coarse"]
    assert "lite int8: computes, but is too coarse to be used: " in capsys.readouterr().out


def test_pictures_that_are_wrong_are_found(
    trt: FakeTensorRT, backend: TensorRTBackend, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.backends.tensorrt.runtime.Stream.on_gpu", lambda *_: None)  # the state is forgotten
    assert selftest.run(arguments(target, "--precision", "fp32"), rehearse, backend=backend) == 1
    (network,) = report_of(target)["networks"]
    assert "dB against the reference" in network["failure"]
    assert "p50" in network["ms"], "what is wrong is timed all the same"


def test_a_reset_that_is_none_is_found(
    trt: FakeTensorRT, backend: TensorRTBackend, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.backends.tensorrt.runtime.TensorRTEngine.reset", lambda self: None)
    assert selftest.run(arguments(target, "--precision", "fp32"), rehearse, backend=backend) == 1
    (network,) = report_of(target)["networks"]
    assert network["failure"] == "after a reset it draws different pictures from the same feeds"


def test_what_is_missing_is_said_and_no_report_is_written(
    trt: FakeTensorRT, target: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    trt.cuda.fails["cudaGetDeviceCount"] = cudaError_t.cudaErrorInsufficientDriver
    assert selftest.run(arguments(target), rehearse) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "the TensorRT selftest cannot run on this machine:"
    assert lines[1].startswith("  TensorRT: TensorRT is not installed; got: ")
    assert lines[2].startswith("  GPU: CUDA failed while looking for an NVIDIA GPU; got: cudaErrorInsufficientDriver")
    assert not (target.parent / "report.json").exists()


def test_a_target_without_a_network_is_refused(trt: FakeTensorRT, backend: TensorRTBackend, target: Path) -> None:
    write_manifest(target, manifest() | {"generators": {}})
    with pytest.raises(selftest.EngineError, match="target tiny has no network"):
        selftest.run(arguments(target), rehearse, backend=backend)


def test_a_report_that_cannot_be_written_is_said(trt: FakeTensorRT, backend: TensorRTBackend, target: Path) -> None:
    wrong = arguments(target, "--report", str(target / "manifest.json" / "report.json"))
    with pytest.raises(selftest.EngineError, match="the report cannot be written"):
        selftest.run(wrong, rehearse, backend=backend)
