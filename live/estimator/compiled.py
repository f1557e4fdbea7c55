"""`compiled`: one of the models as OpenVINO runs it, kept for the next start: compiling takes ten times as long."""

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from engines.backends.openvino_core import core, cpu_settings
from engines.cpu import cpu_bf16, cpu_name
from engines.errors import EngineError, reason
from engines.system.user_folders import USER
from engines.system.whole_file import write_whole
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
        place = _place(found, outputs, low)
        return _kept(place) or _keep(_compile(path, outputs, low), place)
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


def _place(sha256: str, outputs: tuple[int, ...], low: float) -> Path:
    """Where the compiled model is kept, by all that it depends on."""
    import openvino as ov

    what = repr((sha256, outputs, low, ov.__version__, cpu_name(), _settings()))
    return USER.user_cache_path / "pose-models" / hashlib.sha256(what.encode()).hexdigest()[:24]


def _kept(place: Path) -> "ov.CompiledModel | None":
    """What was kept, behind its own hash: None where there is nothing, or not all of it."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: what OpenVINO raises
        content = place.read_bytes()
        if hashlib.sha256(content[32:]).digest() == content[:32]:
            return core().import_model(content[32:], "CPU", _settings())  # it is not kept with how many threads
    return None


def _keep(model: "ov.CompiledModel", place: Path) -> "ov.CompiledModel":
    with contextlib.suppress(OSError, RuntimeError):  # no room, or not to be exported: the next start compiles again
        content = model.export_model().getvalue()
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, hashlib.sha256(content).digest() + content)
    return model
