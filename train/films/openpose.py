"""OpenPose JSON files: the people in a picture (BODY_25, 70 face points, 2 x 21 hand points)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.arrays import F32
from live.puppet import topology as T
from live.puppet.topology import TOPOLOGY, from_openpose
from train.errors import TrainError

ESTIMATOR = f"openpose-json/{TOPOLOGY}"
SEEN = 0.1  # below this score, OpenPose's point is a guess
# Somebody else in the picture counts as a second person from this share of the first one's rank: OpenPose also finds
# "people" of two or three joints in furniture.
SECOND = 0.3
SECOND_JOINTS = 8
LARGEST_BYTES = 4 << 20  # a crowd of 300 with face and hands; a larger file is something else
MOST_PEOPLE = 1000
UNIT = 1.5  # normalised points lie in 0 to 1, or a little outside; nobody fits into 1.5 pixels


@dataclass(frozen=True, slots=True)
class Person:
    """`points_px` (137, 2) and `scores` (137,) float32; unseen points score 0. `rank`: how large and certain it is."""

    points_px: F32
    scores: F32

    @property
    def rank(self) -> float:
        """The diagonal of the box around the body, times the mean confidence; 0 for fewer than three joints."""
        seen = self.scores[T.BODY] >= SEEN
        if seen.sum() < 3:
            return 0.0
        body = self.points_px[T.BODY][seen]
        return float(np.hypot(*(body.max(axis=0) - body.min(axis=0))) * self.scores[T.BODY].mean())

    def scaled(self, size: tuple[int, int]) -> "Person":
        """With normalised points (0 to 1) brought to pixels of a picture of `size` (width, height)."""
        return Person((self.points_px * np.array(size)).astype(np.float32), self.scores)


def read_openpose(path: Path) -> list[Person]:
    """The people in one file, largest and most certain first, without the scraps that OpenPose finds in furniture;
    empty when it holds nobody.

    Raises TrainError if the file is not OpenPose JSON, or has another number of points.
    """
    try:
        found = _people_in(path)
    except (OSError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise TrainError(
            f"not an OpenPose file: {path.name}",
            got=str(error) or type(error).__name__,
            wanted="JSON with people, each with pose_keypoints_2d of 25 points (BODY_25)",
            do="write it with OpenPose --write_json --model_pose BODY_25, with --face and --hand if you can",
        ) from error
    found = sorted((person for person in found if person.rank > 0), key=lambda person: -person.rank)
    return [person for i, person in enumerate(found) if i == 0 or _counts(person, found[0])]


def are_normalised(pictures: Iterable[Sequence[Person]], title: str) -> bool:
    """Whether points are normalised to 0..1, rather than in pixels. Raises TrainError when they range from -1 to 1, or
    when some files are normalised and others are not.
    """
    bodies = [people[0].points_px[T.BODY][people[0].scores[T.BODY] >= SEEN] for people in pictures if people]
    normalised = [body for body in bodies if np.abs(body).max() <= UNIT]
    if not normalised:
        return False
    if len(normalised) < len(bodies) or min(body.min() for body in normalised) < 1 - UNIT:
        raise TrainError(
            f"the points of {title} are normalised, not pixels",
            got="-1 to 1" if len(normalised) == len(bodies) else f"{len(normalised)} of {len(bodies)} files normalised",
            wanted="pixels, or 0 to 1 in all files",
            do="write them again with OpenPose --keypoint_scale 0",
        )
    return True


def _people_in(path: Path) -> list[Person]:
    if (size := path.stat().st_size) > LARGEST_BYTES:
        raise ValueError(f"{size / 1e6:.0f} MB")
    read = json.loads(path.read_bytes())  # UTF-8, -16 or -32, with or without a byte order mark
    if not isinstance(read, dict) or "people" not in read:
        raise TypeError(f"{_kind(read)} without people")
    people = read["people"]
    if not isinstance(people, list) or len(people) > MOST_PEOPLE:
        raise TypeError(f"people is {_kind(people)}")
    return [_person(entry) for entry in people]


def _person(entry: Any) -> Person:
    """One entry of `people`. Points that are not numbers, or lie at 0, 0 (OpenPose's way to say absent), score 0."""
    if not isinstance(entry, dict):
        raise TypeError(f"a person is {_kind(entry)}")
    if "pose_keypoints_2d" not in entry and "pose_keypoints" in entry:
        raise ValueError("pose_keypoints, as OpenPose wrote before 2018: the 18 joints of COCO, without feet")
    if isinstance(flat := entry.get("pose_keypoints_2d"), list) and len(flat) == 54:
        raise ValueError("the 18 joints of COCO, without feet")
    points, scores = from_openpose(entry)
    there = np.isfinite(points).all(axis=1) & np.isfinite(scores) & (np.abs(points) > 0).any(axis=1)
    return Person(np.where(there[:, None], points, np.float32(0)), np.where(there, scores, np.float32(0)))


def _counts(person: Person, first: Person) -> bool:
    """Whether it counts as a second person beside the first."""
    return person.rank > SECOND * first.rank and int((person.scores[T.BODY] >= SEEN).sum()) >= SECOND_JOINTS


def _kind(value: object) -> str:
    """For an error; never the value itself, which may be of any size."""
    return f"a {type(value).__name__}" + (f" of {len(value)}" if isinstance(value, list | dict | str) else "")
