"""Cameras: found by name or number, never a virtual one, reopened after a fault; absent and in use are told apart."""

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engines.arrays import U8
from live.clock import FakeClock
from live.puppet.errors import CameraError
from live.sources import camera_list
from live.sources.camera import CameraSource
from live.sources.camera_list import CameraDevice, find_again, find_camera, list_cameras

WEBCAM = CameraDevice(0, "HD Webcam: HD Webcam", virtual=False)
CARD = CameraDevice(2, "Capture Card", virtual=False)
OURS = CameraDevice(10, "Puppet", virtual=True)


@pytest.mark.parametrize(
    ("asked", "found"), [("", WEBCAM), ("0", WEBCAM), ("2", CARD), ("capture", CARD), ("HD", WEBCAM)]
)
def test_a_camera_is_found_by_number_or_part_of_its_name(asked: str, found: CameraDevice) -> None:
    assert find_camera(asked, [WEBCAM, CARD, OURS]) is found


@pytest.mark.parametrize("asked", ["7", "logitech"])
def test_a_camera_that_does_not_exist_lists_those_that_do(asked: str) -> None:
    with pytest.raises(CameraError, match=r'no camera .*0 "HD Webcam.*2 "Capture Card"') as error:
        find_camera(asked, [WEBCAM, CARD, OURS])
    assert "in use" not in str(error.value)


def test_without_any_camera_the_message_says_so() -> None:
    with pytest.raises(CameraError, match="no camera at all"):
        find_camera("", [])


@pytest.mark.parametrize("asked", ["10", "puppet"])
def test_our_own_virtual_camera_is_refused_as_a_source(asked: str) -> None:
    with pytest.raises(CameraError, match="film itself"):
        find_camera(asked, [WEBCAM, OURS])


def system(folder: Path, **nodes: tuple[str, str, str]) -> Path:
    """What Linux lists: node name -> (bus, camera's name, index). Gives the folder of the list."""
    v4l = folder / "class" / "video4linux"
    v4l.mkdir(parents=True)
    for node, (bus, name, index) in nodes.items():
        device = folder / "devices" / bus / "video4linux" / node
        device.mkdir(parents=True)
        (device / "name").write_text(name + "\n")
        (device / "index").write_text(index)
        (v4l / node).symlink_to(device)
    return v4l


def test_linux_lists_capture_nodes_by_name_and_knows_virtual_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_list.sys, "platform", "linux")
    v4l = system(
        tmp_path,
        video0=("pci/usb1", "HD Webcam", "0"),
        video1=("pci/usb1", "HD Webcam", "1"),
        video10=("virtual", "Puppet", "0"),
    )
    assert list_cameras(v4l) == [CameraDevice(0, "HD Webcam", False), CameraDevice(10, "Puppet", True)]
    assert list_cameras(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        ({"video0": ("usb", "HD Webcam", "0"), "video1": ("usb", "HD Webcam", "0")}, 0),
        ({"video1": ("usb", "HD Webcam", "0")}, 1),
        ({"video0": ("usb", "Another", "0"), "video3": ("usb", "HD Webcam", "0")}, 3),
        ({"video0": ("usb", "Another", "0")}, None),
        ({"video0": ("virtual", "HD Webcam", "0")}, None),
        ({}, None),
    ],
)
def test_on_linux_a_camera_that_came_back_is_found_by_its_name(
    nodes: dict[str, tuple[str, str, str]], found: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_list.sys, "platform", "linux")
    again = find_again(CameraDevice(0, "HD Webcam", False), system(tmp_path, **nodes))
    assert (again.index if again else None) == found


def test_elsewhere_a_camera_keeps_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_list.sys, "platform", "win32")
    assert find_again(WEBCAM) is WEBCAM


class FakeCapture:
    """A cv2.VideoCapture that plays a script: a BGR picture, or None for a bad read."""

    def __init__(self, script: list[U8 | None], opened: bool = True) -> None:
        self.script, self.opened, self.released = script, opened, False
        self.picture: U8 | None = None

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def grab(self) -> bool:
        self.picture = self.script.pop(0) if self.script else None
        return self.picture is not None

    def retrieve(self) -> tuple[bool, U8 | None]:
        return self.picture is not None, self.picture

    def get(self, key: int) -> float:
        return {cv2.CAP_PROP_FRAME_WIDTH: 6.0, cv2.CAP_PROP_FRAME_HEIGHT: 4.0}[key]

    def release(self) -> None:
        self.released = True


def bgr(blue: int) -> U8:
    image = np.zeros((4, 6, 3), np.uint8)
    image[:, :, 0] = blue
    return image


def camera(*captures: FakeCapture) -> tuple[CameraSource, list[Any]]:
    left = list(captures)
    return CameraSource(WEBCAM, (1280, 720), FakeClock(5.0), lambda *_: left.pop(0), lambda device: device), left


