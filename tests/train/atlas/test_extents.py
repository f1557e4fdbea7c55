from dataclasses import replace

import numpy as np

from live.puppet.drawing.parts import EXTENTS, PART_NAMES
from live.puppet.geometry.body_stats import BodyStats
from tests.live.puppet.figure import walker
from train.atlas.extents import extents_for

MAN: BodyStats = walker(near=900, far=800, near_height=700, far_height=600)


def test_a_persons_parts_are_as_large_as_ever() -> None:
    assert np.array_equal(extents_for(MAN), EXTENTS)
    assert np.array_equal(extents_for(replace(MAN, head=0.0)), EXTENTS)


def test_a_huge_head_is_kept_whole_and_its_limbs_are_thick() -> None:
    found = extents_for(replace(MAN, head=1.8 * MAN.torso))
    head, arm = PART_NAMES.index("head"), PART_NAMES.index("l_forearm")
    assert (found[head] > (1.45, 0.9, 0.95)).all()  # the reach of such a helmet, in torsos
    assert found[arm, 2] == 1.6 * EXTENTS[arm, 2] and found[arm, 0] == EXTENTS[arm, 0]
    assert np.array_equal(found[0], EXTENTS[0])
