"""`Histogram`: durations over hours in a fixed amount of memory."""

import math

_LOWEST_S = 1e-5
_STEP = 1.01  # each bin is 1% wider than the one before, so percentiles are accurate to 1%
_BINS = math.ceil(math.log(1e3 / _LOWEST_S) / math.log(_STEP)) + 1  # up to 1000 s


class Histogram:
    """Counts durations in bins that grow by 1%. One thread adds; any may read."""

    def __init__(self) -> None:
        self.count = 0
        self.max_s = 0.0
        self._bins = [0] * _BINS

    def add(self, duration_s: float) -> None:
        """Count one duration, in seconds."""
        place = 0 if duration_s <= _LOWEST_S else math.ceil(math.log(duration_s / _LOWEST_S) / math.log(_STEP))
        self._bins[min(place, _BINS - 1)] += 1
        self.count += 1
        self.max_s = max(self.max_s, duration_s)

    def quantile(self, q: float) -> float:
        """The duration in seconds that a share `q` (0..1) of all do not exceed, to within 1%. 0 if none was counted."""
        wanted, seen = q * self.count, 0
        for place, count in enumerate(self._bins):
            seen += count
            if count and seen >= wanted:
                return min(_LOWEST_S * _STEP**place, self.max_s)
        return self.max_s

    def summary_ms(self) -> dict[str, float]:
        """{p50, p95, p99, max} in milliseconds."""
        values = {"p50": self.quantile(0.5), "p95": self.quantile(0.95), "p99": self.quantile(0.99), "max": self.max_s}
        return {name: round(value * 1000, 2) for name, value in values.items()}
