"""`RecordedEstimator`: replays poses, and needs no picture. The fake that ships."""

from live.puppet.topology import TOPOLOGY
from live.puppet.values import Frame, Pose


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
