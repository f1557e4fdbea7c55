"""`PoseFileSource`: recorded poses (.npz). It has no pictures, so its frames are black; `poses` holds the movement."""

from pathlib import Path

import numpy as np

from live.performer.recording import load_poses
from live.puppet.errors import PoseFileError
from live.puppet.values import Frame

_BLANK_PX = (2, 2)


class PoseFileSource:
    """One black 2x2 frame per recorded pose, at the recorded times. Give `poses` to a `RecordedEstimator`.

    Raises PoseFileError if the file is missing, damaged, empty, or of another topology.
    """

    live = False

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.poses, self.estimator = load_poses(path)
        if not self.poses:
            raise PoseFileError(f"no poses in the file: {path}", do="record again")
        self._times = np.array([pose.t_capture_s for pose in self.poses]) - self.poses[0].t_capture_s
        steps = np.diff(self._times)
        if not (np.isfinite(self._times).all() and (steps > 0).all()):
            raise PoseFileError(f"the poses' times do not go forward: {path}", do="record again")
        self.fps = float(1 / np.median(steps)) if len(steps) else 30.0
        self.size = _BLANK_PX
        self._next_id = 0

    def read(self) -> Frame | None:
        if self._next_id >= len(self.poses):
            return None
        blank = np.zeros((self.size[1], self.size[0], 3), np.uint8)
        frame = Frame(self._next_id, float(self._times[self._next_id]), blank)
        self._next_id += 1
        return frame

    def close(self) -> None:
        return None
