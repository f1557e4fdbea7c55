"""Cuts the atlas out of a target's takes: for each body part a few views, each one real sample near the median.

A mean of samples would blur, and a random one may show an arm across the part, so the views are chosen: frames are
grouped by the part's view key, each group's median says what the part looks like and which texels belong to it, and
the single sample that is nearest to the median and freest of other limbs becomes the texture. (Method:
docs/architecture.md, "Atlas".)
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F64, U8
from live.puppet.drawing.atlas import Atlas, PartViews
from live.puppet.drawing.parts import BONE, EXTENTS, HAND, HEAD, MOUTH, PARTS, Part
from train.atlas.cut_out import rounded
from train.atlas.limb_samples import GROUP, beside, free_samples, is_limb, still_samples, varied_samples
from train.atlas.sample import TEXELS_PER_TORSO, Sample, TakeFrames, collect, texture_shape, unforeshortened
from train.atlas.texture import best_texture, hidden_face, palette_of
from train.errors import TrainError

CROWDED = 0.35  # of a texture's rims: with more of them in use, the texture shows what is beside the limb
HIDDEN_FACE = 0.1  # the most of a face that may lie under a hand
WHOLE = 0.6  # of the median head's area that a head must have
ONE_PIECE, SOLID = 0.9, 200  # share of a hand's texels with more than SOLID alpha that must be connected
VIEWS = {HEAD: 20, HAND: 40, MOUTH: 24, BONE: 4}
TORSO_VIEWS = 8


def build_atlas(
    shots: Sequence[TakeFrames],
    *,
    valid_score: float,
    extents: F64 = EXTENTS,
    progress: Callable[[], object] = lambda: None,
) -> Atlas:
    """Build the atlas; `progress` is called once per part. Raises TrainError if torso or head was never seen well.

    A limb that no take shows gets one transparent view.
    """
    samples = collect(shots, valid_score, extents)
    parts: list[PartViews] = []
    for number, part in enumerate(PARTS):
        usable = unforeshortened(part, samples[number])
        if len(usable) < 8:
            if part.name in ("torso", "head"):
                raise TrainError(
                    f"the {part.name} is hardly ever seen",
                    got=f"{len(usable)} good frames",
                    wanted="a video in which one whole person faces the camera most of the time",
                    do="film again, or cut out the stretches where nobody is in view",
                )
            parts.append(PartViews.empty())
        else:
            parts.append(_build_part(part, extents[number], usable, shots))
        progress()
    return Atlas(tuple(parts), extents.copy())


def _as_seen(part: Part, samples: list[Sample]) -> Part:
    """The part as it is cut: a hand that never had finger points counts as a limb, the piece beyond the wrist that
    moves along with the forearm.
    """
    return replace(part, kind=BONE) if part.kind == HAND and not any(s.key.any() for s in samples) else part


def _build_part(part: Part, extent: F64, samples: list[Sample], shots: Sequence[TakeFrames]) -> PartViews:
    part = _as_seen(part, samples)
    shape = texture_shape(part, extent, samples)
    keys = np.array([s.key for s in samples])
    wanted = TORSO_VIEWS if part.name == "torso" else VIEWS[part.kind]
    groups = group_views(keys, min(wanted, max(1, len(samples) // 12)))
    palette = palette_of(part, samples, shots, shape)
    views, centres, crowding = [], [], []
    for centre, members in groups:
        seen = still_samples(part, [samples[m] for m in members], shots)
        texture, chosen = best_texture(part, varied_samples(part, seen, shots, GROUP), shots, shape, palette)
        crowded = beside(part, extent, texture[None, ..., 3])[0] if is_limb(part) else 0.0
        if part.kind in (HEAD, MOUTH):
            crowded = hidden_face(part, chosen, shots)
        if crowded > CROWDED or part.name[2:] == "hand" and is_limb(part):
            texture, chosen = best_texture(part, free_samples(part, extent, seen, shots, shape), shots, shape, palette)
            crowded = beside(part, extent, texture[None, ..., 3])[0]
        views.append(_round_off(part, extent, texture))
        # Heads, hands and lips are laid on the points with which they were cut.
        centres.append(centre if part.kind == BONE else chosen.key)
        crowding.append(crowded)
    # A view in which a limb never stands free shows more than the limb, and such a head shows hands: use other views.
    limit = HIDDEN_FACE if part.kind in (HEAD, MOUTH) else CROWDED
    kept = [i for i, crowded in enumerate(crowding) if crowded <= max(limit, 1.3 * min(crowding))]
    if part.kind == HEAD:
        kept = whole_heads(views, kept)
    elif part.kind == HAND:
        kept = whole_hands(views, kept)
    return PartViews(np.stack([views[i] for i in kept]), np.array([centres[i] for i in kept], np.float32))


def whole_heads(views: Sequence[U8], kept: list[int]) -> list[int]:
    """Those of `kept` of which enough is left: an arm in front of the head, unknown to the face points, is cut away
    with what is behind it.
    """
    areas = {i: int((views[i][..., 3] > 127).sum()) for i in kept}
    return [i for i in kept if areas[i] >= WHOLE * np.median(list(areas.values()))]


def whole_hands(views: Sequence[U8], kept: list[int]) -> list[int]:
    """Those of `kept` that are in one piece: a hand in shadow, cut out by its colours, may be left as fingers only."""
    return [i for i in kept if _largest_piece(views[i]) >= ONE_PIECE] or kept


def _largest_piece(rgba: U8) -> float:
    """The largest connected share of what is solid."""
    solid = (rgba[..., 3] > SOLID).astype(np.uint8)
    count, _, pieces, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    return float(pieces[1:, cv2.CC_STAT_AREA].max() / solid.sum()) if count > 1 else 0.0


def _round_off(part: Part, extent: F64, texture: U8) -> U8:
    """Round arms and legs off at their joints; toes and what lies beyond a wrist keep their own shape."""
    if not is_limb(part) or part.name[2:] in ("hand", "foot"):
        return texture
    return rounded(texture, extent[0] * TEXELS_PER_TORSO, extent[1] * TEXELS_PER_TORSO)


def group_views(keys: F64, count: int) -> list[tuple[F64, NDArray[np.int64]]]:
    """k-means over view keys (N, F): for each group its centre and its members, nearest first; largest group first.

    Seeded by farthest points, so it is deterministic and rare views (profile, back) get groups of their own.
    """
    centres = [np.median(keys, axis=0)]
    while len(centres) < count:
        distance = np.min([((keys - c) ** 2).sum(axis=1) for c in centres], axis=0)
        # The 99th percentile, not the farthest: one wrong pose must not start a view.
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
