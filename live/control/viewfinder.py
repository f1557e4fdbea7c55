"""`Viewfinder`: what the performer may see of themselves, on a page of their own."""

from live.control.wizard_port import WizardView
from live.puppet.values import Frame, Pose


class Viewfinder:
    """The newest values, replaced as a whole, so that any thread may read one at any time.

    pose: as estimated, not mirrored, camera pixels; None before the first frame. frame: the camera's picture, None
    unless it was asked for. wizard: what the wizard says, its last word included; None before it was ever started.
    """

    def __init__(self) -> None:
        self.pose: Pose | None = None
        self.frame: Frame | None = None
        self.wizard: WizardView | None = None
