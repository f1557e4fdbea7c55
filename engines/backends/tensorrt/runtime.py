"""`TensorRTEngine`: runs a plan. The state stays on the GPU; a frame is one CUDA graph (copy in, compute, copy out)."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from engines.arrays import U8, read_only
from engines.backends.tensorrt.cuda import CudaGraph, Device, Memory, Stream, find_device, pinned_array
from engines.backends.tensorrt.library import CANNOT_START, UPDATE, check_tensorrt, tensorrt_log
from engines.engine import EngineSpec, TensorSpec, check_arrays, check_ports
from engines.errors import EngineError, reason

if TYPE_CHECKING:
    import tensorrt as trt


class TensorRTEngine:
    """Implements `engines.engine.Engine` over the bytes of a plan whose tensors are those of `spec`.

    Our builder makes plans of uint8 tensors. Those of torch2trt, which has no uint8, have float32 tensors that hold
    whole numbers 0..255 and are converted on the CPU. `close` frees what is on the GPU; so does dropping the engine.
    Raises EngineError if TensorRT or a GPU is missing, or the plan is of another GPU, version or network.
    """

    backend = "tensorrt"
    device = "GPU"

    def __init__(self, plan: bytes, spec: EngineSpec, *, precision: str, note: str = "") -> None:
        self.spec, self.precision = spec, precision
        self._lock = threading.Lock()
        self._feed_specs = {tensor.name: tensor for tensor in spec.feeds}
        self._state_specs = {tensor.name: tensor for tensor in spec.state_inputs}
        version = check_tensorrt()
        gpu = find_device()
        self._plan = _Plan(plan, spec, gpu)
        self._stream = Stream()
        tensors = (*spec.inputs, *spec.outputs)
        self._gpu = {t.name: Memory(_size(t, self._plan.dtypes[t.name])) for t in tensors}
        self._staged_in = {t.name: pinned_array(t.shape, self._plan.dtypes[t.name]) for t in spec.feeds}
        self._staged_out = {t.name: pinned_array(t.shape, self._plan.dtypes[t.name]) for t in spec.outputs}
        self._outputs = {
            name: staged if staged.dtype == np.uint8 else np.zeros(staged.shape, np.uint8)
            for name, staged in self._staged_out.items()
        }
        self._results: Mapping[str, U8] = MappingProxyType(
            {name: read_only(array) for name, array in self._outputs.items()}
        )
        for name, memory in self._gpu.items():
            self._plan.bind(name, memory)
        self._graph: CudaGraph | None = None
        self._launch, how = self._warm_up()
        self.detail = ", ".join(filter(None, (gpu.name, f"TensorRT {version}", how, note)))
        self._open = True

    def run(self, feeds: Mapping[str, U8]) -> Mapping[str, U8]:
        """See `Engine.run`. After an error in CUDA itself, the GPU is lost to this process and every call fails."""
        with self._lock:
            self._check_open()
            check_arrays("feeds", self._feed_specs, feeds)
            for name, staged in self._staged_in.items():
                np.copyto(staged, feeds[name])
            self._finish(self._launch)
            for name, staged in self._staged_out.items():
                if self._outputs[name] is not staged:
                    np.copyto(self._outputs[name], staged, casting="unsafe")
            return self._results

    def reset(self) -> None:
        """See `Engine.reset`."""
        with self._lock:
            self._check_open()
            self._clear_state()

    def state(self) -> dict[str, U8]:
        """See `Engine.state`."""
        with self._lock:
            self._check_open()
            copies = {name: np.empty(t.shape, self._plan.dtypes[name]) for name, t in self._state_specs.items()}
            for name, copy in copies.items():
                self._stream.from_gpu(copy, self._gpu[name])
            self._stream.wait()
            return {name: copy.astype(np.uint8, copy=False) for name, copy in copies.items()}

    def load_state(self, state: Mapping[str, U8]) -> None:
        """See `Engine.load_state`."""
        with self._lock:
            self._check_open()
            check_arrays("state arrays", self._state_specs, state)
            copies = {name: np.ascontiguousarray(state[name], self._plan.dtypes[name]) for name in self._state_specs}
            for name, copy in copies.items():
                self._stream.to_gpu(self._gpu[name], copy)
            self._stream.wait()

    def describe(self) -> str:
        """See `Engine.describe`."""
        return f"{self.backend} {self.device} {self.precision}, {self.detail}"

    def frames_by_size(self) -> dict[tuple[int, int], int]:
        """See `Engine.frames_by_size`."""
        return {}

    def close(self) -> None:
        """See `Engine.close`. An output that a caller still holds stays valid until it is dropped."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            with contextlib.suppress(EngineError):  # a GPU that failed can still be released
                self._stream.wait()
            if self._graph is not None:
                self._graph.free()
            self._graph = None
            self._plan.free()
            for memory in self._gpu.values():
                memory.free()
            self._stream.free()
            self._gpu, self._staged_in, self._staged_out, self._outputs, self._results = {}, {}, {}, {}, {}

    def _warm_up(self) -> tuple[Callable[[], None], str]:
        """(what runs a frame, how it does so). The state is zeros afterwards.

        TensorRT requires one run before a graph is recorded; it also shows that the plan computes at all.
        """
        self._clear_state()
        self._finish(self._frame)
        try:
            graph = self._stream.record(self._frame)
            self._finish(lambda: graph.launch(self._stream))
        except EngineError as error:
            launch, how = self._frame, f"no CUDA graph, so a frame takes more CPU time ({error.what}: {error.got})"
            self._finish(launch)  # the plan must have survived the recording
        else:
            self._graph = graph
            launch, how = (lambda: graph.launch(self._stream)), "CUDA graph"
        self._clear_state()
        return launch, how

    def _finish(self, launch: Callable[[], None]) -> None:
        """Queues a frame and waits for it, even if queueing failed half-way: nothing is pending afterwards."""
        try:
            launch()
        except EngineError:
            with contextlib.suppress(EngineError):
                self._stream.wait()
            raise
        self._stream.wait()

    def _frame(self) -> None:
        """Queues one frame. The state is overwritten only after a computation that was accepted."""
        for name, staged in self._staged_in.items():
            self._stream.to_gpu(self._gpu[name], staged)
        self._plan.enqueue(self._stream)
        for output, into in self.spec.state:
            self._stream.on_gpu(self._gpu[into], self._gpu[output])
        for name, staged in self._staged_out.items():
            self._stream.from_gpu(staged, self._gpu[name])

    def _clear_state(self) -> None:
        for name in self._state_specs:
            self._stream.clear(self._gpu[name])
        self._stream.wait()

    def _check_open(self) -> None:
        if not self._open:
            raise EngineError("this tensorrt engine is closed", do="open it again")


