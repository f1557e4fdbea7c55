"""The values that travel from the camera to the sink. Each is frozen and carries `frame_id` and `t_capture_s`
unchanged.

Images are RGB uint8 arrays, height x width x channels; points are pixels, x right then y down, float32. The receiver
owns an array until the sender's next step; a stage that keeps one copies it.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8

BOUND_PX = 1e6  # this far from any canvas nothing is visible, and integer arithmetic still works


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from a source. `image`: (H, W, 3) uint8 RGB. `t_capture_s`: when it was read, seconds on the loop's
    clock.
    """

    frame_id: int
    t_capture_s: float
    image: U8


@dataclass(frozen=True, slots=True)
class Pose:
    """One person as the estimator saw them, in pixels of the source picture, topology `openpose137`.

    `points_px`: (137, 2) float32, x then y. `depth_px`: (137,) float32, the estimator's z (smaller is nearer; noisy).
    `scores`: (137,) float32 in 0..1, 0 for a joint not seen. `image_size`: (width, height) of the source picture.
    Nobody in view is a value, not an error: see `Pose.empty`.
    """

    frame_id: int
    t_capture_s: float
    points_px: F32
    depth_px: F32
    scores: F32
    image_size: tuple[int, int]

    @staticmethod
    def empty(frame_id: int, t_capture_s: float, image_size: tuple[int, int]) -> "Pose":
        """A pose with nobody in view: every score is 0."""
        return Pose(
            frame_id,
            t_capture_s,
            np.zeros((137, 2), np.float32),
            np.zeros(137, np.float32),
            np.zeros(137, np.float32),
            image_size,
        )

    def copy(self) -> "Pose":
        """This pose with arrays of its own."""
        return replace(self, points_px=self.points_px.copy(), depth_px=self.depth_px.copy(), scores=self.scores.copy())

    @property
    def in_view(self) -> bool:
        """True if a person was found, that is, any joint has a score."""
        return bool((self.scores > 0).any())


@dataclass(frozen=True, slots=True)
class PlacedPose:
    """The performer's pose on the target's canvas: smoothed, normalized, retargeted.

    `points_px`: (137, 2) float32, canvas pixels. `scores`: (137,) float32, 0 if not valid. `size_px`: the figure's
    torso length on the canvas (neck to mid-hip of a person standing there), the unit of line widths and textures.
    """

    frame_id: int
    t_capture_s: float
    points_px: F32
    scores: F32
    size_px: float

    def bounded(self) -> "PlacedPose":
        """This pose, or a copy with coordinates (NaN too) limited to BOUND_PX and the size limited to 1..BOUND_PX.

        The drawing code turns coordinates into integers; in compiled code a huge one would write outside the picture.
        """
        if np.abs(self.points_px).max() <= BOUND_PX and 1.0 <= self.size_px <= BOUND_PX:
            return self
        points = np.fmin(np.fmax(self.points_px, np.float32(-BOUND_PX)), np.float32(BOUND_PX))
        return replace(self, points_px=points, size_px=min(BOUND_PX, max(1.0, self.size_px)))


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A square around the face in canvas pixels: left, top inclusive; right, bottom exclusive; inside the canvas."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, slots=True)
class Conditioning:
    """The generator's input for one frame.

    `pose_map`: (H/4, W/4, C) uint8. `doll`: (H, W, 4) uint8 RGBA, the atlas posed by this skeleton. `face_box`: None if
    no head is in view. `placed`: the skeleton that both were drawn from. `views`: (P,) which view of each part the doll
    shows, for the next frame; None if there is no doll of parts.
    """

    frame_id: int
    t_capture_s: float
    pose_map: U8
    doll: U8
    face_box: FaceBox | None
    placed: PlacedPose
    views: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class PuppetFrame:
    """A finished picture of the puppet. `image`: (H, W, 3) uint8 RGB, composited; `matte`: (H, W) uint8, 255 =
    puppet. `cutout`: (H, W, 4) uint8 RGBA, straight alpha, the puppet without a background, all 0 for the card; None if
    nobody asked for it.
    """

    frame_id: int
    t_capture_s: float
    image: U8
    matte: U8
    cutout: U8 | None = None
