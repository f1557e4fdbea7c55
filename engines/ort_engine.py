"""Backend `onnxruntime`: the reference, on the CPU, in fp32."""

from pathlib import Path

from engines.base import EngineSpec, check_ports
from engines.errors import EngineError, reason
from engines.host_engine import Arrays, HostEngine, Step

PRECISIONS = ("fp32",)
_DTYPES = {"tensor(uint8)": "uint8"}


def open_onnxruntime(model: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
    """Opens the ONNX file `model` with ONNX Runtime on `threads` CPU threads; `precision` is auto or fp32.

    Raises EngineError if onnxruntime is missing, or the file is damaged or not what `spec` says.
    """
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise EngineError("onnxruntime is not installed", got=reason(error), do="pip install onnxruntime") from error
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; nothing is to be printed between status lines
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # pose estimation needs the core meanwhile
    try:
        session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base but Exception
        raise EngineError(f"onnxruntime cannot open {model.name}", got=reason(error)) from error
    for side, wanted, ports in (
        ("inputs", spec.inputs, session.get_inputs()),
        ("outputs", spec.outputs, session.get_outputs()),
    ):
        check_ports(side, wanted, {port.name: (_DTYPES.get(port.type, port.type), tuple(port.shape)) for port in ports})

    def prepare(inputs: Arrays, outputs: Arrays) -> Step:
        binding = session.io_binding()
        for name, array in inputs.items():
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        for name, array in outputs.items():
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        return lambda: session.run_with_iobinding(binding)

    return HostEngine(
        spec,
        prepare,
        backend="onnxruntime",
        device="CPU",
        precision="fp32",
        detail=f"{threads} thread{'s' if threads > 1 else ''} (the reference)",
    )
