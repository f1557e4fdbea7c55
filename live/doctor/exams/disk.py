"""The folders that the program writes to: whether they can be written, and how much room there is."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from engines.errors import reason
from engines.system.user_folders import USER, cache_folder
from live.doctor.finding import Finding

_LITTLE_GB = 2.0  # some hours of puppet.mp4, and every engine there is
_WITHOUT = {
    "the cache": "engines and drawing code are not kept, so each start takes longer",
    "your settings": "profiles and the last target are not kept",
    "your own targets": "train cannot put targets there",
    "this folder": "puppet.mp4 cannot be written here",
    "temporary files": "some steps fail",
}
_DO = {"this folder": "start it from another folder", "temporary files": "name a folder that can be: TMPDIR=..."}


def findings() -> list[Finding]:
    """See `examined_folders`."""
    return examined_folders(
        {
            "the cache": lambda: cache_folder() or USER.user_cache_path,
            "your settings": lambda: USER.user_config_path,
            "your own targets": lambda: USER.user_data_path,
            "this folder": Path.cwd,
            "temporary files": lambda: Path(tempfile.gettempdir()),
        }
    )


def examined_folders(folders: Mapping[str, Callable[[], Path]]) -> list[Finding]:
    """A line for each of the named folders that cannot be written to or is on a full disk; else one for all."""
    found, least = [], float("inf")
    for name, where in folders.items():
        try:
            place = _nearest(where())
            _try_out(place)
            free = shutil.disk_usage(place).free / 2**30
        except OSError as error:
            told = f"{name} cannot be written ({error.strerror or reason(error)}): {_WITHOUT.get(name, '')}"
            found.append(Finding("warning", told, _DO.get(name, "give yourself the right to write there")))
            continue
        least = min(least, free)
        if free < _LITTLE_GB:
            found.append(Finding("warning", f"{name}: {free:.1f} GB free", "make room on that disk"))
    return found or [Finding("ok", f"{', '.join(folders)}: writable, {least:.0f} GB free")]


def _nearest(folder: Path) -> Path:
    """The folder, or the one above it that is there: where it would be made. Raises OSError where there is no home."""
    if not folder.is_absolute():  # "~" that could not be filled in
        raise OSError("there is no home folder")
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def _try_out(folder: Path) -> None:
    """Write a file without a name in a folder: rights alone do not tell. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0" * 4096)
        file.flush()
