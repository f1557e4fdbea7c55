"""A synthetic take for the trainer's tests: the paper puppet waves before a blotchy wall."""

from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np

from engines.arrays import F32, U8
from live.puppet.config import PuppetConfig
from live.puppet.values import PlacedPose, Pose
from tests.live.puppet.figure import figure, pose
from tests.live.puppet.paper import blotches, draw_doll, paper_atlas, torso_of
from train.atlas.sample import TakeFrames

SIDE = 128
CONFIG = PuppetConfig(canvas_px=(SIDE, SIDE), hold_s=0.0)
SCORES = np.ones(137, np.float32)


def wave(i: int, *, side: int = SIDE) -> F32:
    """(137, 2) points of frame `i`: arms go up and down, and the figure sways. The picture is `side` px square."""
    arms = 0.9 + 0.6 * np.sin(i / 5)
    return figure(floor=0.93 * side, height=0.62 * side, x=side * (0.5 + 0.18 * np.sin(i / 9)), arms=arms)


def poses(count: int, *, side: int = SIDE) -> list[Pose]:
    """What an estimator without error would find, at 30 fps."""
    return [pose(wave(i, side=side), t_s=i / 30, image_size=(side, side)) for i in range(count)]


def puppet(points: F32, *, side: int = SIDE) -> U8:
    """(side, side, 4) uint8 RGBA: the paper puppet in this pose, on nothing."""
    return draw_doll(paper_atlas(), PlacedPose(0, 0.0, points, SCORES, torso_of(points)), (side, side))


def wall(side: int = SIDE) -> U8:
    """(side, side, 3) uint8 background."""
    return blotches(side, side, seed=77) // 3


def before_wall(rgba: U8) -> U8:
    """(H, W, 3) uint8: the puppet over the wall."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return (rgba[..., :3] * alpha + wall(len(rgba)) * (1 - alpha)).round().astype(np.uint8)


def write_video(path: Path, pictures: list[U8], *, codec: str = "ffv1", pix_fmt: str = "bgr0") -> Path:
    """Write (H, W, 3) RGB pictures without loss, 30 fps; the container follows the name. Returns `path`."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=30)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        for picture in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        file.mux(stream.encode())
    return path


@cache  # nearly every test of the trainer begins with the same film
def film_frame(i: int) -> U8:
    """(SIDE, SIDE, 4) uint8: frame `i` as a take holds it: RGB with the wall behind the puppet, A the matte. Do not
    write to it.
    """
    rgba = puppet(wave(i))
    frame = np.dstack([before_wall(rgba), rgba[..., 3]])
    frame.setflags(write=False)
    return frame


def shot(count: int) -> TakeFrames:
    """`count` frames with their true poses, all trusted."""
    points = np.array([wave(i) for i in range(count)])
    return TakeFrames(
        np.array([film_frame(i) for i in range(count)]),
        points,
        np.ones((count, 137), np.float32),
        np.array([torso_of(p) for p in points], np.float32),
        np.ones(count, np.float32),
    )


def save_plate(path: Path) -> None:
    """The wall as a PNG."""
    cv2.imwrite(str(path), np.ascontiguousarray(wall()[..., ::-1]))
