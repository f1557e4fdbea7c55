"""`RunLog`: what was said and how it went, with the time of day, appended to a file of the user's."""

import os
import time
from pathlib import Path
from typing import BinaryIO

from live.puppet.errors import PuppetError
from live.telemetry.private import Private


class RunLog:
    """Opens `path` for appending; raises PuppetError when it cannot be. May be used from any thread.

    A file that is made here can be read by its owner alone. A Private line is written without its secret.

    A file that fails later (disk full) gets no more lines and the show goes on; `problem` says so, "" until then.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Each line is one write of its own.
            self._file: BinaryIO | None = open(path, "ab", buffering=0, opener=_for_its_owner)
        except OSError as error:
            raise PuppetError(
                f"cannot write the log {path}", got=str(error), do="give another file to --log, in a folder that exists"
            ) from error
        self._path = path
        self.problem = ""

    def write(self, text: str) -> None:
        """Append `text`, a line without its end."""
        file = self._file
        if file is None:
            return
        if isinstance(text, Private):
            text = text.public
        try:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n".encode())
        except OSError as error:
            self._failed(error)

    def close(self) -> None:
        """End it; may be called twice."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _failed(self, error: OSError) -> None:
        self.close()
        self.problem = f"the log {self._path} ends here: {error}"


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
