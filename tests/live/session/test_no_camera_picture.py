"""Whatever breaks, no picture of the camera is in any output: not in a file, a page's socket, a log, or a cache."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.arrays import U8
from engines.errors import EngineError
from live.clock import SystemClock
from live.puppet.errors import SinkError
from live.puppet.values import Frame, Pose, PuppetFrame
from live.room.encode import jpeg
from live.room.pictures import PageFeeds
from live.room.sink import RoomSink
from live.scene.scene import RenderJob
from live.sinks.video_file import VideoFileSink
from live.telemetry.log import RunLog
from live.telemetry.report import write_report
from tests.live.fakes import REALTIME, Collector, ListedEstimator, Meter, fake_loop
from tests.live.faulty_camera import FAULTS, FaultyCamera, decoded, marked, needles, pictures_in, shows_mark
from tests.live.scenery import Engines, WatchedEngine, write_scenery
from tests.live.tiny_target import walking

COUNT = 60
OURS = ("estimator", "engine", "drawing", "sink", "hidden", "switches", "recorded")


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenery(tmp_path_factory.mktemp("scenery"))


class Breaking(ListedEstimator):
    """Raises from the 20th to the 39th frame, if `broken`, with the picture in its hands."""

    def __init__(self, broken: bool) -> None:
        super().__init__(walking(COUNT, seen=range(5, 50)))
        self._broken = broken

    def estimate(self, frame: Frame) -> Pose:
        if self._broken and 20 <= frame.frame_id < 40:
            raise ValueError(f"cannot use {frame}")
        return super().estimate(frame)


class FailingSink(Collector):
    """Fails at its 5th picture."""

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        if len(self.images) == 5:
            raise SinkError("the disk is full")
        return super().send(frame, tick)


class Everything:
    """A run with every kind of output, under one fault, all that it may write to in one folder."""

    def __init__(self, fault: str, scenery: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
            monkeypatch.setenv(name, str(folder))
        monkeypatch.chdir(folder)
        monkeypatch.setattr("live.session.loop._CAMERA_RETRY_S", 0.005)
        self.folder, self.fault, self.sink, self.page = folder, fault, Collector(), list[bytes]()
        self.log, self.seen, self.engines = RunLog(folder / "log.txt"), Meter(), Engines()
        camera = FaultyCamera(fault, COUNT, self.seen, lambda: self.report.person == "idle")
        self.loop, self.report, _ = fake_loop(
            camera,  # type: ignore[arg-type]
            Breaking(fault == "estimator"),
            scenery / "red",
            sinks=[self.sink, VideoFileSink(folder / "a.mp4"), FailingSink()],
            config=replace(REALTIME, hold_s=0.1, ease_s=0.1),
            clock=SystemClock(),
            open_engine=self.engines.open,
        )
        self.director = self.loop.parts.director
        self._open_page()
        self._break(fault, monkeypatch)

    def _open_page(self) -> None:
        self.pictures = PageFeeds(self.director.viewfinder, lambda on: None, self.log.write)
        self.pictures.start()
        self.loop.parts.sinks.add(RoomSink(self.pictures, "browser"))
        for feed in ("puppet", "stage", "figure"):
            viewer = self.pictures.join(feed, lambda data, feed=feed: self._delivered(feed, data))  # type: ignore[misc]
            self.pictures.ask(feed, viewer)
            setattr(self, feed, viewer)

    def _delivered(self, feed: str, data: bytes) -> None:
        self.page.append(data)
        self.pictures.ask(feed, getattr(self, feed))

    def _break(self, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
        step, runs = self.loop.parts.poses.step, WatchedEngine.run

        def counted(frame: Frame) -> RenderJob:
            self._order(frame.frame_id)
            shot = step(frame)
            self.seen.add()
            return shot

        def failing(engine: WatchedEngine, feeds: object) -> object:
            if 20 <= self.seen.count < 40:
                raise EngineError("the device was lost")
            return runs(engine, feeds)  # type: ignore[arg-type]

        monkeypatch.setattr(self.loop.parts.poses, "step", counted)
        if fault == "engine":
            monkeypatch.setattr(WatchedEngine, "run", failing)

    def _order(self, frame_id: int) -> None:
        director = self.director
        if self.fault == "hidden" and frame_id in (20, 40):
            director.hide(frame_id == 20)
        elif self.fault == "recorded" and frame_id in (20, 40):
            director.record(self.folder / "b.mp4") if frame_id == 20 else director.stop_recording()
        elif self.fault == "switches" and frame_id % 10 == 5:
            director.change("target", str(self.scenery_of(frame_id)))
        elif self.fault == "drawing" and frame_id == 20:
            director._context.scenes.current.conditioner._doll = None  # type: ignore[assignment]

    def scenery_of(self, frame_id: int) -> Path:
        here = Path(self.loop.parts.scenes.current.settings.target)
        return here.with_name("blue" if here.name == "red" else "red")

    def run(self) -> "Everything":
        self.director.start()
        self.director.show_me(True)  # a page may look at the camera; that is all that may
        try:
            self.loop.run()
        finally:
            self.pictures.close()
            self.loop.parts.close()
            self.log.close()
        write_report(self.folder / "report.json", self.report)
        return self

    def bytes_written(self) -> list[bytes]:
        return [path.read_bytes() for path in self.folder.rglob("*") if path.is_file()] + self.page

    def images(self) -> list[U8]:
        files = [image for path in self.folder.rglob("*") if path.is_file() for image in pictures_in(path)]
        return [*self.sink.images, *files, *(image for data in self.page for image in decoded(data))]


def test_the_mark_is_found_where_it_is(tmp_path: Path) -> None:
    video = VideoFileSink(tmp_path / "a.mp4")
    video.open((128, 96), 30.0)
    video.send(PuppetFrame(0, 0.0, marked(3), np.zeros((96, 128), np.uint8)), 0)
    video.close(complete=True)
    (recorded,) = pictures_in(tmp_path / "a.mp4")
    (sent,) = decoded(jpeg(marked(5)))
    assert all(shows_mark(image) for image in (marked(0), marked(30), recorded, sent, recorded[::2, ::2]))
    row = marked(7)[40].tobytes()
    assert sum(needle in row for needle in needles()) == 1


@pytest.mark.parametrize("fault", [*FAULTS, *OURS])
def test_no_picture_of_the_camera_is_in_any_output(
    fault: str, scenery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Everything(fault, scenery, tmp_path, monkeypatch).run()
    images = run.images()
    assert len(run.sink.images) > 5 and run.page and len(pictures_in(tmp_path / "a.mp4")) > 0
    assert not [image for image in images if shows_mark(image)]
    for data in run.bytes_written():
        assert not [needle for needle in needles() if needle in data]
    assert run.report.captured.count == COUNT, "the run went on to its end"
