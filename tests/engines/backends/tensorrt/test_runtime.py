"""`TensorRTEngine` below its contract: what it asks of TensorRT and CUDA, in which order, and what failures say."""

import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engines.backends.tensorrt.backend import TensorRTBackend
from engines.backends.tensorrt.runtime import TensorRTEngine
from engines.engine import EngineSpec, TensorSpec
from engines.errors import EngineError
from tests.engines.backends.tensorrt.fake_cuda import cudaError_t
from tests.engines.backends.tensorrt.fake_tensorrt import OF_ANOTHER_GPU, FakeTensorRT
from tests.engines.tiny_model import tiny_feeds, tiny_spec

NO_MEMORY = cudaError_t.cudaErrorMemoryAllocation
LAUNCH_FAILURE = cudaError_t.cudaErrorLaunchFailure


def open_it(plan: Path, spec: EngineSpec | None = None) -> TensorRTEngine:
    return TensorRTEngine(plan.read_bytes(), spec or tiny_spec(), precision="fp16")


def refusal(plan: Path, spec: EngineSpec | None = None) -> str:
    with pytest.raises(EngineError) as raised:
        open_it(plan, spec)
    return str(raised.value)


def test_every_tensor_has_an_aligned_address_before_the_first_enqueue(trt: FakeTensorRT, plan: Path) -> None:
    open_it(plan).close()
    names = [name for name, _ in trt.calls]
    addressed = dict(argument for name, argument in trt.calls if name == "set_tensor_address")
    assert addressed.keys() == {"pose_map", "doll", "previous", "frame"}
    assert all(address % 256 == 0 for address in addressed.values())
    assert len(set(addressed.values())) == 4
    assert names.index("execute_async_v3") > max(i for i, name in enumerate(names) if name == "set_tensor_address")


def test_it_computes_on_a_stream_of_its_own(trt: FakeTensorRT, plan: Path) -> None:
    engines = [open_it(plan) for _ in range(2)]
    handles = [handle for name, handle in trt.calls if name == "execute_async_v3"]
    assert set(handles) == set(trt.cuda.streams)
    assert len(set(handles)) == 2
    assert 0 not in handles
    for engine in engines:
        engine.close()


def test_a_frame_is_one_graph_and_one_wait(trt: FakeTensorRT, plan: Path) -> None:
    engine = open_it(plan)
    enqueued, trt.cuda.calls[:] = trt.enqueued, []
    engine.run(tiny_feeds())
    assert trt.cuda.calls == ["cudaGraphLaunch", "cudaStreamSynchronize"]
    assert trt.enqueued == enqueued
    engine.close()


def test_warming_up_leaves_no_trace_in_the_state(trt: FakeTensorRT, plan: Path) -> None:
    engine = open_it(plan)
    assert trt.enqueued == 2, "once before the recording, once in it"
    assert not engine.state()["previous"].any()
    engine.close()


@pytest.mark.parametrize("call", ["cudaStreamBeginCapture", "cudaStreamEndCapture", "cudaGraphInstantiate"])
def test_without_a_graph_it_goes_on_and_says_so(trt: FakeTensorRT, plan: Path, call: str) -> None:
    with_graph = open_it(plan)
    wanted = [with_graph.run(tiny_feeds(seed))["frame"].copy() for seed in range(3)]
    with_graph.close()
    if call == "cudaStreamEndCapture":
        trt.cuda.breaks_recording = True
    else:
        trt.cuda.fails[call] = cudaError_t.cudaErrorStreamCaptureUnsupported
    engine = open_it(plan)
    assert "no CUDA graph, so a frame takes more CPU time (CUDA failed while " in engine.describe()
    assert "operation not permitted when stream is capturing" in engine.describe()
    assert all(np.array_equal(engine.run(tiny_feeds(seed))["frame"], frame) for seed, frame in enumerate(wanted))
    trt.cuda.calls[:] = []
    engine.run(tiny_feeds())
    assert "cudaGraphLaunch" not in trt.cuda.calls
    engine.close()


@pytest.mark.parametrize(("raises", "words"), [(False, "enqueueV3: it does not fit"), (True, "a pybind11 error")])
def test_a_refused_frame_is_an_error_and_the_state_stays(
    trt: FakeTensorRT, plan: Path, raises: bool, words: str
) -> None:
    trt.faults.enqueue_in_recording = True
    engine, same = open_it(plan), open_it(plan)
    for one in (engine, same):
        one.run(tiny_feeds(0))
    trt.faults.enqueue, trt.faults.raises = {trt.enqueued}, raises
    with pytest.raises(EngineError, match=f"tensorrt failed to compute a frame; got: {words}"):
        engine.run(tiny_feeds(1))
    assert np.array_equal(engine.run(tiny_feeds(2))["frame"], same.run(tiny_feeds(2))["frame"])
    engine.close()
    same.close()


def test_bindings_that_raise_while_recording_cost_the_graph_alone(trt: FakeTensorRT, plan: Path) -> None:
    trt.faults.enqueue_in_recording, trt.faults.raises = True, True
    engine = open_it(plan)
    assert "no CUDA graph, so a frame takes more CPU time (tensorrt failed to compute" in engine.describe()
    assert engine.run(tiny_feeds())["frame"].any()
    engine.close()


def test_a_plan_that_cannot_compute_at_all_is_refused(trt: FakeTensorRT, plan: Path) -> None:
    trt.faults.enqueue = {0}
    assert "tensorrt failed to compute a frame; got: enqueueV3: it does not fit; do this: close other" in refusal(plan)
    gc.collect()
    assert trt.cuda.held("device") == 0


