"""The poster: the picture that represents a target where users choose one."""

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F64, U8
from live.puppet import topology as T
from train.dataset.dataset import Dataset
from train.dataset.take import Take
from train.networks.player import Drawing
from train.report import sheet

TRUSTED = 0.9  # of the best weight in the take
CLEAR, LOW = 0.6, 0.4  # torso lengths: a hand this far beside the spine, and this far below the neck, hides nothing
SETTLE = 5  # steps: the first frame of a sequence has no previous one to build on


def poster(dataset: Dataset, take: Take, drawing: Drawing | None) -> U8:
    """(H, W, 3) uint8: a held-out frame over the take's plate, as live draws it; without `drawing`, the bare doll."""
    held = np.arange(take.held_out.start, take.held_out.stop)
    trusted = held[take.weight[held] >= TRUSTED * take.weight[held].max()]
    best = int(np.argmax(openness(take.placed_px[trusted], take.size_px[trusted])))
    drawn = dataset.draw(take.placed(int(trusted[best]), refined=False))
    picture = drawn.doll
    for _ in range(SETTLE):
        picture = picture if drawing is None else drawing.step(drawn)
    return sheet.composite_over(picture, take.plate)


def openness(points_px: NDArray[np.float32], size_px: F64) -> F64:
    """(N,) how much of the character a pose shows, 0..3: shoulders to the camera, no hand in front of body or head.

    `points_px`: (N, 137, 2) x, y; `size_px`: (N,) torso lengths.
    """
    points = points_px / np.maximum(size_px, 1.0)[:, None, None]
    neck, hands = points[:, T.NECK], points[:, [T.R_WRIST, T.L_WRIST]]
    beside = np.abs(hands[..., 0] - neck[:, None, 0]).min(axis=1)
    below = (hands[..., 1] - neck[:, None, 1]).min(axis=1)
    breadth = points[:, T.L_SHOULDER, 0] - points[:, T.R_SHOULDER, 0]  # negative when it shows its back
    facing = breadth / max(float(breadth.max()), 1e-6)
    return sum(np.clip(share, 0.0, 1.0) for share in (beside / CLEAR, below / LOW, facing))
