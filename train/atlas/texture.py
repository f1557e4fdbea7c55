"""The texture of one view: the sample nearest to the median of all that vote, cut out of its frame."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8
from live.puppet.drawing.parts import BONE, HAND, HEAD, MOUTH, Part
from train.atlas.covered import COVERED_PARTS, covered
from train.atlas.cut_out import (
    MEMBER_COLOUR,
    cut_out,
    hand_mask,
    inner_hand,
    masked_median,
    oval,
    view_cost,
    without_crumbs,
)
from train.atlas.head import above_collar, face_hidden, head_mask
from train.atlas.palette import Palette
from train.atlas.sample import TEXELS_PER_TORSO, Sample, TakeFrames, fingers, rectify
from train.atlas.trunk import beside_neck, sleeves, trunk_mask

# In grey levels: what it is worth that a part stands free in front of the background; that it is at full size (a face
# or fingers half as large are blurred); and that no hand is in front of a face.
HAND_ALONE, LIMB_ALONE = 120.0, 25.0
LIMB_CLOSE, CLOSE = (6.0, 40.0)
HIDDEN = 200.0
HAND_THICK = 0.11  # torso lengths: fingers drawn this thick are complete, with a rim of what is behind them
PALETTE_FROM = 120  # samples from which a hand's colours are taken


def best_texture(
    part: Part, samples: Sequence[Sample], shots: Sequence[TakeFrames], shape: tuple[int, int], palette: Palette | None
) -> tuple[U8, Sample]:
    """The texture of the sample nearest to the group's median, with alpha where the group agrees that it is the part;
    and that sample.

    A hand is cut out by its skeleton and `palette` instead, a head above the chin by its matte alone.
    """
    small = (max(4, shape[0] // 3), max(4, shape[1] // 3))
    patches = np.array([_cut(s, shots, small) for s in samples], np.float32)
    inside = patches[..., 3] > 127
    if part.name in COVERED_PARTS:
        inside &= ~np.array([_covered(s, shots, small) for s in samples])
    median = masked_median(patches[..., :3], inside)
    away = np.abs(patches[..., :3] - median).mean(axis=3)
    member = (inside & (away < MEMBER_COLOUR)).mean(axis=0)  # share of samples that agree, texel by texel
    if part.kind == HAND:  # fingers move: the skeleton says what is hand, not the median
        core = np.array([_hand(part, s, shots, small) > 0.5 for s in samples])
    else:
        core = np.tile(oval(small) > 0.5 if part.kind == MOUTH else member > 0.5, (len(samples), 1, 1))
    if part.kind == HEAD:  # hair that flies farther than in other samples is not foreign
        inside &= core | ~np.array([_head(s, shots, small) > 0.5 for s in samples])
    lone = HAND_ALONE if part.kind == HAND else LIMB_ALONE
    scores = [view_cost(a, m, c, lone) for a, m, c in zip(away, inside, core, strict=True)]
    if part.kind in (HEAD, MOUTH):
        scores = [bad + HIDDEN * hidden_face(part, s, shots) for bad, s in zip(scores, samples, strict=True)]
    chosen = samples[int(np.argmin([bad - _sharpness_bonus(part, s) for bad, s in zip(scores, samples, strict=True)]))]
    return _texture(part, chosen, shots, shape, median, member.astype(np.float32), palette), chosen


def hidden_face(part: Part, sample: Sample, shots: Sequence[TakeFrames]) -> float:
    """The share of a head's face, or of a mouth, that lies under an arm or hand, 0..1."""
    shot = shots[sample.shot]
    if part.kind == MOUTH:
        return float(_covered(sample, shots, (24, 24)).mean())
    points, scores = shot.points_px[sample.index], shot.scores[sample.index]
    return face_hidden(sample.frame, points, scores, sample.size_px, (48, 48))


