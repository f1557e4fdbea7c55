"""How long one `Conditioner.step` takes on this machine, doll included, on recorded or made-up poses."""

import time
from pathlib import Path

import numpy as np

from live.performer.recording import load_poses
from live.puppet.condition import Conditioner
from live.puppet.golden_pose import golden_pose
from live.puppet.values import Pose
from live.scene.target import open_target

WARM_UP = 30


def time_conditioner(target_name: str, recording: Path | None, steps: int) -> None:
    """Print the median and p95 in milliseconds for each framing of a target."""
    poses = load_poses(recording)[0] if recording else [golden_pose(i % 60) for i in range(120)]
    for framing in ("full", "half"):
        target = open_target(target_name, framing)
        conditioner = Conditioner(target.puppet, target=target.stats, atlas=target.atlas)
        place_ms, step_ms = measure(conditioner, poses, steps)
        width, height = target.puppet.canvas_px
        print(
            f"{target_name} {framing} {width}x{height}: step median {np.median(step_ms):.2f} ms, "
            f"p95 {np.quantile(step_ms, 0.95):.2f} ms; placing takes {np.median(place_ms):.2f} ms of it"
        )


def measure(conditioner: Conditioner, poses: list[Pose], steps: int) -> tuple[list[float], list[float]]:
    """Milliseconds for `place` alone and for the whole step, one entry per step. The poses loop at 30 fps."""
    place_ms, step_ms = [], []
    for n in range(WARM_UP + steps):
        pose = poses[n % len(poses)]
        timed = Pose(n, n / 30, pose.points_px, pose.depth_px, pose.scores, pose.image_size)
        start = time.perf_counter()
        placed = conditioner.place(timed)
        middle = time.perf_counter()
        conditioner.draw(placed)
        if n >= WARM_UP:
            place_ms.append(1e3 * (middle - start))
            step_ms.append(1e3 * (time.perf_counter() - start))
    return place_ms, step_ms
