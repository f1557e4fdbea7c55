"""What the TensorRT engine needs of CUDA: GPU memory, pinned memory, a stream, a graph. Uses NVIDIA's cuda-bindings.

Every call's error code is checked; addresses are plain integers. Everything is on the first GPU that CUDA shows
(CUDA_VISIBLE_DEVICES chooses another).
"""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engines.errors import EngineError, reason

if TYPE_CHECKING:
    from cuda.bindings import runtime

ALIGNMENT = 256  # bytes, of every address given to TensorRT (NvInferRuntime.h, setTensorAddress)
_INSTALL = 'pip install "everybody-dance-live[tensorrt]"'
_NO_GPU = "use a machine with an NVIDIA GPU and a current driver, or --engine auto"
_DRIVER = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True, slots=True)
class Device:
    """The GPU: its name, compute capability ("9.0"), newest CUDA that its driver supports, and the driver's version."""

    name: str
    capability: str
    cuda: str
    driver: str


def find_device() -> Device:
    """The GPU that engines run on. Call it before using anything else here.

    Raises EngineError if cuda-bindings, a usable driver, or a GPU is missing.
    """
    try:
        from cuda.bindings import runtime as cudart
    except ImportError as missing:
        raise EngineError("cuda-bindings is not installed", got=reason(missing), do=_INSTALL) from missing
    error, count = cudart.cudaGetDeviceCount()
    _check(error, "looking for an NVIDIA GPU", do=_NO_GPU)
    if count < 1:
        raise EngineError("there is no NVIDIA GPU", got="0 devices", do=_NO_GPU)
    error, number = cudart.cudaGetDevice()
    _check(error, "asking which GPU is in use")
    error, facts = cudart.cudaGetDeviceProperties(number)
    _check(error, "asking the GPU for its name")
    error, version = cudart.cudaDriverGetVersion()
    _check(error, "asking for the driver's version")
    name = facts.name.partition(b"\0")[0].decode("utf-8", "replace")
    cuda = f"{version // 1000}.{version % 1000 // 10}"
    return Device(name, f"{facts.major}.{facts.minor}", cuda, _driver_version())


class Memory:
    """`size` bytes on the GPU at `address`, freed by `free()` or with this object."""

    def __init__(self, size: int) -> None:
        from cuda.bindings import runtime as cudart

        error, address = cudart.cudaMalloc(size)
        _check(error, f"allocating {size} bytes of the GPU's memory", do="close other programs that use the GPU")
        self.address, self.size = int(address), size
        self.free = weakref.finalize(self, cudart.cudaFree, self.address)
        if self.address % ALIGNMENT:
            raise EngineError(
                "the GPU's memory is badly aligned", got=hex(self.address), wanted=f"a multiple of {ALIGNMENT} bytes"
            )


class _Pinned:
    """Page-locked memory, freed with the last array over it: a caller may still look at a frame after `close`."""

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        from cuda.bindings import runtime as cudart

        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        error, address = cudart.cudaMallocHost(size)
        _check(error, f"pinning {size} bytes of memory", do="close other programs that use the GPU")
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": np.dtype(dtype).str,
            "data": (int(address), False),
        }
        weakref.finalize(self, cudart.cudaFreeHost, int(address))


