"""Recent numbers: the last two seconds, in a fixed amount of memory."""

from live.telemetry.rolling_window import SPAN_S, Recent


def filled(count: int) -> Recent:
    recent = Recent()
    for i in range(count):
        recent.add(i / 10, float(i))
    return recent


def test_what_is_older_than_two_seconds_does_not_count() -> None:
    recent = filled(100)
    assert recent.quantiles(9.9, 0.0, 0.5, 1.0) == (79.0, 89.0, 99.0)
    assert recent.per_s(9.9) == 20 / SPAN_S
    assert recent.quantiles(20.0, 0.5) is None and recent.per_s(20.0) == 0


def test_a_standstill_shows_before_the_two_seconds_are_over() -> None:
    recent = filled(100)
    assert recent.per_s(10.9) < recent.per_s(9.9)


def test_it_stays_small() -> None:
    assert len(filled(10_000)._pairs) < 1000
