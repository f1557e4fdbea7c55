"""Contact sheets: rows of pictures, each under its label, as one PNG or JPEG."""

from pathlib import Path

import cv2
import numpy as np

from engines.arrays import U8
from engines.system.whole_file import write_whole
from train.errors import TrainError

GAP_PX = 4
LABEL_PX = 22
PAPER, INK = 245, 30


def contact_sheet(rows: list[tuple[str, list[U8]]], *, cell_height_px: int) -> U8:
    """(H, W, 3) uint8 RGB: one labelled row of pictures (h, w, 3) after another, all scaled to one height."""
    strips = []
    for label, pictures in rows:
        row = [_scaled(picture, cell_height_px) for picture in pictures]
        gap = np.full((cell_height_px, GAP_PX, 3), PAPER, np.uint8)
        strip = np.concatenate([part for picture in row for part in (picture, gap)], 1)
        title = np.full((LABEL_PX, strip.shape[1], 3), PAPER, np.uint8)
        cv2.putText(title, label, (4, LABEL_PX - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (INK,) * 3, 1, cv2.LINE_AA)
        strips += [title, strip]
    width = max(strip.shape[1] for strip in strips)
    return np.concatenate([np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0)), constant_values=PAPER) for s in strips])


def composite_over(frame: U8, background: U8) -> U8:
    """(H, W, 3): an RGBA picture (H, W, 4), straight alpha, laid over `background` (H, W, 3) or one colour (3,)."""
    matte = frame[..., 3:].astype(np.float32) / 255
    mixed = frame[..., :3] * matte + background.astype(np.float32) * (1 - matte)
    return (mixed + 0.5).astype(np.uint8)


def pose_map_picture(pose_map: U8) -> U8:
    """(H, W, 3): a pose map (H/4, W/4, C) as a grey picture of canvas size, the strongest channel at each place."""
    strongest = np.ascontiguousarray(pose_map.max(axis=2))
    grey = cv2.resize(strongest, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


def write_picture(path: Path, picture: U8) -> None:
    """Write RGB as PNG or JPEG by the name's ending, whole or not at all. Raises TrainError when it cannot."""
    fine, data = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    try:
        if not fine:
            raise OSError("the picture cannot be encoded")
        write_whole(path, data.tobytes(), shared=True)
    except OSError as error:
        raise TrainError(
            f"cannot write {path}", got=str(error), do="make room on the disk, or choose another folder"
        ) from error


def _scaled(picture: U8, height_px: int) -> U8:
    height, width = picture.shape[:2]
    size = (max(round(width * height_px / height), 1), height_px)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