class _Plan:
    """A deserialized plan and its context. `dtypes`: of each tensor on the GPU, uint8 or float32."""

    def __init__(self, plan: bytes, spec: EngineSpec, gpu: Device) -> None:
        import tensorrt as trt

        self._log = tensorrt_log()
        self._log.complaint()
        try:
            self._runtime: trt.Runtime | None = trt.Runtime(self._log.logger)
        except Exception as error:  # as in plan.py
            raise EngineError(CANNOT_START, got=self._log.complaint() or reason(error), do=UPDATE) from error
        engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise EngineError(
                "TensorRT does not accept this plan",
                got=self._log.complaint() or "no reason",
                wanted=f"a plan built here, for {gpu.name} and this TensorRT",
                do="build it again: python -m engines build --target NAME",
            )
        self._engine: trt.ICudaEngine | None = engine
        found = {name: _port(engine, name) for name in map(engine.get_tensor_name, range(engine.num_io_tensors))}
        self.dtypes = {name: "float32" if dtype == "float32" else "uint8" for name, (_, dtype, _) in found.items()}
        for side, wanted, mode in (("inputs", spec.inputs, "INPUT"), ("outputs", spec.outputs, "OUTPUT")):
            ports = {
                name: ("uint8" if dtype == "float32" else dtype, shape)  # converted, see `TensorRTEngine`
                for name, (m, dtype, shape) in found.items()
                if m == mode
            }
            check_ports(side, wanted, ports)
        context = engine.create_execution_context()
        if context is None:
            raise EngineError(
                "TensorRT cannot prepare this plan for running",
                got=self._log.complaint() or "no reason",
                do="close other programs that use the GPU's memory",
            )
        self._context: trt.IExecutionContext | None = context

    def bind(self, name: str, memory: Memory) -> None:
        if self._context is None or not self._context.set_tensor_address(name, memory.address):
            raise EngineError(
                f"TensorRT does not accept the memory of {name}", got=self._log.complaint() or hex(memory.address)
            )

    def enqueue(self, stream: Stream) -> None:
        why = ""
        try:
            accepted = self._context is not None and self._context.execute_async_v3(stream_handle=stream.handle)
        except Exception as error:  # the bindings may raise anything
            accepted, why = False, reason(error)
        if not accepted:
            raise EngineError(
                "tensorrt failed to compute a frame",
                got=why or self._log.complaint() or "no reason",
                do="close other programs that use the GPU, or use --engine auto",
            )

    def free(self) -> None:
        """In this order: TensorRT requires a context to go before its engine, and the engine before its runtime."""
        self._context = None
        self._engine = None
        self._runtime = None


def _port(engine: "trt.ICudaEngine", name: str) -> tuple[str, str, tuple[object, ...]]:
    """(mode, dtype, shape) of a tensor of the plan."""
    import tensorrt as trt

    dtypes = {trt.DataType.UINT8: "uint8", trt.DataType.FLOAT: "float32"}
    dtype, mode = engine.get_tensor_dtype(name), engine.get_tensor_mode(name)
    if engine.get_tensor_location(name) != trt.TensorLocation.DEVICE:
        raise EngineError(f"the plan keeps {name} in the CPU's memory", wanted="all tensors on the GPU")
    is_input = mode == trt.TensorIOMode.INPUT
    return "INPUT" if is_input else "OUTPUT", dtypes.get(dtype, str(dtype)), tuple(engine.get_tensor_shape(name))


def _size(tensor: TensorSpec, dtype: str) -> int:
    return int(np.prod(tensor.shape)) * np.dtype(dtype).itemsize
