"""`CalibrationAdvisor`: what a calibration would mend, for a run without one. Said once, when enough was seen."""

from dataclasses import replace

import numpy as np

from live.performer.placement import Held, placed
from live.puppet import topology as T
from live.puppet.geometry.body_stats import MIN_FRAMES, BodyStats, fit_stats, usable
from live.puppet.values import Pose

GATHER_S = 30.0  # of a person in view: the measures of the loop freeze after 4 s, and see no far nor near line
EVERY_S = 0.1
LONGEST_STEP_S = 0.5  # a longer gap is time out of view
NOTICEABLE = 0.015  # of the target's size; less is below what anybody sees
_COMPARED = 60
_JOINTS = [T.NOSE, T.R_SHOULDER, T.L_SHOULDER, T.R_ANKLE, T.L_ANKLE]


class CalibrationAdvisor:
    """Compares the measures that the loop took by itself with a fit over half a minute. Not thread-safe."""

    def __init__(self, target: BodyStats) -> None:
        self._target = target
        self._poses: list[Pose] = []
        self._seen_s = 0.0
        self._done = False

    def step(self, pose: Pose, in_use: BodyStats | None) -> str | None:
        """Take in one pose, as estimated. `in_use`: the measures that it was placed by.

        Gives one line for the user once, when a calibration would place the figure visibly better, else None. Costs
        some 30 ms with the pose that completes the half minute, next to nothing with the others.
        """
        if self._done or in_use is None or not usable(pose.points_px[None], pose.scores[None])[0]:
            return None
        if self._poses:
            passed = pose.t_capture_s - self._poses[-1].t_capture_s
            if pose.image_size != self._poses[0].image_size or passed < 0:
                self._poses.clear()
                self._seen_s = passed = 0.0
            elif passed < EVERY_S:
                return None
            self._seen_s += passed if passed <= LONGEST_STEP_S else 0.0
        self._poses.append(replace(pose, points_px=pose.points_px.copy(), scores=pose.scores.copy()))
        if self._seen_s < GATHER_S or len(self._poses) < MIN_FRAMES:
            return None
        off_px = expected_gain_px(self._poses, in_use, self._target)
        self._poses, self._done = [], True
        if off_px < NOTICEABLE * self._target.size:
            return None
        return (
            f"calibrating would bring your figure about {off_px:.0f} px nearer to where it should be: "
            "run_live.py --calibrate, or python -m calib"
        )


def expected_gain_px(poses: list[Pose], in_use: BodyStats, target: BodyStats) -> float:
    """How far apart head, shoulders and feet land by the measures in use and by a fit over all these poses.

    The mean distance in canvas pixels. Raises PuppetError with fewer than 30 usable poses.
    """
    better = fit_stats(poses)
    distances = []
    for pose in poses[:: max(1, len(poses) // _COMPARED)]:
        held = Held((pose,), None)
        seen = pose.scores[_JOINTS] >= 0.5
        apart = placed(in_use, target, held)[_JOINTS] - placed(better, target, held)[_JOINTS]
        distances.append(float(np.hypot(*apart[seen].T).mean()))
    return float(np.mean(distances))
