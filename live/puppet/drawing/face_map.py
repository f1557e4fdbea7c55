"""The face map: head joints and the 70 face points as capsules, drawn at the size of the face network's crop.

It is drawn like the pose map; only the frame (the face box instead of the canvas) and the groups differ. It is not part
of the puppet's fingerprint: a bundle with a face network states its own `face_map_hash()`.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8
from live.puppet import topology as T
from live.puppet.drawing.pose_map import COVERAGE, WITH_ALONG, draw_capsules
from live.puppet.geometry.face_box import FaceSquare
from live.puppet.golden_pose import golden_pose
from live.puppet.values import PlacedPose

SIDE = 128  # px of the crop and the map (EDN: 128x128, renderopenpose.makebox128)
CHANNELS = 9
HEAD, JAW, BROWS, NOSE, EYES, PUPILS, OUTER_LIPS, INNER_LIPS = 0, 2, 3, 4, 5, 6, 7, 8  # HEAD: coverage and along
_CHAIN_CHANNELS = (JAW, BROWS, BROWS, NOSE, NOSE, EYES, EYES, OUTER_LIPS, INNER_LIPS)  # of topology.FACE_CHAINS
_R_PUPIL, _L_PUPIL = T.FACE.start + 68, T.FACE.start + 69
_HEAD_LINE, _FACE_LINE, _DOT = 0, 1, 2
_RADII_PX = np.array([2.5, 1.0, 2.0])  # half-widths by kind; in 128 px, lips are about 8 px thick, an eye 6 px high
VALID_SCORE = 0.3  # like PuppetConfig's default


def _segments() -> tuple[NDArray[np.int32], F32]:
    """(N, 5) joint a, joint b, first channel, planes, kind; (N, 2) position along at a and at b: see `pose_map`."""
    ears = (T.R_EAR, T.R_EYE, T.NOSE, T.L_EYE, T.L_EAR)
    rows = [(a, b, HEAD, WITH_ALONG, _HEAD_LINE) for a, b in zip(ears[:-1], ears[1:], strict=True)]
    along = [(i / 4, (i + 1) / 4) for i in range(4)]  # so that left and right differ in profile too
    for channel, chain in zip(_CHAIN_CHANNELS, T.FACE_CHAINS, strict=True):
        for a, b in zip(chain[:-1], chain[1:], strict=True):
            rows.append((T.FACE.start + a, T.FACE.start + b, channel, COVERAGE, _FACE_LINE))
    rows += [(pupil, pupil, PUPILS, COVERAGE, _DOT) for pupil in (_R_PUPIL, _L_PUPIL)]
    along += [(0.0, 1.0)] * (len(rows) - len(along))
    return np.array(rows, np.int32), np.array(along, np.float32)


_SEGMENTS, _ALONG = _segments()


def draw_face_map(placed: PlacedPose, square: FaceSquare, out: U8) -> None:
    """Draw the part of `placed` inside `square` into `out`, (128, 128, 9) uint8, owned by the caller, cleared first."""
    placed = placed.bounded()
    points = (placed.points_px - np.array([square.x0, square.y0], np.float32)) * np.float32(SIDE / square.side)
    draw_capsules(points, placed.scores, _RADII_PX, VALID_SCORE, 1.0, _SEGMENTS, _ALONG, out)


def face_map_hash() -> str:
    """16 hexadecimal digits of a rendered golden face, which change if the face map is drawn differently."""
    golden = golden_pose(0)
    # Rounded to half pixels, as for the fingerprint, for the same bytes on every machine.
    points = (np.round(golden.points_px * 2) / 2).astype(np.float32)
    placed = PlacedPose(0, 0.0, points, np.linspace(0.2, 1.0, T.K, dtype=np.float32), 128.0)
    out = np.empty((SIDE, SIDE, CHANNELS), np.uint8)
    draw_face_map(placed, FaceSquare(288.0, 72.0, 64.0), out)
    return hashlib.sha256(out.tobytes()).hexdigest()[:16]
