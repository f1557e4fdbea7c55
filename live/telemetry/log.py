"""`RunLog`: appends everything said, and how the run went, to a file of the user's, with date and time."""

import os
import time
from pathlib import Path
from typing import BinaryIO

from live.puppet.errors import PuppetError
from live.telemetry.private import Private


class RunLog:
    """Opens `path` for appending; raises PuppetError if that fails. May be used from any thread.

    A new file can be read only by its owner. A Private line is written without its secret.

    If the file fails later (disk full), it gets no more lines and the show goes on; `problem` says so, "" until then.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Each line is a single write.
            self._file: BinaryIO | None = open(path, "ab", buffering=0, opener=_for_its_owner)
        except OSError as error:
            raise PuppetError(
                f"cannot write the log {path}", got=str(error), do="give another file to --log, in a folder that exists"
            ) from error
        self._path = path
        self.problem = ""

    def write(self, text: str) -> None:
        """Append `text`, a line without its newline."""
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
        """Close the file; may be called twice."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _failed(self, error: OSError) -> None:
        self.close()
        self.problem = f"the log {self._path} ends here: {error}"


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
