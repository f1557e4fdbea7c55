"""`Face`: paints the face network's correction into the generator's picture. Training uses the same crop and paste.

Only the network's change is added to the canvas. Where it changes nothing, the picture stays identical to the bit:
no blur from scaling back and forth, and no edge.
"""

import math

import numpy as np

from engines.arrays import F32, U8
from engines.engine import Engine, EngineSpec, TensorSpec
from live.puppet import topology as T
from live.puppet.compiler import numba
from live.puppet.drawing.face_map import CHANNELS, SIDE, VALID_SCORE, draw_face_map
from live.puppet.errors import TargetError
from live.puppet.geometry.face_box import FaceSquare, face_square
from live.puppet.values import Conditioning
from live.render.resample import resample

RIM_PX = 16  # of the crop's 128: the change fades in over this width from the crop's border
# The distance between the ears across the head in torso lengths, positive with the left ear to the right (0.3 when
# facing us). The face is painted fully above _FULL, not at all below _NONE, where the head is seen from behind.
_FULL, _NONE = -0.05, -0.15

_PICTURE = (1, SIDE, SIDE, 4)
SPEC = EngineSpec(
    inputs=(TensorSpec("face_map", (1, SIDE, SIDE, CHANNELS)), TensorSpec("crop", _PICTURE)),
    outputs=(TensorSpec("face", (1, SIDE, SIDE, 3)),),
)


class Face:
    """Owns `engine`, whose tensors must be those of `SPEC`; otherwise raises TargetError. Not thread-safe."""

    def __init__(self, engine: Engine) -> None:
        check_face(engine.spec)
        self.engine = engine
        self._map = np.empty((SIDE, SIDE, CHANNELS), np.uint8)

    def paint(self, frame: U8, conditioning: Conditioning) -> None:
        """Paint the face into `frame`, (H, W, 4) uint8 RGBA of canvas size, in place. The matte is left unchanged.

        Does nothing if no face is shown. Raises EngineError.
        """
        square, share = square_of(conditioning), face_share(conditioning)
        if square is None or share == 0:
            return
        draw_face_map(conditioning.placed, square, self._map)
        crop = crop_face(frame, square)
        face = self.engine.run({"face_map": self._map[None], "crop": crop[None]})["face"][0]
        paste_face(frame, square, crop, face, share)

    def close(self) -> None:
        """Free the engine."""
        self.engine.close()


def check_face(spec: EngineSpec, *, name: str = "the face network") -> None:
    """Raises TargetError unless `spec` has the tensors of a face network, in any order."""
    if set(spec.inputs) != set(SPEC.inputs) or spec.outputs != SPEC.outputs or spec.state:
        raise TargetError(
            f"{name} cannot be used by this version",
            got=str(spec),
            wanted=str(SPEC),
            do="export the target again with this version (python -m train export)",
        )


def face_share(conditioning: Conditioning) -> float:
    """How much of a face there is to paint: 1 from frontal to profile, 0 from behind, a ramp in between.

    Also 0 without a face box. A head with only one ear in view counts as a profile.
    """
    placed = conditioning.placed
    if conditioning.face_box is None:
        return 0.0
    if min(placed.scores[T.R_EAR], placed.scores[T.L_EAR], placed.scores[T.NECK]) <= 0:
        return 1.0
    right, left, neck = (placed.points_px[j].astype(np.float64) for j in (T.R_EAR, T.L_EAR, T.NECK))
    down, ears = neck - (left + right) / 2, left - right
    length = float(np.hypot(*down)) * placed.size_px
    across = (ears[0] * down[1] - ears[1] * down[0]) / length if length > 0 else 0.0
    return float(np.clip((across - _NONE) / (_FULL - _NONE), 0.0, 1.0))


def square_of(conditioning: Conditioning) -> FaceSquare | None:
    """Where the face is cut out: the face box unrounded, as rounding would make the face shake. None without a box."""
    if conditioning.face_box is None:
        return None
    placed, (height, width) = conditioning.placed, conditioning.doll.shape[:2]
    seen = np.where(placed.scores >= VALID_SCORE, placed.scores, np.float32(0))
    return face_square(placed.points_px, seen, (width, height))


def crop_face(frame: U8, square: FaceSquare) -> U8:
    """The square's part of `frame`, (H, W, C) uint8, as a new (128, 128, C) array."""
    cut = resample(frame, x0=square.x0, y0=square.y0, step=square.side / SIDE, size=(SIDE, SIDE))
    return (cut + np.float32(0.5)).astype(np.uint8)


def paste_face(frame: U8, square: FaceSquare, crop: U8, face: U8, share: float = 1.0) -> None:
    """Add `share` of the change from `crop` (128, 128, 4) to `face` (128, 128, 3) to the square's part of `frame`.

    In place, (H, W, 4) uint8. The matte is untouched, and the change fades to nothing at the border of the square.
    """
    change = (face.astype(np.float32) - crop[..., :3]) * (FEATHER * np.float32(share))[..., None]
    left, top = int(square.x0), int(square.y0)
    part = frame[top : math.ceil(square.y0 + square.side), left : math.ceil(square.x0 + square.side)]
    step = SIDE / square.side
    corner = {"x0": (left - square.x0) * step, "y0": (top - square.y0) * step}
    _add(part, resample(change, **corner, step=step, size=(part.shape[1], part.shape[0])))


@numba.njit(nogil=True, cache=True)
def _add(part: U8, change: F32) -> None:
    for y in range(part.shape[0]):
        for x in range(part.shape[1]):
            for c in range(3):
                value = np.float32(part[y, x, c]) + change[y, x, c]
                part[y, x, c] = np.uint8(min(max(value + np.float32(0.5), np.float32(0)), np.float32(255)))


def _feather() -> F32:
    """(128, 128) float32: 0 in the outermost pixels, 1 from RIM_PX inwards, smooth in between."""
    to_border = np.minimum(np.arange(SIDE), np.arange(SIDE)[::-1])
    ramp = np.clip(to_border / RIM_PX, 0, 1)
    smooth = ramp * ramp * (3 - 2 * ramp)
    return np.outer(smooth, smooth).astype(np.float32)


FEATHER = _feather()
