"""Real Linux video devices, by environment: VIVID_DEV, the kernel's test webcam; LOOPBACK_DEV, v4l2loopback."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from live.sources.camera_list import CameraDevice, list_cameras


@pytest.fixture
def vivid() -> CameraDevice:
    """The webcam, as it is listed."""
    return _listed("VIVID_DEV")


@pytest.fixture
def loopback() -> CameraDevice:
    """The virtual camera, as it is listed."""
    return _listed("LOOPBACK_DEV")


@pytest.fixture
def plug() -> Iterator[Callable[[str], None]]:
    """`plug("out")` pulls the webcam out, `plug("in")` puts it back. Request it before whatever opens the webcam:
    at the end, when nobody holds the old node any more, the webcam then gets its own number back.
    """
    tool = shutil.which("v4l2-plug")
    if tool is None:
        pytest.skip("no v4l2-plug: nothing here pulls a webcam out")
    done: list[str] = []

    def plug(where: str) -> None:
        subprocess.run([tool, where], check=True)
        done.append(where)

    yield plug
    if done and done[-1] == "in":
        plug("out")
    if done:
        plug("in")


@pytest.fixture
def control(vivid: CameraDevice) -> Iterator[Callable[[str], None]]:
    """`control("percentage_of_dropped_buffers=30")` sets one of vivid's faults; none is left at the end."""
    tool = shutil.which("v4l2-ctl")
    if tool is None:
        pytest.skip("no v4l2-ctl: nothing here sets vivid's faults")

    def control(setting: str) -> None:
        subprocess.run([tool, "-d", f"/dev/video{vivid.index}", "-c", setting], check=True)

    yield control
    control("percentage_of_dropped_buffers=0")


def _listed(variable: str) -> CameraDevice:
    node = os.environ.get(variable)
    if not node:
        pytest.skip(f"{variable} is not set: no such device here")
    number = re.fullmatch(r"video(\d+)", Path(node).name)
    found = [camera for camera in list_cameras() if number and camera.index == int(number[1])]
    assert found, f"{node} is not among the cameras of this machine"
    return found[0]
