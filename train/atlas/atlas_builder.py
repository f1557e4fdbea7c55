"""Cuts the atlas out of a target's takes: for each body part a few views, each one real sample near the median.

A mean of samples would blur, and a random one may show an arm that crosses; so the views are chosen: frames are
grouped by the part's view key, each group's median says what the part looks like and which texels belong to it, and
the single sample that is nearest to the median and freest of other limbs becomes the texture. (Method:
docs/architecture.md, "Atlas".)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from live.puppet import topology as T
from live.puppet.atlas import Atlas, PartViews
from live.puppet.parts import BONE, EXTENTS, HAND, HEAD, KEY_SIZE, PARTS, Part, part_frames
from train.atlas.covered import COVERED_PARTS, covered
from train.atlas.cut_out import MEMBER_COLOUR, badness, cut_out, hand_mask, masked_median
from train.errors import TrainError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

TEXELS_PER_TORSO = 144
CANDIDATES = 900  # frames looked at, spread over all takes
GROUP = 40  # samples of one view that vote for its median
FREE_FROM, FEWEST = 120, 12  # samples of a limb's view, of which the quarter that stands freest is taken
MIDDLE, SURE = 0.3, 0.85  # share of the half-width around the bone, and how much of it must be figure
CROWDED = 0.35  # of a texture's rims: with more of it in use, the texture shows what stands beside the limb
LIMB_TORSOS = 0.4  # about how long a limb's bone is
VIEWS = {HEAD: 14, HAND: 10, BONE: 4}
TORSO_VIEWS = 8
HAND_ALONE, LIMB_ALONE = 120.0, 25.0  # grey levels that a part standing free before the background is worth
UNFORESHORTENED = 0.8  # bones shorter than this share of their typical length make poor textures


@dataclass(frozen=True, slots=True)
class Shot:
    """One take as the builder needs it. `rgba`: (N, H, W, 4) uint8 frames on the canvas with their matte; `points_px`:
    (N, 137, 2), `scores`: (N, 137), `size_px`: (N,) torso length; `weight`: (N,) 0..1, 0 for poses not to be
    trusted."""

    rgba: U8
    points_px: F32
    scores: F32
    size_px: NDArray[np.float64]
    weight: F32


@dataclass(frozen=True, slots=True)
class Sample:
    """Where one part lies in one frame: shot and frame numbers, its (2, 3) frame on the canvas, its view key, its
    size.
    """

    shot: int
    index: int
    frame: F64
    key: F64
    size_px: float


def build_atlas(
    shots: Sequence[Shot], *, valid_score: float, extents: F64 = EXTENTS, progress: Callable[[], object] = lambda: None
) -> Atlas:
    """Build the atlas; `progress` is called once a part. Raises TrainError when the torso or head was never seen well.

    A limb that no take shows gets one transparent view.
    """
    samples = _collect(shots, valid_score, extents)
    parts: list[PartViews] = []
    for number, part in enumerate(PARTS):
        usable = _unforeshortened(part, samples[number])
        if len(usable) < 8:
            if part.name in ("torso", "head"):
                raise TrainError(
                    f"the {part.name} is hardly ever seen",
                    got=f"{len(usable)} good frames",
                    wanted="a video in which one whole person faces the camera most of the time",
                    do="film again, or cut away the parts where nobody is in view",
                )
            parts.append(PartViews(np.zeros((1, 2, 2, 4), np.uint8), np.zeros((1, KEY_SIZE), np.float32)))
        else:
            parts.append(_build_part(part, extents[number], usable, shots))
        progress()
    return Atlas(tuple(parts), extents.copy())


def _collect(shots: Sequence[Shot], valid_score: float, extents: F64) -> list[list[Sample]]:
    """For each part its samples over all shots, in order of shot and time."""
    samples: list[list[Sample]] = [[] for _ in PARTS]
    total = sum(len(shot.rgba) for shot in shots)
    stride = max(1, total // CANDIDATES)
    for s, shot in enumerate(shots):
        for i in range(0, len(shot.rgba), stride):
            if shot.weight[i] < 0.5:
                continue
            frames, valid, keys = part_frames(
                shot.points_px[i], shot.scores[i], float(shot.size_px[i]), valid_score, extents
            )
            for p in np.flatnonzero(valid):
                samples[p].append(Sample(s, i, frames[p], keys[p], float(shot.size_px[i])))
    return samples


def _unforeshortened(part: Part, samples: list[Sample]) -> list[Sample]:
    if part.kind == HAND:
        # A hand whose fingers were not found has no key. Where none ever were, see `_as_seen`.
        return [s for s in samples if s.key.any()] or samples
    if part.kind == HEAD or part.name == "torso" or not samples:
        return samples
    reach = np.array([np.hypot(*s.frame[:, 0]) / s.size_px for s in samples])
    return [s for s, r in zip(samples, reach, strict=True) if r >= UNFORESHORTENED * np.quantile(reach, 0.9)]


def texture_shape(part: Part, extent: F64, samples: Sequence[Sample]) -> tuple[int, int]:
    """(rows, columns) of a part's textures: its typical reach on the canvas at TEXELS_PER_TORSO."""
    reach = float(np.median([np.hypot(*s.frame[:, 0]) / s.size_px for s in samples]))
    return max(8, round(reach * TEXELS_PER_TORSO)), max(8, round(2 * extent[2] * TEXELS_PER_TORSO))


