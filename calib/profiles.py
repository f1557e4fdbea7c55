"""Writes, renames and deletes profiles on disk. `live/performer/profile.py` reads them."""

import json
import re
from dataclasses import replace
from pathlib import Path

from engines.system.whole_file import clear_unfinished, write_whole
from live.performer.profile import Profile, profile_path, read_profile
from live.puppet.errors import CalibrationError

_LONGEST = 60  # characters of a name that is made from a camera's or clip's name
_WAIT_S = 60.0  # no profile takes that long to write


def default_name(performer: str, camera: str) -> str:
    """The name of a profile that was given none: both texts in lower case, with dashes between the words."""
    return re.sub(r"[\W_]+", "-", f"{performer} {camera}".lower())[:_LONGEST].strip("-") or "profile"


def save_profile(profile: Profile, folder: Path | None = None) -> Path:
    """Write the profile under its name, replacing an older one; returns the path.

    Goes through a temporary file in the same folder, so whatever goes wrong, the old profile stays as it was. Raises
    CalibrationError if it cannot be written, or the file that is there is not a profile.
    """
    path = profile_path(profile.name, folder)
    _check_ours(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_unfinished(path, older_than_s=_WAIT_S)
        write_whole(path, json.dumps(profile.to_json(), indent=1).encode())
    except OSError as error:
        raise CalibrationError(
            f"cannot save the calibration: {path}",
            got=error.strerror or str(error),
            do="free some space or fix the folder's permissions, then try again; the old profile is untouched",
        ) from error
    return path


def rename_profile(old: str, new: str, folder: Path | None = None) -> Path:
    """Rename a profile. Raises CalibrationError if it does not exist, or the new name is taken."""
    source, path = _existing(old, folder), profile_path(new, folder)
    profile = read_profile(source)
    if path != source and path.exists():
        raise CalibrationError(
            f"a profile of that name already exists: {new}", do="delete that profile, or use another name"
        )
    save_profile(replace(profile, name=new), folder)
    if path != source:
        source.unlink()
    return path


def delete_profile(name: str, folder: Path | None = None) -> None:
    """Remove a profile, even if it can no longer be read. Raises CalibrationError if it does not exist, or is another
    program's file.
    """
    path = _existing(name, folder)
    _check_ours(path)
    path.unlink()


def _existing(name: str, folder: Path | None) -> Path:
    path = profile_path(name, folder)
    if not path.exists():
        raise CalibrationError(f"no calibration profile of that name: {name}", do="python -m calib --list shows them")
    return path


def _check_ours(path: Path) -> None:
    """Raises CalibrationError for intact JSON that is not a profile: `--profiles` may name a folder of other things."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):  # missing, or a damaged profile
        return
    if not isinstance(data, dict) or not {"topology", "stats"} <= data.keys():
        raise CalibrationError(
            f"this file is not a calibration profile and is left as it is: {path}", do="choose another name or folder"
        )
