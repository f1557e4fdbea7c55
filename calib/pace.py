"""`StepPace`: when the performer last did what, within one step of the wizard. In seconds of capture time."""

from calib.sight import Sight


class StepPace:
    """began_s: when the step began. seen_s: when somebody was last in view. busy_s: when they last moved, or did what
    was asked. whole_s: when they were last seen from head to feet, or not at all.
    """

    def __init__(self, now_s: float, seen_s: float) -> None:
        self.began_s = self.busy_s = self.whole_s = now_s
        self.seen_s = seen_s
        self._persons = self._wholes = 0

    def take(self, now_s: float, sight: Sight, *, idle: bool) -> None:
        """Take in one pose. `idle`: they stand still without doing what was asked."""
        if sight.person:
            self.seen_s = now_s
        if sight.whole or not sight.person:
            self.whole_s = now_s
        if not (idle and sight.person):
            self.busy_s = now_s
        self._persons += sight.person
        self._wholes += sight.whole

    @property
    def mostly_waist_up(self) -> bool:
        """Whether the performer's feet were out of view most of the time."""
        return self._persons > 2 * self._wholes
