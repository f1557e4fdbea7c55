"""Waits for another thread."""

import threading
from collections.abc import Callable

import pytest

from live.clock import SystemClock

PATIENCE_S = 20.0  # a test that waits longer than this has failed
NEVER = threading.Event()


def until(look: Callable[[], object]):  # type: ignore[no-untyped-def]
    """What `look` gives as soon as that is something."""
    clock, end_s = SystemClock(), SystemClock().now() + PATIENCE_S
    while not (found := look()):
        if clock.now() > end_s:
            pytest.fail("waited in vain")  # no Exception: the loop would go on
        clock.wait_until(clock.now() + 0.002, NEVER)
    return found
