"""What every test shares: hypothesis settings and the way to the recorded clips."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

import engines  # noqa: F401 - no test imports a runtime before its telemetry is off

# No deadline: the first call of a numba function compiles it. Derandomized: every run tries the same examples.
settings.register_profile("house", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("house")

# No test writes to the user's cache of engines, or leaves a child behind that prepares some.
os.environ["EDL_CACHE"] = "off"
# Nor to the user's settings: profiles, and which target was shown last.
os.environ["XDG_CONFIG_HOME"] = _SETTINGS = tempfile.mkdtemp(prefix="edl-settings-")
atexit.register(shutil.rmtree, _SETTINGS, ignore_errors=True)

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "data" / "clips"
_FIRST = ("tests/train/", "tests/test_", "tests/browser/", "tests/calib/")
HARDWARE = ("camera", "v4l2", "gpu", "tensorrt")


@pytest.fixture
def clips() -> Path:
    """The folder of recorded clips; skips the test where it is absent. Mark such a test `clips`."""
    if not CLIPS.is_dir():
        pytest.skip("no ../shared/data/clips: the recorded clips are not part of the project")
    return CLIPS


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Hardware tests share one device: they run one at a time."""
    if any(mark in config.getoption("-m") for mark in HARDWARE):
        config.option.numprocesses = 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Hardware tests run only when asked for by name (`-m camera`); without the hardware they then fail, not skip.

    The trainer's tests go first: torch's ONNX exporter crashes in a garbage collection once OpenVINO has run in the
    same process (torch 2.13.0, openvino 2026.4.1). Our programs never do both: live has no torch, and training checks
    its files with ONNX Runtime. Then come the tests of whole commands and of the pages: a file is run by one worker, so
    a long file at the end would leave the other one idle.
    """
    items.sort(key=lambda item: [item.nodeid.startswith(first) for first in _FIRST], reverse=True)
    asked = config.getoption("-m")
    for item in items:
        for mark in HARDWARE:
            if item.get_closest_marker(mark) and mark not in asked:
                item.add_marker(pytest.mark.skip(reason=f"hardware test: ask for it with -m {mark}"))
