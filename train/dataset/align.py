"""Lays the film on the doll: the real picture is bent, by a smooth flow, to where the doll stands.

A pose is always some pixels off. Trained on the picture as it is, a network can only guess where the real limb was,
and draws the mean of its guesses: blur. Trained on the picture bent to the doll, it learns how the doll should look,
and leaves it where it stands, which is all that anybody sees in live. (Body of the fortnite takes, doll against
picture, mean over RGB: 20.1 levels before, 14.9 after.)
"""

import cv2
import numpy as np

from engines.arrays import F32, U8

SHRINK = 2  # the flow is found at half size: it is smooth, and four times as cheap
LIMIT_PX = 12.0  # a larger offset is a fault of another kind, and is not bent away
SMOOTH_PX = 8.0
OPAQUE = 64  # alpha from which the doll counts
# Put behind both pictures, so that outlines count: a colour unlike skin, hair and most cloth.
BEHIND = np.array([70, 200, 70], np.float32)


def align(doll: U8, real: U8) -> U8:
    """`real` bent to `doll`; both (H, W, 4) uint8 with the matte in A, sides even. A new array."""
    flow = find_flow(doll, real)
    height, width = doll.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bent = cv2.remap(real, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent, np.uint8)


def find_flow(doll: U8, real: U8) -> F32:
    """(H, W, 2) float32 px: the doll's point (x, y) shows what is at (x, y) + flow in the real picture.

    Found by DIS (Kroeger et al. 2016), then smoothed over the doll; 0 far from it.
    """
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    finder.setFinestScale(1)
    found = finder.calc(_grey(doll), _grey(real), None)
    length = np.sqrt((found * found).sum(axis=2, keepdims=True))
    found *= np.minimum(1, LIMIT_PX / SHRINK / np.maximum(length, 1e-3))
    on_doll = (doll[::SHRINK, ::SHRINK, 3] > OPAQUE).astype(np.float32)[..., None]
    near = cv2.GaussianBlur(np.concatenate([found * on_doll, on_doll], axis=2), (0, 0), SMOOTH_PX / SHRINK)
    smooth = near[..., :2] / (near[..., 2:] + 1e-3) * np.minimum(1, 4 * near[..., 2:])
    size = (doll.shape[1], doll.shape[0])
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR) * SHRINK, np.float32)


def _grey(picture: U8) -> U8:
    """The picture over BEHIND, grey, at half size."""
    small = cv2.resize(picture, None, fx=1 / SHRINK, fy=1 / SHRINK, interpolation=cv2.INTER_AREA)
    alpha = small[..., 3:].astype(np.float32) / 255
    shown = small[..., :3] * alpha + BEHIND * (1 - alpha)
    return np.asarray(cv2.cvtColor(shown.astype(np.uint8), cv2.COLOR_RGB2GRAY), np.uint8)
