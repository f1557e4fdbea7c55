"""The fingerprint of everything that decides what is drawn: the settings, and a rendered golden pose.

A bundle carries the fingerprint it was trained under. If a setting, a drawing rule or a library's drawing changes, so
does the fingerprint, and the bundle is refused rather than shown badly.
"""

import hashlib
import json
from dataclasses import replace

import numpy as np

from live.puppet.condition import Conditioner
from live.puppet.config import PuppetConfig
from live.puppet.drawing.atlas import Atlas, PartViews
from live.puppet.drawing.fit import KEY_SIZE
from live.puppet.drawing.parts import EXTENTS, PARTS
from live.puppet.geometry.body_stats import BONE_NAMES, BodyStats
from live.puppet.golden_pose import golden_pose

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
    # Not the target's build, so that every stage has something to do.
    performer = replace(_STATS.scaled(6.4), bones=tuple(6.4 * b * (1 + 0.02 * i) for i, b in enumerate(_STATS.bones)))
    conditioner = Conditioner(config, target=target, atlas=_checked_atlas(), performer=performer)
    digest = hashlib.sha256(json.dumps(config.to_json(), sort_keys=True).encode())
    for step in range(3):
        placed = conditioner.place(golden_pose(step))
        # Rounded to half pixels: between machines, geometry may differ in the last float bit, but the drawing must not.
        drawn = conditioner.draw(
            replace(placed, points_px=np.round(placed.points_px * 2) / 2, size_px=round(placed.size_px))
        )
        digest.update(drawn.pose_map.tobytes())
        digest.update((drawn.doll >> 3).tobytes())
    return digest.hexdigest()[:16]


def _checked_atlas() -> Atlas:
    """A small atlas with a gradient in every part and an end that fades, so that a turned, flipped or reordered part
    changes the picture, as does another rule for faint pixels.
    """
    rows, columns = np.mgrid[0:24, 0:12]
    parts = []
    for number in range(len(PARTS)):
        fading = np.minimum(rows * 20, 255)
        rgba = np.stack([rows * 10, columns * 20, np.full_like(rows, number * 16), fading], axis=-1)
        views = np.stack([rgba, rgba[::-1]]).astype(np.uint8)
        keys = np.zeros((2, KEY_SIZE), np.float32)
        keys[1] = 0.05 + 0.01 * ((np.arange(KEY_SIZE) * 7) % 11)  # so that a hand has to be turned and sized to fit
        parts.append(PartViews(views, keys))
    return Atlas(tuple(parts), EXTENTS.copy())
