"""`write_whole`: a file that appears whole under its name, or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, shared: bool = False) -> None:
    """Write `content` to `path`, in place of a file that is there, which stays as it was if anything goes wrong.

    By way of an unfinished file in the same folder, which a Ctrl-C does not leave behind. `shared`: everybody may
    read it; else only its owner. Raises OSError.
    """
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name on an empty file
        if shared:
            os.chmod(unfinished, 0o644)  # mkstemp makes it private
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
