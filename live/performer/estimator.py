"""Frame -> Pose. `HolisticEstimator` is MediaPipe Holistic; `RecordedEstimator` replays poses and needs no picture."""

from typing import Any, Protocol

import cv2
import numpy as np

from engines.arrays import F32, U8
from live.performer.quiet import without_chatter
from live.puppet import topology as T
from live.puppet.topology import TOPOLOGY, from_mediapipe
from live.puppet.values import Frame, Pose

# Larger pictures are shrunk to this longer side first: the models crop to 256 px, so more only costs conversion time.
MAX_SIDE_PX = 1280
# A joint this close to the lower edge (share of the height), with its child joint outside, is not trusted.
EDGE = 0.10
STRAY = 0.2  # of the torso: a hand or face farther than this from the body's wrist or nose belongs to somebody else
_ATTACHED = (
    (T.L_HAND, T.L_HAND.start, T.L_WRIST),
    (T.R_HAND, T.R_HAND.start, T.R_WRIST),
    (T.FACE, T.FACE.start + 30, T.NOSE),  # 30: the tip of the nose
)
_KNEES_AND_ANKLES = ((25, 27), (26, 28))  # MediaPipe's numbers: left, right


class PoseEstimator(Protocol):
    """Finds one person in a frame and keeps to that person from frame to frame."""

    name: str

    def estimate(self, frame: Frame) -> Pose:
        """The person's pose in pixels of the frame, or `Pose.empty` when nobody is in view."""
        ...

    def reset(self) -> None:
        """Forget the person; behave as a new estimator."""
        ...

    def close(self) -> None:
        """Free the models."""
        ...


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
        image = frame.image
        shrink = max(height, width) / MAX_SIDE_PX
        if shrink > 1:
            image = cv2.resize(
                image, (round(width / shrink), round(height / shrink)), interpolation=cv2.INTER_AREA
            ).astype(np.uint8, copy=False)
        found = self._process(np.ascontiguousarray(image))
        if found.pose_landmarks is None:
            return Pose.empty(frame.frame_id, frame.t_capture_s, (width, height))
        points, scores = from_mediapipe(
            _body_table(found.pose_landmarks),
            _table(found.face_landmarks),
            _table(found.left_hand_landmarks),
            _table(found.right_hand_landmarks),
        )
        points *= np.array([width, height, width], np.float32)
        drop_strays(points, scores)
        return Pose(
            frame.frame_id,
            frame.t_capture_s,
            np.ascontiguousarray(points[:, :2]),
            np.ascontiguousarray(points[:, 2]),
            scores,
            (width, height),
        )

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


class RecordedEstimator:
    """Replays recorded poses: the frame with id `i` gets pose `i` (with the frame's own id and time). The shipped fake.

    After the last pose nobody is in view, or with `loop` the poses start over.
    """

    def __init__(self, poses: list[Pose], name: str = f"recorded/{TOPOLOGY}", *, loop: bool = False) -> None:
        self.name = name
        self._poses, self._loop = poses, loop

    def estimate(self, frame: Frame) -> Pose:
        if not self._poses or not (self._loop or 0 <= frame.frame_id < len(self._poses)):
            return Pose.empty(frame.frame_id, frame.t_capture_s, (frame.image.shape[1], frame.image.shape[0]))
        pose = self._poses[frame.frame_id % len(self._poses)]
        return Pose(frame.frame_id, frame.t_capture_s, pose.points_px, pose.depth_px, pose.scores, pose.image_size)

    def reset(self) -> None:
        return None

    def close(self) -> None:
        return None


def drop_strays(points_px: F32, scores: F32) -> None:
    """Set the score of a hand or face to 0, in place, if it was found away from the body's wrist or nose.

    The hand model sees hands in balls, skirts and faces; drawn, they would float beside the arm. `points_px`: (137, 2
    or 3) pixels. The unit is the larger of shoulder width and torso, so that a side view does not shrink it.
    """
    across = np.hypot(*(points_px[T.R_SHOULDER, :2] - points_px[T.L_SHOULDER, :2]))
    down = np.hypot(*(points_px[T.NECK, :2] - points_px[T.MID_HIP, :2]))
    reach = STRAY * float(max(across, down))
    for part, root, anchor in _ATTACHED:
        if np.hypot(*(points_px[root, :2] - points_px[anchor, :2])) > reach:
            scores[part] = 0.0


def _table(landmarks: Any) -> F32 | None:
    if landmarks is None:
        return None
    return np.array([(p.x, p.y, p.z) for p in landmarks.landmark], np.float32)


def _body_table(landmarks: Any) -> F32:
    """(33, 4) x, y, z, visibility, in fractions of the picture; visibility 0 for joints outside it or pulled to its
    edge.

    MediaPipe often pulls a knee whose ankle is out of the picture to just inside the edge, with full visibility.
    """
    table = np.array([(p.x, p.y, p.z, p.visibility) for p in landmarks.landmark], np.float32)
    inside = np.isfinite(table).all(axis=1) & (table[:, :2] >= 0).all(axis=1) & (table[:, :2] <= 1).all(axis=1)
    for knee, ankle in _KNEES_AND_ANKLES:
        inside[knee] &= bool(inside[ankle]) or table[knee, 1] < 1 - EDGE
    table[~inside, 3] = 0.0
    return table