def palette_of(
    part: Part, samples: Sequence[Sample], shots: Sequence[TakeFrames], shape: tuple[int, int]
) -> Palette | None:
    """The colours of a hand over all its samples; None for other parts."""
    if part.kind != HAND:
        return None
    colours = []
    for sample in samples[:: max(1, len(samples) // PALETTE_FROM)]:
        cut = _cut(sample, shots, shape)
        colours.append(cut[_inner(part, sample, shots, shape) & (cut[..., 3] > 200)][:, :3])
    return Palette(np.concatenate(colours))


def _texture(
    part: Part,
    chosen: Sample,
    shots: Sequence[TakeFrames],
    shape: tuple[int, int],
    median: F32,
    member: F32,
    palette: Palette | None,
) -> U8:
    texture = _cut(chosen, shots, shape)
    if part.kind == MOUTH:  # laid on a head with the same face, so it fades instead of having an outline
        texture[..., 3] = (texture[..., 3] * oval(shape)).round()
        return texture
    if palette is not None:
        inner = _inner(part, chosen, shots, shape)
        return cut_out(texture, _hand(part, chosen, shots, shape) * np.maximum(inner, palette.belongs(texture)))
    if part.name in COVERED_PARTS:  # what an arm covers even in the best sample is taken from the others
        hidden = _covered(chosen, shots, shape)
        texture[hidden, :3] = _resized(median, shape)[hidden]
    texture = cut_out(texture, _membership(part, chosen, shots, shape, median, member))
    return without_crumbs(texture) if part.kind == HEAD else texture


def _membership(
    part: Part, chosen: Sample, shots: Sequence[TakeFrames], shape: tuple[int, int], median: F32, member: F32
) -> F32:
    """(rows, columns) float32 0..1: what the group voted for, plus what is surely head or torso."""
    voted = _resized(member, shape)
    points = shots[chosen.shot].points_px[chosen.index]
    if part.kind == HEAD:
        return np.maximum(voted, _head(chosen, shots, shape)) * above_collar(
            chosen.frame, points, chosen.size_px, shape
        )
    if part.name == "torso":
        field = trunk_mask(chosen.frame, points, chosen.size_px, shape)
        whole = np.where(_resized(median, shape).any(axis=2), np.maximum(voted, field), voted)
        sample = chosen.frame, points, chosen.size_px, shape
        return np.where(sleeves(*sample) | beside_neck(*sample), 0, whole).astype(np.float32)
    return voted


def _resized(picture: F32, shape: tuple[int, int]) -> F32:
    return cv2.resize(picture, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)


def _cut(sample: Sample, shots: Sequence[TakeFrames], shape: tuple[int, int]) -> U8:
    return rectify(shots[sample.shot].rgba[sample.index], sample.frame, shape)


def _covered(sample: Sample, shots: Sequence[TakeFrames], shape: tuple[int, int]) -> NDArray[np.bool_]:
    shot = shots[sample.shot]
    return covered(sample.frame, shot.points_px[sample.index], shot.scores[sample.index], sample.size_px, shape)


def _head(sample: Sample, shots: Sequence[TakeFrames], shape: tuple[int, int]) -> F32:
    shot = shots[sample.shot]
    return head_mask(sample.frame, shot.points_px[sample.index], shot.scores[sample.index], sample.size_px, shape)


def _hand(part: Part, sample: Sample, shots: Sequence[TakeFrames], shape: tuple[int, int]) -> F32:
    return hand_mask(sample.frame, _hand_points(part, sample, shots), sample.size_px, shape, thick=HAND_THICK)


def _inner(part: Part, sample: Sample, shots: Sequence[TakeFrames], shape: tuple[int, int]) -> NDArray[np.bool_]:
    return inner_hand(sample.frame, _hand_points(part, sample, shots), shape)


def _hand_points(part: Part, sample: Sample, shots: Sequence[TakeFrames]) -> F32:
    points: F32 = shots[sample.shot].points_px[sample.index, fingers(part)]
    return points


def _sharpness_bonus(part: Part, sample: Sample) -> float:
    """Some grey levels of advantage for a take filmed closer, which shows more."""
    return (LIMB_CLOSE if part.kind == BONE else CLOSE) * min(1.0, sample.size_px / TEXELS_PER_TORSO)
