"""`AutoFraming`: decides between whole body and seated by what is in view (`--framing auto`)."""

from collections import deque

import numpy as np

from live.puppet import topology as T
from live.puppet.values import Pose

FULL, HALF = "full", "half"
FIRST_S, CHANGE_S = 1.0, 3.0  # how long to watch somebody before the first decision, and before changing it
SHARE = 0.8  # of the looks in that time have to agree, so that a knee lost for a moment changes nothing
SEEN = 0.5  # MediaPipe's own default for "visible"
# Shoulder width as a share of the picture's height. Recorded callers have 0.28 to 0.34 (waist up) and more (head and
# shoulders); dancers whose feet are in view have 0.07 to 0.19.
CLOSE = 0.24
_ENOUGH = 0.9  # of the time has to be covered by looks: at 5 frames a second the first look is up to 0.2 s late
_LOOKS = 4, 512  # at least, at most


class AutoFraming:
    """Feed it every estimated pose; it says when to change. Goes by capture time, so files and cameras give the same.

    A foot and its knee in view count for the whole body. No leg in view counts for half, and so does a lone knee of
    somebody as near as a caller. A lone knee farther away, or nobody, counts for neither, so that whoever leaves and
    comes back finds the framing unchanged. Not thread-safe.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start over."""
        self._decided: str | None = None
        self._looks: deque[tuple[float, str]] = deque(maxlen=_LOOKS[1])

    def step(self, pose: Pose) -> str | None:
        """ "full" or "half" if the framing is to change now (or is decided for the first time), else None."""
        t_s = pose.t_capture_s
        if self._looks and t_s < self._looks[-1][0]:  # a clip starts over
            self._looks.clear()
        look = speaks_for(pose)
        if look is None:
            return None
        self._looks.append((t_s, look))
        window_s = FIRST_S if self._decided is None else CHANGE_S
        while t_s - self._looks[0][0] > window_s:
            self._looks.popleft()
        if len(self._looks) < _LOOKS[0] or t_s - self._looks[0][0] < _ENOUGH * window_s:
            return None
        halves = sum(look == HALF for _, look in self._looks) / len(self._looks)
        wanted = HALF if halves >= SHARE else FULL if halves <= 1 - SHARE else None
        if wanted is None or wanted == self._decided:
            return None
        self._decided = wanted
        self._looks.clear()
        return wanted


def speaks_for(pose: Pose) -> str | None:
    """The framing that one pose counts for: "full", "half", or None."""
    seen = (pose.scores >= SEEN) & np.isfinite(pose.points_px).all(axis=1)
    if not seen[[T.NOSE, T.R_SHOULDER, T.L_SHOULDER]].any():
        return None
    legs = ((T.R_KNEE, T.R_ANKLE), (T.L_KNEE, T.L_ANKLE))
    if any(seen[knee] and seen[ankle] for knee, ankle in legs):
        return FULL
    if not any(seen[knee] or seen[ankle] for knee, ankle in legs):
        return HALF
    across = float(np.hypot(*(pose.points_px[T.R_SHOULDER] - pose.points_px[T.L_SHOULDER])))
    both = seen[T.R_SHOULDER] and seen[T.L_SHOULDER]
    return HALF if both and across >= CLOSE * pose.image_size[1] else None