def test_a_camera_gives_rgb_stamped_on_the_loops_clock() -> None:
    source, _ = camera(FakeCapture([bgr(0), bgr(200)]))
    frame = source.read()
    assert frame is not None
    assert (source.size, frame.frame_id, frame.t_capture_s) == ((6, 4), 0, 5.0)
    assert frame.image[0, 0].tolist() == [0, 0, 200]


def test_one_bad_read_is_borne_and_three_open_the_camera_again() -> None:
    first = FakeCapture([bgr(0), None, bgr(1), None, None, None])
    second = FakeCapture([bgr(2), bgr(3)])
    source, left = camera(first, second)
    frames = [source.read() for _ in range(3)]
    assert [f.image[0, 0, 2] for f in frames if f] == [1, 2, 3]
    assert [f.frame_id for f in frames if f] == [0, 1, 2], "ids go on"
    assert first.released and not left


def test_a_camera_that_is_gone_says_so_and_may_be_read_again_later() -> None:
    source, _ = camera(FakeCapture([bgr(0)]), FakeCapture([], opened=False), FakeCapture([bgr(9)]))
    with pytest.raises(CameraError, match="unplugged"):
        source.read()
    frame = source.read()
    assert frame is not None and frame.image[0, 0, 2] == 9
    source.close()
    source.close()


def test_a_camera_that_comes_back_under_another_number_is_opened_there() -> None:
    places: list[CameraDevice | None] = [WEBCAM, None, CameraDevice(1, WEBCAM.name, False)]
    opened: list[int] = []

    def open_capture(index: int, size: tuple[int, int]) -> FakeCapture:
        opened.append(index)
        return FakeCapture([bgr(0)])

    source = CameraSource(WEBCAM, (6, 4), FakeClock(), open_capture, lambda device: places.pop(0))
    with pytest.raises(CameraError, match="was unplugged; do this: plug it in"):
        source.read()
    assert source.read() is not None
    assert opened == [0, 1]


def test_what_a_camera_itself_calls_bgr_gets_its_shape_back() -> None:
    flat, broken = bgr(200).reshape(1, -1), bgr(0).reshape(1, -1)[:, :-3]
    source, _ = camera(FakeCapture([flat, broken, flat]))
    frame = source.read()
    assert source.size == (6, 4)
    assert frame is not None and frame.image.shape == (4, 6, 3)
    assert frame.image[3, 5].tolist() == [0, 0, 200]


class StallingCapture(FakeCapture):
    """Each grab after the first takes `wait_s` of the clock and gives nothing."""

    def __init__(self, clock: FakeClock, wait_s: float) -> None:
        super().__init__([bgr(0)])
        self.clock, self.wait_s, self.grabs = clock, wait_s, 0

    def grab(self) -> bool:
        self.grabs += 1
        if self.grabs > 1:
            self.clock.now_s += self.wait_s
        return super().grab()


def test_a_camera_that_was_waited_for_in_vain_is_let_go_and_opened_by_the_next_read() -> None:
    clock = FakeClock()
    stalling = StallingCapture(clock, 4.0)
    left = [stalling, FakeCapture([bgr(7)])]
    source = CameraSource(WEBCAM, (6, 4), clock, lambda *_: left.pop(0), lambda device: device)
    with pytest.raises(CameraError, match="gives no picture"):
        source.read()
    assert stalling.grabs == 2 and stalling.released
    frame = source.read()
    assert frame is not None and frame.image[0, 0, 2] == 7


class WaitingCapture(FakeCapture):
    """The second grab waits for `go`, and fails."""

    def __init__(self) -> None:
        super().__init__([bgr(0)])
        self.inside, self.go = threading.Event(), threading.Event()

    def grab(self) -> bool:
        if self.script:
            return super().grab()
        self.inside.set()
        assert self.go.wait(20) and not self.released, "released under a grab"
        return False


def test_a_close_from_another_thread_waits_for_the_read_and_ends_it() -> None:
    capture, got = WaitingCapture(), list[object]()
    source, _ = camera(capture)
    reading = threading.Thread(target=lambda: got.append(source.read()))
    reading.start()
    assert capture.inside.wait(20)
    closing = threading.Thread(target=source.close)
    closing.start()
    while not source._closed:
        pass
    assert not capture.released
    capture.go.set()
    for thread in (reading, closing):
        thread.join(20)
    assert (got, capture.released, source.read()) == ([None], True, None)


@pytest.mark.parametrize("capture", [FakeCapture([], opened=False), FakeCapture([None])])
def test_a_camera_in_use_is_told_apart_from_an_absent_one(capture: FakeCapture) -> None:
    with pytest.raises(CameraError, match="in use by another program") as error:
        camera(capture)
    assert "no camera" not in str(error.value)
    assert capture.released


def test_no_permission_is_told_apart_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.sources.camera.no_access", lambda index: True)
    with pytest.raises(CameraError, match="no permission"):
        camera(FakeCapture([], opened=False))
