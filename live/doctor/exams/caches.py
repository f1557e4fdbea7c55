"""The cache: the prepared engines and compiled drawing code left by earlier runs."""

import json
import os
from pathlib import Path

from engines.selection.cache import SIDECAR
from engines.system.user_folders import FOLDER_VARIABLE, OFF, cache_folder
from live.doctor.finding import Finding
from live.kernel_cache import VARIABLE

_MANY_GB = 5.0
_COMPILED = ("*.nbi", "*.nbc")


def findings() -> list[Finding]:
    """One line about the engines, one about the drawing code."""
    return [examine_engines(cache_folder()), examine_kernels(Path(os.environ.get(VARIABLE, "")))]


def examine_engines(folder: Path | None) -> Finding:
    """`folder`: the cache's; None if it is switched off."""
    if folder is None:
        return Finding(
            "absent", f"prepared engines are not kept: {FOLDER_VARIABLE} is {OFF}", f"unset {FOLDER_VARIABLE}"
        )
    entries = [entry.parent for entry in folder.glob(f"*/{SIDECAR}")]
    if not entries:
        return Finding("absent", "no engine is prepared yet: the first run does it in the background")
    broken = [entry for entry in entries if not _readable(entry)]
    gigabytes = sum(file.stat().st_size for entry in entries for file in entry.iterdir() if file.is_file()) / 2**30
    told = f"engines prepared: {len(entries) - len(broken)}, {gigabytes * 1024:.0f} MB"
    if broken:
        return Finding("warning", f"{told}; damaged: {len(broken)}", f"delete {folder}; it is made again")
    if gigabytes > _MANY_GB:
        return Finding("warning", told, f"delete {folder} if you need the space; it is made again")
    return Finding("ok", told)


def examine_kernels(folder: Path) -> Finding:
    """`folder`: where the compiled code is kept."""
    if any(any(folder.rglob(pattern)) for pattern in _COMPILED):
        return Finding("ok", "the drawing code is compiled")
    return Finding("absent", "the drawing code is not compiled yet: the first start takes half a minute longer")


def _readable(entry: Path) -> bool:
    """Whether the entry says what it is, and its file exists."""
    try:
        value = json.loads((entry / SIDECAR).read_text(encoding="utf-8"))
        return value["file"] is None or (entry / Path(str(value["file"])).name).is_file()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
