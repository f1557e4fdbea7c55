"""A webcam of the Linux kernel: found, opened, its picture right; in use, pulled out, put back, renumbered."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
import pytest

import run_live
from live.clock import SystemClock
from live.puppet.errors import CameraError
from live.puppet.values import Frame
from live.sources.camera import CameraSource, open_capture
from live.sources.camera_list import CameraDevice, find_camera, list_cameras
from tests.v4l2.waiting import until

pytestmark = pytest.mark.v4l2
Control = Callable[[str], None]


@pytest.fixture
def source(vivid: CameraDevice) -> Iterator[CameraSource]:
    with closing(CameraSource(vivid, (640, 480), SystemClock())) as opened:
        yield opened


def frame_of(source: CameraSource) -> Frame:
    frame = source.read()
    assert frame is not None
    return frame


def test_both_are_listed_and_only_one_is_a_camera_to_film_with(
    vivid: CameraDevice, loopback: CameraDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (vivid.virtual, loopback.virtual) == (False, True)
    assert run_live.main(["--list-cameras"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert vivid.name in lines[str(vivid.index)] and "virtual" not in lines[str(vivid.index)]
    assert loopback.name in lines[str(loopback.index)] and "virtual" in lines[str(loopback.index)]


def test_the_webcam_is_the_default_and_goes_by_name_and_number(vivid: CameraDevice, loopback: CameraDevice) -> None:
    for asked in ("", vivid.name[:5].upper(), str(vivid.index)):
        assert find_camera(asked, list_cameras()) == vivid
    with pytest.raises(CameraError, match="film itself"):
        find_camera(str(loopback.index), list_cameras())


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (320, 180)])
def test_a_size_that_the_webcam_has_is_given_upright_and_in_its_colours(
    vivid: CameraDevice, size: tuple[int, int]
) -> None:
    with closing(CameraSource(vivid, size, SystemClock())) as source:
        frames = [frame_of(source) for _ in range(3)]
    assert source.size == size
    assert [frame.frame_id for frame in frames] == [0, 1, 2]
    assert frames[0].t_capture_s < frames[1].t_capture_s < frames[2].t_capture_s
    image = frames[2].image
    assert image.shape == (size[1], size[0], 3)
    # Vivid's colour bars at 75%: white, yellow, cyan, green, magenta, red, blue, black.
    bars = image[size[1] - 8, size[0] // 16 :: size[0] // 8].astype(int)
    on = 191
    wanted = [(on, on, on), (on, on, 0), (0, on, on), (0, on, 0), (on, 0, on), (on, 0, 0), (0, 0, on), (0, 0, 0)]
    assert np.abs(bars - np.array(wanted)).max() <= 16


def test_a_webcam_in_use_says_so_and_is_free_afterwards(vivid: CameraDevice) -> None:
    other = open_capture(vivid.index, (320, 180))
    assert other.grab()
    with pytest.raises(CameraError, match="in use by another program"):
        CameraSource(vivid, (640, 480), SystemClock())
    other.release()
    CameraSource(vivid, (640, 480), SystemClock()).close()


def test_a_webcam_that_is_pulled_out_and_put_back_goes_on(plug: Control, source: CameraSource) -> None:
    first = frame_of(source)
    plug("out")
    with pytest.raises(CameraError, match="was unplugged"):
        source.read()
    with pytest.raises(CameraError, match="was unplugged"):
        source.read()
    plug("in")
    until(lambda: frame_of(source).frame_id == first.frame_id + 1, "the webcam is back")


def test_a_webcam_that_comes_back_under_another_number_is_found(
    plug: Control, source: CameraSource, vivid: CameraDevice
) -> None:
    with open(f"/dev/video{vivid.index}", "rb"):  # as long as anybody holds the old node, its number is taken
        plug("out")
        plug("in")
        until(lambda: frame_of(source).image.shape == (480, 640, 3), "the webcam is back")
        assert [camera.index for camera in list_cameras() if camera.name == vivid.name] != [vivid.index]


@pytest.mark.parametrize("fault", ["disconnect=1", "inject_fatal_streaming_error=1"])
def test_after_a_fault_the_webcam_is_opened_again_without_a_gap_in_ids(
    fault: str, source: CameraSource, control: Control
) -> None:
    before = frame_of(source).frame_id
    control(fault)
    ids: list[int] = []

    def ten() -> bool:
        ids.append(frame_of(source).frame_id)
        return len(ids) == 10

    until(ten, "frames after the fault")
    assert ids == list(range(before + 1, before + 11))


def test_dropped_buffers_cost_frames_and_nothing_else(source: CameraSource, control: Control) -> None:
    control("percentage_of_dropped_buffers=30")
    frames = [frame_of(source) for _ in range(20)]
    assert [frame.frame_id for frame in frames] == list(range(20))


def test_a_webcam_that_goes_silent_is_an_error_and_comes_back(source: CameraSource, control: Control) -> None:
    control("percentage_of_dropped_buffers=100")
    with pytest.raises(CameraError, match="gives no picture"):
        while True:  # what was in its buffers still comes
            source.read()
    control("percentage_of_dropped_buffers=0")
    until(lambda: source.read() is not None, "the webcam speaks again")


def test_no_word_of_opencv_reaches_the_terminal_while_a_camera_is_away(
    plug: Control, source: CameraSource, capfd: pytest.CaptureFixture[str]
) -> None:
    plug("out")
    with pytest.raises(CameraError):
        source.read()
    assert capfd.readouterr().err == ""


def test_a_number_without_a_camera_lists_those_there_are(vivid: CameraDevice) -> None:
    with pytest.raises(CameraError, match=re.escape(vivid.name)):
        find_camera("87", list_cameras())
