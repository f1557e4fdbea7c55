"""Waiting for a device to do something."""

import time
from collections.abc import Callable

import pytest

from live.puppet.errors import CameraError

PATIENCE_S = 20.0


def until(true: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until `true()`. A CameraError counts as not yet."""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        try:
            if true():
                return
        except CameraError:
            pass
        time.sleep(0.02)
    pytest.fail(f"waited {patience_s:.0f} s in vain: {what}")
