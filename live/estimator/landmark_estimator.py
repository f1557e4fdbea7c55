"""`LandmarkEstimator`: MediaPipe's models without MediaPipe's graph: the same joints in less time."""

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from engines.arrays import F32, U8
from live.estimator.body import Body, BodyTracker
from live.estimator.face import FaceTracker
from live.estimator.hand import HandTracker
from live.estimator.joints import belonging, pose_of
from live.estimator.shrink import shrunk
from live.puppet.topology import TOPOLOGY
from live.puppet.values import Frame, Pose


class LandmarkEstimator:
    """Finds one person and keeps to that person. Not thread-safe; it has two threads of its own beside the caller's.

    The body is found by the caller's thread; face and hands, in the same picture, by the others, where the last picture
    had them. What was not there, or does not belong to the body, is then looked for on the body. Raises
    EngineError when a model cannot be opened.
    """

    name = f"mediapipe-models-0.10.21/{TOPOLOGY}"

    def __init__(self) -> None:
        self._beside = ThreadPoolExecutor(2, thread_name_prefix="face and hands")
        face, hands = self._beside.submit(FaceTracker), self._beside.submit(HandTracker.both)
        try:
            self._body = BodyTracker()
            self._parts: list[FaceTracker | HandTracker] = [face.result(), *hands.result()]
        except BaseException:
            self._beside.shutdown(wait=False)
            raise
        self._shape = (0, 0)

    def estimate(self, frame: Frame) -> Pose:
        """See `PoseEstimator.estimate`."""
        image = shrunk(frame.image)
        if image.shape[:2] != self._shape:  # what was tracked is in pixels of another picture
            self.reset()
            self._shape = image.shape[0], image.shape[1]
        following = [self._beside.submit(part.follow, image) for part in self._parts]
        try:
            body = self._body.find(image, frame.t_capture_s)
        finally:
            followed = [part.result() for part in following]
        if body is None:
            self._forget_parts()
            return Pose.empty(frame.frame_id, frame.t_capture_s, (frame.image.shape[1], frame.image.shape[0]))
        table = np.column_stack([body.points, body.visibility])
        return pose_of(frame, table, self._complete(image, body, followed), (image.shape[1], image.shape[0]))

    def reset(self) -> None:
        """See `PoseEstimator.reset`."""
        self._body.reset()
        self._forget_parts()

    def close(self) -> None:
        """See `PoseEstimator.close`."""
        self._beside.shutdown()

    def _forget_parts(self) -> None:
        for part in self._parts:
            part.reset()

    def _complete(self, image: U8, body: Body, followed: list[F32 | None]) -> list[F32 | None]:
        """Face, left and right hand: as followed where they belong to this body, else looked for on it."""
        whose = belonging(body.points, followed)
        asked: list[Future[F32 | None] | None] = [
            None if belongs else self._beside.submit(part.find, image, body)
            for part, belongs in zip(self._parts, whose, strict=True)
        ]
        return [points if future is None else future.result() for points, future in zip(followed, asked, strict=True)]
