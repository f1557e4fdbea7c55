"""`CalibrationWizard`: what the loop knows of the calibration wizard, and `WizardView`: what it shows.

`calib` implements it; `live` may not import that, so what opens a wizard is handed in by run_live.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from live.puppet.geometry.body_stats import BodyStats
from live.puppet.values import Frame, Pose
from live.scene.target import Target


@dataclass(frozen=True, slots=True)
class WizardView:
    """What the performer is to see and hear now.

    step: the name of this step, number `index` of `steps`. title, text: what to do. hint: what to change, "" when all
    is well. progress: the hold meter, 0..1. countdown_s: seconds to go, None without a countdown. sound: "", "tick",
    "done" or "fail". finished, cancelled: it is over. score: {"before_px", "after_px", ...} once there is one. saved:
    the name of the profile that was written. stats: the measured performer, in pixels of the camera's picture, not
    mirrored, when finished. lines: y of the near and far ankle lines, camera pixels, to draw over the figure.
    """

    step: str
    index: int
    steps: tuple[str, ...]
    title: str
    text: str
    hint: str = ""
    progress: float = 0.0
    countdown_s: float | None = None
    sound: str = ""
    finished: bool = False
    cancelled: bool = False
    score: dict[str, float] | None = None
    saved: str | None = None
    stats: BodyStats | None = None
    lines: tuple[float, ...] = ()


class CalibrationWizard(Protocol):
    """The wizard. Used from one thread, but for `cancel`."""

    def step(self, pose: Pose, frame: Frame) -> WizardView:
        """Take in one captured frame. `pose`: as estimated, not mirrored, camera pixels; `frame`: for light and
        sharpness alone, never kept. Not called again once the view is finished or cancelled.
        """
        ...

    def cancel(self) -> None:
        """Give up; nothing is saved. May be called at any time, also twice."""
        ...


# Opens a wizard for the target that is shown, and for the camera of this name. May take a second. Raises PuppetError.
WizardFactory = Callable[[Target, str], CalibrationWizard]
# Given every pose, as `CalibrationWizard.step` is; True each time the performer has made the gesture that starts it.
Gesture = Callable[[Pose], bool]
