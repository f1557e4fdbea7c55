"""Building a plan: what is asked of the builder, the timing cache, and what a failure says."""

from pathlib import Path

import pytest

from engines.backends.tensorrt.plan import build_plan
from engines.errors import EngineError
from engines.system.whole_file import write_whole
from tests.engines.backends.tensorrt.fake_plan import MemoryPoolType
from tests.engines.backends.tensorrt.fake_tensorrt import MAGIC, FakeTensorRT


def say_nothing(_: str) -> None:
    pass


def test_the_very_file_is_parsed_and_built(trt: FakeTensorRT, half_model: Path) -> None:
    assert build_plan(half_model, timing_cache=None, say=say_nothing) == MAGIC + half_model.read_bytes()
    names = [name for name, _ in trt.calls]
    assert names[0] == "parse_from_file"
    assert names[-1] == "build_serialized_network"
    assert ("set_memory_pool_limit", (MemoryPoolType.WORKSPACE, 1 << 30)) in trt.calls
    assert ("max_aux_streams", 0) in trt.calls


def test_what_the_parser_says_is_passed_on(trt: FakeTensorRT, half_model: Path) -> None:
    trt.faults.parse = "In node 3 (importConv): UNSUPPORTED_NODE:\n  no"
    with pytest.raises(EngineError) as raised:
        build_plan(half_model, timing_cache=None, say=say_nothing)
    assert raised.value.what == "TensorRT cannot read tiny.fp16.onnx"
    assert raised.value.got == "In node 3 (importConv): UNSUPPORTED_NODE: no"
    assert "--engine openvino" in raised.value.do


def test_a_build_that_gives_nothing_is_an_error_with_tensorrt_s_own_words(trt: FakeTensorRT, half_model: Path) -> None:
    trt.faults.build = "[optimizer.cpp] could not find any implementation"
    with pytest.raises(EngineError) as raised:
        build_plan(half_model, timing_cache=None, say=say_nothing)
    assert raised.value.what == "TensorRT could not build tiny.fp16.onnx"
    assert raised.value.got == "[optimizer.cpp] could not find any implementation"


def test_old_complaints_are_not_quoted(trt: FakeTensorRT, half_model: Path) -> None:
    trt.faults.build = "the first reason"
    with pytest.raises(EngineError, match="the first reason"):
        build_plan(half_model, timing_cache=None, say=say_nothing)
    trt.faults.build, trt.faults.network = "", True
    with pytest.raises(EngineError) as raised:
        build_plan(half_model, timing_cache=None, say=say_nothing)
    assert raised.value.got == "no reason"


def test_a_builder_that_does_not_start_is_said(trt: FakeTensorRT, half_model: Path) -> None:
    trt.faults.start = True
    with pytest.raises(EngineError, match="cannot start; got: CUDA initialization failure.*: 35; do this: update the"):
        build_plan(half_model, timing_cache=None, say=say_nothing)


def test_timings_are_kept_and_used_by_the_next_build(trt: FakeTensorRT, half_model: Path, tmp_path: Path) -> None:
    cache = tmp_path / "new" / "gpu.timings"
    build_plan(half_model, timing_cache=cache, say=say_nothing)
    assert cache.read_bytes() == b"+times"
    build_plan(half_model, timing_cache=cache, say=say_nothing)
    assert cache.read_bytes() == b"+times+times"
    assert [path.name for path in cache.parent.iterdir()] == ["gpu.timings"]


def test_timings_of_another_gpu_are_replaced(trt: FakeTensorRT, half_model: Path, tmp_path: Path) -> None:
    cache = tmp_path / "gpu.timings"
    cache.write_bytes(b"of another GPU")
    trt.faults.timing_cache = True
    build_plan(half_model, timing_cache=cache, say=say_nothing)
    assert cache.read_bytes() == b"+times"


def test_a_cache_that_cannot_be_kept_is_said_and_harms_nothing(
    trt: FakeTensorRT, half_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    said: list[str] = []
    plan = build_plan(half_model, timing_cache=tmp_path / "file" / "gpu.timings", say=said.append)
    assert plan.startswith(MAGIC)
    assert len(said) == 1
    assert said[0].startswith("TensorRT's timing cache cannot be saved, so the next build will take as long: ")


def test_half_a_file_never_has_the_final_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("engines.system.whole_file.os.replace", fails)
    with pytest.raises(OSError, match="no space left"):
        write_whole(tmp_path / "network.plan", b"much")
    assert list(tmp_path.iterdir()) == []
