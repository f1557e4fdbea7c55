"""When a hand is looked for, with networks that say what they are told."""

from typing import cast

import numpy as np

from engines.arrays import F32, U8
from live.estimator.body import Body
from live.estimator.hand import HandTracker
from live.estimator.network import Network
from live.estimator.region import Region

PICTURE = np.zeros((300, 400, 3), np.uint8)


class Says:
    """A network of 224 px; it says the same of every region, and counts them."""

    size = 224

    def __init__(self, *outputs: F32) -> None:
        self.outputs, self.looks = list(outputs), 0

    def run(self, image: U8, region: Region) -> list[F32]:
        self.looks += 1
        return self.outputs


def hand(side: str, *, present: float) -> tuple[HandTracker, Says]:
    """A tracker, and the network that finds its points in the middle of each region."""
    points = np.stack([np.linspace(80, 140, 21), np.linspace(150, 90, 21), np.zeros(21)], 1).astype(np.float32)
    network = Says(points.reshape(1, 63), np.array([[present]], np.float32))
    recrop = Says(np.array([[[[112, 112, 112, 60]]]], np.float32))
    return HandTracker(side, cast(Network, recrop), cast(Network, network)), network


def body() -> Body:
    points = np.zeros((33, 3), np.float32)
    points[[15, 17, 19, 16, 18, 20], :2] = [[300, 200], [310, 220], [290, 225], [100, 200], [90, 220], [110, 225]]
    return Body(points, np.ones(33, np.float32))


def looks(side: str, pictures: int) -> list[bool]:
    """In which pictures a hand that is never found is looked for."""
    tracker, network = hand(side, present=0.2)
    found = []
    for _ in range(pictures):
        before = network.looks
        assert tracker.follow(PICTURE) is None and tracker.find(PICTURE, body()) is None
        found.append(network.looks > before)
    return found


def test_a_lost_hand_is_looked_for_in_every_picture_at_first_and_then_in_one_of_three() -> None:
    left, right = looks("left", 40), looks("right", 40)
    assert all(left[:10]) and all(right[:10])
    assert sum(left[10:]) == sum(right[10:]) == 10
    assert not any(np.logical_and(left[10:], right[10:])), "never both in one picture"


def test_a_hand_that_was_found_is_followed_without_the_body() -> None:
    tracker, network = hand("left", present=0.9)
    assert tracker.follow(PICTURE) is None and network.looks == 0
    found = tracker.find(PICTURE, body())
    assert found is not None and found.shape == (21, 3) and found.dtype == np.float32
    assert tracker.follow(PICTURE) is not None and network.looks == 2


def test_a_hand_whose_wrist_nobody_sees_is_not_looked_for() -> None:
    tracker, network = hand("right", present=0.9)
    unseen = Body(body().points, np.zeros(33, np.float32))
    assert tracker.find(PICTURE, unseen) is None and network.looks == 0


def test_a_body_that_is_a_point_has_no_hand() -> None:
    tracker, network = hand("right", present=0.9)
    assert tracker.find(PICTURE, Body(np.zeros((33, 3), np.float32), np.ones(33, np.float32))) is None
    assert network.looks == 0
