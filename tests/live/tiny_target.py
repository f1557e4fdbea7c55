"""A target bundle of 128x128 for tests: a coloured doll, a plate of one colour, no generator; nothing is trained."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from engines.bundle import write_manifest
from live.puppet.config import PuppetConfig
from live.puppet.drawing.atlas import Atlas, PartViews, save_atlas
from live.puppet.drawing.fit import KEY_SIZE
from live.puppet.drawing.parts import EXTENTS, PARTS
from live.puppet.fingerprint import _STATS, fingerprint
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.golden_pose import golden_pose
from live.puppet.values import Pose

SIDE = 128
PLATE = (20, 120, 60)  # RGB
DOLL = (200, 60, 40)
CONFIG = PuppetConfig(canvas_px=(SIDE, SIDE))
ESTIMATOR = "recorded/openpose137"


def stats() -> BodyStats:
    return _STATS.scaled(SIDE / 100)


def walking(count: int, *, fps: float = 30.0, seen: range | None = None) -> list[Pose]:
    """`count` poses of one person who drifts; not in view outside of `seen`."""
    poses = []
    for i in range(count):
        if seen is not None and i not in seen:
            poses.append(Pose.empty(i, i / fps, (640, 640)))
        else:
            poses.append(replace(golden_pose(i % 20), frame_id=i, t_capture_s=i / fps))
    return poses


def atlas() -> Atlas:
    rgba = np.zeros((1, 16, 8, 4), np.uint8)
    rgba[:] = (*DOLL, 255)
    return Atlas(tuple(PartViews(rgba, np.zeros((1, KEY_SIZE), np.float32)) for _ in PARTS), EXTENTS.copy())


def write_target(folder: Path, **changes: object) -> Path:
    """Write the bundle into `folder` (made); `changes` replace keys of the manifest."""
    folder.mkdir(parents=True)
    plate = np.empty((SIDE, SIDE, 3), np.uint8)
    plate[:] = PLATE[::-1]
    cv2.imwrite(str(folder / "plate.png"), plate)
    save_atlas(folder / "atlas.npz", atlas())
    still = golden_pose(0)
    points = np.stack([still.points_px * (SIDE / 640) + np.array([i, 0], np.float32) for i in range(4)])
    np.savez(
        folder / "idle.npz",
        points_px=points.astype(np.float32),
        scores=np.ones((4, 137), np.float32),
        size_px=np.full(4, 90, np.float32),
        fps=np.float64(10),
        take="full",
    )
    manifest = {
        "name": folder.name,
        "title": "Tiny",
        "licence": "MIT",
        "canvas": [SIDE, SIDE],
        "fps": 30.0,
        "estimator": ESTIMATOR,
        "puppet": CONFIG.to_json(),
        "fingerprint": fingerprint(CONFIG),
        "takes": {"full": {"plate": "plate.png", "stats": stats().to_json()}},
        "generators": {},
        "atlas": "atlas.npz",
        "idle": "idle.npz",
    }
    write_manifest(folder, {**manifest, **changes})
    return folder
