"""Keeps the start-up chatter of MediaPipe's native code, and nothing else, off the terminal."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

# glog's "W0000 00:00:...", its notice about itself, TFLite's "INFO: ...". Errors (E, F) do not match.
_STDERR = 2
_CHATTER = re.compile(rb"^([IW]\d{4} \d|INFO: |WARNING: All log messages before absl::InitializeLog)")


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Hold back what is written to the process's stderr inside; at the end show it, except for known chatter.

    No environment variable silences those messages, hence the file descriptor. Not reentrant; one thread at a time.
    """
    with contextlib.ExitStack() as stack:
        try:
            saved = os.dup(_STDERR)
            stack.callback(os.close, saved)
            held = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # no stderr, or no place for the file: better chatter than no picture
            yield
            return
        _flush()
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            _flush()
            os.dup2(saved, _STDERR)
            held.seek(0)
            with contextlib.suppress(OSError):  # its reader is gone, or its disk is full
                for line in held.read().splitlines(keepends=True):
                    if line.strip() and not _CHATTER.match(line):
                        os.write(_STDERR, line)


def _flush() -> None:
    if sys.stderr is not None:  # None in a program without a console
        sys.stderr.flush()
