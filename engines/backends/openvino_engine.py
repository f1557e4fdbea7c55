"""Backend `openvino`: the default on CPUs, in int8, fp32, and bf16 where the CPU has it."""

from pathlib import Path
from typing import TYPE_CHECKING

from engines.backend import Feeds
from engines.backends.host_engine import Arrays, HostEngine, Step
from engines.backends.onnxruntime_engine import open_reference
from engines.backends.openvino_core import core, cpu_settings
from engines.cells import cell_size
from engines.cpu import cpu_bf16, cpu_name
from engines.engine import EngineSpec, TensorSpec, check_ports
from engines.errors import EngineError, reason
from engines.graph.prepare import write_prepared
from engines.messages import Say

if TYPE_CHECKING:
    import openvino as ov

# What layers that are not quantized compute in. For int8: whatever is fastest here.
_HINTS = {"fp32": "f32", "bf16": "bf16"}


class OpenVINOBackend:
    """Implements `engines.backend.Backend` over OpenVINO's CPU device.

    It opens a bundle's own ONNX file, or one made by `prepare`, whose ports may be cells.
    """

    name = "openvino"
    precisions = ("int8", "bf16", "fp32")

    def available(self) -> str:
        """See `Backend.available`."""
        try:
            import openvino  # noqa: F401
        except ImportError as error:
            return f"openvino is not installed ({reason(error)}); do this: pip install openvino"
        return ""

    def unsupported_reason(self, precision: str) -> str:
        """See `Backend.unsupported_reason`: bf16 on a CPU that only emulates it would be slower than fp32."""
        if precision != "bf16" or (has := cpu_bf16()):
            return ""
        return "cannot tell whether this CPU has bf16" if has is None else "this CPU has no bf16"

    def identity(self) -> dict[str, str]:
        """See `Backend.identity`."""
        import openvino as ov

        return {"version": str(ov.__version__), "device": cpu_name(), "bf16": str(cpu_bf16())}

    def prepare(self, model: Path, spec: EngineSpec, precision: str, folder: Path, feeds: Feeds, say: Say) -> Path:
        """See `Backend.prepare`. Makes an equivalent ONNX file that is faster on CPUs; for int8, quantized."""
        reference = open_reference if precision == "int8" else None
        return write_prepared(model, spec, folder / "network.onnx", feeds, int8_after=reference, say=say)

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
        """See `Backend.open`. Raises EngineError if openvino, bf16 or a sound file of `spec` is missing."""
        missing = self.available() or self.unsupported_reason(precision)
        if missing:
            raise EngineError(f"openvino cannot run in {precision} here", got=missing)
        hint = _HINTS.get(precision, "bf16" if cpu_bf16() else "f32")
        compiled, ports = _compile(artifact, spec, hint, threads)
        return HostEngine(
            spec,
            _Request(compiled).prepare,
            backend=self.name,
            device="CPU",
            precision=precision,
            detail=f"{threads} thread{'s' if threads > 1 else ''}",
            ports=ports,
        )


def _compile(
    model: Path, spec: EngineSpec, hint: str, threads: int
) -> "tuple[ov.CompiledModel, dict[str, tuple[int, ...]]]":
    """The compiled model, and the shapes of its ports."""
    try:
        graph = core().read_model(str(model))
    except Exception as error:  # its exceptions share no base but Exception
        raise EngineError(f"openvino cannot open {model.name}", got=reason(error)) from error
    inputs, outputs = _ports(spec.inputs, graph.inputs), _ports(spec.outputs, graph.outputs)
    check_ports("inputs", spec.inputs, inputs, fits=cell_size)
    check_ports("outputs", spec.outputs, outputs, fits=cell_size)
    try:
        compiled = core().compile_model(graph, "CPU", cpu_settings(hint, threads=threads))
    except Exception as error:
        raise EngineError(f"openvino cannot compile {model.name}", got=reason(error)) from error
    used = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    if used != hint:
        raise EngineError("openvino compiled the network in another precision", got=used, wanted=hint)
    return compiled, {name: shape for name, (_, shape) in (inputs | outputs).items()}  # type: ignore[misc]


class _Request:
    """One infer request, shared by both roles of the state, because its memory for activations is large."""

    def __init__(self, compiled: "ov.CompiledModel") -> None:
        self._request = compiled.create_infer_request()

    def prepare(self, inputs: Arrays, outputs: Arrays) -> Step:
        import openvino as ov

        request = self._request
        tensors = [(name, ov.Tensor(array, shared_memory=True)) for name, array in (inputs | outputs).items()]

        def step() -> None:
            for name, tensor in tensors:
                request.set_tensor(name, tensor)
            request.start_async()  # unlike infer(), it does not gather the results into new arrays
            request.wait()

        return step


def _ports(wanted: tuple[TensorSpec, ...], ports: "list[ov.Output]") -> dict[str, tuple[str, tuple[object, ...]]]:
    """Name -> (dtype, shape) of a graph's ports. If a port has several names, the wanted one counts."""
    names = {tensor.name for tensor in wanted}
    found: dict[str, tuple[str, tuple[object, ...]]] = {}
    for port in ports:
        own = port.get_names()
        name = next(iter(sorted(own & names) or sorted(own)), "(no name)")
        shape = tuple(size.get_length() if size.is_static else str(size) for size in port.get_partial_shape())
        found[name] = (port.get_element_type().to_dtype().name, shape)
    return found
