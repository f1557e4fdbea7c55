"""`Recent`: numbers from the last two seconds, for whoever watches the run."""

from collections import deque

SPAN_S = 2.0
_MOST = 512  # more than any rate gives in that time


class Recent:
    """Holds (time, value) pairs in a fixed amount of memory. One thread adds; any may read. All times on one clock."""

    def __init__(self) -> None:
        self._pairs: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def add(self, now_s: float, value: float = 0.0) -> None:
        """Remember `value` (or that something happened)."""
        self._pairs.append((now_s, value))

    def per_s(self, now_s: float) -> float:
        """Events per second up to now, so that a standstill shows; 0 for fewer than two."""
        times = [at for at, _ in self._young(now_s)]
        return (len(times) - 1) / (now_s - times[0]) if len(times) > 1 and now_s > times[0] else 0.0

    def quantiles(self, now_s: float, *shares: float) -> tuple[float, ...] | None:
        """The values that these shares (0..1) of all do not exceed; None if there are no values."""
        values = sorted(value for _, value in self._young(now_s))
        return tuple(values[min(int(len(values) * q), len(values) - 1)] for q in shares) if values else None

    def _young(self, now_s: float) -> list[tuple[float, float]]:
        while True:
            try:
                return [pair for pair in tuple(self._pairs) if pair[0] >= now_s - SPAN_S]
            except RuntimeError:  # it changed while being read
                continue
