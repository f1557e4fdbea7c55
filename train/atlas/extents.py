"""How far a figure's parts reach: as people's do, or farther if the figure's own proportions require it."""

import numpy as np

from engines.arrays import F64
from live.puppet.drawing.parts import EXTENTS, PART_NAMES
from live.puppet.geometry.body_stats import BodyStats

# A head's reach above, below and beside the middle between the ears, in ear-to-ear widths. Generous: measured on a
# chibi whose helmet and chin reach 0.8, 0.5 and 0.55. A person's ears are 0.3 torsos apart and change nothing.
HEAD_IN_EARS = np.array([1.0, 0.62, 0.68])
EARS = 0.3  # torsos from ear to ear for which the mouth's extent in `parts` is meant
# A figure with a larger head than this (ears in torsos) is a cartoon: its limbs are thick for its short torso too.
CARTOON_HEAD, THICKEST = 0.72, 1.6


def extents_for(stats: BodyStats) -> F64:
    """(P, 3) before, after and half-width of each part in torso lengths, for a figure of these measures."""
    extents = EXTENTS.copy()
    ears = stats.head / stats.torso
    head, mouth, torso = (PART_NAMES.index(name) for name in ("head", "mouth", "torso"))
    limbs = [i for i in range(len(EXTENTS)) if i not in (head, mouth, torso)]
    extents[head] = np.maximum(extents[head], HEAD_IN_EARS * ears)
    extents[mouth] *= max(ears / EARS, 1)
    extents[limbs, 2] *= np.clip(ears / CARTOON_HEAD, 1, THICKEST)
    return extents