def test_an_error_of_the_gpu_is_said(trt: FakeTensorRT, plan: Path) -> None:
    engine = open_it(plan)
    trt.cuda.fails["cudaStreamSynchronize"] = LAUNCH_FAILURE
    with pytest.raises(EngineError, match="computing on the GPU; got: cudaErrorLaunchFailure: unspecified launch fail"):
        engine.run(tiny_feeds())
    trt.cuda.fails.clear()
    engine.close()


def test_a_plan_of_another_gpu_is_refused(trt: FakeTensorRT, plan: Path) -> None:
    plan.write_bytes(OF_ANOTHER_GPU)
    assert refusal(plan) == (
        "TensorRT does not accept this plan; got: the plan's magic tag does not match; wanted: a plan built here, for "
        "Fake GPU and this TensorRT; do this: build it again: python -m engines build --target NAME"
    )


def test_a_runtime_that_does_not_start_is_said(trt: FakeTensorRT, plan: Path) -> None:
    trt.faults.start = True
    assert refusal(plan).startswith("TensorRT cannot start; got: CUDA initialization failure with error: 35; do this:")


def test_no_context_and_no_address_are_refused(trt: FakeTensorRT, plan: Path) -> None:
    trt.faults.context = True
    assert "cannot prepare this plan for running; got: out of memory; do this: close other programs" in refusal(plan)
    trt.faults.context, trt.faults.address = False, True
    assert "TensorRT does not accept the memory of pose_map" in refusal(plan)


def test_a_plan_of_another_network_is_refused(trt: FakeTensorRT, plan: Path) -> None:
    text = refusal(plan, tiny_spec(64))
    assert "the model's inputs differ from its description" in text
    spec = tiny_spec()
    other = EngineSpec(spec.inputs, (TensorSpec("picture", spec.outputs[0].shape),))
    assert "the model's outputs differ from its description; got: frame uint8" in refusal(plan, other)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            "cudaMalloc",
            "allocating 320 bytes of the GPU's memory; got: cudaErrorMemoryAllocation: out of memory; do this",
        ),
        ("cudaMallocHost", "pinning 320 bytes of memory; got: cudaErrorMemoryAllocation: out of memory"),
        ("cudaStreamCreateWithFlags", "making a CUDA stream; got: cudaErrorMemoryAllocation"),
    ],
)
def test_no_memory_is_said(trt: FakeTensorRT, plan: Path, call: str, words: str) -> None:
    trt.cuda.fails[call] = NO_MEMORY
    assert words.replace("320", str(8 * 8 * 20)) in refusal(plan)


def test_badly_aligned_memory_is_refused(trt: FakeTensorRT, plan: Path) -> None:
    trt.cuda.misalign = 16
    assert "the GPU's memory is badly aligned; got: 0x" in refusal(plan)


def test_without_a_gpu_it_says_what_is_missing(trt: FakeTensorRT, plan: Path) -> None:
    trt.cuda.devices = 0
    assert refusal(plan).startswith("there is no NVIDIA GPU; got: 0 devices; do this: use a machine with an NVIDIA GPU")
    trt.cuda.fails["cudaGetDeviceCount"] = cudaError_t.cudaErrorInsufficientDriver
    assert "got: cudaErrorInsufficientDriver: CUDA driver version is insufficient" in refusal(plan)


def test_closing_frees_the_gpu_at_once(trt: FakeTensorRT, plan: Path) -> None:
    engine = open_it(plan)
    engine.close()
    assert trt.cuda.held("device") == 0
    assert not trt.cuda.streams
    assert trt.cuda.calls.count("cudaGraphExecDestroy") == 1


def close_it(engine: TensorRTEngine) -> None:
    engine.close()


def forget_it(engine: TensorRTEngine) -> None:
    """Nothing: the caller lets go of it."""


@pytest.mark.parametrize("end", [close_it, forget_it])
def test_nothing_is_left_behind(trt: FakeTensorRT, plan: Path, end: Callable[[TensorRTEngine], None]) -> None:
    engine = open_it(plan)
    shown = engine.run(tiny_feeds())["frame"]
    end(engine)
    del engine
    gc.collect()
    assert trt.cuda.held("device") == 0
    assert not trt.cuda.streams
    assert trt.cuda.calls.count("cudaGraphExecDestroy") == 1
    assert trt.cuda.held("pinned") == 1, "the picture that is still looked at"
    assert shown.any()
    del shown
    gc.collect()
    assert trt.cuda.held("pinned") == 0


def test_a_network_without_state_runs(trt: FakeTensorRT, plan: Path) -> None:
    spec = tiny_spec()
    engine = open_it(plan, EngineSpec(spec.inputs, spec.outputs))
    feeds = tiny_feeds() | {"previous": np.zeros((1, 32, 32, 4), np.uint8)}
    first, second = (engine.run(feeds)["frame"].copy() for _ in range(2))
    assert np.array_equal(first, second)
    assert engine.state() == {}
    engine.close()


def test_a_builder_that_is_not_ours_is_named(trt: FakeTensorRT, plan: Path, tmp_path: Path) -> None:
    trt.float_io = True
    engine = TensorRTBackend("torch2trt", timings=tmp_path).open(plan, tiny_spec(), precision="fp16", threads=1)
    assert engine.describe().endswith(", built by torch2trt")
    engine.close()
