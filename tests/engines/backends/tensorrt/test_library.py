"""Which TensorRT is taken, and what is said of one that is missing, half installed, too old or too new."""

import sys
from pathlib import Path

import pytest

from engines.backends.tensorrt.cuda import _driver_version, find_device
from engines.backends.tensorrt.library import Log, check_tensorrt, tensorrt_log, version_of
from engines.errors import EngineError
from tests.engines.backends.tensorrt.fake_plan import Severity
from tests.engines.backends.tensorrt.fake_tensorrt import FakeTensorRT


def install(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package `tensorrt` whose import runs `text`."""
    (folder / "tensorrt").mkdir()
    (folder / "tensorrt" / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)


@pytest.mark.parametrize("version", ["10.12.0.36", "10.16.1.11", "11.1.0", "11.4.1.20"])
def test_known_versions_are_taken(trt: FakeTensorRT, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(sys.modules["tensorrt"], "__version__", version)
    assert check_tensorrt() == version


@pytest.mark.parametrize("version", ["8.6.1", "10.3.0", "10.11.0.33", "12.0.0", "strange"])
def test_other_versions_are_refused(trt: FakeTensorRT, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(sys.modules["tensorrt"], "__version__", version)
    with pytest.raises(EngineError, match=f"not supported; got: {version}; wanted: TensorRT 10.12 or newer, before 12"):
        check_tensorrt()


def test_no_tensorrt_is_said_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(EngineError, match=r"TensorRT is not installed.*pip install .everybody-dance-live\[tensorrt\]"):
        check_tensorrt()


def test_bindings_without_their_libraries_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "libnvonnxparser.so.11: cannot open shared object file: No such file or directory"
    install(f"raise ImportError({words!r})", tmp_path, monkeypatch)
    with pytest.raises(EngineError, match=f"TensorRT is not installed; got: {words}"):
        check_tensorrt()


def test_a_library_that_fails_in_its_own_way_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("raise RuntimeError('CUDA initialization failure')", tmp_path, monkeypatch)
    with pytest.raises(EngineError, match="TensorRT cannot be loaded; got: CUDA initialization failure"):
        check_tensorrt()


def test_no_cuda_bindings_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cuda", "cuda.bindings"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(EngineError, match="cuda-bindings is not installed"):
        find_device()


def test_the_gpu_is_described(trt: FakeTensorRT) -> None:
    gpu = find_device()
    assert (gpu.name, gpu.capability, gpu.cuda) == ("Fake GPU", "9.0", "13.0")


def test_the_driver_s_version_is_read_where_linux_tells_it(tmp_path: Path) -> None:
    file = tmp_path / "version"
    file.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\nGCC 13.2\n")
    assert _driver_version(file) == "580.65.06"
    assert _driver_version(tmp_path / "absent") == "unknown"


def test_the_log_keeps_errors_alone_and_gives_them_once(trt: FakeTensorRT) -> None:
    log = tensorrt_log()
    assert tensorrt_log() is log, "TensorRT takes one logger a process"
    log.logger.log(Severity.WARNING, "hm")
    log.logger.log(Severity.ERROR, "no\n  way")
    log.logger.log(Severity.INTERNAL_ERROR, "never")
    assert log.complaint() == "no way | never"
    assert log.complaint() == ""


def test_the_log_does_not_grow(trt: FakeTensorRT) -> None:
    log = Log()
    for number in range(50):
        log.keep(f"error {number}")
    assert log.complaint() == " | ".join(f"error {number}" for number in range(45, 50))


def test_a_version_is_two_numbers() -> None:
    assert version_of("10.16.1.11") == (10, 16)
    assert version_of("11") == (0, 0)
