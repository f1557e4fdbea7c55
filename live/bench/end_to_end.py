"""The whole way from a clip's frame to the finished picture: CPU and wall time by stage, then the loop in real time.

Each frame is first taken through our stages one after the other, then through the plainest rival: MediaPipe Holistic
and a dot on every point it found. In turns, so that other load on the machine meets both.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np

from engines.arrays import U8
from live.bench.machine import machine_speed
from live.clock import SystemClock
from live.config import LiveConfig
from live.estimator.choose import open_estimator
from live.puppet.values import Pose
from live.render.renderer import RenderInput
from live.scene.engine_selector import EngineSelector
from live.scene.scene_factory import SceneFactory
from live.scene.settings import SceneSettings
from live.session.assembly import open_parts
from live.session.loop import Loop
from live.sources.choose import open_source
from live.telemetry.report import Report

_WARM_UP = 10  # frames
Result = TypeVar("Result")


@dataclass
class Times:
    """Seconds of one stage, a value for each frame. `cpu_s`: of all threads of this process."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def took(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, timed."""
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        result = work()
        self.wall_s.append(time.perf_counter() - wall_s)
        self.cpu_s.append(time.process_time() - cpu_s)
        return result


def time_loop(target: str, source: str, framing: str, *, frames: int, seconds: float) -> None:
    """Print both tables. Raises PuppetError or EngineError if the target or the clip cannot be opened."""
    print(machine_speed())
    config = LiveConfig(target, source, ("null",), framing=framing, loop=True, upgrade=False, duration_s=seconds)
    print(stage_table(stages(config, frames)))
    print(machine_speed())
    report = in_real_time(config)
    print(f"{seconds:.0f} s in real time, {target}, {source}\n{report.table()}")


def stages(config: LiveConfig, frames: int) -> dict[str, Times]:
    """The times of each stage over `frames` frames of the clip, one stage at a time: ours by name, and "rival"."""
    clock = SystemClock()
    opened = open_source(config, clock, print)
    settings = SceneSettings(config.target, config.framing)
    scene = SceneFactory(config, clock, EngineSelector(config.threads, lambda _: None).open).first(settings)
    ours, rival = open_estimator("openvino", print), open_estimator("holistic", print)
    times = {name: Times() for name in ("read", "estimate", "condition", "generate", "rival")}
    try:
        for n in range(_WARM_UP + frames):
            if n == _WARM_UP:
                times = {name: Times() for name in times}
            frame = times["read"].took(opened.source.read)
            if frame is None:
                break
            pose = times["estimate"].took(lambda frame=frame: ours.estimate(frame))  # type: ignore[misc]
            drawn = times["condition"].took(lambda pose=pose: scene.conditioner.step(pose))  # type: ignore[misc]
            shown = RenderInput(frame.frame_id, frame.t_capture_s, drawn, 0)
            times["generate"].took(lambda shown=shown: scene.generator.step(shown))  # type: ignore[misc]
            times["rival"].took(lambda frame=frame: dotted(frame.image, rival.estimate(frame)))  # type: ignore[misc]
    finally:
        for owned in (opened.source, ours, rival, scene.generator):
            owned.close()
    return times


def dotted(image: U8, pose: Pose) -> U8:
    """A copy of `image` (H, W, 3) with a dot on every point of `pose`."""
    shown = image.copy()
    for x, y in pose.points_px[pose.scores > 0].round().astype(int).tolist():
        cv2.circle(shown, (x, y), 3, (0, 255, 0), -1)
    return shown


def stage_table(times: dict[str, Times]) -> str:
    """A line for each stage, one for all of ours together, and one for the rival, in ms."""
    ours = {name: own for name, own in times.items() if name != "rival"}
    count = min(len(own.wall_s) for own in times.values())
    total = Times(
        [sum(own.wall_s[n] for own in ours.values()) for n in range(count)],
        [sum(own.cpu_s[n] for own in ours.values()) for n in range(count)],
    )
    rows = [f"{f'{count} frames, ms':<22}{'CPU p50':>9}{'p95':>8}{'wall p50':>11}{'p95':>8}{'p99':>8}"]
    for name, own in {**ours, "ours, together": total, "read and rival": _with_read(times)}.items():
        values = [*np.quantile(own.cpu_s, (0.5, 0.95)), *np.quantile(own.wall_s, (0.5, 0.95, 0.99))]
        cells = [f"{1000 * value:>{width}.1f}" for value, width in zip(values, (9, 8, 11, 8, 8), strict=True)]
        rows.append(f"{name:<22}{''.join(cells)}")
    return "\n".join(rows)


def _with_read(times: dict[str, Times]) -> Times:
    read, rival = times["read"], times["rival"]
    return Times(
        [a + b for a, b in zip(read.wall_s, rival.wall_s, strict=False)],
        [a + b for a, b in zip(read.cpu_s, rival.cpu_s, strict=False)],
    )


def in_real_time(config: LiveConfig) -> Report:
    """What the loop itself reports of a run."""
    clock, stop = SystemClock(), threading.Event()
    report = Report(clock.now())
    parts = open_parts(config, clock, stop, report, lambda _: None)
    loop = Loop(parts, config, clock, stop, report, print)
    try:
        loop.run()
    finally:
        parts.close(loop.left_behind)
    return report
