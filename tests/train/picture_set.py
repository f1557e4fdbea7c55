"""A synthetic folder of pictures with OpenPose JSON: the paper puppet before a plain ground."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engines.arrays import F32, U8
from live.puppet import topology as top
from tests.train.film import puppet, wave

SIDE = 128
GROUND = (214, 225, 236)


def person(points: F32, *, joints: int = 25, confidence: float = 0.9, hands: bool = False) -> dict[str, Any]:
    """One entry of `people`: the body of (137, 2) points; face absent, hands on demand."""
    table = np.concatenate([points[:joints], np.full((joints, 1), confidence)], axis=1)
    entry: dict[str, Any] = {"pose_keypoints_2d": table.ravel().tolist(), "face_keypoints_2d": [0.0] * 210}
    for name, part in (("hand_left", top.L_HAND), ("hand_right", top.R_HAND)):
        found = np.concatenate([points[part], np.full((21, 1), confidence)], axis=1) if hands else np.zeros((21, 3))
        entry[f"{name}_keypoints_2d"] = found.ravel().tolist()
    return entry


def picture(i: int, *, side: int = SIDE) -> U8:
    """(side, side, 3) uint8: frame `i` of the wave before the ground."""
    rgba = puppet(wave(i, side=side), side=side)
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return (rgba[..., :3] * alpha + np.array(GROUND) * (1 - alpha)).round().astype(np.uint8)


def write_picture_set(folder: Path, count: int = 120, *, without: tuple[int, ...] = (), **kind: Any) -> Path:
    """`images/` and `keypoints/` of `count` frames; `without`: frames that have no JSON. Returns `folder`."""
    (folder / "images").mkdir(parents=True)
    (folder / "keypoints").mkdir()
    for i in range(count):
        write_rgb(folder / "images" / f"{i:06d}.png", picture(i))
        if i not in without:
            write_json(folder, i, [person(wave(i), **kind)])
    return folder


def write_json(folder: Path, i: int, people: list[dict[str, Any]]) -> None:
    """The JSON of frame `i`."""
    (folder / "keypoints" / f"{i:06d}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": people}))


def write_rgb(path: Path, image: U8) -> None:
    """A picture file."""
    cv2.imwrite(str(path), np.ascontiguousarray(image[..., ::-1]))
