"""`MirroredEstimator`: the performer as in a mirror, before anything else sees the pose."""

import cv2
import numpy as np

from live.estimator import PoseEstimator
from live.puppet.topology import FACE, MIRROR
from live.puppet.values import Frame, Pose

# iBUG-68 has its own mirror: each chain runs the other way round, eyes and lips by their corners; then the pupils.
_FACE_MIRROR = [
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *range(54, 47, -1),
    *range(59, 54, -1),
    *range(64, 59, -1),
    *range(67, 64, -1),
    *(69, 68),
]


class MirroredEstimator:
    """Flips each picture left to right before `estimator` sees it, so your left hand moves the puppet's right one."""

    def __init__(self, estimator: PoseEstimator) -> None:
        self.name = estimator.name
        self._estimator = estimator

    def estimate(self, frame: Frame) -> Pose:
        flipped = cv2.flip(frame.image, 1)
        return self._estimator.estimate(Frame(frame.frame_id, frame.t_capture_s, flipped.astype(np.uint8, copy=False)))

    def reset(self) -> None:
        self._estimator.reset()

    def close(self) -> None:
        self._estimator.close()


def mirrored(pose: Pose) -> Pose:
    """A recorded pose as in a mirror: x turned round, left and right joints swapped."""
    order = MIRROR.copy()
    order[FACE] = FACE.start + np.array(_FACE_MIRROR)
    points = pose.points_px[order].copy()
    points[:, 0] = pose.image_size[0] - 1 - points[:, 0]
    return Pose(pose.frame_id, pose.t_capture_s, points, pose.depth_px[order], pose.scores[order], pose.image_size)
