"""`CalibrationAdvisor`: tells a run without a calibration, once enough was seen, how much one would improve it."""

from dataclasses import replace

import numpy as np

from live.performer.placement import Held, placed
from live.puppet import topology as T
from live.puppet.geometry.body_stats import MIN_FRAMES, BodyStats, fit_stats, usable
from live.puppet.values import Pose

GATHER_S = 30.0  # of a person in view: the loop's own measures freeze after 4 s, without a far or near line
EVERY_S = 0.1
LONGEST_STEP_S = 0.5  # a longer gap is time out of view
NOTICEABLE = 0.015  # of the target's size; nobody notices less
_COMPARED = 60
_JOINTS = [T.NOSE, T.R_SHOULDER, T.L_SHOULDER, T.R_ANKLE, T.L_ANKLE]


class CalibrationAdvisor:
    """Compares the loop's own measures with a fit over half a minute. Not thread-safe."""

    def __init__(self, target: BodyStats) -> None:
        self._target = target
        self._poses: list[Pose] = []
        self._seen_s = 0.0
        self._done = False

    def step(self, pose: Pose, in_use: BodyStats | None) -> str | None:
        """Take in one pose, as estimated. `in_use`: the measures used to place it.

        Returns one line for the user, once, if a calibration would place the figure visibly better; else None. Costs
        about 30 ms for the pose that completes the half minute, next to nothing for the others.
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
            f"calibrating would move your figure about {off_px:.0f} px closer to where it should be; "
            "do this: run_live.py --calibrate, or python -m calib"
        )


def expected_gain_px(poses: list[Pose], in_use: BodyStats, target: BodyStats) -> float:
    """How far apart head, shoulders and feet land with the measures in use and with a fit over all these poses.

    The mean distance in canvas pixels. Raises PuppetError if fewer than 30 poses are usable.
    """
    better = fit_stats(poses)
    distances = []
    for pose in poses[:: max(1, len(poses) // _COMPARED)]:
        held = Held((pose,), None)
        seen = pose.scores[_JOINTS] >= 0.5
        apart = placed(in_use, target, held)[_JOINTS] - placed(better, target, held)[_JOINTS]
        distances.append(float(np.hypot(*apart[seen].T).mean()))
    return float(np.mean(distances))
