"""The secret in the address for OBS. It is the same in every run, since OBS keeps the address."""

import re
from pathlib import Path

from engines.messages import Say
from engines.system.user_folders import USER
from engines.system.whole_file import write_whole
from live.room.entry.access import new_token


def stage_token(say: Say, file: Path | None = None) -> str:
    """The token in `file`, which only this user can read; None: in this user's settings. Made if there is none.

    If it cannot be saved, it is valid for this run only, and `say` reports that.
    """
    path = USER.user_config_path / "stage-token" if file is None else file
    try:
        if re.fullmatch(r"[\w-]{22}", kept := path.read_text("ascii").strip(), re.ASCII):
            return kept
    except (OSError, ValueError):
        pass
    token = new_token()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, token.encode())
    except OSError as error:
        say(f"the address for OBS will change with the next run: it cannot be saved in {path}: {error.strerror}")
    return token
