"""The contract of every engine, see test_contract.py, over TensorRT's code and the fakes below it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.backends.tensorrt.backend import TensorRTBackend
from engines.engine import Engine
from tests.engines.backends import test_contract as contract
from tests.engines.backends.tensorrt.fake_tensorrt import FakeTensorRT
from tests.engines.backends.test_contract import Open
from tests.engines.rollout import rollout
from tests.engines.tiny_model import tiny_feeds, tiny_spec

# Every check of the suite runs here once more, with this module's fixtures.
globals().update({name: check for name, check in vars(contract).items() if name.startswith("test_")})
FRAMES_TOLERANCE = 1  # fp16 against fp32 after some frames: truncation to uint8 may fall to the other side


@pytest.fixture(params=["uint8", "float32", "no graph"])
def name(request: pytest.FixtureRequest, trt: FakeTensorRT) -> str:
    """Our plans, torch2trt's plans of floats, and a GPU that records no graph."""
    trt.float_io = request.param == "float32"
    trt.faults.enqueue_in_recording = request.param == "no graph"
    return str(request.param)


@pytest.fixture
def open_it(name: str, trt: FakeTensorRT, backend: TensorRTBackend, plan: Path) -> Iterator[Open]:
    opened: list[Engine] = []

    def open_another() -> Engine:
        opened.append(backend.open(plan, tiny_spec(), precision="fp16", threads=1))
        return opened[-1]

    yield open_another
    for engine in opened:
        engine.close()
    assert trt.cuda.held("device") == 0, "memory of the GPU was not freed"


@pytest.fixture
def engine(open_it: Open) -> Engine:
    return open_it()


def test_it_says_what_it_is(engine: Engine, name: str) -> None:
    how = "CUDA graph" if name != "no graph" else "no CUDA graph, so a frame takes more CPU time (tensorrt failed"
    assert engine.describe().startswith(f"tensorrt GPU fp16, Fake GPU, TensorRT 10.16.1.11, {how}")
    assert "\n" not in engine.describe()
    assert (engine.spec, engine.backend, engine.device, engine.precision) == (tiny_spec(), "tensorrt", "GPU", "fp16")


def test_it_equals_the_reference_within_its_tolerance(engine: Engine, tiny_model: Path) -> None:
    frames = contract.frames_of(engine)
    wanted = np.array(list(rollout(tiny_model, tiny_spec(), map(tiny_feeds, range(len(frames))))))
    assert np.abs(frames - wanted.astype(int)).max() <= FRAMES_TOLERANCE
