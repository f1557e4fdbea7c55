"""Backend `onnxruntime`: the reference (CPU, fp32), and the portable fallback, on any device it was built for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.backend import Feeds
from engines.backends.host_engine import Arrays, HostEngine, Step
from engines.backends.network_file import check_network_file
from engines.cells import cell_size
from engines.engine import EngineSpec, check_ports
from engines.errors import EngineError, reason
from engines.graph.prepare import write_prepared
from engines.messages import Say

# `--engine onnxruntime:DEVICE` -> (the provider, its options, its precisions). What it cannot do runs on the CPU.
DEVICES: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}, ("fp32",)),
    "tensorrt": ("TensorrtExecutionProvider", {"trt_fp16_enable": "1"}, ("fp16",)),
    "coreml": ("CoreMLExecutionProvider", {"ModelFormat": "MLProgram"}, ("fp16",)),
    "directml": ("DmlExecutionProvider", {}, ("fp32",)),
}
_DTYPES = {"tensor(uint8)": "uint8"}


class OnnxRuntimeBackend:
    """Implements `engines.backend.Backend` over ONNX Runtime, on the CPU or one of DEVICES."""

    def __init__(self, device: str = "") -> None:
        self._device = device
        self.name = f"onnxruntime:{device}" if device else "onnxruntime"
        self._provider, self._options, self.precisions = DEVICES.get(
            device, ("CPUExecutionProvider", {}, ("int8", "fp32"))
        )

    def available(self) -> str:
        """See `Backend.available`."""
        try:
            import onnxruntime as ort
        except ImportError as error:
            return f"onnxruntime is not installed ({reason(error)}); do this: pip install onnxruntime"
        if self._provider not in ort.get_available_providers():
            return f"this onnxruntime was built without {self._provider}"
        return ""

    def unsupported_reason(self, precision: str) -> str:
        """See `Backend.unsupported_reason`."""
        return "" if precision in self.precisions else f"{self.name} has no {precision}"

    def identity(self) -> dict[str, str]:
        """See `Backend.identity`."""
        import onnxruntime as ort

        from engines.cpu import cpu_name

        return {"version": ort.__version__, "device": f"{self._provider} {ort.get_device()}", "cpu": cpu_name()}

    def prepare(self, model: Path, spec: EngineSpec, precision: str, folder: Path, feeds: Feeds, say: Say) -> Path:
        """See `Backend.prepare`. Returns the model itself, except for int8."""
        if precision != "int8":
            return model
        return write_prepared(model, spec, folder / "network.onnx", feeds, int8_after=open_reference, say=say)

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
        """See `Backend.open`. Raises EngineError if the provider is missing, or the file is damaged or not `spec`'s."""
        missing = self.available() or self.unsupported_reason(precision)
        if missing:
            raise EngineError(f"{self.name} cannot run in {precision} here", got=missing)
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors are raised anyway; prints would break up the status lines
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the estimator needs the core
        providers: list[Any] = ["CPUExecutionProvider"]
        if self._device:
            providers.insert(0, (self._provider, self._options))
        try:
            session = ort.InferenceSession(str(artifact), options, providers=providers)
        except Exception as error:  # its exceptions share no base but Exception
            raise EngineError(f"onnxruntime cannot open {artifact.name}", got=reason(error)) from error
        if self._provider not in session.get_providers():  # it falls back with nothing but a warning
            raise EngineError(f"{self.name} does not work here", got=", ".join(session.get_providers()))
        return HostEngine(
            spec,
            _binder(session),
            backend=self.name,
            device=self._device.upper() or "CPU",
            precision=precision,
            detail=f"{threads} thread{'s' if threads > 1 else ''}",
            ports=_ports(session, spec),
        )


def open_reference(model: Path, spec: EngineSpec, *, threads: int = 1) -> HostEngine:
    """The engine that all others are compared with: ONNX Runtime on the CPU, fp32, with the bundle's own file.

    Raises EngineError, also for a file that no runtime may open (see `network_file`).
    """
    check_network_file(model)
    return OnnxRuntimeBackend().open(model, spec, precision="fp32", threads=threads)


def _ports(session: Any, spec: EngineSpec) -> Mapping[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for side, wanted, ports in (
        ("inputs", spec.inputs, session.get_inputs()),
        ("outputs", spec.outputs, session.get_outputs()),
    ):
        found = {port.name: (_DTYPES.get(port.type, port.type), tuple(port.shape)) for port in ports}
        check_ports(side, wanted, found, fits=cell_size)
        shapes |= {name: shape for name, (_, shape) in found.items()}
    return shapes


def _binder(session: Any) -> Any:
    def prepare(inputs: Arrays, outputs: Arrays) -> Step:
        binding = session.io_binding()
        for name, array in inputs.items():
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        for name, array in outputs.items():
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        return lambda: session.run_with_iobinding(binding)

    return prepare
