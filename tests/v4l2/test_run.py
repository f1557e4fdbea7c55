"""The whole program between a real webcam and a real virtual camera, another program watching."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.arrays import U8
from live.sources.camera_list import CameraDevice
from tests.live.tiny_target import DOLL, PLATE, SIDE, write_target
from tests.v4l2.waiting import until

pytestmark = pytest.mark.v4l2
ROOT = Path(__file__).resolve().parents[2]


class Watcher:
    """Reads the virtual camera all the time. `count`: pictures so far; `strange`: those with a colour no puppet has."""

    def __init__(self, device: CameraDevice) -> None:
        self.count, self.strange, self.size = 0, 0, (0, 0)
        self._device, self._stop = device, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        capture = cv2.VideoCapture()
        while not self._stop.wait(0.01):
            if not capture.isOpened():
                capture.open(self._device.index, cv2.CAP_V4L2)
                continue
            good, bgr = capture.read()
            if good:
                self._look(np.asarray(bgr, np.uint8)[:, :, ::-1])
        capture.release()

    def _look(self, image: U8) -> None:
        self.size = (image.shape[1], image.shape[0])
        # Between the plate's and the doll's colour lies whatever the tiny puppet may show; a test pattern does not.
        along = np.array(DOLL, float) - PLATE
        offset = image.reshape(-1, 3) - np.array(PLATE, float)
        part = np.clip(offset @ along / (along @ along), 0, 1)[:, None]
        self.strange += bool((np.abs(offset - part * along).max(axis=1) > 40).mean() > 0.02)
        self.count += 1


@contextmanager
def live(folder: Path, *flags: str) -> Iterator["tuple[subprocess.Popen[str], Callable[[str], bool]]"]:
    """`run_live.py` from the webcam to the virtual camera; with it, whether a text was said yet on stderr."""
    command = [sys.executable, "run_live.py", "--target", str(write_target(folder / "tiny")), "--source", "camera"]
    errors = folder / "stderr"
    with errors.open("w") as err:
        run = subprocess.Popen([*command, *flags], cwd=ROOT, stdout=subprocess.PIPE, stderr=err, text=True)
        try:
            yield run, lambda text: text in errors.read_text() or run.poll() is not None
        finally:
            run.kill()
            run.communicate()


def ended(run: "subprocess.Popen[str]") -> str:
    """Ctrl-C, and what the program printed when it had ended with exit code 0."""
    run.send_signal(signal.SIGINT)
    printed = run.communicate(timeout=60)[0]
    assert run.returncode == 0
    return printed


def test_the_puppet_idles_through_a_pulled_webcam_and_no_camera_picture_goes_out(
    vivid: CameraDevice, loopback: CameraDevice, plug: Callable[[str], None], tmp_path: Path
) -> None:
    with Watcher(loopback) as watcher, live(tmp_path, "--sink", "virtual-camera") as (run, said):
        until(lambda: watcher.count >= 30, "pictures", patience_s=240)
        plug("out")
        until(lambda: said("camera lost"), "the loss is said")
        at = watcher.count
        until(lambda: watcher.count >= at + 60, "pictures while the webcam is away")
        plug("in")
        until(lambda: said("the camera is back"), "the return is said")
        at = watcher.count
        until(lambda: watcher.count >= at + 30, "pictures after it")
        printed = ended(run)
    assert watcher.size == (SIDE, SIDE)
    assert watcher.strange == 0
    assert "capture-to-send" in printed


def test_a_second_start_right_after_the_first_works(
    vivid: CameraDevice, loopback: CameraDevice, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with Watcher(loopback) as watcher, live(tmp_path / name, "--sink", "virtual-camera") as (run, _):
            until(lambda: watcher.count >= 10, "pictures", patience_s=240)  # noqa: B023
            ended(run)