def pinned_array(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A C-contiguous array of zeros in pinned memory that lives as long as any view of it. Raises EngineError."""
    array: npt.NDArray[Any] = np.asarray(_Pinned(shape, dtype))
    array.fill(0)
    return array


class CudaGraph:
    """GPU work that was recorded once and is launched as a whole."""

    def __init__(self, handle: "runtime.cudaGraphExec_t") -> None:
        from cuda.bindings import runtime as cudart

        self._handle = handle
        self.free = weakref.finalize(self, cudart.cudaGraphExecDestroy, handle)

    def launch(self, stream: "Stream") -> None:
        """Queues it on the stream. Raises EngineError."""
        from cuda.bindings import runtime as cudart

        (error,) = cudart.cudaGraphLaunch(self._handle, stream.raw)
        _check(error, "starting the CUDA graph")


class Stream:
    """A separate queue of work on the GPU: on CUDA's default stream TensorRT would wait for all others."""

    def __init__(self) -> None:
        from cuda.bindings import runtime as cudart

        error, self.raw = cudart.cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking)
        _check(error, "making a CUDA stream")
        self.handle = int(self.raw)
        self.free = weakref.finalize(self, cudart.cudaStreamDestroy, self.raw)

    def to_gpu(self, memory: Memory, array: npt.NDArray[Any]) -> None:
        """Queues the copy of a C-contiguous array of `memory.size` bytes, which must not change until `wait`."""
        from cuda.bindings import runtime as cudart

        self._copy(memory.address, array.ctypes.data, memory.size, cudart.cudaMemcpyKind.cudaMemcpyHostToDevice)

    def from_gpu(self, array: npt.NDArray[Any], memory: Memory) -> None:
        """Queues the copy into a C-contiguous array of `memory.size` bytes; it is there after `wait`."""
        from cuda.bindings import runtime as cudart

        self._copy(array.ctypes.data, memory.address, memory.size, cudart.cudaMemcpyKind.cudaMemcpyDeviceToHost)

    def on_gpu(self, into: Memory, source: Memory) -> None:
        """Queues a copy of all of `source`."""
        from cuda.bindings import runtime as cudart

        self._copy(into.address, source.address, source.size, cudart.cudaMemcpyKind.cudaMemcpyDeviceToDevice)

    def clear(self, memory: Memory) -> None:
        """Queues filling `memory` with zeros."""
        from cuda.bindings import runtime as cudart

        (error,) = cudart.cudaMemsetAsync(memory.address, 0, memory.size, self.raw)
        _check(error, "clearing the GPU's memory")

    def wait(self) -> None:
        """Returns when all queued work is done. Raises EngineError if any of it failed."""
        from cuda.bindings import runtime as cudart

        (error,) = cudart.cudaStreamSynchronize(self.raw)
        _check(error, "computing on the GPU")

    def record(self, work: Callable[[], None]) -> CudaGraph:
        """The graph of what `work` queues on this stream; nothing is executed yet.

        Raises EngineError, and what `work` raises; the stream is usable again afterwards. Only this thread's calls are
        recorded (thread-local), so other threads may use CUDA meanwhile.
        """
        from cuda.bindings import runtime as cudart

        mode = cudart.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        (error,) = cudart.cudaStreamBeginCapture(self.raw, mode)
        _check(error, "recording a CUDA graph")
        try:
            work()
        except BaseException:
            cudart.cudaStreamEndCapture(self.raw)  # ends the recording; its own error would add nothing
            raise
        error, graph = cudart.cudaStreamEndCapture(self.raw)
        _check(error, "recording a CUDA graph")
        error, ready = cudart.cudaGraphInstantiate(graph, 0)
        cudart.cudaGraphDestroy(graph)
        _check(error, "making a CUDA graph")
        return CudaGraph(ready)

    def _copy(self, into: int, source: int, size: int, kind: "runtime.cudaMemcpyKind") -> None:
        from cuda.bindings import runtime as cudart

        (error,) = cudart.cudaMemcpyAsync(into, source, size, kind, self.raw)
        _check(error, "copying to or from the GPU")


def _check(error: "runtime.cudaError_t", what: str, *, do: str = "") -> None:
    from cuda.bindings import runtime as cudart

    if error != cudart.cudaError_t.cudaSuccess:
        _, text = cudart.cudaGetErrorString(error)
        raise EngineError(f"CUDA failed while {what}", got=f"{error.name}: {text.decode('utf-8', 'replace')}", do=do)


def _driver_version(file: Path = _DRIVER) -> str:
    """Such as "580.65.06", where Linux tells it. CUDA itself only tells which CUDA version the driver supports."""
    try:
        words = file.read_text(encoding="utf-8", errors="replace").partition("\n")[0].split()
    except OSError:
        return "unknown"
    return next((word for word in words if word[:1].isdigit() and "." in word), "unknown")
