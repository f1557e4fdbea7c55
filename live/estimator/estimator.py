"""`PoseEstimator`: Frame -> Pose, whatever finds the person."""

from typing import Protocol

from live.puppet.values import Frame, Pose


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
