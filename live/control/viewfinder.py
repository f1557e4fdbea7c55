"""`Viewfinder`: what performers may see of themselves, on their own page."""

from live.control.wizard_port import WizardView
from live.puppet.values import Frame, Pose


class Viewfinder:
    """The newest values, replaced as a whole, so that any thread may read one at any time.

    pose: as estimated, not mirrored, camera pixels; None before the first frame. frame: the camera's picture; None
    unless it was asked for. wizard: what the wizard last said, even after it ended; None before it was started.
    """

    def __init__(self) -> None:
        self.pose: Pose | None = None
        self.frame: Frame | None = None
        self.wizard: WizardView | None = None
