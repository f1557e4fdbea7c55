"""Backend `openvino`: the default on CPUs, in int8, fp32, and bf16 where the CPU has it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engines.backend import Feeds
from engines.backends.compiled_blob import kept_or_compiled
from engines.backends.host_engine import Arrays, HostEngine, Ports, Step
from engines.backends.onnxruntime_engine import open_reference
from engines.backends.openvino_core import core, cpu_settings
from engines.backends.windowed_engine import WindowedEngine, can_be_windowed
from engines.bundle import sha256_of
from engines.cells import cell_size
from engines.cpu import cpu_bf16, cpu_name
from engines.engine import Engine, EngineSpec, TensorSpec, check_ports
from engines.errors import EngineError, reason
from engines.graph.prepare import write_prepared
from engines.messages import Say
from engines.system.user_folders import cache_folder

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

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> Engine:
        """See `Backend.open`. What `prepare` made is opened in windows too, if the network allows it.

        Raises EngineError if openvino, bf16 or a sound file of `spec` is missing.
        """
        missing = self.available() or self.unsupported_reason(precision)
        if missing:
            raise EngineError(f"openvino cannot run in {precision} here", got=missing)
        graph, ports = _read(artifact, spec)
        content = sha256_of(artifact)
        cells = any(ports[tensor.name] != tensor.shape for tensor in spec.inputs)  # only `prepare` makes these
        if not (cells and can_be_windowed(spec)):
            return self._opened(graph, ports, spec, precision, threads, content)

        def open_size(part: EngineSpec) -> HostEngine:
            shapes = {t.name: _scaled(ports[t.name], t.shape, own.shape) for t, own in _pairs(spec, part)}
            try:
                resized = graph.clone()
                resized.reshape({port: shapes[_name_of(port, spec.inputs)] for port in resized.inputs})
            except Exception as error:
                raise EngineError(f"{artifact.name} cannot be opened in windows", got=reason(error)) from error
            return self._opened(resized, shapes, part, precision, threads, content)

        return WindowedEngine(spec, open_size)

    def _opened(
        self, graph: "ov.Model", ports: Ports, spec: EngineSpec, precision: str, threads: int, content: str
    ) -> HostEngine:
        """An engine of `graph`, from a file whose sha256 is `content`."""
        hint = _HINTS.get(precision, "bf16" if cpu_bf16() else "f32")
        settings, folder = cpu_settings(hint, threads=threads), cache_folder()
        try:
            compiled = kept_or_compiled(
                folder and folder / "compiled",
                (content, sorted(ports.items())),
                lambda: core().compile_model(graph, "CPU", settings),
                settings,
            )
        except Exception as error:  # its exceptions share no base but Exception
            raise EngineError("openvino cannot compile the network", got=reason(error)) from error
        used = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        if used != hint:
            raise EngineError("openvino compiled the network in another precision", got=used, wanted=hint)
        return HostEngine(
            spec,
            _Request(compiled).prepare,
            backend=self.name,
            device="CPU",
            precision=precision,
            detail=f"{threads} thread{'s' if threads > 1 else ''}",
            ports=ports,
        )


def _read(model: Path, spec: EngineSpec) -> "tuple[ov.Model, dict[str, tuple[int, ...]]]":
    """The network, and the shapes of its ports by name."""
    try:
        graph = core().read_model(str(model))
    except Exception as error:  # its exceptions share no base but Exception
        raise EngineError(f"openvino cannot open {model.name}", got=reason(error)) from error
    inputs, outputs = _ports(spec.inputs, graph.inputs), _ports(spec.outputs, graph.outputs)
    check_ports("inputs", spec.inputs, inputs, fits=cell_size)
    check_ports("outputs", spec.outputs, outputs, fits=cell_size)
    return graph, {name: shape for name, (_, shape) in (inputs | outputs).items()}  # type: ignore[misc]


def _pairs(spec: EngineSpec, part: EngineSpec) -> Iterator[tuple[TensorSpec, TensorSpec]]:
    """Each tensor with the same one of another size."""
    yield from zip((*spec.inputs, *spec.outputs), (*part.inputs, *part.outputs), strict=True)


def _scaled(port: tuple[int, ...], shape: tuple[int, ...], part: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a `port`, made for a picture of `shape`, for one of shape `part`."""
    n, height, width, channels = port
    return n, height * part[1] // shape[1], width * part[2] // shape[2], channels


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
    found: dict[str, tuple[str, tuple[object, ...]]] = {}
    for port in ports:
        shape = tuple(size.get_length() if size.is_static else str(size) for size in port.get_partial_shape())
        found[_name_of(port, wanted)] = (port.get_element_type().to_dtype().name, shape)
    return found


def _name_of(port: "ov.Output", wanted: tuple[TensorSpec, ...]) -> str:
    own = port.get_names()
    return next(iter(sorted(own & {tensor.name for tensor in wanted}) or sorted(own)), "(no name)")
