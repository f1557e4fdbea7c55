"""Backend `tensorrt`: the fastest on an NVIDIA GPU. Its library is imported only when a method needs it."""

from pathlib import Path

from engines.backend import Feeds
from engines.backends.onnxruntime_engine import open_reference
from engines.backends.tensorrt.cuda import find_device
from engines.backends.tensorrt.library import check_tensorrt
from engines.backends.tensorrt.plan import build_plan
from engines.backends.tensorrt.runtime import TensorRTEngine
from engines.backends.tensorrt.torch2trt import PRECISIONS, build_with_torch2trt, check_torch2trt
from engines.engine import EngineSpec
from engines.errors import EngineError, reason
from engines.graph.half import write_half
from engines.graph.lint import check_for_tensorrt
from engines.graph.quantize import write_int8
from engines.messages import Say
from engines.system.user_folders import cache_folder
from engines.system.whole_file import write_whole

BUILDERS = ("onnx", "torch2trt")
_LARGEST_PLAN = 2 << 30  # bytes


class TensorRTBackend:
    """Implements `engines.backend.Backend`.

    `builder`: "onnx" is ours, "torch2trt" needs TensorRT 10 (see torch2trt.py); both make plans for the same runtime.
    `timings`: the folder of timing caches, by default that of the engines' cache.
    """

    name = "tensorrt"
    precisions = ("fp16", "int8", "fp32")  # which of the first two is faster depends on the GPU

    def __init__(self, builder: str = "onnx", *, timings: Path | None = None) -> None:
        if builder not in BUILDERS:
            raise EngineError("there is no such builder", got=builder, wanted=", ".join(BUILDERS))
        self._builder, self._timings = builder, timings

    def available(self) -> str:
        """See `Backend.available`."""
        try:
            version = check_tensorrt()
            find_device()
            if self._builder == "torch2trt":
                check_torch2trt(version)
        except EngineError as error:
            return str(error)
        return ""

    def unsupported_reason(self, precision: str) -> str:
        """See `Backend.unsupported_reason`: every GPU that TensorRT 10.12 supports computes in fp16."""
        if self._builder == "torch2trt" and precision not in PRECISIONS:
            return f"torch2trt is not used for {precision}"
        return "" if precision in self.precisions else f"tensorrt has no {precision}"

    def identity(self) -> dict[str, str]:
        """See `Backend.identity`: a plan is bound to all of these."""
        try:
            version, gpu = check_tensorrt(), find_device()
        except EngineError as error:
            return {"version": f"not usable: {error.what}"}
        return {
            "version": version,
            "builder": self._builder,
            "device": gpu.name,
            "capability": gpu.capability,
            "cuda": gpu.cuda,
            "driver": gpu.driver,
        }

    def prepare(self, model: Path, spec: EngineSpec, precision: str, folder: Path, feeds: Feeds, say: Say) -> Path:
        """See `Backend.prepare`. Makes the plan `folder`/network.plan. `feeds` are used for int8 only."""
        version, gpu = check_tensorrt(), find_device()
        if precision not in self.precisions:
            raise EngineError("tensorrt has no such precision", got=precision, wanted=", ".join(self.precisions))
        plan = folder / "network.plan"
        say(f"building the TensorRT {version} plan of {model.name} in {precision} for {gpu.name}; may take minutes")
        if self._builder == "torch2trt":
            return build_with_torch2trt(model, plan, precision=precision, tensorrt=version)
        network = _network(model, spec, precision, folder, feeds, say)
        check_for_tensorrt(network, half=precision == "fp16")
        kept = self._timings or cache_folder()
        gpu_name = "".join(sign if sign.isalnum() else "-" for sign in gpu.name)
        timings = f"tensorrt-{version}-{gpu.capability}-{gpu_name}.timings"
        content = build_plan(network, timing_cache=None if kept is None else kept / timings, say=say)
        if network != model:
            network.unlink()
        try:
            write_whole(plan, content)
        except OSError as error:
            raise EngineError("the plan cannot be written", got=reason(error), do="make room on the disk") from error
        return plan

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> TensorRTEngine:
        """See `Backend.open`. A plan is code for the GPU: open only what `prepare` made. `threads` changes nothing."""
        check_tensorrt()
        try:
            if artifact.stat().st_size > _LARGEST_PLAN:
                raise EngineError("the plan is too large", got=str(artifact), do="build it again")
            plan = artifact.read_bytes()
        except OSError as error:
            raise EngineError(
                "the plan cannot be read", got=reason(error), do="python -m engines build --target NAME"
            ) from error
        note = "built by torch2trt" if self._builder == "torch2trt" else ""
        return TensorRTEngine(plan, spec, precision=precision, note=note)


def _network(model: Path, spec: EngineSpec, precision: str, folder: Path, feeds: Feeds, say: Say) -> Path:
    """The ONNX file for TensorRT to build. The file itself says what is computed in which type."""
    if precision == "fp16":
        return write_half(model, folder / "network.fp16.onnx")
    if precision == "fp32":
        return model
    reference = open_reference(model, spec)
    try:
        return write_int8(model, spec, folder / "network.int8.onnx", feeds, reference, say=say)
    finally:
        reference.close()
