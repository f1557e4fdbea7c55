"""Keeps the start-up chatter of MediaPipe's native code off the terminal, and nothing else."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

# glog's "W0000 00:00:...", its hint about itself, TFLite's "INFO: ...". Errors (E, F) are not among them.
_STDERR = 2
_CHATTER = re.compile(rb"^([IW]\d{4} \d|INFO: |WARNING: All log messages before absl::InitializeLog)")


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Inside, what is written to the process's stderr is held back; at the end it is shown, but for known chatter.

    No environment variable silences those messages, hence the file descriptor. Not reentrant, and one thread at a time.
    """
    with contextlib.ExitStack() as stack:
        try:
            saved = os.dup(_STDERR)
            stack.callback(os.close, saved)
            held = stack.enter_context(tempfile.TemporaryFile())
        except OSError:  # no stderr, or nowhere to hold anything back: better chatter than no picture
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
            with contextlib.suppress(OSError):  # whoever read it is gone, or its disk is full
                for line in held.read().splitlines(keepends=True):
                    if line.strip() and not _CHATTER.match(line):
                        os.write(_STDERR, line)


def _flush() -> None:
    if sys.stderr is not None:  # None in a program without a console
        sys.stderr.flush()
