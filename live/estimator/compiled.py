"""`compiled`: one of the models as OpenVINO runs it."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from engines.backends.compiled_blob import kept_or_compiled
from engines.backends.openvino_core import core, cpu_settings
from engines.cpu import cpu_bf16
from engines.errors import EngineError, reason
from engines.system.user_folders import USER
from live.estimator.attention import with_attention
from live.estimator.hashes import MODELS, SHA256

if TYPE_CHECKING:
    import openvino as ov


def precision() -> str:
    """What the models compute in here: bf16 where the CPU has it, else fp32."""
    return "bf16" if cpu_bf16() else "fp32"


def compiled(name: str, outputs: tuple[int, ...], low: float = 0.0) -> "ov.CompiledModel":
    """The model of models/`name`.tflite for (1, S, S, 3) uint8 RGB, which it turns into `low`..1, with only those of
    its outputs. Raises EngineError: OpenVINO missing, the file damaged.
    """
    path = MODELS / f"{name}.tflite"
    try:
        content = path.read_bytes()
        if (found := hashlib.sha256(content).hexdigest()) != SHA256[name]:
            raise EngineError(
                f"the pose model {path.name} is damaged",
                got=f"sha256 {found[:12]}…",
                wanted=f"{SHA256[name][:12]}…",
                do="pip install --force-reinstall everybody-dance-live",
            )
        folder = USER.user_cache_path / "pose-models"
        return kept_or_compiled(folder, (found, outputs, low), lambda: _compile(path, outputs, low), _settings())
    except EngineError:
        raise
    except Exception as error:  # its exceptions share no base but Exception
        raise EngineError(f"the pose model {path.name} cannot be opened", got=reason(error)) from error


def _settings() -> dict[str, object]:
    return cpu_settings("bf16" if precision() == "bf16" else "f32", threads=1)


def _compile(path: Path, outputs: tuple[int, ...], low: float) -> "ov.CompiledModel":
    import openvino as ov
    from openvino.preprocess import PrePostProcessor

    graph = with_attention(path) if "attention" in path.name else core().read_model(path)
    graph = ov.Model([graph.outputs[i] for i in outputs], graph.get_parameters(), path.stem)
    steps = PrePostProcessor(graph)
    steps.input().tensor().set_element_type(ov.Type.u8)
    scale = 255.0 / (1.0 - low)
    steps.input().preprocess().convert_element_type(ov.Type.f32).mean(-low * scale).scale(scale)
    return core().compile_model(steps.build(), "CPU", _settings())
