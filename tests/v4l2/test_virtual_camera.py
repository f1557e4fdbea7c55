"""v4l2loopback as the virtual camera: what another program reads from it; starting again after a close or a kill."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.arrays import U8
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sinks.virtual_camera import VirtualCameraSink, has_virtual_camera
from live.sources.camera_list import CameraDevice
from tests.v4l2.waiting import until

pytestmark = pytest.mark.v4l2
ROOT = Path(__file__).resolve().parents[2]
COLOURS = np.array([[(255, 0, 0), (0, 0, 255)], [(0, 200, 30), (250, 250, 250)]], np.uint8)
CHART: U8 = np.kron(COLOURS, np.ones((64, 96, 1), np.uint8)).astype(np.uint8)  # 192x128


@contextmanager
def sending(image: U8, device: str | None = None) -> Iterator[VirtualCameraSink]:
    """A sink that is sent `image` all the time."""
    sink, stop = VirtualCameraSink(device), threading.Event()
    sink.open((image.shape[1], image.shape[0]), 30.0)

    def send() -> None:
        tick = 0
        while not stop.wait(1 / 30):
            sink.send(PuppetFrame(tick, tick / 30, image, np.zeros(image.shape[:2], np.uint8)), tick)
            tick += 1

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sink
    finally:
        stop.set()
        thread.join()
        sink.close(complete=True)


def read_back(loopback: CameraDevice) -> U8:
    """What another program sees, RGB: read by OpenCV, as a viewer does."""
    capture = cv2.VideoCapture()
    until(lambda: capture.open(loopback.index, cv2.CAP_V4L2), "the virtual camera can be watched")
    images: list[U8] = []

    def third() -> bool:
        good, bgr = capture.read()
        if good:
            images.append(np.asarray(bgr, np.uint8)[:, :, ::-1])
        return len(images) >= 3

    until(third, "three pictures")
    capture.release()
    return images[-1]


def test_another_program_sees_the_size_and_the_colours_that_were_sent(loopback: CameraDevice) -> None:
    assert has_virtual_camera()
    with sending(CHART) as sink:
        assert sink.name.endswith(f"/dev/video{loopback.index}")
        seen = read_back(loopback)
    assert seen.shape == CHART.shape
    assert np.abs(seen[32::64, 48::96].astype(int) - COLOURS).max() <= 6


def test_it_can_be_opened_again_and_again_also_in_another_size(loopback: CameraDevice) -> None:
    for image in (CHART, CHART, CHART[:64]):
        with sending(image):
            assert read_back(loopback).shape == image.shape


def test_it_can_be_opened_again_after_a_program_that_was_killed(loopback: CameraDevice) -> None:
    code = (
        "import os, numpy as np\nfrom live.sinks.virtual_camera import VirtualCameraSink\n"
        "sink = VirtualCameraSink(); sink.open((64, 64), 30.0)\n"
        "from live.puppet.values import PuppetFrame\n"
        "sink.send(PuppetFrame(0, 0.0, np.zeros((64, 64, 3), np.uint8), None), 0); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 9
    with sending(CHART, f"/dev/video{loopback.index}"):
        assert read_back(loopback).shape == CHART.shape


def test_while_one_program_sends_a_second_is_told_so(loopback: CameraDevice) -> None:
    code = (
        "from live.sinks.virtual_camera import VirtualCameraSink\nfrom live.puppet.errors import SinkError\n"
        "try: VirtualCameraSink().open((64, 64), 30.0)\nexcept SinkError as error: print(error)"
    )
    with sending(CHART):
        read_back(loopback)
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "close the program that sends to it" in run.stdout, run.stderr


def test_a_webcam_is_no_virtual_camera(vivid: CameraDevice) -> None:
    with pytest.raises(SinkError, match="not a video output device"):
        VirtualCameraSink(f"/dev/video{vivid.index}").open((64, 64), 30.0)
