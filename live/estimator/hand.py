"""`HandTracker`: one hand from picture to picture, found at the end of the body's arm when it is lost."""

import numpy as np

from engines.arrays import F32, U8
from live.estimator.body import Body
from live.estimator.compiled import compiled
from live.estimator.network import Network
from live.estimator.region import DOWN, Region, aligned, of_hand, of_hand_on

_LEAST_PRESENCE = 0.5
_WRISTS, _LEAST_WRIST = {"left": 15, "right": 16}, 0.1  # of the body, and from what visibility on a hand is looked for
# Looking for a hand costs as much as the body: one that was not found in _SOON pictures is looked for in one of
# _SELDOM, the left and the right one in different pictures.
_SOON, _SELDOM, _WAITS = 10, 3, {"left": 0, "right": 1}
_DEPTH = 0.4  # how much less a hand model's depth counts than its width


class HandTracker:
    """`side`: "left" or "right", the person's own. Not thread-safe."""

    def __init__(self, side: str, recrop: Network, network: Network) -> None:
        self._side, self._recrop, self._network = side, recrop, network
        self.reset()

    @staticmethod
    def both() -> "tuple[HandTracker, HandTracker]":
        """Left and right, with the models opened once."""
        recrop, landmarks = compiled("hand_recrop", (0,)), compiled("hand_landmark_full", (0, 1))
        left, right = (HandTracker(side, Network(recrop), Network(landmarks)) for side in ("left", "right"))
        return left, right

    def reset(self) -> None:
        """Forget the hand."""
        self._points: F32 | None = None
        self._missing = 0  # pictures in which it was looked for in vain, or not looked for

    def follow(self, image: U8) -> F32 | None:
        """(21, 3) pixels and depth of the hand where the last picture had it; None where it is not, or was lost."""
        return None if self._points is None else self._look(image, of_hand(self._points[:, :2]))

    def find(self, image: U8, body: Body) -> F32 | None:
        """The same at the end of an arm; None as well where a hand long lost is not looked for in this picture."""
        self._points = None
        self._missing += 1
        if self._missing > _SOON and self._missing % _SELDOM != _WAITS[self._side]:
            return None
        region = of_hand_on(body.points[:, :2], self._side)
        if body.visibility[_WRISTS[self._side]] < _LEAST_WRIST or not region.usable:
            return None
        (crop,) = self._recrop.run(image, region)
        middle, reach = region.to_picture(crop.reshape(2, 2) / self._recrop.size)
        return self._look(image, aligned(middle, reach, DOWN, scale=1.0, shift=-0.1))

    def _look(self, image: U8, region: Region) -> F32 | None:
        self._points = None
        if not region.usable:
            return None
        landmarks, presence = self._network.run(image, region)
        if presence.reshape(-1)[0] < _LEAST_PRESENCE:
            return None
        table = landmarks.reshape(21, 3) / np.float32(self._network.size)
        depth = table[:, 2:] * np.float32(region.side_px / _DEPTH)
        self._missing = 0
        self._points = np.concatenate([region.to_picture(table[:, :2]), depth], axis=1).astype(np.float32, copy=False)
        return self._points
