"""Which poses a data set shows: directions of arms and legs, turns of the head, hands; and of which there are few."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.arrays import F64
from live.puppet import topology as T
from live.puppet.drawing.fit import as_complex
from live.puppet.drawing.head_view import head_axis, head_turn
from live.puppet.geometry.body_stats import BodyStats
from train.atlas.sample import TakeFrames

# Directions of a limb, from hanging outwards (away from the body) and round: eight sectors of 45 degrees.
DIRECTIONS = (
    "down",
    "down and out",
    "out to the side",
    "up and out",
    "up",
    "up across the head",
    "across the body",
    "down across the body",
)
SECTORS = len(DIRECTIONS)
# Segments, their joints, and the directions that a dancer or caller will show: the user is asked for thin ones of them.
ARM_WANTED, FOREARM_WANTED, THIGH_WANTED, SHIN_WANTED = (0, 1, 2, 3, 4), tuple(range(8)), (0, 1), (0, 1)
SEGMENTS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "right upper arm": (T.R_SHOULDER, T.R_ELBOW, ARM_WANTED),
    "left upper arm": (T.L_SHOULDER, T.L_ELBOW, ARM_WANTED),
    "right forearm": (T.R_ELBOW, T.R_WRIST, FOREARM_WANTED),
    "left forearm": (T.L_ELBOW, T.L_WRIST, FOREARM_WANTED),
    "right leg": (T.R_HIP, T.R_KNEE, THIGH_WANTED),
    "left leg": (T.L_HIP, T.L_KNEE, THIGH_WANTED),
    "right lower leg": (T.R_KNEE, T.R_ANKLE, SHIN_WANTED),
    "left lower leg": (T.L_KNEE, T.L_ANKLE, SHIN_WANTED),
}
HEAD_TURNS = ("far right", "right", "ahead", "left", "far left")  # the person's own right: image left when facing us
HEAD_NODS = ("up", "level", "down")
_YAW, _PITCH = (0.25, 0.8), 0.12  # edges, in half widths of the head
THIN = 0.01  # share of the usable frames; a direction with fewer is thin
THIN_FRAMES = 25  # or fewer frames than this
VALID = 0.3


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of the usable frames. `limbs`: segment -> (8,) by DIRECTIONS; a segment never seen has all 0 and is not
    judged. `head`: (3, 5) by HEAD_NODS and HEAD_TURNS. `behind`: seen from behind. `hands`: right and left with finger
    points. `thin`: segment -> the directions to film more of; `missing`: the same in words, the rarest first."""

    frames: int
    limbs: dict[str, F64]
    head: F64
    behind: float
    hands: tuple[float, float]
    thin: dict[str, tuple[int, ...]]
    missing: tuple[str, ...]


def cover(shots: Sequence[TakeFrames], stats: Sequence[BodyStats]) -> Coverage:
    """Count the frames of weight above 0 of all takes, each with the measures of its figure on the canvas."""
    used = [shot.weight > 0 for shot in shots]
    count = int(sum(u.sum() for u in used))
    points = np.concatenate([shot.points_px[u] for shot, u in zip(shots, used, strict=True)])
    scores = np.concatenate([shot.scores[u] for shot, u in zip(shots, used, strict=True)])
    size = np.concatenate([shot.size_px[u] for shot, u in zip(shots, used, strict=True)])
    limbs = {name: _directions(points, scores, a, b, count) for name, (a, b, _) in SEGMENTS.items()}
    head, behind = _head(points, scores, size, max(stats, key=lambda s: s.head / s.torso), count)
    hands = [float((scores[:, hand.start] >= VALID).sum() / max(count, 1)) for hand in (T.R_HAND, T.L_HAND)]
    thin = {
        name: tuple(i for i in wanted if limbs[name][i] < THIN or limbs[name][i] * count < THIN_FRAMES)
        for name, (_, _, wanted) in SEGMENTS.items()
        if limbs[name].any()
    }
    return Coverage(count, limbs, head, behind, (hands[0], hands[1]), thin, _in_words(thin, limbs, head))


def _directions(points: F64, scores: F64, a: int, b: int, count: int) -> F64:
    seen = (scores[:, a] >= VALID) & (scores[:, b] >= VALID)
    bones = points[seen, b] - points[seen, a]
    # The figure faces us, so its right is at the left of the picture. Seen from behind, outwards is reversed.
    facing = np.sign(points[seen, T.L_SHOULDER, 0] - points[seen, T.R_SHOULDER, 0])
    outward = bones[:, 0] * facing * (1 if a in (T.L_SHOULDER, T.L_ELBOW, T.L_HIP, T.L_KNEE) else -1)
    angle = np.arctan2(outward, bones[:, 1])
    sector = np.round(angle / (2 * np.pi / SECTORS)).astype(int) % SECTORS
    return np.bincount(sector, minlength=SECTORS) / max(count, 1)


def _head(points: F64, scores: F64, size: F64, stats: BodyStats, count: int) -> tuple[F64, float]:
    """(3, 5) shares of nods and turns, and the share seen from behind."""
    table, keys, behind = np.zeros((len(HEAD_NODS), len(HEAD_TURNS))), [], 0
    half = max(stats.head / stats.torso, 0.05) / 2
    for point, score, torso in zip(points, scores, size, strict=True):
        if min(score[T.R_EAR], score[T.L_EAR], score[T.NOSE], score[T.NECK]) < VALID:
            continue
        scale = float(torso)
        plane = as_complex(point)
        ears, turn, nod = np.array(head_turn(plane, *head_axis(plane, scale), scale)) / half
        if ears < -0.5:
            behind += 1
        else:
            keys.append((turn, nod))
    if keys:
        turns, nods = np.array(keys).T
        column = np.digitize(turns, (-_YAW[1], -_YAW[0], _YAW[0], _YAW[1]))
        row = np.digitize(nods - np.median(nods), (-_PITCH, _PITCH))
        np.add.at(table, (row, column), 1)
    return table / max(count, 1), behind / max(count, 1)


def _in_words(thin: dict[str, tuple[int, ...]], limbs: dict[str, F64], head: F64) -> tuple[str, ...]:
    found = [(float(limbs[name][i]), f"{name} {_word(name, i)}") for name, sectors in thin.items() for i in sectors]
    if head.any():
        by_turn, by_nod = head.sum(axis=0), head.sum(axis=1)
        found += [(float(by_turn[i]), f"head turned {HEAD_TURNS[i]}") for i in (1, 3) if by_turn[i] < THIN]
        found += [(float(by_nod[i]), f"looking {HEAD_NODS[i]}") for i in (0, 2) if by_nod[i] < THIN]
    return tuple(words for _, words in sorted(found))


def _word(name: str, sector: int) -> str:
    """A leg never points far up: half way out counts as all the way."""
    return "out to the side" if sector == 1 and name.endswith("leg") else DIRECTIONS[sector]