def rectify(rgba: U8, frame: F64, shape: tuple[int, int]) -> U8:
    """Cut a part out of a canvas picture: (rows, columns, 4) uint8, rows along the bone. `frame`: (2, 3), see `parts`.

    Texel (i, j) is u = (i + 0.5) / rows, v = 2 (j + 0.5) / columns - 1, as `doll.py` reads it.
    """
    rows, columns = shape
    along, across = frame[:, 0] / rows, frame[:, 1] * 2 / columns
    corner = frame[:, 2] - frame[:, 1] + 0.5 * along + 0.5 * across - 0.5  # OpenCV puts pixel centres at integers
    matrix = np.stack([across, along, corner], axis=1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(rgba, matrix, (columns, rows), flags=flags), np.uint8)


def _as_seen(part: Part, samples: list[Sample]) -> Part:
    """The part as it is cut: a hand that never had finger points is a limb, the piece beyond the wrist that moves
    along with the forearm.
    """
    return replace(part, kind=BONE) if part.kind == HAND and not any(s.key.any() for s in samples) else part


def _build_part(part: Part, extent: F64, samples: list[Sample], shots: Sequence[Shot]) -> PartViews:
    part = _as_seen(part, samples)
    shape = texture_shape(part, extent, samples)
    keys = np.array([s.key for s in samples])
    wanted = TORSO_VIEWS if part.name == "torso" else VIEWS[part.kind]
    groups = group_views(keys, min(wanted, max(1, len(samples) // 12)))
    views, centres, crowding = [], [], []
    for centre, members in groups:
        seen = [samples[m] for m in members]
        texture = _best_texture(part, _varied(part, seen, shots, GROUP), shots, shape)
        crowded = _beside(part, extent, texture[None, ..., 3])[0] if _is_limb(part) else 0.0
        if crowded > CROWDED or part.name[2:] == "hand" and _is_limb(part):
            texture = _best_texture(part, _free(part, extent, seen, shots, shape), shots, shape)
            crowded = _beside(part, extent, texture[None, ..., 3])[0]
        views.append(texture)
        centres.append(centre)
        crowding.append(crowded)
    # A view in which the limb never stands free shows more than the limb: one that does serves better.
    kept = [i for i, crowded in enumerate(crowding) if crowded <= max(CROWDED, 1.3 * min(crowding))]
    return PartViews(np.stack([views[i] for i in kept]), np.array([centres[i] for i in kept], np.float32))


def _is_limb(part: Part) -> bool:
    return part.kind == BONE and part.name != "torso"


def _beside(part: Part, extent: F64, alpha: U8) -> F64:
    """(N,) how much of the texture's rims, along the bone, is figure: `alpha` (N, rows, columns) uint8."""
    return _share(part, extent, alpha, lambda v: v > 1 - MIDDLE)


def _share(part: Part, extent: F64, alpha: U8, columns: Callable[[F64], NDArray[np.bool_]]) -> F64:
    rows, width = alpha.shape[1:]
    ends = extent[:2] / (extent[:2].sum() + LIMB_TORSOS)
    u = (np.arange(rows) + 0.5) / rows
    # A hand's texture starts at the wrist and reaches as far as a stretched finger would: what is there is its half.
    along = u < 0.5 if part.name[2:] == "hand" else (u > ends[0]) & (u < 1 - ends[1])
    across = columns(np.abs((np.arange(width) + 0.5) / width * 2 - 1))
    return np.asarray((alpha[:, along][:, :, across] > 127).mean(axis=(1, 2)), np.float64)


def _free(
    part: Part, extent: F64, samples: list[Sample], shots: Sequence[Shot], shape: tuple[int, int]
) -> list[Sample]:
    """For a limb: of many varied samples those in which it stands free, with ground beside it.

    Colour cannot tell a grey sleeve from the grey coat behind it; the ground beside a stretched arm can. A sample whose
    middle line is not figure has a wrong pose, and is left out.
    """
    varied = _varied(part, samples, shots, FREE_FROM)
    small = (max(4, shape[0] // 6), max(4, shape[1] // 6))
    alpha = np.array([rectify(shots[s.shot].rgba[s.index], s.frame, small)[..., 3] for s in varied])
    around = (alpha > 127).mean(axis=(1, 2))
    good = np.flatnonzero(_share(part, extent, alpha, lambda v: v < MIDDLE) > SURE)
    if len(good) < FEWEST:
        return _varied(part, samples, shots, GROUP)
    return [varied[i] for i in good[np.argsort(around[good], kind="stable")][: max(FEWEST, len(good) // 4)]]


def _varied(part: Part, samples: list[Sample], shots: Sequence[Shot], count: int) -> list[Sample]:
    """For a limb: `count` samples spread evenly over the directions in which it points (for the torso: the arms), and
    half as many that are nearest to the view. For head and hands the `count` nearest.

    What moves along with a limb is the limb; what stands beside it changes with its direction. Were all the arms to
    hang, the hip beside them would pass for arm, and their sleeves for torso.
    """
    if part.kind != BONE:
        return samples[:count]
    arms = ((T.R_SHOULDER, T.R_ELBOW), (T.L_SHOULDER, T.L_ELBOW))
    angles = sum(_directions(samples, shots, a, b) for a, b in (arms if part.name == "torso" else ((part.a, part.b),)))
    order = np.argsort(angles, kind="stable")
    wanted = np.linspace(np.min(angles), np.max(angles), count)
    spread = order[np.unique(np.abs(np.asarray(angles)[order][None] - wanted[:, None]).argmin(axis=1))]
    return [samples[i] for i in np.union1d(spread, np.arange(min(count // 2, len(samples))))]


def _directions(samples: list[Sample], shots: Sequence[Shot], a: int, b: int) -> F64:
    """(N,) angle of the bone from joint a to b, 0 hanging; for a right-hand joint measured to the other side."""
    bones = np.array([shots[s.shot].points_px[s.index, b] - shots[s.shot].points_px[s.index, a] for s in samples])
    outward = -1.0 if a == T.R_SHOULDER else 1.0  # so that two raised arms add up instead of cancelling out
    return np.arctan2(outward * bones[:, 0], bones[:, 1])


def group_views(keys: F64, count: int) -> list[tuple[F64, NDArray[np.int64]]]:
    """k-means over view keys (N, F): for each group its centre and its members, nearest first; largest group first.

    Seeded by farthest points, so it is deterministic and rare views (profile, back) get groups of their own.
    """
    centres = [np.median(keys, axis=0)]
    while len(centres) < count:
        distance = np.min([((keys - c) ** 2).sum(axis=1) for c in centres], axis=0)
        # The 99th percentile, not the farthest: one wrong pose should not found a view.
        centres.append(keys[np.argsort(distance, kind="stable")[int(0.99 * (len(keys) - 1))]])
    table = np.array(centres)
    for _ in range(12):
        nearest = ((keys[:, None] - table[None]) ** 2).sum(axis=2).argmin(axis=1)
        table = np.array(
            [np.median(keys[nearest == g], axis=0) if (nearest == g).any() else table[g] for g in range(count)]
        )
    distance = ((keys[:, None] - table[None]) ** 2).sum(axis=2)
    nearest = distance.argmin(axis=1)
    groups = []
    for g in range(count):
        members = np.flatnonzero(nearest == g)
        if len(members) >= 4:
            groups.append((table[g], members[np.argsort(distance[members, g], kind="stable")]))
    groups.sort(key=lambda group: -len(group[1]))
    return groups


def _best_texture(part: Part, samples: list[Sample], shots: Sequence[Shot], shape: tuple[int, int]) -> U8:
    """The sample nearest to the group's median, with alpha where the group agrees that the texel is the part."""
    small = (max(4, shape[0] // 3), max(4, shape[1] // 3))
    patches = np.array([rectify(shots[s.shot].rgba[s.index], s.frame, small) for s in samples], np.float32)
    inside = patches[..., 3] > 127
    if part.name in COVERED_PARTS:
        inside &= ~np.array([_covered(s, shots[s.shot], small) for s in samples])
    median = masked_median(patches[..., :3], inside)
    away = np.abs(patches[..., :3] - median).mean(axis=3)
    member = (inside & (away < MEMBER_COLOUR)).mean(axis=0)  # share of samples that agree, texel by texel
    core = np.tile(member > 0.5, (len(samples), 1, 1))
    if part.kind == HAND:  # fingers move: the skeleton says what is hand, not the median
        core = np.array([_hand(part, s, shots[s.shot], small) > 0.5 for s in samples])
    lone = HAND_ALONE if part.kind == HAND else LIMB_ALONE
    scores = [badness(a, m, c, lone) for a, m, c in zip(away, inside, core, strict=True)]
    best = int(np.argmin([bad - _sharpness_bonus(s) for bad, s in zip(scores, samples, strict=True)]))
    chosen = samples[best]
    texture = rectify(shots[chosen.shot].rgba[chosen.index], chosen.frame, shape)
    if part.name in COVERED_PARTS:  # what an arm covers in the best sample too is taken from the others
        hidden, whole = _covered(chosen, shots[chosen.shot], shape), (shape[1], shape[0])
        texture[hidden, :3] = cv2.resize(median, whole, interpolation=cv2.INTER_LINEAR)[hidden]
    if part.kind == HAND:
        return cut_out(texture, _hand(part, chosen, shots[chosen.shot], shape))
    return cut_out(texture, member.astype(np.float32))


def _covered(sample: Sample, shot: Shot, shape: tuple[int, int]) -> NDArray[np.bool_]:
    return covered(sample.frame, shot.points_px[sample.index], shot.scores[sample.index], sample.size_px, shape)


def _hand(part: Part, sample: Sample, shot: Shot, shape: tuple[int, int]) -> F32:
    hand = T.R_HAND if part.b == T.R_WRIST else T.L_HAND
    return hand_mask(sample.frame, shot.points_px[sample.index, hand], sample.size_px, shape)


def _sharpness_bonus(sample: Sample) -> float:
    """A take filmed closer shows more: up to a few grey levels of advantage for twice the size."""
    return 6.0 * min(1.0, sample.size_px / TEXELS_PER_TORSO)
