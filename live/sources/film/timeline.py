"""`Timeline`: turns a film's timestamps into times that go forward, whatever the file says."""

# The longest that a still picture may be shown. A longer step, such as an hour or a day, is a counter that jumped.
LONGEST_STEP_S = 10.0
# The farthest back that a misordered or double stamp goes. If it goes back farther, the count has restarted.
_SLIP_S = 0.25
_LEAST_STEP_S = 1e-3


class Timeline:
    """Times in seconds from the first picture, each later than the one before.

    `step_s`: how long a picture is shown if its timestamp is missing, jumps or restarts. `jumps` counts the jumps and
    restarts.
    """

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._origin_s: float | None = None  # the first picture's time in the file, less the jumps
        self._now_s = -step_s
        self.jumps = 0

    def at(self, stamp_s: float | None) -> float:
        """The time of the next picture, whose timestamp in the file is `stamp_s` seconds; None if it has none."""
        now = self._now_s + self._step_s
        if stamp_s is not None:
            if self._origin_s is None:
                self._origin_s = stamp_s - now
            step = stamp_s - self._origin_s - self._now_s
            if step > LONGEST_STEP_S or step < -_SLIP_S:
                self.jumps += 1
                self._origin_s = stamp_s - now
            else:
                now = max(stamp_s - self._origin_s, self._now_s + _LEAST_STEP_S)
        self._now_s = now
        return now
