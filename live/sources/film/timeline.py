"""`Timeline`: a film's timestamps as times that go forward, whatever the file says."""

# A still picture may stand so long. Whatever is said to stand longer is a counter that jumped: an hour, a day.
LONGEST_STEP_S = 10.0
# So far back is a picture in the wrong order or stamped twice. What goes further back has begun to count anew.
_SLIP_S = 0.25
_LEAST_STEP_S = 1e-3


class Timeline:
    """Times in seconds from the first picture, each later than the one before.

    `step_s`: how long a picture stands where its timestamp is missing, or jumps or restarts there. `jumps` counts
    those places.
    """

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._origin_s: float | None = None  # what the file calls the time of the first picture, jumps taken out
        self._now_s = -step_s
        self.jumps = 0

    def at(self, stamp_s: float | None) -> float:
        """The time of the next picture, whose timestamp in the file is `stamp_s` seconds, None: it has none."""
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
