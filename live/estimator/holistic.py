"""`HolisticEstimator`: MediaPipe's own program. The reference that `LandmarkEstimator` is compared with, and what runs
where its models cannot be opened.
"""

from typing import Any

import numpy as np

from engines.arrays import F32, U8
from live.estimator.joints import pose_of
from live.estimator.quiet import without_chatter
from live.estimator.shrink import shrunk
from live.puppet.topology import TOPOLOGY
from live.puppet.values import Frame, Pose


class HolisticEstimator:
    """MediaPipe Holistic 0.10.21: body (33), face mesh (478) and hands (21 each) mapped onto openpose137.

    One person is tracked by region of interest and kept until lost. `smooth_landmarks` is off: smoothing has one home,
    the Conditioner, so that training and live see the same filter. Joints outside the picture score 0, since MediaPipe
    extrapolates legs that are out of frame. Not thread-safe; use from one thread.
    """

    name = f"mediapipe-holistic-0.10.21/{TOPOLOGY}"

    def __init__(self) -> None:
        self._found_once = False
        with without_chatter():
            self._model = self._open()

    @staticmethod
    def _open() -> Any:
        # mediapipe imports matplotlib and takes a second: only do so when a camera or video is really read.
        from mediapipe.python.solutions.holistic import Holistic

        model = Holistic(model_complexity=1, smooth_landmarks=False, refine_face_landmarks=True)
        model.process(np.zeros((64, 64, 3), np.uint8))  # loads the models now; an empty picture leaves no trace
        return model

    def estimate(self, frame: Frame) -> Pose:
        height, width = frame.image.shape[:2]
        found = self._process(np.ascontiguousarray(shrunk(frame.image)))
        if found.pose_landmarks is None:
            return Pose.empty(frame.frame_id, frame.t_capture_s, (width, height))
        unit = np.array([width, height, width], np.float32)
        visibility = np.array([point.visibility for point in found.pose_landmarks.landmark], np.float32)
        parts = [
            None if part is None else _table(part, unit)
            for part in (found.face_landmarks, found.left_hand_landmarks, found.right_hand_landmarks)
        ]
        body = np.column_stack([_table(found.pose_landmarks, unit), visibility])
        return pose_of(frame, body, parts, (width, height))  # its fractions are of any size

    def reset(self) -> None:
        with without_chatter():
            self._model.reset()

    def close(self) -> None:
        self._model.close()

    def _process(self, image: U8) -> Any:
        if self._found_once:
            return self._model.process(image)
        with without_chatter():  # the first person found loads one more calculator, which chats as well
            found = self._model.process(image)
        self._found_once = found.pose_landmarks is not None
        return found


def _table(landmarks: Any, unit: F32) -> F32:
    """(N, 3) pixels x and y, and depth. `unit`: of MediaPipe's fractions."""
    return np.array([(p.x, p.y, p.z) for p in landmarks.landmark], np.float32) * unit
