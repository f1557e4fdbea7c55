"""`CalibrationWizard`: what the loop knows of the calibration wizard; `WizardView`: what the wizard shows.

`calib` implements it. As `live` may not import that, run_live.py passes in what opens a wizard.
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

    step: the name of this step, number `index` of `steps`. title, text: what to do. hint: what to change; "" if all is
    well. progress: the hold meter, 0..1. countdown_s: seconds to go; None without a countdown. sound: "", "tick",
    "done" or "fail". finished, cancelled: it is over. score: {"before_px", "after_px", ...} once known. saved: the name
    of the written profile. stats: the measured performer once finished, in pixels of the camera's picture, not
    mirrored. lines: y of the near and far ankle lines, camera pixels, to draw over the figure.
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
    """The wizard. Used from one thread, except for `cancel`."""

    def step(self, pose: Pose, frame: Frame) -> WizardView:
        """Take in one captured frame. `pose`: as estimated, not mirrored, camera pixels; `frame`: only for light and
        sharpness, never kept. Not called again once the view is finished or cancelled.
        """
        ...

    def cancel(self) -> None:
        """Give up and save nothing. May be called at any time, also twice."""
        ...


# Opens a wizard for the target shown and the camera of this name. May take a second. Raises PuppetError.
WizardFactory = Callable[[Target, str], CalibrationWizard]
# Takes every pose, like `CalibrationWizard.step`; True each time the performer makes the gesture that starts it.
Gesture = Callable[[Pose], bool]
