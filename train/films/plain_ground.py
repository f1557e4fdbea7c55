"""The matte of pictures taken in front of a plain ground: whatever differs from the ground is the figure."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import U8
from train.films.matte import make_plate

RIM_PX = 3
PLAIN_LEVELS = 14  # grey levels around one colour within which 90% of the rim of all pictures lies
NOISE_LEVELS = 5.0  # of JPEG pictures
DIFFERS_LEVELS = 12.0  # above this a pixel is figure
SMALL_HOLE = 0.004  # of the figure's area: smaller ones are highlights in the ground's colour, larger ones gaps
SPECK = 0.01  # of the figure's area: smaller ones that lie apart are dirt


def plain_plate(pictures: Sequence[U8]) -> U8 | None:
    """The empty ground, (H, W, 3) uint8, from pictures of one size; None when it is not plain."""
    rims = [_rim(picture) for picture in pictures]
    colour = np.median(np.concatenate(rims), axis=0)
    away = np.abs(np.concatenate(rims) - colour).max(axis=1)
    if np.quantile(away, 0.9) > PLAIN_LEVELS:
        return None
    flat = np.tile(colour.round().astype(np.uint8), (*pictures[0].shape[:2], 1))
    # The median of the pictures keeps what is not quite flat, such as a soft gradient. Where the figure always stands,
    # the flat colour is better than what make_plate would smear in.
    mattes = [cut_from_ground(picture, flat) for picture in pictures]
    hidden = np.min([cv2.dilate(matte, np.ones((13, 13), np.uint8)) for matte in mattes], axis=0) > 16
    return np.where(hidden[..., None], flat, make_plate(pictures, mattes))


def cut_from_ground(rgb: U8, plate: U8) -> U8:
    """(H, W) uint8 matte of `rgb` (H, W, 3) against `plate`, with a soft edge one or two pixels wide."""
    away = np.abs(rgb.astype(np.int16) - plate).max(axis=2).astype(np.float32)
    solid = (cv2.GaussianBlur(away, (0, 0), 0.8) > DIFFERS_LEVELS).astype(np.uint8)
    solid = _without_specks_and_holes(solid)
    kernel = np.ones((3, 3), np.uint8)
    inside, around = cv2.erode(solid, kernel, iterations=2), cv2.dilate(solid, kernel)
    # At the edge a pixel mixes the ground with the figure next to it: its share is its share of the difference.
    whole = np.maximum(cv2.dilate(away, np.ones((5, 5), np.uint8)), 2 * DIFFERS_LEVELS)
    share = np.clip((away - NOISE_LEVELS) / (0.9 * whole - NOISE_LEVELS), 0, 1)
    matte = np.where(inside > 0, 1.0, np.where(around > 0, share, 0.0))
    return np.asarray((matte * 255).round(), np.uint8)


def _rim(picture: U8) -> NDArray[np.int16]:
    """(M, 3) colours of the picture's outermost pixels, without the lower edge, where the figure may stand."""
    top, left, right = picture[:RIM_PX], picture[:, :RIM_PX], picture[:, -RIM_PX:]
    return np.concatenate([part.reshape(-1, 3) for part in (top, left, right)]).astype(np.int16)


def _without_specks_and_holes(solid: U8) -> U8:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    areas = stats[:, cv2.CC_STAT_AREA]
    if count < 2:
        return solid
    area = float(areas[1:].max())
    keep = areas >= SPECK * area
    keep[0] = False
    kept = keep[labels].astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - kept, connectivity=4)
    hole = stats[:, cv2.CC_STAT_AREA] < SMALL_HOLE * area
    hole[0] = False
    return np.asarray(kept | hole[labels], np.uint8)
