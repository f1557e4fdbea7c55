"""How far each training pose can be trusted: 0 (leave out) to 1. Wrong poses teach the generator to smear."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8, Bool
from live.puppet import topology as T
from train.films.matte import joints_outside

JUMP_TORSOS = 0.45  # a wrist or ankle that moves farther than this from frame to frame has been swapped or lost
ABRUPT_TORSOS = 0.35  # ... unless it moves much the same in the frame before or after: a dancer's fast arm
OUTSIDE_TORSOS = 0.07  # a joint farther than this outside the matte is wrong (prototype: 6 px at a torso of 88)
_ENDS = [T.R_WRIST, T.L_WRIST, T.R_ANKLE, T.L_ANKLE]


@dataclass(frozen=True, slots=True)
class PoseQuality:
    """`weight`: (N,) float32. The rest are the faults, (N,) bool, for the report; one frame may have several."""

    weight: F32
    nobody: Bool
    back_views: Bool
    jumps: Bool
    outside_matte: Bool


def judge_poses(
    points_px: F32, scores: F32, size_px: NDArray[np.floating], mattes: list[U8] | U8, *, continuous: bool = True
) -> PoseQuality:
    """Judge placed poses. `points_px`: (N, 137, 2) canvas pixels; `size_px`: (N,) torso lengths; `mattes`: N of (H, W).

    Nobody: 0. A swap or jump: 0, with its neighbours; not checked unless frames follow each other (`continuous`). Back
    views (left shoulder at the left): 0.3, since left and right are often confused there. Each joint outside the matte
    halves the weight.
    """
    count = len(points_px)
    weight = np.ones(count, np.float32)
    nobody = scores[:, T.NECK] < 0.3
    shoulders = (points_px[:, T.L_SHOULDER, 0] - points_px[:, T.R_SHOULDER, 0]) / size_px
    back = ~nobody & (shoulders < -0.15)
    step = np.diff(points_px[:, _ENDS], axis=0) / size_px[1:, None, None]
    seen = (scores[1:, _ENDS] >= 0.5) & (scores[:-1, _ENDS] >= 0.5)
    far = (np.linalg.norm(step, axis=2) > JUMP_TORSOS) & (_abrupt(step) > ABRUPT_TORSOS)
    jumped = (seen & far).any(axis=1) & continuous
    jump = np.zeros(count, np.bool_)
    jump[1:] |= jumped
    jump[:-1] |= jumped
    outside = np.array(
        [joints_outside(points_px[i], scores[i], mattes[i], reach_px=OUTSIDE_TORSOS * size_px[i]) for i in range(count)]
    )
    weight[back] = 0.3
    weight *= 0.5**outside
    weight[jump | nobody] = 0.0
    return PoseQuality(weight, nobody, back, jump, outside > 0)


def _abrupt(step: F32) -> F32:
    """(N - 1, J): how far each step (N - 1, J, 2) is from the one before or after it, whichever is closer."""
    still = np.zeros_like(step[:1])
    around = (np.concatenate([still, step[:-1]]), np.concatenate([step[1:], still]))
    return np.min([np.linalg.norm(step - other, axis=2) for other in around], axis=0)
