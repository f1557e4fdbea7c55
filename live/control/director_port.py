"""`DirectorPort`: what page and keys need of whoever runs the loop. All of it may be called from any thread."""

from pathlib import Path
from typing import Protocol

from live.control.wizard_port import WizardView
from live.puppet.values import Frame, Pose
from live.scene.settings import SceneSettings
from live.telemetry.loop_state import LoopState


class ViewfinderPort(Protocol):
    """What the performer may see of themselves. Each is the newest value, no copy: read at once, never kept."""

    @property
    def pose(self) -> Pose | None:
        """As estimated, in pixels of the camera picture."""
        ...

    @property
    def frame(self) -> Frame | None:
        """The camera picture; None unless `show_me` is on."""
        ...

    @property
    def wizard(self) -> WizardView | None:
        """What the calibration wizard says; None when it does not run."""
        ...


class DirectorPort(Protocol):
    """Commands return at once and take effect between two frames. Raise PuppetError for a value that cannot be."""

    @property
    def viewfinder(self) -> ViewfinderPort: ...

    @property
    def given(self) -> SceneSettings:
        """The settings that the run was started with: what the command line named."""
        ...

    def state(self) -> LoopState:
        """Everything there is to show."""
        ...

    def change(self, name: str, value: object) -> None:
        """`name`: one of `live.scene.settings.CHANGEABLE`."""
        ...

    def freeze(self, on: bool) -> None:
        """The last picture stays."""
        ...

    def hide(self, on: bool) -> None:
        """The card at once; nothing of the performer leaves until it is off."""
        ...

    def record(self, path: Path | None) -> Path | None:
        """Start a recording; None: under a dated name."""
        ...

    def stop_recording(self) -> Path | None:
        """End it; gives the file."""
        ...

    def calibrate(self, on: bool) -> None:
        """Start or cancel the wizard."""
        ...

    def show_me(self, on: bool) -> None:
        """Whether `viewfinder.frame` is there. `hide` switches it off for good."""
        ...

    def stop(self) -> None:
        """End the run."""
        ...
