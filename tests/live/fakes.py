"""Fakes for the loop: a source of one colour, a sink that keeps copies, and a loop built from real and fake parts."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from engines.arrays import U8
from engines.backends.fake_engine import open_fake
from engines.engine import Engine
from live.clock import Clock, FakeClock
from live.config import LiveConfig
from live.control.director import Director, DirectorContext
from live.control.wizard_port import WizardFactory
from live.estimator.estimator import PoseEstimator
from live.faults.fault_policy import FaultPolicy
from live.faults.replacement import Replacement
from live.puppet.errors import CameraError
from live.puppet.values import Frame, Pose, PuppetFrame
from live.render.renderer import Renderer, RenderInput, generator_spec
from live.scene.scene import Scenes
from live.scene.scene_factory import OpenEngine, SceneFactory
from live.scene.settings import SceneSettings
from live.session.loop import Loop, Parts
from live.session.pose_stage import PoseStage
from live.sinks.base import Sink
from live.sinks.several import Sinks
from live.telemetry.report import Report
from tests.live.patience import PATIENCE_S
from tests.live.tiny_target import PLATE, SIDE

REALTIME = LiveConfig("tiny", "colour", ("collector",), realtime=True)
CAMERA_COLOUR = (255, 0, 255)  # no doll, plate or card has it


class ColourSource:
    """`count` frames of CAMERA_COLOUR, `dt_s` apart on a fake clock. Reads whose number is in `broken` raise."""

    def __init__(
        self,
        count: int,
        *,
        live: bool = False,
        dt_s: float = 1 / 30,
        clock: FakeClock | None = None,
        broken: range = range(0),
    ) -> None:
        self.name, self.fps, self.size, self.live = "colour", 30.0, (64, 48), live
        self._count, self._dt_s, self._clock, self._broken = count, dt_s, clock, broken
        self._reads = self._next_id = 0

    def read(self) -> Frame | None:
        self._reads += 1
        if self._reads - 1 in self._broken:
            raise CameraError("the camera was unplugged")
        if self._next_id >= self._count:
            return None
        if self._clock is not None:
            self._clock.now_s += self._dt_s
        at = self._clock.now() if self._clock is not None else self._next_id * self._dt_s
        image = np.empty((48, 64, 3), np.uint8)
        image[:] = CAMERA_COLOUR
        frame = Frame(self._next_id, at, image)
        self._next_id += 1
        return frame

    def close(self) -> None:
        return None


class Collector:
    """A sink that keeps a copy of every picture."""

    name = "collector"

    def __init__(self) -> None:
        self.images: list[U8] = []
        self.ticks: list[int] = []
        self.complete: bool | None = None

    def open(self, size: tuple[int, int], fps: float) -> None:
        return None

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        self.images.append(frame.image.copy())
        self.ticks.append(tick)
        return True

    def close(self, *, complete: bool) -> None:
        self.complete = complete

    def holds_camera_colour(self) -> bool:
        """Whether any picture has a pixel that is near the camera's colour."""
        far = [np.abs(image.astype(int) - CAMERA_COLOUR).sum(axis=2).min() for image in self.images]
        return min(far, default=999) < 120


class ListedEstimator:
    """Pose `i` for frame `i`, stamped as the frame; `after` is called with the id when done."""

    name = "listed"

    def __init__(self, poses: list[Pose], after: Callable[[int], None] = lambda _: None) -> None:
        self._poses, self._after = poses, after

    def estimate(self, frame: Frame) -> Pose:
        pose = replace(self._poses[frame.frame_id], frame_id=frame.frame_id, t_capture_s=frame.t_capture_s)
        self._after(frame.frame_id)
        return pose

    def reset(self) -> None:
        return None

    def close(self) -> None:
        return None


def fake_engine() -> Engine:
    """The shipped fake engine with the tensors of a 128x128 generator."""
    return open_fake(Path("none"), generator_spec((SIDE, SIDE)), precision="auto", threads=1)


def plate() -> U8:
    result = np.empty((SIDE, SIDE, 3), np.uint8)
    result[:] = PLATE
    return result


def fake_loop(
    source: ColourSource,
    estimator: PoseEstimator,
    target: Path,
    *,
    sinks: list[Sink],
    generator: Renderer | None = None,
    clock: Clock | None = None,
    config: LiveConfig | None = None,
    said: list[str] | None = None,
    open_wizard: WizardFactory | None = None,
    open_engine: OpenEngine | None = None,
    open_estimator: Callable[[], PoseEstimator] | None = None,
    ahead_s: Callable[[], float] | None = None,
) -> tuple[Loop, Report, threading.Event]:
    """A loop over the real scene, director, Conditioner, presence and generator. `target`: the folder of one."""
    config = config or LiveConfig("tiny", "colour", ("collector",), realtime=False)
    clock, report, stop = clock or FakeClock(), Report(0.0), threading.Event()
    say = (said if said is not None else []).append
    opener = SceneFactory(config, clock, open_engine or (lambda network, settings: fake_engine()))
    scene = opener.first(SceneSettings(str(target), "full" if config.framing == "auto" else config.framing))
    if open_engine is None:
        generator = generator or Renderer(fake_engine(), plate(), gap_reset_s=config.gap_reset_s)
        scene = replace(scene, generator=generator)
    scenes, outputs = Scenes(scene), Sinks(sinks, say, realtime=config.realtime, clock=clock, report=report)
    outputs.open((SIDE, SIDE), 30.0)
    stage = DirectorContext(scenes, outputs, opener, source.name, clock, stop, report)
    director = Director(stage, say, framing=config.framing, open_wizard=open_wizard)
    poses = PoseStage(
        estimator,
        scenes,
        clock,
        report,
        forget_s=config.forget_s,
        replacement=Replacement("the pose estimator", open_estimator or (lambda: estimator), say),
        reopen=director.reopen,
        faults=partial(FaultPolicy, say=say, clock=clock, realtime=config.realtime, live=source.live),
        realtime=config.realtime,
        ahead_s=ahead_s,
        saw=director.saw,
        resized=director.resized,
    )
    parts = Parts(source, poses, scenes, outputs, 30.0, director)
    return Loop(parts, config, clock, stop, report, say), report, stop


class WatchedGenerator(Renderer):
    """Notes what it is given; `before` is called with each frame first, and may wait or raise."""

    def __init__(self, before=lambda drawn: None) -> None:  # type: ignore[no-untyped-def]
        super().__init__(fake_engine(), plate(), gap_reset_s=0.5)
        self.before = before
        self.stamps: list[tuple[int, float]] = []

    def step(self, drawn: RenderInput, spare: PuppetFrame | None = None, *, cutout: bool = False) -> PuppetFrame:
        self.before(drawn)
        frame = super().step(drawn, spare, cutout=cutout)
        self.stamps.append((frame.frame_id, frame.t_capture_s))
        return frame


class Meter:
    """Counts events; `wait_for` more of them."""

    def __init__(self) -> None:
        self.count = 0
        self.changed = threading.Condition()

    def add(self, _: int = 0) -> None:
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.count >= count, PATIENCE_S)


class LockstepSource(ColourSource):
    """Reads on only when the frame before was estimated, so that the race is between estimator and generator alone."""

    def __init__(self, count: int, estimated: Meter) -> None:
        super().__init__(count)
        self.estimated = estimated

    def read(self) -> Frame | None:
        self.estimated.wait_for(self._next_id)
        return super().read()
