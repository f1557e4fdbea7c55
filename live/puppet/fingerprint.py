"""The fingerprint of everything that decides what is drawn: the settings, and a rendered golden pose.

A bundle carries the fingerprint it was trained under; a changed setting, drawing rule or library that draws otherwise
gives another one, and the bundle is refused rather than shown badly.
"""

import hashlib
import json
from dataclasses import replace

import numpy as np

from live.puppet import topology as T
from live.puppet.atlas import Atlas, PartViews
from live.puppet.body_stats import BONE_NAMES, BodyStats
from live.puppet.condition import Conditioner
from live.puppet.config import PuppetConfig
from live.puppet.fit import KEY_SIZE
from live.puppet.parts import EXTENTS, PARTS
from live.puppet.values import Pose

# A figure with one arm raised, BODY_25, in hundredths of the picture, x then y.
_BODY = (
    "50 18 50 28 43 28 38 38 36 48 57 28 64 22 68 12 50 52 46 52 45 70 44 88 54 52 56 70 57 88 48 16 52 16 46 17 54 17 "
    "60 92 61 92 56 90 42 92 41 92 45 90"
)
_STATS = BodyStats(
    image_size=(100, 100),
    near_y=90.0,
    far_y=84.0,
    near_height=71.0,
    far_height=66.0,
    hip_x=50.0,
    neck_x=50.0,
    neck_y=28.0,
    torso=24.0,
    shoulder=14.0,
    head=8.0,
    hand=5.0,
    has_legs=True,
    bones=tuple(
        {"torso": 24.0, "head": 10.0, "shoulder": 7.0, "hip": 4.0, "foot": 5.0}.get(n, 15.0) for n in BONE_NAMES
    ),
)


def fingerprint(config: PuppetConfig) -> str:
    """16 hexadecimal digits. Takes a few milliseconds once the drawing code is compiled."""
    side = float(min(config.canvas_px))
    target = _STATS.scaled(side / 100)
    # Another build than the target's, so that every stage has something to do.
    performer = replace(_STATS.scaled(6.4), bones=tuple(6.4 * b * (1 + 0.02 * i) for i, b in enumerate(_STATS.bones)))
    conditioner = Conditioner(config, target=target, atlas=_checked_atlas(), performer=performer)
    digest = hashlib.sha256(json.dumps(config.to_json(), sort_keys=True).encode())
    for step in range(3):
        placed = conditioner.place(golden_pose(step))
        # Half-pixel steps: the geometry may differ in the last float bit between machines, the drawing must not.
        drawn = conditioner.draw(
            replace(placed, points_px=np.round(placed.points_px * 2) / 2, size_px=round(placed.size_px))
        )
        digest.update(drawn.pose_map.tobytes())
        digest.update((drawn.doll >> 3).tobytes())
    return digest.hexdigest()[:16]


def golden_pose(step: int) -> Pose:
    """The golden figure at frame `step` of 30 a second, in a 640x640 picture, with face and hands, moving a little."""
    points = np.zeros((T.K, 2), np.float32)
    points[T.BODY] = np.array(_BODY.split(), np.float32).reshape(25, 2)
    n = np.arange(70, dtype=np.float32)
    points[T.FACE] = np.stack([47 + n % 7, 14 + n // 10], axis=1)
    for hand, wrist in ((T.L_HAND, T.L_WRIST), (T.R_HAND, T.R_WRIST)):
        k = np.arange(21, dtype=np.float32)
        points[hand] = points[wrist] + np.stack([(k % 4) - 1.5, -(k // 4)], axis=1)
    points = (points * 6.4 + step * np.array([3.0, -2.0])).astype(np.float32)
    return Pose(step, step / 30, points, np.zeros(T.K, np.float32), np.ones(T.K, np.float32), (640, 640))


def _checked_atlas() -> Atlas:
    """A small atlas with a gradient in every part, and an end that fades: a turned, flipped or reordered part changes
    the picture, and so does another rule for faint pixels.
    """
    rows, columns = np.mgrid[0:24, 0:12]
    parts = []
    for number in range(len(PARTS)):
        fading = np.minimum(rows * 20, 255)
        rgba = np.stack([rows * 10, columns * 20, np.full_like(rows, number * 16), fading], axis=-1)
        views = np.stack([rgba, rgba[::-1]]).astype(np.uint8)
        keys = np.zeros((2, KEY_SIZE), np.float32)
        keys[1] = 0.05 + 0.01 * ((np.arange(KEY_SIZE) * 7) % 11)  # a hand has to be turned and sized to it
        parts.append(PartViews(views, keys))
    return Atlas(tuple(parts), EXTENTS.copy())
