"""`kept_or_compiled`: a model as OpenVINO compiled it, kept for the next start, which takes a fifth of the time."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engines.backends.openvino_core import core
from engines.cpu import cpu_name
from engines.system.whole_file import write_whole

if TYPE_CHECKING:
    import openvino as ov

_MOST = 64  # files in a folder; 3 to 10 MB each


def kept_or_compiled(
    folder: Path | None, what: object, compile_it: Callable[[], "ov.CompiledModel"], settings: Mapping[str, object]
) -> "ov.CompiledModel":
    """What `compile_it` gives, or what it gave in an earlier run for an equal `what`, from `folder` (None: keep none).

    `what`: all that the model depends on besides this CPU, OpenVINO's version and the `settings` it is compiled with;
    its repr counts. A file that is damaged or cannot be written only costs the time. Raises what `compile_it` raises.
    """
    if folder is None:
        return compile_it()
    place = folder / _name(what, settings)
    return _kept(place, settings) or _keep(compile_it(), place)


def _name(what: object, settings: Mapping[str, object]) -> str:
    import openvino as ov

    return hashlib.sha256(repr((what, ov.__version__, cpu_name(), dict(settings))).encode()).hexdigest()[:24]


def _kept(place: Path, settings: Mapping[str, object]) -> "ov.CompiledModel | None":
    """What was kept, behind its own hash: None where there is nothing, or not all of it."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: what OpenVINO raises
        content = place.read_bytes()
        if hashlib.sha256(content[32:]).digest() == content[:32]:
            model = core().import_model(content[32:], "CPU", dict(settings))  # it is not kept with how many threads
            os.utime(place)
            return model
    return None


def _keep(model: "ov.CompiledModel", place: Path) -> "ov.CompiledModel":
    with contextlib.suppress(OSError, RuntimeError):  # no room, or not to be exported: the next start compiles again
        content = model.export_model().getvalue()
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, hashlib.sha256(content).digest() + content)
        for old in sorted(place.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-_MOST]:
            old.unlink()
    return model
