"""Profiles on disk: written whole or not at all, listed, renamed, deleted. Reading is `live/performer/profile.py`'s."""

import json
import re
from dataclasses import replace
from pathlib import Path

from engines.system.whole_file import clear_unfinished, write_whole
from live.performer.profile import Profile, profile_path, read_profile
from live.puppet.errors import CalibrationError

_LONGEST = 60  # characters of a name that is made of a camera's or a clip's
_WAIT_S = 60.0  # no profile takes that to be written


def default_name(performer: str, camera: str) -> str:
    """The name of a profile that was given none: both in small letters, everything else a dash."""
    return re.sub(r"[\W_]+", "-", f"{performer} {camera}".lower())[:_LONGEST].strip("-") or "profile"


def save_profile(profile: Profile, folder: Path | None = None) -> Path:
    """Write the profile under its name, in place of one that is there; gives the path.

    By way of a temporary file in the same folder, so whatever goes wrong in the middle, the old profile stays as it
    was. Raises CalibrationError when it cannot be written, or a file is there that is no profile.
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
            do="free some space or mend the folder's rights, then calibrate again; the old profile is untouched",
        ) from error
    return path


def rename_profile(old: str, new: str, folder: Path | None = None) -> Path:
    """Give a profile another name. Raises CalibrationError when it is not there, or the new name is taken."""
    source, path = _existing(old, folder), profile_path(new, folder)
    profile = read_profile(source)
    if path != source and path.exists():
        raise CalibrationError(f"a profile of that name is there already: {new}", do="delete it first, or take another")
    save_profile(replace(profile, name=new), folder)
    if path != source:
        source.unlink()
    return path


def delete_profile(name: str, folder: Path | None = None) -> None:
    """Remove a profile, also one that cannot be read any more. Raises CalibrationError when it is not there, or is
    another program's file.
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
    """Raises CalibrationError for whole JSON that is no profile: `--profiles` may name a folder of other things."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):  # not there, or a profile that was damaged
        return
    if not isinstance(data, dict) or not {"topology", "stats"} <= data.keys():
        raise CalibrationError(
            f"this file is not a calibration profile, and is left as it is: {path}", do="choose another name or folder"
        )
