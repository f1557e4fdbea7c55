from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from live.scene.scene import RenderJob
from live.session.inbetweens import FARTHEST_S, SHARE, Inbetweens


@dataclass
class Job:
    """As much of a RenderJob as is looked at."""

    motion: object | None = "known"


@dataclass
class Drawn:
    """What was drawn, on a clock that only drawing and waiting move on."""

    at_s: list[float] = field(default_factory=list)  # each picture
    poses_waited_s: list[float] = field(default_factory=list)
    later_s: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def per_s(self, since_s: float = 0.0, until_s: float = 1e9) -> float:
        times = [t for t in self.at_s if since_s <= t < until_s]
        return (len(times) - 1) / (times[-1] - times[0])


def draw(
    fps: float,
    poses_s: list[float],
    took_s: Callable[[float], float],
    *,
    until_s: float | None = None,
    moves: bool = True,
) -> Drawn:
    """Pictures of poses that come at `poses_s`; one takes `took_s(now)`. `until_s`: the end; None: the last pose."""
    drawn = Drawn()
    between = Inbetweens(fps, drawn.said.append)
    job, now, coming = cast(RenderJob, Job("known" if moves else None)), 0.0, list(poses_s)
    while coming or until_s is not None:
        wait_s = between.wait_s(now)
        next_s = coming[0] if coming else cast(float, until_s)
        if wait_s is not None and now + wait_s < next_s:
            now += wait_s
            later = between.next()
            assert later is not None
            drawn.later_s.append(later[1])
            start, now = now, now + took_s(now)
            between.drew_between(start, now)
        elif not coming:
            break
        else:
            now = max(now, coming.pop(0))
            drawn.poses_waited_s.append(now - next_s)
            start, now = now, now + took_s(now)
            between.drew(job, start, now)
        drawn.at_s.append(now)
    return drawn


def poses(per_s: float, seconds: float = 6.0) -> list[float]:
    return [n / per_s for n in range(round(per_s * seconds))]


def quick(now_s: float) -> float:
    return 0.005


@pytest.mark.parametrize(("fps", "per_s"), [(60, 30), (60, 25), (30, 15), (60, 20), (50, 24)])
def test_with_time_to_spare_there_are_about_as_many_pictures_as_wanted_and_no_pose_waits_long(
    fps: int, per_s: int
) -> None:
    drawn = draw(fps, poses(per_s), quick)
    assert 0.8 * fps < drawn.per_s(since_s=1.5) < 1.05 * fps
    assert max(drawn.poses_waited_s) <= quick(0)
    assert drawn.said == [f"drawing {fps} pictures a second, some of them between two poses"]


def test_a_picture_in_between_is_drawn_for_the_time_since_its_pose() -> None:
    drawn = draw(60, poses(30), quick)
    assert drawn.later_s and all(later == pytest.approx(1 / 60, abs=1e-3) for later in drawn.later_s)


def test_pictures_come_at_even_distances() -> None:
    drawn = draw(60, poses(30), quick)
    apart = [b - a for a, b in zip(drawn.at_s, drawn.at_s[1:], strict=False) if a > 1.5]
    assert max(apart) < 1.2 / 60 and min(apart) > 0.8 / 60


def test_where_poses_come_as_often_as_pictures_are_wanted_nothing_is_drawn_in_between() -> None:
    for fps, per_s in ((30, 30), (30, 27), (24, 30)):
        drawn = draw(fps, poses(per_s), quick)
        assert not drawn.later_s and not drawn.said


def test_a_slow_machine_draws_only_the_poses_and_says_so_once() -> None:
    drawn = draw(60, poses(30), lambda now_s: (SHARE + 0.05) / 60)
    assert not drawn.later_s
    assert drawn.said == ["no time to draw 60 pictures a second: drawing one for each pose"]


def test_whether_there_is_time_is_found_out_again_while_it_runs() -> None:
    drawn = draw(60, poses(30, 90.0), lambda now_s: 0.014 if 4 <= now_s < 8 else 0.005)
    assert [line.split()[0] for line in drawn.said] == ["drawing", "no"], "each is said once"
    assert drawn.per_s(2, 4) > 50 and drawn.per_s(6.5, 8) < 35 and drawn.per_s(80) > 50


def test_a_pose_that_does_not_come_is_not_moved_on_for_ever() -> None:
    drawn = draw(60, poses(30), quick, until_s=20.0)
    assert max(drawn.later_s) <= FARTHEST_S
    assert drawn.at_s[-1] < 6.2


def test_what_does_not_follow_a_person_has_no_pictures_in_between() -> None:
    assert not draw(60, poses(30), quick, moves=False).later_s
