"""The folders that the program writes to: whether it can, and how much space is free."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from engines.errors import reason
from engines.system.user_folders import USER, cache_folder
from live.doctor.finding import Finding

_LITTLE_GB = 2.0  # enough for some hours of puppet.mp4 and every engine
_WITHOUT = {
    "the cache": "engines and drawing code are not kept, so each start takes longer",
    "your settings": "profiles and the last target are not kept",
    "your own targets": "train cannot put targets there",
    "this folder": "puppet.mp4 cannot be written here",
    "temporary files": "some steps fail",
}
_DO = {"this folder": "start it from another folder", "temporary files": "name a writable folder: TMPDIR=..."}


def findings() -> list[Finding]:
    """See `examine_folders`."""
    return examine_folders(
        {
            "the cache": lambda: cache_folder() or USER.user_cache_path,
            "your settings": lambda: USER.user_config_path,
            "your own targets": lambda: USER.user_data_path,
            "this folder": Path.cwd,
            "temporary files": lambda: Path(tempfile.gettempdir()),
        }
    )


def examine_folders(folders: Mapping[str, Callable[[], Path]]) -> list[Finding]:
    """A line for each named folder that cannot be written or whose disk is nearly full; if none, one line for all."""
    found, least = [], float("inf")
    for name, where in folders.items():
        try:
            place = _nearest(where())
            _try_out(place)
            free = shutil.disk_usage(place).free / 2**30
        except OSError as error:
            told = f"{name}: cannot write there ({error.strerror or reason(error)}); {_WITHOUT.get(name, '')}"
            found.append(Finding("warning", told, _DO.get(name, "give yourself permission to write there")))
            continue
        least = min(least, free)
        if free < _LITTLE_GB:
            found.append(Finding("warning", f"{name}: {free:.1f} GB free", "free some space on that disk"))
    return found or [Finding("ok", f"{', '.join(folders)}: writable, {least:.0f} GB free")]


def _nearest(folder: Path) -> Path:
    """The folder, or its nearest existing parent, where it would be made. Raises OSError if there is no home folder."""
    if not folder.is_absolute():  # "~" that could not be resolved
        raise OSError("there is no home folder")
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def _try_out(folder: Path) -> None:
    """Write an unnamed file in a folder, since permissions alone are not proof. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0" * 4096)
        file.flush()
