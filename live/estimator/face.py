"""`FaceTracker`: the face from picture to picture, with finer lips, lids and pupils than the mesh alone has."""

import numpy as np

from engines.arrays import F32, U8
from live.estimator.attention import LEFT_EYE, LIPS, RIGHT_EYE
from live.estimator.body import Body
from live.estimator.compiled import compiled
from live.estimator.detector import Detector
from live.estimator.network import Network
from live.estimator.region import Region, of_face, of_face_found, of_face_on

_MESH, _POINTS = 468, 478
# What the refined outputs stand for, in the model's order: LandmarksRefinementCalculator.
_REFINED = (LIPS, LEFT_EYE, RIGHT_EYE, np.arange(468, 473), np.arange(473, 478))
_IRISES = (slice(468, 473), LEFT_EYE[:16]), (slice(473, 478), RIGHT_EYE[:16])


class FaceTracker:
    """Not thread-safe."""

    def __init__(self) -> None:
        self._detector = Detector("face_detection_short_range", (8, 16, 16, 16), 6)
        self._network = Network(compiled("face_landmark_with_attention", (0, 1, 2, 3, 4, 5, 6)))
        self.reset()

    def reset(self) -> None:
        """Forget the face."""
        self._points: F32 | None = None

    def follow(self, image: U8) -> F32 | None:
        """(478, 3) pixels and depth of the face where the last picture had it; None where it is not, or was lost."""
        return None if self._points is None else self._look(image, of_face(self._points[:, :2]))

    def find(self, image: U8, body: Body) -> F32 | None:
        """The same where the head of a body is."""
        self.reset()
        around = of_face_on(body.points[:, :2])
        found = self._detector.find(image, around) if around.usable else []
        return self._look(image, of_face_found(found[0])) if found else None

    def _look(self, image: U8, region: Region) -> F32 | None:
        self.reset()
        if not region.usable:
            return None
        mesh, *refined, flag = self._network.run(image, region)
        if flag.reshape(-1)[0] < 0:  # a logit: less likely a face than not
            return None
        table = np.zeros((_POINTS, 3), np.float32)
        table[:_MESH] = mesh.reshape(_MESH, 3)
        for places, values in zip(_REFINED, refined, strict=True):
            table[places, :2] = values.reshape(-1, 2)
        for iris, eye in _IRISES:
            table[iris, 2] = table[eye, 2].mean()
        table /= self._network.size
        depth = table[:, 2:] * np.float32(region.side_px)
        self._points = np.concatenate([region.to_picture(table[:, :2]), depth], axis=1).astype(np.float32, copy=False)
        return self._points
