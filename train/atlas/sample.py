"""Where a part lies in each frame of the takes, and how it is cut out there."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64, U8
from live.puppet import topology as T
from live.puppet.drawing.parts import HAND, HEAD, MOUTH, PARTS, Part, part_frames
from live.puppet.values import PlacedPose

TEXELS_PER_TORSO = 144
CANDIDATES, HAND_CANDIDATES = 900, 1800  # frames examined, spread over all takes; hands have the most shapes
UNFORESHORTENED = 0.8  # bones shorter than this share of their typical length make poor textures


@dataclass(frozen=True, slots=True)
class TakeFrames:
    """One take as the builder needs it. `rgba`: (N, H, W, 4) uint8 frames on the canvas with their matte; `points_px`:
    (N, 137, 2), `scores`: (N, 137), `size_px`: (N,) torso length; `weight`: (N,) 0..1, 0 for untrusted
    poses."""

    rgba: U8
    points_px: F32
    scores: F32
    size_px: NDArray[np.float64]
    weight: F32

    def pose(self, index: int) -> PlacedPose:
        """What the doll is drawn from in frame `index`; its time is 0."""
        points, scores = self.points_px[index], self.scores[index]
        return PlacedPose(index, 0.0, points, scores, float(self.size_px[index])).bounded()

    def until(self, stop: int) -> "TakeFrames":
        """Its frames before `stop`; views of the same arrays."""
        return TakeFrames(*(getattr(self, field.name)[:stop] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Sample:
    """Where one part lies in one frame: shot and frame numbers, its (2, 3) frame on the canvas, its view key, its
    size.
    """

    shot: int
    index: int
    frame: F64
    key: F64
    size_px: float


def fingers(hand: Part) -> slice:
    """The points of the hand that `hand` is the part of."""
    return T.R_HAND if hand.b == T.R_WRIST else T.L_HAND


def collect(shots: Sequence[TakeFrames], valid_score: float, extents: F64) -> list[list[Sample]]:
    """Each part's samples over all shots, in order of shot and time."""
    samples: list[list[Sample]] = [[] for _ in PARTS]
    total = sum(len(shot.rgba) for shot in shots)
    stride, often = max(1, total // CANDIDATES), max(1, total // HAND_CANDIDATES)
    for s, shot in enumerate(shots):
        for i in range(len(shot.rgba)):
            if shot.weight[i] < 0.5 or i % stride and i % often:
                continue
            frames, valid, keys = part_frames(
                shot.points_px[i], shot.scores[i], float(shot.size_px[i]), valid_score, extents
            )
            for p in (p for p in np.flatnonzero(valid) if i % (often if PARTS[p].kind == HAND else stride) == 0):
                samples[p].append(Sample(s, i, frames[p], keys[p], float(shot.size_px[i])))
    return samples


def unforeshortened(part: Part, samples: list[Sample]) -> list[Sample]:
    if part.kind == HAND:
        # A hand whose fingers were not found has no key. If none ever were, see `_as_seen`.
        return [s for s in samples if s.key.any()] or samples
    if part.kind in (HEAD, MOUTH) or part.name == "torso" or not samples:
        return samples
    reach = np.array([np.hypot(*s.frame[:, 0]) / s.size_px for s in samples])
    return [s for s, r in zip(samples, reach, strict=True) if r >= UNFORESHORTENED * np.quantile(reach, 0.9)]


def texture_shape(part: Part, extent: F64, samples: Sequence[Sample]) -> tuple[int, int]:
    """(rows, columns) of a part's textures: its typical reach on the canvas at TEXELS_PER_TORSO."""
    reach = float(np.median([np.hypot(*s.frame[:, 0]) / s.size_px for s in samples]))
    return max(8, round(reach * TEXELS_PER_TORSO)), max(8, round(2 * extent[2] * TEXELS_PER_TORSO))


def rectify(rgba: U8, frame: F64, shape: tuple[int, int]) -> U8:
    """Cut a part out of a canvas picture: (rows, columns, 4) uint8, rows along the bone. `frame`: (2, 3), see `parts`.

    Texel (i, j) is u = (i + 0.5) / rows, v = 2 (j + 0.5) / columns - 1, as `doll.py` reads it.
    """
    rows, columns = shape
    along, across = frame[:, 0] / rows, frame[:, 1] * 2 / columns
    corner = frame[:, 2] - frame[:, 1] + 0.5 * along + 0.5 * across - 0.5  # OpenCV puts pixel centres at integers
    matrix = np.stack([across, along, corner], axis=1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(rgba, matrix, (columns, rows), flags=flags), np.uint8)
