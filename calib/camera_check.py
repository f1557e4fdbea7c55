"""`CameraCheck`: judges light, sharpness, frame rate, framing and the number of people, and says what to change."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from calib.sight import look, seen_joints
from engines.arrays import U8
from live.puppet import topology as T
from live.puppet.values import Frame, Pose
from live.sources.light import BRIGHT, DARK, SHARP, luma_and_sharpness

WINDOW_S, LEAST_S = 1.5, 1.0
MIN_FPS = 12.0
LEAST_FIGURE = 0.12  # torso over picture height; below this a finger is only a pixel wide
SEEN_SHARE = 0.8  # of the window
# A jump by this share of the torso from one frame to the next, this often, means the estimator hops between two people.
JUMP, JUMPS, JUMP_S = 0.5, 3, 0.1
FACES_EVERY_S = 0.5

CountFaces = Callable[[U8], int]


@dataclass(frozen=True, slots=True)
class _Sample:
    t_s: float
    person: bool
    torso_share: float  # of the picture's height
    jumped: bool
    luma: float | None
    sharpness: float | None


class CameraCheck:
    """Judges the last 1.5 s of frames. `count_faces` counts the faces in a picture; None: judge by the poses alone.

    Frames are never kept. Pictures too small to be real (recorded poses have none) are not judged for light.
    """

    def __init__(self, count_faces: CountFaces | None = None) -> None:
        self._count_faces = count_faces
        self.reset()

    def reset(self) -> None:
        """Start over."""
        self._samples: deque[_Sample] = deque()
        self._faces: deque[tuple[float, int]] = deque()
        self._last: Pose | None = None

    def add(self, pose: Pose, frame: Frame) -> None:
        """Take in one frame and its pose."""
        now = pose.t_capture_s
        if self._samples and not 0 <= now - self._samples[-1].t_s <= WINDOW_S:
            self.reset()
        sight = look(pose)
        luma, sharpness = luma_and_sharpness(frame.image)
        jumped = self._last is not None and _jumped(self._last, pose, sight.torso_px)
        share = sight.torso_px / pose.image_size[1]
        self._samples.append(_Sample(now, sight.person, share, jumped, luma, sharpness))
        self._last = pose
        if self._count_faces and luma is not None and (not self._faces or now - self._faces[-1][0] >= FACES_EVERY_S):
            self._faces.append((now, self._count_faces(frame.image)))
        while now - self._samples[0].t_s > WINDOW_S:
            self._samples.popleft()
        while self._faces and now - self._faces[0][0] > WINDOW_S:
            self._faces.popleft()

    @property
    def enough(self) -> bool:
        """Whether a full second was seen."""
        return len(self._samples) > 2 and self._samples[-1].t_s - self._samples[0].t_s >= LEAST_S

    def problem(self) -> str:
        """The first thing to change, in words; "" if all is well, or not enough was seen to tell."""
        if not self.enough:
            return ""
        for find in (self._nobody, self._light, self._framing, self._several, self._rate):
            if problem := find():
                return problem
        return ""

    def _nobody(self) -> str:
        if np.mean([s.person for s in self._samples]) >= SEEN_SHARE:
            return ""
        dark = [s.luma for s in self._samples if s.luma is not None]
        if dark and np.median(dark) < DARK:
            return "It is too dark to see you: put a lamp in front of you."
        return "I cannot see you: step into the picture, head and shoulders, facing the camera."

    def _light(self) -> str:
        luma = [s.luma for s in self._samples if s.luma is not None]
        sharp = [s.sharpness for s in self._samples if s.sharpness is not None]
        if luma and np.median(luma) < DARK:
            return "It is dark: put a lamp in front of you."
        if luma and np.median(luma) > BRIGHT:
            return "It is too bright: turn away from the window, or lower the camera's exposure."
        if sharp and np.median(sharp) < SHARP:
            return "The picture is blurred: wipe the lens, or set the camera's focus."
        return ""

    def _framing(self) -> str:
        if np.median([s.torso_share for s in self._samples if s.person]) < LEAST_FIGURE:
            return "You are too small in the picture: come closer, or zoom in."
        return ""

    def _several(self) -> str:
        several = [count > 1 for _, count in self._faces]
        if (several and np.mean(several) > 0.5) or sum(s.jumped for s in self._samples) >= JUMPS:
            return "I see more than one person: only you should be in the picture."
        return ""

    def _rate(self) -> str:
        fps = (len(self._samples) - 1) / max(self._samples[-1].t_s - self._samples[0].t_s, 1e-6)
        if fps >= MIN_FPS:
            return ""
        return f"Only {fps:.0f} pictures a second: use more light, a smaller picture, or close other programs."


def _jumped(before: Pose, after: Pose, torso_px: float) -> bool:
    """Whether the body moved further from one frame to the next than any body can."""
    both = (seen_joints(before) & seen_joints(after))[T.BODY]
    if not both.any() or torso_px <= 0 or after.t_capture_s - before.t_capture_s > JUMP_S:
        return False
    moved = np.hypot(*(after.points_px[T.BODY][both] - before.points_px[T.BODY][both]).T)
    return bool(np.median(moved) > JUMP * torso_px)
