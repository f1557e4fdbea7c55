"""OpenPose JSON files: one person's pose out of each (BODY_25, 70 face points, 2 x 21 hand points)."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from live.puppet import topology as T
from live.puppet.topology import TOPOLOGY, from_openpose
from train.errors import TrainError

F32 = NDArray[np.float32]
ESTIMATOR = f"openpose-json/{TOPOLOGY}"
SEEN = 0.1  # below it a point of OpenPose is a guess
# Somebody else in the picture counts as a second person when this large beside the first (a share of its size, times
# confidence): OpenPose also finds "people" of two or three joints in furniture.
SECOND = 0.3
SECOND_JOINTS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One file: the largest and surest person, `points_px` (137, 2) and `scores` (137,) float32, scores all 0 when
    nobody is in it; and whether there is a second one."""

    points_px: F32
    scores: F32
    several: bool


def read_openpose(path: Path) -> Reading:
    """Raises TrainError when the file is no OpenPose JSON, or holds another number of points."""
    try:
        people = json.loads(path.read_text(encoding="utf-8"))["people"]
        if not isinstance(people, list):
            raise TypeError(f"people is a {type(people).__name__}")
        found = [_cleaned(*from_openpose(person)) for person in people]
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise TrainError(
            f"not an OpenPose file: {path.name}",
            got=str(error) or type(error).__name__,
            wanted="JSON with people, each with pose_keypoints_2d of 25 points (BODY_25)",
            do="write it with OpenPose --write_json --model_pose BODY_25, with --face and --hand if you can",
        ) from error
    ranks = [_rank(points, scores) for points, scores in found]
    if not found or max(ranks) <= 0:
        return Reading(np.zeros((T.K, 2), np.float32), np.zeros(T.K, np.float32), False)
    first = int(np.argmax(ranks))
    others = [
        rank > SECOND * ranks[first] and int((found[i][1][T.BODY] >= SEEN).sum()) >= SECOND_JOINTS
        for i, rank in enumerate(ranks)
        if i != first
    ]
    return Reading(*found[first], any(others))


def _cleaned(points: F32, scores: F32) -> tuple[F32, F32]:
    """Points that are no numbers, or lie at 0, 0 (OpenPose's word for absent), score 0."""
    there = np.isfinite(points).all(axis=1) & np.isfinite(scores) & (np.abs(points) > 0).any(axis=1)
    return np.where(there[:, None], points, np.float32(0)), np.where(there, scores, np.float32(0))


def _rank(points: F32, scores: F32) -> float:
    """How large and sure a person is: the diagonal of the box around the body, times the mean confidence."""
    seen = scores[T.BODY] >= SEEN
    if seen.sum() < 3:
        return 0.0
    body = points[T.BODY][seen]
    return float(np.hypot(*(body.max(axis=0) - body.min(axis=0))) * scores[T.BODY].mean())
