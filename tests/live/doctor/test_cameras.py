"""The look at the cameras, on fakes: rate, light, black, still, in use, none."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from engines.arrays import U8
from live.clock import FakeClock
from live.doctor.exams.cameras import Footage, examine_cameras, judge
from live.doctor.finding import Finding, Mark
from live.puppet.errors import CameraError
from live.puppet.values import Frame
from live.sources.camera_list import CameraDevice

WEBCAM = CameraDevice(0, "HD Webcam", virtual=False)
CARD = CameraDevice(2, "Capture Card", virtual=False)
OURS = CameraDevice(10, "Puppet", virtual=True)


def noise(place: int, light: int = 120) -> U8:
    """A picture like no other."""
    return np.random.default_rng(place).integers(light - 8, light + 8, (360, 640, 3)).astype(np.uint8)


@dataclass
class FakeCamera:
    """`picture(n)` every `dt_s`; None: it was pulled."""

    clock: FakeClock
    picture: Callable[[int], U8 | None] = noise
    dt_s: float = 1 / 30
    closed: bool = False
    name, fps, size, live = "fake", 30.0, (640, 360), True
    count: int = 0

    def read(self) -> Frame:
        self.clock.now_s += self.dt_s
        self.count += 1
        image = self.picture(self.count)
        if image is None:
            raise CameraError("camera 0 was unplugged", do="plug it in again")
        return Frame(self.count, self.clock.now(), image)

    def close(self) -> None:
        self.closed = True


def looked_at(picture: Callable[[int], U8 | None] = noise, dt_s: float = 1 / 30) -> Finding:
    clock = FakeClock()
    camera = FakeCamera(clock, picture, dt_s)
    (finding,) = examine_cameras([WEBCAM, OURS], lambda device: camera, clock, lambda device: [])
    assert camera.closed
    return finding


def refused(*programs: str) -> Finding:
    def taken(device: CameraDevice) -> FakeCamera:
        raise CameraError("it gives no picture", got="nothing", do="choose another")

    return examine_cameras([WEBCAM], taken, FakeClock(), lambda device: list(programs))[0]


def test_a_good_camera_is_told_with_its_real_rate_and_light() -> None:
    finding = looked_at()
    assert finding.mark == "ok"
    assert finding.text == '0 "HD Webcam": 640x360, 30 pictures a second, light 119 of 255'


@pytest.mark.parametrize(
    ("picture", "dt_s", "told", "do"),
    [
        (lambda n: noise(n, 8), 1 / 30, "the picture is black", "shutter"),
        (lambda n: noise(1), 1 / 30, "is frozen", "unplug"),
        (lambda n: noise(n, 30), 1 / 30, "dark", "lamp"),
        (lambda n: noise(n, 240), 1 / 30, "too bright", "window"),
        (noise, 1 / 9, "9 pictures a second: the puppet will stutter", "add light"),
        (lambda n: noise(n)[:100, :160], 1 / 30, "160x100", "larger"),
    ],
)
def test_what_is_wrong_with_its_picture_is_a_warning(
    picture: Callable[[int], U8], dt_s: float, told: str, do: str
) -> None:
    finding = looked_at(picture, dt_s)
    assert finding.mark == "warning"
    assert told in finding.text and do in finding.do


def test_one_that_is_pulled_meanwhile_is_a_warning() -> None:
    finding = looked_at(lambda n: noise(n) if n < 30 else None)
    assert finding == Finding("warning", "camera 0 was unplugged", "plug it in again")


def test_one_in_use_names_who_uses_it() -> None:
    finding = refused("zoom", "obs")
    assert (finding.mark, finding.text) == ("warning", "it gives no picture; it is in use by: zoom, obs")
    assert finding.do == "close zoom, obs, or choose another camera"
    assert refused() == Finding("warning", "it gives no picture; got: nothing", "choose another")


@pytest.mark.parametrize("cameras", [[], [OURS]])
def test_none_is_no_fault_and_a_virtual_one_is_none(cameras: list[CameraDevice]) -> None:
    (finding,) = examine_cameras(cameras, lambda device: pytest.fail("opened"), FakeClock(), lambda device: [])
    assert finding.mark == "absent" and "demo clip" in finding.text


def test_the_others_are_named_and_not_opened() -> None:
    clock, opened = FakeClock(), []
    found = examine_cameras(
        [WEBCAM, CARD], lambda device: opened.append(device) or FakeCamera(clock), clock, lambda device: []
    )
    assert opened == [WEBCAM]
    assert found[1] == Finding("absent", 'not checked: 2 "Capture Card"', "run_live.py --source camera:NAME uses it")


def test_a_picture_is_nowhere_in_what_was_seen() -> None:
    values = [getattr(Footage((1, 1), 1.0, 1.0, False), name) for name in Footage.__slots__]
    assert not any(isinstance(value, np.ndarray | bytes) for value in values)


def test_black_goes_before_still() -> None:
    found: Mark = judge("x", Footage((640, 360), 30.0, 0.0, still=True)).mark
    assert found == "warning"
    assert "black" in judge("x", Footage((640, 360), 30.0, 0.0, still=True)).text
