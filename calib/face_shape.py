"""The face at rest and the open mouth, from held poses."""

import numpy as np
from numpy.typing import NDArray

from calib.sight import seen_joints
from live.performer.profile import FaceShape
from live.puppet import topology as T
from live.puppet.values import Pose

# In the 70 points: outer eye corners, the inner lips' middles.
_EYE, _OTHER_EYE, _UPPER_LIP, _LOWER_LIP = 36, 45, 62, 66
OPEN_BY = 0.12  # of the distance between the outer eye corners: wider than in calm speech, less than in a yawn


def has_face(pose: Pose) -> bool:
    """Whether the face's own points were found."""
    return bool(seen_joints(pose)[T.FACE].all())


def mouth_gap(pose: Pose) -> float:
    """The gap between the inner lips, as a share of the outer eye corners' distance. The pose must have a face."""
    face = pose.points_px[T.FACE].astype(np.float64)
    eyes = float(np.hypot(*(face[_EYE] - face[_OTHER_EYE])))
    return float(np.hypot(*(face[_UPPER_LIP] - face[_LOWER_LIP]))) / max(eyes, 1e-6)


def face_shape(rest: tuple[Pose, ...], opened: tuple[Pose, ...] | None) -> FaceShape | None:
    """The shape from the measured seconds at rest and with the mouth open (None: skipped). None without a face."""
    faces = [_normalized(pose) for pose in rest if has_face(pose)]
    if not faces:
        return None
    shape = np.median(np.array(faces), axis=0)
    gaps = [mouth_gap(pose) for pose in rest if has_face(pose)]
    wide = [mouth_gap(pose) for pose in opened or () if has_face(pose)]
    points = tuple((round(float(x), 4), round(float(y), 4)) for x, y in shape)
    return FaceShape(points, float(np.median(gaps)), float(np.median(wide)) if wide else None)


def _normalized(pose: Pose) -> NDArray[np.float64]:
    face = pose.points_px[T.FACE].astype(np.float64)
    middle = (face[_EYE] + face[_OTHER_EYE]) / 2
    return np.asarray((face - middle) / max(float(np.hypot(*(face[_EYE] - face[_OTHER_EYE]))), 1e-6))
