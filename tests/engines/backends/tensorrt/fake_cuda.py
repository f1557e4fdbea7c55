"""A stand-in for `cuda.bindings.runtime` without a GPU: the same names, tuples and habits, over ordinary memory.

Work on a stream is done only when the stream is waited for, so that a forgotten wait shows as an old picture. What a
GPU would forbid raises an AssertionError: copies that leave their memory or go the wrong way, the default stream,
memory freed while a stream still needs it.
"""

import ctypes
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class cudaError_t(IntEnum):  # noqa: N801 - NVIDIA's names
    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35
    cudaErrorLaunchFailure = 719
    cudaErrorStreamCaptureUnsupported = 900


class cudaMemcpyKind(IntEnum):  # noqa: N801
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2
    cudaMemcpyDeviceToDevice = 3


class cudaStreamCaptureMode(IntEnum):  # noqa: N801
    cudaStreamCaptureModeGlobal = 0
    cudaStreamCaptureModeThreadLocal = 1


OK = cudaError_t.cudaSuccess
TEXTS = {
    cudaError_t.cudaErrorMemoryAllocation: b"out of memory",
    cudaError_t.cudaErrorInsufficientDriver: b"CUDA driver version is insufficient for CUDA runtime version",
    cudaError_t.cudaErrorLaunchFailure: b"unspecified launch failure",
    cudaError_t.cudaErrorStreamCaptureUnsupported: b"operation not permitted when stream is capturing",
}
Work = Callable[[], None]


