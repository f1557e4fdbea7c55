"""Sinks: right colours and rate, playable when killed, never a half-written file under the final name."""

import sys
from pathlib import Path

import av
import numpy as np
import pytest

from engines.arrays import U8
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sinks import virtual_camera, window
from live.sinks.choose import make_sink
from live.sinks.several import Sinks
from live.sinks.video_file import VideoFileSink
from live.sinks.virtual_camera import VirtualCameraSink, has_virtual_camera, how_to_install
from live.sinks.window import WindowSink
from live.specs import browser_port, sink_error
from tests.live.fakes import Collector

COLOURS = np.array([[(255, 0, 0), (0, 0, 255)], [(0, 200, 30), (250, 250, 250)]], np.uint8)
CHART: U8 = np.kron(COLOURS, np.ones((32, 32, 1), np.uint8)).astype(np.uint8)


def picture(image: U8 = CHART) -> PuppetFrame:
    return PuppetFrame(0, 0.0, image, np.zeros(image.shape[:2], np.uint8))


def decoded(path: Path) -> tuple[list[U8], av.video.stream.VideoStream]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in container.decode(stream)], stream


def test_a_video_has_the_right_colours_rate_and_count(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "a.mp4")
    sink.open((64, 64), 25.0)
    for tick in range(30):
        assert sink.send(picture(), tick)
    sink.close(complete=True)
    images, stream = decoded(tmp_path / "a.mp4")
    assert len(images) == 30
    assert stream.average_rate == 25
    assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert (int(stream.codec_context.colorspace), int(stream.codec_context.color_range)) == (1, 1)  # BT.709, limited
    centres = images[15][16::32, 16::32].astype(int)
    assert np.abs(centres - COLOURS).max() <= 6
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_skipped_beats_keep_the_video_in_time(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "a.mp4")
    sink.open((64, 64), 10.0)
    for tick in (3, 4, 9, 10):
        sink.send(picture(), tick)
    sink.close(complete=True)
    with av.open(str(tmp_path / "a.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([0, 0.1, 0.6, 0.7])


def test_a_run_without_a_picture_leaves_no_file(tmp_path: Path) -> None:
    sink = VideoFileSink(tmp_path / "a.mp4")
    sink.open((64, 64), 10.0)
    sink.close(complete=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("path", "message"), [("no/folder/a.mp4", "no folder"), ("", "is a folder")])
def test_a_file_that_cannot_be_written_is_a_clear_error(path: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=message):
        VideoFileSink(tmp_path / path if path else tmp_path).open((64, 64), 10.0)


def test_a_refused_file_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(SinkError, match="Permission denied"):
        VideoFileSink(tmp_path / "a.mp4").open((64, 64), 10.0)


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_without_a_virtual_camera_the_message_says_what_to_install(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("'v4l2loopback' backend: No v4l2 loopback device found\n'obs' backend: not installed")

    monkeypatch.setattr("pyvirtualcam.Camera", refuse)
    monkeypatch.setattr(virtual_camera.sys, "platform", system)
    monkeypatch.setattr(virtual_camera, "has_virtual_camera", lambda: False)
    with pytest.raises(
        SinkError, match={"linux": "v4l2loopback-dkms", "win32": "OBS Studio", "darwin": "OBS Studio 30"}[system]
    ):
        VirtualCameraSink().open((64, 64), 30.0)


@pytest.mark.parametrize(
    ("refusal", "remedy"), [("No v4l2 loopback device found", "modprobe -r"), ("missing permissions", "usermod")]
)
def test_a_virtual_camera_that_is_there_but_refuses_is_told_apart_from_none(
    refusal: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError(refusal)

    monkeypatch.setattr("pyvirtualcam.Camera", refuse)
    monkeypatch.setattr(virtual_camera.sys, "platform", "linux")
    monkeypatch.setattr(virtual_camera, "has_virtual_camera", lambda: True)
    with pytest.raises(SinkError, match=remedy) as error:
        VirtualCameraSink().open((64, 64), 30.0)
    assert "apt install" not in str(error.value)


def test_without_pyvirtualcam_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(SinkError, match="pip install pyvirtualcam"):
        VirtualCameraSink().open((64, 64), 30.0)


def test_a_named_virtual_camera_that_is_not_there_is_a_clear_error() -> None:
    with pytest.raises(SinkError, match="/dev/video87"):
        VirtualCameraSink("/dev/video87").open((64, 64), 30.0)


def test_a_virtual_camera_is_found_on_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_camera.sys, "platform", "linux")
    assert not has_virtual_camera(tmp_path)
    (tmp_path / "devices" / "virtual" / "video10").mkdir(parents=True)
    (tmp_path / "video10").symlink_to(tmp_path / "devices" / "virtual" / "video10")
    assert has_virtual_camera(tmp_path)
    assert "v4l2loopback" in how_to_install()


class FakeCamera:
    """Stands in for pyvirtualcam.Camera."""

    def __init__(self, width: int, height: int, fps: float, *, fmt: object, device: str | None) -> None:
        self.asked, self.device = (width, height, fps, device), device or "/dev/video10"
        self.pictures: list[U8] = []
        self.broken = False

    def send(self, image: U8) -> None:
        if self.broken:
            raise OSError("No such device")
        self.pictures.append(image)

    def close(self) -> None:
        self.broken = True


def test_the_virtual_camera_gets_rgb_as_it_is_and_a_lost_one_is_a_sink_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[FakeCamera] = []

    def make(*args: object, **named: object) -> FakeCamera:
        made.append(FakeCamera(*args, **named))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr("pyvirtualcam.Camera", make)
    sink = VirtualCameraSink()
    sink.open((64, 64), 30.0)
    assert sink.send(picture(), 0)
    assert made[0].asked == (64, 64, 30.0, None)
    assert made[0].pictures[0] is CHART
    made[0].broken = True
    with pytest.raises(SinkError, match="takes no more pictures"):
        sink.send(picture(), 1)
    sink.close(complete=True)


def test_a_window_without_a_screen_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(SinkError, match="no screen"):
        WindowSink().open((64, 64), 30.0)


def test_sinks_are_opened_all_or_none(tmp_path: Path) -> None:
    first = Collector()
    sinks = Sinks([first, VideoFileSink(tmp_path / "no" / "a.mp4")], lambda _: None)
    with pytest.raises(SinkError):
        sinks.open((64, 64), 30.0)
    assert first.complete is False


@pytest.mark.parametrize("spec", ["null", "window", "virtual-camera", "virtual-camera:/dev/video3", "a.mp4", "b/C.MP4"])
def test_each_spec_makes_its_sink(spec: str) -> None:
    assert sink_error(spec) is None
    assert make_sink(spec).name


@pytest.mark.parametrize("spec", ["", "a.avi", "camera", "mp4", "browsers"])
def test_an_unknown_sink_lists_what_there_is(spec: str) -> None:
    assert "virtual-camera" in (sink_error(spec) or "")


def test_the_control_room_may_be_given_a_port() -> None:
    assert [sink_error(spec) for spec in ("browser", "browser:8000")] == [None, None]
    assert (browser_port("browser"), browser_port("browser:8000")) == (None, 8000)
    for spec in ("browser:", "browser:x", "browser:0", "browser:70000"):
        assert "not a port" in (sink_error(spec) or "")


class Demanding(Collector):
    """Wants cutouts while `wants_cutout`."""

    wants_cutout = False


def test_cutouts_are_wanted_as_long_as_a_sink_wants_them() -> None:
    demanding = Demanding()
    sinks = Sinks([Collector(), demanding], lambda _: None)
    assert not sinks.wants_cutout
    demanding.wants_cutout = True
    assert sinks.wants_cutout
