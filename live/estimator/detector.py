"""`Detector`: finds whom to look at in a picture, or the face in a region of it: MediaPipe's two detectors.

Decoding after TensorsToDetectionsCalculator, choice after NonMaxSuppressionCalculator (weighted), anchors after
SsdAnchorsCalculator; options from modules/pose_detection and modules/face_detection of MediaPipe 0.10.21.
"""

import numpy as np

from engines.arrays import F32, U8
from live.estimator.compiled import compiled
from live.estimator.network import Network
from live.estimator.region import Region

LEAST_SCORE = 0.5
_OVERLAP = 0.3  # boxes that share more than this are one and the same thing


class Detector:
    """A network that names boxes with points. `strides`: pixels between anchors; two anchors for each time one is
    named. `points`: how many belong to each box.
    """

    def __init__(self, name: str, strides: tuple[int, ...], points: int) -> None:
        self._network = Network(compiled(name, (0, 1), low=-1.0), border="black")
        self._anchors = anchors(self._network.size, strides)
        self._points = points

    def find(self, image: U8, region: Region) -> list[F32]:
        """The points (N, 2) of each thing found, in pixels of `image`, surest first."""
        boxes, logits = self._network.run(image, region)
        sure = np.flatnonzero(logits.reshape(-1) > np.log(LEAST_SCORE / (1 - LEAST_SCORE)))
        scores = 1 / (1 + np.exp(-logits.reshape(-1)[sure].clip(-100, 100)))
        values = boxes.reshape(len(self._anchors), 2 + self._points, 2)[sure] / self._network.size
        values += self._anchors[sure][:, None]
        values[:, 1] -= self._anchors[sure]  # width and height are no places
        return [region.to_picture(points) for points in merged(values, scores)]


def anchors(size: int, strides: tuple[int, ...]) -> F32:
    """(N, 2) x, y of each anchor, 0..1, in the models' order: strides that are alike share their cells."""
    rows: list[F32] = []
    for stride in dict.fromkeys(strides):
        centres = ((np.arange(-(-size // stride)) + 0.5) / -(-size // stride)).astype(np.float32)
        grid = np.stack(np.meshgrid(centres, centres), -1).reshape(-1, 2)
        rows.append(np.repeat(grid, 2 * strides.count(stride), axis=0))
    return np.concatenate(rows)


def merged(values: F32, scores: F32) -> list[F32]:
    """The points of boxes that overlap, averaged by their scores; surest first.

    `values`: (N, 2 + P, 2): middle, width and height, P points. Returns arrays (P, 2).
    """
    left = list(np.argsort(-scores, kind="stable"))
    found = []
    while left:
        shared = _overlap(values[left], values[left[0]])
        together = [i for i, share in zip(left, shared, strict=True) if share > _OVERLAP or i == left[0]]
        weights = scores[together] / scores[together].sum()
        found.append((values[together, 2:] * weights[:, None, None]).sum(axis=0).astype(np.float32))
        left = [i for i in left if i not in set(together)]
    return found


def _overlap(values: F32, one: F32) -> F32:
    """Intersection over union of each box with `one`."""
    low = np.maximum(values[:, 0] - values[:, 1] / 2, one[0] - one[1] / 2)
    high = np.minimum(values[:, 0] + values[:, 1] / 2, one[0] + one[1] / 2)
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(values[:, 1], axis=1) + np.prod(one[1]) - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0)
