"""Follows one person through a clip that shows several."""

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from live.puppet import topology as T
from train.films.openpose import SEEN, Person


def track(pictures: Sequence[Sequence[Person]]) -> list[Person | None]:
    """The person who is followed, in each picture (its people come largest first); None where nobody is.

    It is the largest one in the picture where that one stands out most, and from there on, forwards and backwards,
    whoever is nearest to where it was last seen.
    """
    chosen: list[Person | None] = [people[0] if people else None for people in pictures]
    if not any(len(people) > 1 for people in pictures):
        return chosen
    leads = [people[0].rank - (people[1].rank if len(people) > 1 else 0) if people else 0.0 for people in pictures]
    start = int(np.argmax(leads))
    _follow(pictures, chosen, range(start, len(pictures)))
    _follow(pictures, chosen, range(start, -1, -1))
    return chosen


def _follow(pictures: Sequence[Sequence[Person]], chosen: list[Person | None], order: Iterable[int]) -> None:
    last: Person | None = None
    for i in order:
        if pictures[i]:
            chosen[i] = last = pictures[i][0] if last is None else min(pictures[i], key=partial(_away, last))


def _away(last: Person, person: Person) -> float:
    """Mean distance in pixels of the joints that both have; infinite without any."""
    both = (person.scores[T.BODY] >= SEEN) & (last.scores[T.BODY] >= SEEN)
    if not both.any():
        return float("inf")
    return float(np.linalg.norm(person.points_px[T.BODY][both] - last.points_px[T.BODY][both], axis=1).mean())
