"""ONNX -> TensorRT plan, in the same way for TensorRT 10.12 to 11. The file states every type, and TensorRT obeys."""

from pathlib import Path
from typing import TYPE_CHECKING

from engines.backends.tensorrt.library import CANNOT_START, UPDATE, Log, check_tensorrt, tensorrt_log
from engines.errors import EngineError, reason
from engines.messages import Say
from engines.system.whole_file import write_whole

if TYPE_CHECKING:
    import tensorrt as trt

_WORKSPACE = 1 << 30  # bytes of the GPU's memory that a tactic may use
_LEVEL = 4  # of 0..5: how long the builder searches; 5 costs minutes more for little
_AUX_STREAMS = 0  # at batch 1, side streams cost more in waiting than they save


def build_plan(model: Path, *, timing_cache: Path | None, say: Say) -> bytes:
    """The plan of the ONNX file `model`, for this machine's GPU and TensorRT and no other.

    `timing_cache`: a file of measured times that makes the next build on this GPU faster. It is read if it exists and
    matches this TensorRT and GPU, and written again; a failure to do so is reported and does no harm. Slow: seconds to
    minutes. Raises EngineError, with what TensorRT said, if TensorRT is missing or parsing or building fails.
    """
    check_tensorrt()
    import tensorrt as trt

    log = tensorrt_log()
    log.complaint()  # drop older complaints, which are not about this
    try:
        builder = trt.Builder(log.logger)
    except Exception as error:  # a TypeError if CUDA cannot be used; the log tells why
        raise EngineError(CANNOT_START, got=log.complaint() or reason(error), do=UPDATE) from error
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    config = builder.create_builder_config()
    if network is None or config is None:
        raise EngineError(CANNOT_START, got=log.complaint() or "no reason", do=UPDATE)
    _parse(network, model, log)
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE)
    config.builder_optimization_level = _LEVEL
    config.max_aux_streams = _AUX_STREAMS
    _use_timings(config, timing_cache, say)
    blob = builder.build_serialized_network(network, config)
    if blob is None:
        raise EngineError(
            f"TensorRT could not build {model.name}",
            got=log.complaint() or "no plan and no reason",
            do="close other programs that use the GPU and try again, or use --engine auto",
        )
    _keep_timings(config, timing_cache, say)
    return bytes(blob)


def _parse(network: "trt.INetworkDefinition", model: Path, log: Log) -> None:
    import tensorrt as trt

    parser = trt.OnnxParser(network, log.logger)
    if parser.parse_from_file(str(model)):
        return
    errors = [" ".join(str(parser.get_error(index)).split()) for index in range(parser.num_errors)]
    raise EngineError(
        f"TensorRT cannot read {model.name}",
        got=" | ".join(errors) or log.complaint() or "no reason",
        do="report it, with the version of TensorRT; until then use --engine openvino or onnxruntime",
    )


def _use_timings(config: "trt.IBuilderConfig", file: Path | None, say: Say) -> None:
    known = b""
    if file is not None and file.is_file():
        try:
            known = file.read_bytes()
        except OSError as error:
            say(f"TensorRT's timing cache cannot be read, so this build takes longer: {error}")
    cache = config.create_timing_cache(known)
    if cache is not None and config.set_timing_cache(cache, ignore_mismatch=False):
        return
    fresh = config.create_timing_cache(b"")  # the old one is damaged, or of another GPU or version
    if fresh is not None:
        config.set_timing_cache(fresh, ignore_mismatch=False)


def _keep_timings(config: "trt.IBuilderConfig", file: Path | None, say: Say) -> None:
    cache = config.get_timing_cache()
    if file is None or cache is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, bytes(cache.serialize()))
    except OSError as error:
        say(f"TensorRT's timing cache cannot be saved, so the next build will take as long: {error}")
