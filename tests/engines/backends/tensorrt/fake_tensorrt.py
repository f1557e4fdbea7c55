"""A stand-in for `tensorrt`, with only the names in api_surface.json; any other raises AttributeError.

A "plan" holds the parsed ONNX file, and its context computes it with ONNX Runtime in the memory of the fake CUDA. So
the output is right only if addresses, copies and their order are. `Faults` says what should go wrong.
"""

import hashlib
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engines.backends.tensorrt.fake_cuda import FakeCuda
from tests.engines.backends.tensorrt.fake_plan import (
    CudaEngine,
    DataType,
    Faults,
    ILogger,
    MemoryPoolType,
    NetworkDefinitionCreationFlag,
    Severity,
    TensorIOMode,
    TensorLocation,
)

MAGIC = b"FAKE PLAN "
OF_ANOTHER_GPU = b"PLAN OF ANOTHER GPU "


class HostMemory:
    """As TensorRT's: bytes by the buffer protocol, which in Python 3.11 a class cannot offer, so by __bytes__."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __bytes__(self) -> bytes:
        return self._content


class Strict:
    """Setting a name that the real object has not raises, as with pybind11's."""

    _names: frozenset[str] = frozenset()

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and name not in self._names:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        object.__setattr__(self, name, value)


@dataclass
class FakeTensorRT:
    """The state behind the module: `calls` in order, as (name, argument)."""

    cuda: FakeCuda
    faults: Faults = field(default_factory=Faults)
    version: str = "10.16.1.11"
    float_io: bool = False  # the tensors of a plan are float32, as torch2trt makes them
    calls: list[tuple[str, Any]] = field(default_factory=list)
    enqueued: int = 0

    def module(self) -> types.ModuleType:
        """`tensorrt`."""
        module: Any = types.ModuleType("tensorrt")
        module.__version__ = self.version
        for kind in (DataType, TensorIOMode, TensorLocation, MemoryPoolType, NetworkDefinitionCreationFlag, ILogger):
            setattr(module, kind.__name__, kind)
        fake = self

        class Builder(_Builder):
            def __init__(self, logger: ILogger) -> None:
                fake.start(logger)
                self._fake, self._logger = fake, logger

        class OnnxParser(_OnnxParser):
            def __init__(self, network: "_Network", logger: ILogger) -> None:
                _wants_logger(logger)
                self._fake, self._network, self._errors = fake, network, []

        class Runtime(_Runtime):
            def __init__(self, logger: ILogger) -> None:
                fake.start(logger)
                self._fake, self._logger = fake, logger

        module.Builder, module.OnnxParser, module.Runtime = Builder, OnnxParser, Runtime
        return module

    def start(self, logger: ILogger) -> None:
        _wants_logger(logger)
        if self.faults.start:
            logger.log(Severity.ERROR, "CUDA initialization failure with error: 35")
            raise TypeError("pybind11::init(): factory function returned nullptr")

    def note(self, name: str, argument: Any = None) -> None:
        self.calls.append((name, argument))


def _wants_logger(logger: ILogger) -> None:
    assert logger.ready, "the logger's base class was not initialised: the real one crashes"


class _Network:
    model: bytes = b""


class _TimingCache:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def serialize(self) -> HostMemory:
        return HostMemory(self.content + b"+times")


class _Config(Strict):
    _names = frozenset({"builder_optimization_level", "max_aux_streams"})

    def __init__(self, fake: FakeTensorRT) -> None:
        self._fake = fake
        self._cache: _TimingCache | None = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in self._names:
            self._fake.note(name, value)

    def set_memory_pool_limit(self, pool: MemoryPoolType, pool_size: int) -> None:
        self._fake.note("set_memory_pool_limit", (pool, pool_size))

    def create_timing_cache(self, serialized_timing_cache: bytes) -> _TimingCache:
        assert isinstance(serialized_timing_cache, bytes)
        return _TimingCache(serialized_timing_cache)

    def set_timing_cache(self, cache: _TimingCache, ignore_mismatch: bool) -> bool:
        assert not ignore_mismatch, "times of another GPU make a slow plan"
        if cache.content and self._fake.faults.timing_cache:
            return False
        self._cache = cache
        return True

    def get_timing_cache(self) -> _TimingCache | None:
        return self._cache


class _Builder:
    _fake: FakeTensorRT
    _logger: ILogger

    def create_network(self, flags: int) -> _Network | None:
        assert flags == 1 << int(NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        return None if self._fake.faults.network else _Network()

    def create_builder_config(self) -> _Config:
        return _Config(self._fake)

    def build_serialized_network(self, network: _Network, config: _Config) -> HostMemory | None:
        self._fake.note("build_serialized_network", hashlib.sha256(network.model).hexdigest())
        if self._fake.faults.build:
            self._logger.log(Severity.WARNING, "a warning is no reason")
            self._logger.log(Severity.ERROR, self._fake.faults.build)
            return None
        return HostMemory(MAGIC + network.model)


class _OnnxParser:
    _fake: FakeTensorRT
    _network: _Network
    _errors: list[str]

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> str:
        return self._errors[index]

    def parse_from_file(self, model: str) -> bool:
        self._fake.note("parse_from_file", Path(model).name)
        self._errors = [self._fake.faults.parse] if self._fake.faults.parse else []
        self._network.model = Path(model).read_bytes()
        return not self._errors


class _Runtime:
    _fake: FakeTensorRT
    _logger: ILogger

    def deserialize_cuda_engine(self, serialized_engine: bytes) -> "CudaEngine | None":
        if self._fake.faults.deserialize or not serialized_engine.startswith(MAGIC):
            self._logger.log(Severity.ERROR, self._fake.faults.deserialize or "the plan's magic tag does not match")
            return None
        return CudaEngine(self._fake, self._logger, serialized_engine[len(MAGIC) :])
