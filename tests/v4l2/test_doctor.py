"""The doctor before a real webcam and a real virtual camera."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from live.doctor.exams import cameras, readback
from live.sources.camera_list import CameraDevice

pytestmark = pytest.mark.v4l2
HOLD = """
import cv2, sys, time
if sys.argv[1] == "watch":
    capture = cv2.VideoCapture(int(sys.argv[2]), cv2.CAP_V4L2)
    assert capture.read()[0]
else:
    node = open(f"/dev/video{sys.argv[2]}", "rb", buffering=0)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def hold() -> Iterator[Callable[[str, CameraDevice], None]]:
    """`hold("watch", DEVICE)`: another program takes its pictures; `hold("open", DEVICE)`: it only has it open."""
    running: list[subprocess.Popen[str]] = []

    def hold(how: str, device: CameraDevice) -> None:
        command = [sys.executable, "-c", HOLD, how, str(device.index)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert running[-1].stdout is not None and running[-1].stdout.readline() == "held\n"

    yield hold
    for program in running:
        program.kill()
        program.communicate()


def test_the_webcam_is_looked_at(vivid: CameraDevice) -> None:
    (finding,) = cameras.findings()
    assert finding.text.startswith(f'{vivid.index} "{vivid.name}": ') and "pictures a second" in finding.text


def test_a_dark_webcam_is_a_warning(vivid: CameraDevice, control: Callable[[str], None]) -> None:
    control("brightness=0")
    control("contrast=40")
    try:
        (finding,) = cameras.findings()
    finally:
        control("brightness=128")
        control("contrast=128")
    assert finding.mark == "warning" and ("black" in finding.text or "dark" in finding.text)


def test_a_webcam_in_use_names_the_program(vivid: CameraDevice, hold: Callable[[str, CameraDevice], None]) -> None:
    hold("watch", vivid)
    (finding,) = cameras.findings()
    assert finding.mark == "warning" and "it is in use by: python" in finding.text


def test_a_pulled_webcam_is_none(vivid: CameraDevice, plug: Callable[[str], None]) -> None:
    plug("out")
    try:
        (finding,) = cameras.findings()
    finally:
        plug("in")
    assert finding.mark == "absent"


def test_what_is_sent_to_the_virtual_camera_comes_back(loopback: CameraDevice) -> None:
    (finding,) = readback.findings()
    assert finding.mark == "ok" and "what is sent comes back, 512x512" in finding.text


def test_nothing_is_sent_where_somebody_could_see_it(
    loopback: CameraDevice, hold: Callable[[str, CameraDevice], None]
) -> None:
    hold("open", loopback)
    (finding,) = readback.findings()
    assert finding.mark == "warning" and "is in use by python" in finding.text
