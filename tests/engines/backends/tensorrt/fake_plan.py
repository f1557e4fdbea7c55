"""The fake TensorRT's names and faults, and what runs a fake plan; see fake_tensorrt.py."""

import ctypes
import enum
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tests.engines.backends.tensorrt.fake_cuda import FakeCuda


@dataclass
class Faults:
    """What goes wrong, by the names of the steps; `enqueue`: the numbers of the enqueues (from 0) that are refused."""

    start: bool = False  # no CUDA for the library: pybind11 raises TypeError, the reason is in the log
    network: bool = False
    parse: str = ""
    build: str = ""
    deserialize: str = ""
    context: bool = False
    address: bool = False
    enqueue: set[int] = field(default_factory=set)
    enqueue_in_recording: bool = False
    raises: bool = False  # the enqueue raises instead of giving False
    timing_cache: bool = False  # what is given is of another GPU


class Severity(enum.Enum):
    INTERNAL_ERROR = 0
    ERROR = 1
    WARNING = 2


class DataType(enum.Enum):
    FLOAT = 0
    HALF = 1
    UINT8 = 5


class TensorIOMode(enum.Enum):
    INPUT = 1
    OUTPUT = 2


class TensorLocation(enum.Enum):
    DEVICE = 0
    HOST = 1


class MemoryPoolType(enum.Enum):
    WORKSPACE = 0


class NetworkDefinitionCreationFlag(enum.IntEnum):
    STRONGLY_TYPED = 1


_Severity = Severity  # ILogger has one of its own name


class ILogger:
    Severity = _Severity

    def __init__(self) -> None:
        self.ready = True

    def log(self, severity: _Severity, msg: str) -> None:
        raise NotImplementedError


class Fake(Protocol):
    """The state behind the module, as far as running needs it."""

    cuda: FakeCuda
    faults: Faults
    float_io: bool
    enqueued: int

    def note(self, name: str, argument: Any = None) -> None: ...


class CudaEngine:
    """`ICudaEngine`: the ONNX file of a fake plan, opened by ONNX Runtime."""

    def __init__(self, fake: Fake, logger: ILogger, model: bytes) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._fake, self._logger = fake, logger
        self.session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        ports = [(TensorIOMode.INPUT, port) for port in self.session.get_inputs()]
        ports += [(TensorIOMode.OUTPUT, port) for port in self.session.get_outputs()]
        self.ports = {port.name: (mode, tuple(port.shape)) for mode, port in ports}

    @property
    def num_io_tensors(self) -> int:
        return len(self.ports)

    def get_tensor_name(self, index: int) -> str:
        return list(self.ports)[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return self.ports[name][0]

    def get_tensor_dtype(self, name: str) -> DataType:
        return DataType.FLOAT if self._fake.float_io else DataType.UINT8

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.ports[name][1]

    def get_tensor_location(self, name: str) -> TensorLocation:
        return TensorLocation.DEVICE

    def create_execution_context(self) -> "Context | None":
        if self._fake.faults.context:
            self._logger.log(Severity.INTERNAL_ERROR, "out of memory")
            return None
        return Context(self, self._fake, self._logger)


class Context:
    """`IExecutionContext`: computes when its stream is waited for, on the memory whose addresses it was given."""

    def __init__(self, engine: CudaEngine, fake: Fake, logger: ILogger) -> None:
        self._engine, self._fake, self._logger = engine, fake, logger
        self._memory: dict[str, Any] = {}

    def set_tensor_address(self, name: str, memory: int) -> bool:
        self._fake.note("set_tensor_address", (name, memory))
        if self._fake.faults.address:
            return False
        assert memory % 256 == 0, "the real one refuses it when it computes"
        size = int(np.prod(self._engine.ports[name][1])) * (4 if self._fake.float_io else 1)
        self._memory[name] = self._fake.cuda.view(memory, size, "device")
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        assert isinstance(stream_handle, int)
        number, self._fake.enqueued = self._fake.enqueued, self._fake.enqueued + 1
        self._fake.note("execute_async_v3", stream_handle)
        missing = self._engine.ports.keys() - self._memory.keys()
        assert not missing, f"no address for {missing}"
        recording = self._fake.cuda.streams[stream_handle].recording is not None
        if number in self._fake.faults.enqueue or (recording and self._fake.faults.enqueue_in_recording):
            if self._fake.faults.raises:
                raise RuntimeError("a pybind11 error")
            self._logger.log(Severity.ERROR, "enqueueV3: it does not fit")
            return False
        self._fake.cuda.on(stream_handle, self._compute)
        return True

    def _compute(self) -> None:
        dtype = np.float32 if self._fake.float_io else np.uint8
        arrays = {
            name: np.frombuffer(memory, dtype).reshape(self._engine.ports[name][1])
            for name, memory in self._memory.items()
        }
        feeds = {n: a.astype(np.uint8) for n, a in arrays.items() if self._engine.ports[n][0] == TensorIOMode.INPUT}
        names = [name for name in arrays if name not in feeds]
        for name, result in zip(names, self._engine.session.run(names, feeds), strict=True):
            content = np.ascontiguousarray(result, dtype)
            ctypes.memmove(self._memory[name], content.ctypes.data, content.nbytes)
