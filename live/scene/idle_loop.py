"""`IdleLoop`: how the puppet moves while nobody is in view."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engines.arrays import F32
from live.puppet.array_file import Field, read_npz
from live.puppet.errors import TargetError
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.topology import K
from live.puppet.values import BOUND_PX, PlacedPose

_FIELDS = {
    "points_px": Field("float", ("frames", K, 2), -BOUND_PX, BOUND_PX),
    "scores": Field("float", ("frames", K), 0, 1),
    "size_px": Field("float", ("frames",), 1e-3, BOUND_PX),
    "fps": Field("number", (), 1e-3, 1000),
    "take": Field("text"),
}
_LARGEST = 64 << 20  # bytes: about 10 minutes; a shipped loop has 8 seconds


@dataclass(frozen=True, slots=True)
class IdleLoop:
    """A short loop on the canvas of one take. points_px: (N, 137, 2); scores: (N, 137); size_px: (N,); fps: of the
    recording; take: the name of the take it was cut from.
    """

    points_px: F32
    scores: F32
    size_px: F32
    fps: float
    take: str

    def onto(self, take: str, here: BodyStats, there: BodyStats) -> "IdleLoop":
        """The loop moved to take `take`. `here`: the figure in the present take; `there`: in the new one.

        Necks and shoulder widths are made to match, the two things that every take shows.
        """
        scale = there.shoulder / here.shoulder
        neck_here, neck_there = np.array([here.neck_x, here.neck_y]), np.array([there.neck_x, there.neck_y])
        points = (self.points_px - neck_here) * scale + neck_there
        size = (self.size_px * scale).astype(np.float32)
        return replace(self, points_px=points.astype(np.float32), size_px=size, take=take)

    def pose(self, frame_id: int, t_capture_s: float, elapsed_s: float) -> PlacedPose:
        """The pose `elapsed_s` after the loop began, interpolated between recorded poses. New arrays."""
        place = (elapsed_s * self.fps) % len(self.points_px)
        first = min(math.floor(place), len(self.points_px) - 1)
        second, part = (first + 1) % len(self.points_px), np.float32(place - first)
        points, scores = blend(
            (self.points_px[first], self.scores[first]), (self.points_px[second], self.scores[second]), part
        )
        size = float(self.size_px[first] * (1 - part) + self.size_px[second] * part)
        return PlacedPose(frame_id, t_capture_s, points, scores, size)


def blend(a: tuple[F32, F32], b: tuple[F32, F32], part: np.float32) -> tuple[F32, F32]:
    """(points, scores) between `a` and `b`, `part` 0..1. A joint that only one of them has stays where it is there."""
    (points_a, scores_a), (points_b, scores_b) = a, b
    weight = np.where(scores_a <= 0, np.float32(1), np.where(scores_b <= 0, np.float32(0), part))[:, None]
    points = (points_a * (1 - weight) + points_b * weight).astype(np.float32)
    return points, (scores_a * (1 - part) + scores_b * part).astype(np.float32)


def load_idle(path: Path) -> IdleLoop:
    """Read a bundle's idle.npz. Raises TargetError if it cannot be read as one."""
    try:
        data = read_npz(path, _FIELDS, largest=_LARGEST)
        if not len(data["points_px"]):
            raise ValueError("points_px holds no frame")
    except (OSError, ValueError) as error:
        raise TargetError(
            f"the target's idle loop cannot be read: {path.name}", got=str(error), do="export the target again"
        ) from error
    points, scores, size = (data[name].astype(np.float32, copy=False) for name in ("points_px", "scores", "size_px"))
    return IdleLoop(points, scores, size, float(data["fps"]), str(data["take"]))
