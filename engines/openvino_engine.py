"""Backend `openvino`: the default on CPUs, in fp32, or in bf16 where the CPU has it."""

from pathlib import Path
from typing import TYPE_CHECKING

from engines.base import EngineSpec, TensorSpec, check_ports
from engines.errors import EngineError, reason
from engines.host_engine import Arrays, HostEngine, Step

if TYPE_CHECKING:
    import openvino as ov

PRECISIONS = ("fp32", "bf16")
_HINTS = {"fp32": "f32", "bf16": "bf16"}
_CPU_INFO = Path("/proc/cpuinfo")


def cpu_bf16(cpu_info: Path = _CPU_INFO) -> bool | None:
    """Whether this CPU computes in bf16 by itself (avx512_bf16 or amx_bf16); None where the system does not tell.

    OpenVINO's own list of capabilities is not enough: it names BF16 also where it only emulates it.
    """
    try:
        text = cpu_info.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    flags = {flag for line in text.splitlines() if line.startswith("flags") for flag in line.split()}
    return bool(flags & {"avx512_bf16", "amx_bf16"}) if flags else None


def choose_precision(asked: str, has_bf16: bool | None) -> tuple[str, str]:
    """(precision, why) for the `asked` one (auto, fp32 or bf16). Raises EngineError for bf16 on a CPU without it."""
    known = {True: "CPU has bf16", False: "CPU has no bf16", None: "cannot tell whether this CPU has bf16"}[has_bf16]
    if asked == "auto":
        return ("bf16" if has_bf16 else "fp32"), known
    if asked == "bf16" and has_bf16 is False:
        raise EngineError("openvino cannot run in bf16 here", got=known, do="use --precision fp32 or auto")
    return asked, "as asked"


def open_openvino(model: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
    """Opens the ONNX file `model` with OpenVINO on `threads` CPU threads; `precision` is auto, fp32 or bf16.

    Raises EngineError if openvino is missing, the CPU lacks bf16, or the file is damaged or not what `spec` says.
    """
    try:
        import openvino as ov
    except ImportError as error:
        raise EngineError("openvino is not installed", got=reason(error), do="pip install openvino") from error
    precision, why = choose_precision(precision, cpu_bf16())
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,  # the estimator's threads share these cores
        "INFERENCE_PRECISION_HINT": _HINTS[precision],  # its default is bf16 wherever it can, and silent
    }
    try:
        core = ov.Core()
        graph = core.read_model(str(model))
    except Exception as error:  # its exceptions share no base but Exception
        raise EngineError(f"openvino cannot open {model.name}", got=reason(error)) from error
    check_ports("inputs", spec.inputs, _ports(spec.inputs, graph.inputs))
    check_ports("outputs", spec.outputs, _ports(spec.outputs, graph.outputs))
    try:
        compiled = core.compile_model(graph, "CPU", settings)
    except Exception as error:
        raise EngineError(f"openvino cannot compile {model.name}", got=reason(error)) from error
    used = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    if used != _HINTS[precision]:
        raise EngineError("openvino compiled in another precision", got=used, wanted=_HINTS[precision])
    return HostEngine(
        spec,
        _Request(compiled).prepare,
        backend="openvino",
        device="CPU",
        precision=precision,
        detail=f"{threads} thread{'s' if threads > 1 else ''} ({why})",
    )


class _Request:
    """One infer request: its memory for activations is large, so both roles of the state share it."""

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
    """Name -> (dtype, shape) of a graph's ports; a port may have several names, of which the wanted one counts."""
    names = {tensor.name for tensor in wanted}
    found: dict[str, tuple[str, tuple[object, ...]]] = {}
    for port in ports:
        own = port.get_names()
        name = next(iter(sorted(own & names) or sorted(own)), "(no name)")
        shape = tuple(size.get_length() if size.is_static else str(size) for size in port.get_partial_shape())
        found[name] = (port.get_element_type().to_dtype().name, shape)
    return found
