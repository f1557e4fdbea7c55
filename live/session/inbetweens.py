"""`Inbetweens`: when to draw a picture between two poses, so that a camera of 30 frames a second drives 60 pictures."""

from collections import deque
from statistics import median

from engines.messages import Info, Say
from live.scene.scene import RenderJob

FARTHEST_S = 0.1  # after a pose: later it says little about where the performer is now
# A picture may take this share of its turn: the rest is for the pose that comes meanwhile, and must not wait.
SHARE = 0.7
_LOOK_S = 1.0  # how often it is decided anew whether there is time
_TRY_AGAIN_S = 60.0  # after there was none: other programs may have ended
_REMEMBERED = 30  # pictures, and poses, whose times count
_OFTEN = 1.2  # if poses come within this many turns, each turn has its own
_ENOUGH = {
    True: "drawing {} pictures a second, some of them between two poses",
    False: "no time to draw {} pictures a second: drawing one for each pose",
}


class Inbetweens:
    """Belongs to the thread that draws. `fps`: pictures wanted a second. Times are seconds on the loop's clock.

    Whether there is time for them is found out while they are drawn, and said the first time.
    """

    def __init__(self, fps: float, say: Say) -> None:
        self._fps, self._period_s, self._say = fps, 1 / fps, say
        self._pose_took_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._took_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._poses_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._job: RenderJob | None = None
        self._shown_s = self._due_s = 0.0  # when the pose's picture was drawn; when the next one is to be
        self._looked_s = self._tried_s = float("-inf")
        self._time_enough: bool | None = None  # None: there is nothing to draw in between
        self._said: set[bool] = set()

    def drew(self, job: RenderJob, begun_s: float, now_s: float) -> None:
        """The picture of a pose that came was drawn."""
        self._pose_took_s.append(now_s - begun_s)
        self._poses_s.append(begun_s)
        self._job = None if job.motion is None else job
        self._shown_s, self._due_s = now_s, now_s + self._period_s

    def drew_between(self, begun_s: float, now_s: float) -> None:
        """A picture in between was."""
        self._took_s.append(now_s - begun_s)
        self._due_s += self._period_s

    def wait_s(self, now_s: float) -> float | None:
        """How long to wait for a pose before a picture in between is begun; None: none is."""
        if self._job is None or len(self._poses_s) < 2:
            return None
        if now_s - self._looked_s >= _LOOK_S:
            self._look(now_s)
        next_s = self._shown_s + self._apart_s
        if self._due_s > next_s - self._period_s / 2:  # the pose's own picture is nearer; unless it is late
            self._due_s = max(self._due_s, next_s + self._period_s)
        if not self._time_enough or self._due_s - self._shown_s > FARTHEST_S:
            return None
        return max(0.0, self._due_s - self._cost_s - now_s)

    def next(self) -> tuple[RenderJob, float] | None:
        """The job to draw again, and how much later its picture will be seen; None if there is none."""
        return None if self._job is None else (self._job, self._due_s - self._shown_s)

    @property
    def _cost_s(self) -> float:
        """What a picture takes in between; before there was one, what the pictures of poses take."""
        return median(self._took_s or self._pose_took_s)

    @property
    def _apart_s(self) -> float:
        return (self._poses_s[-1] - self._poses_s[0]) / (len(self._poses_s) - 1)

    def _look(self, now_s: float) -> None:
        self._looked_s = now_s
        if self._apart_s < _OFTEN * self._period_s:
            self._time_enough = None
            return
        if now_s - self._tried_s >= _TRY_AGAIN_S and self._time_enough is False:
            self._took_s.clear()
        before, self._time_enough = self._time_enough, self._cost_s <= SHARE * self._period_s
        if self._time_enough is before:
            return
        self._tried_s = now_s
        if self._time_enough not in self._said:
            self._said.add(self._time_enough)
            self._say(Info(_ENOUGH[self._time_enough].format(f"{self._fps:g}")))