class Handle:
    """A stream, a graph or an executable graph: an opaque object, a stream's with a number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.queue: list[Work] = []
        self.recording: list[Work] | None = None

    def __int__(self) -> int:
        return self.number


class DeviceProp:
    """Of a GPU that does not exist."""

    name = b"Fake GPU\0\0\0"
    major, minor = 9, 0


@dataclass
class FakeCuda:
    """The state behind the module. `fails`: name of a call -> the error it gives; `calls`: all, in order."""

    fails: dict[str, cudaError_t] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    devices: int = 1
    misalign: int = 0
    breaks_recording: bool = False  # an operation in the recording spoils it, as a foreign synchronous call would
    memory: dict[int, tuple[Any, int, str]] = field(default_factory=dict)  # address -> buffer, size, where
    streams: dict[int, Handle] = field(default_factory=dict)

    def module(self) -> types.ModuleType:
        """`cuda.bindings.runtime`; a name that is not here raises AttributeError."""
        module = types.ModuleType("cuda.bindings.runtime")
        for kind in (cudaError_t, cudaMemcpyKind, cudaStreamCaptureMode):
            setattr(module, kind.__name__, kind)
        module.cudaStreamNonBlocking = 1  # type: ignore[attr-defined]
        for name in dir(self):
            if name.startswith("cuda"):
                setattr(module, name, self._counted(name))
        return module

    def _counted(self, name: str) -> Callable[..., tuple[Any, ...]]:
        call = getattr(self, name)
        results = {"cudaMalloc", "cudaMallocHost", "cudaStreamCreateWithFlags", "cudaGraphInstantiate"}

        def counted(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append(name)
            error = self.fails.get(name)
            if error is not None:
                return (error, None) if name in results or name.startswith("cudaGet") else (error,)
            return call(*arguments)

        return counted

    def on(self, stream: Any, work: Work) -> None:
        """Orders work on a stream, given by its object or number: recorded, or done when the stream is waited for."""
        number = int(stream)
        assert number != 0, "work on the default stream"
        handle = self.streams[number]
        (handle.queue if handle.recording is None else handle.recording).append(work)

    def held(self, where: str) -> int:
        """How many pieces of memory are not freed: "device" or "pinned"."""
        return sum(place == where for _, _, place in self.memory.values())

    def view(self, address: int, size: int, where: str) -> Any:
        """The memory at an address of ours, which must hold `size` bytes there."""
        for start, (_, length, place) in self.memory.items():
            if start <= address and address + size <= start + length:
                host = "pinned" if where == "any host" else where
                assert place == host, f"{hex(address)} is {place} memory, not {where}"
                return (ctypes.c_uint8 * size).from_address(address)
        assert where == "any host", f"{hex(address)} + {size} is no {where} memory"
        return (ctypes.c_uint8 * size).from_address(address)

    # -- the calls, by NVIDIA's names -------------------------------------------------------------------------------

    def cudaGetDeviceCount(self) -> tuple[Any, ...]:
        return OK, self.devices

    def cudaGetDevice(self) -> tuple[Any, ...]:
        return OK, 0

    def cudaGetDeviceProperties(self, device: int) -> tuple[Any, ...]:
        return OK, DeviceProp()

    def cudaDriverGetVersion(self) -> tuple[Any, ...]:
        return OK, 13000

    def cudaGetErrorString(self, error: cudaError_t) -> tuple[Any, ...]:
        return OK, TEXTS[error]

    def cudaMalloc(self, size: int) -> tuple[Any, ...]:
        return OK, self._take(size, "device") + self.misalign

    def cudaMallocHost(self, size: int) -> tuple[Any, ...]:
        return OK, self._take(size, "pinned")

    def cudaFree(self, address: int) -> tuple[Any, ...]:
        assert not any(handle.queue for handle in self.streams.values()), "memory freed before the work was done"
        del self.memory[address - self.misalign]
        return (OK,)

    def cudaFreeHost(self, address: int) -> tuple[Any, ...]:
        del self.memory[address]
        return (OK,)

    def cudaMemcpyAsync(
        self, into: int, source: int, size: int, kind: cudaMemcpyKind, stream: Handle
    ) -> tuple[Any, ...]:
        places = {1: ("device", "any host"), 2: ("any host", "device"), 3: ("device", "device")}[kind]
        target, origin = self.view(into, size, places[0]), self.view(source, size, places[1])
        self.on(stream, lambda: ctypes.memmove(target, origin, size) and None)
        return (OK,)

    def cudaMemsetAsync(self, address: int, value: int, size: int, stream: Handle) -> tuple[Any, ...]:
        target = self.view(address, size, "device")
        self.on(stream, lambda: ctypes.memset(target, value, size) and None)
        return (OK,)

    def cudaStreamCreateWithFlags(self, flags: int) -> tuple[Any, ...]:
        assert flags == 1, "a stream that waits for the default stream"
        handle = Handle(7000 + len(self.calls))
        self.streams[handle.number] = handle
        return OK, handle

    def cudaStreamDestroy(self, stream: Handle) -> tuple[Any, ...]:
        del self.streams[stream.number]
        return (OK,)

    def cudaStreamSynchronize(self, stream: Handle) -> tuple[Any, ...]:
        assert stream.recording is None, "waited for a stream that records"
        work, stream.queue = stream.queue, []
        for one in work:
            one()
        return (OK,)

    def cudaStreamBeginCapture(self, stream: Handle, mode: cudaStreamCaptureMode) -> tuple[Any, ...]:
        assert mode == cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal, "others may use CUDA meanwhile"
        assert stream.recording is None and not stream.queue
        stream.recording = []
        return (OK,)

    def cudaStreamEndCapture(self, stream: Handle) -> tuple[Any, ...]:
        assert stream.recording is not None
        graph = Handle(0)
        graph.queue, stream.recording = stream.recording, None
        if self.breaks_recording:
            return cudaError_t.cudaErrorStreamCaptureUnsupported, None
        return OK, graph

    def cudaGraphInstantiate(self, graph: Handle, flags: int) -> tuple[Any, ...]:
        assert flags == 0
        return OK, graph

    def cudaGraphDestroy(self, graph: Handle) -> tuple[Any, ...]:
        return (OK,)

    def cudaGraphExecDestroy(self, graph: Handle) -> tuple[Any, ...]:
        return (OK,)

    def cudaGraphLaunch(self, graph: Handle, stream: Handle) -> tuple[Any, ...]:
        stream.queue += graph.queue
        return (OK,)

    def _take(self, size: int, where: str) -> int:
        buffer = (ctypes.c_uint8 * (size + 512))()  # fresh memory of a GPU holds what was there before: here 99s
        ctypes.memset(buffer, 99, size + 512)
        address = (ctypes.addressof(buffer) + 255) // 256 * 256
        self.memory[address] = (buffer, size, where)
        return address
