"""`DirectorPort`: what the page and the keys need from whoever runs the loop. May be called from any thread."""

from pathlib import Path
from typing import Protocol

from live.control.wizard_port import WizardView
from live.puppet.values import Frame, Pose
from live.scene.settings import SceneSettings
from live.telemetry.loop_state import LoopState


class ViewfinderPort(Protocol):
    """What performers may see of themselves. Each is the newest value, not a copy: read it at once, never keep it."""

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
        """What the calibration wizard says; None if it is not running."""
        ...


class DirectorPort(Protocol):
    """Commands return at once and take effect between two frames. They raise PuppetError for an impossible value."""

    @property
    def viewfinder(self) -> ViewfinderPort: ...

    @property
    def given(self) -> SceneSettings:
        """The settings the run was started with, from the command line."""
        ...

    def state(self) -> LoopState:
        """Everything to show on the page."""
        ...

    def change(self, name: str, value: object) -> None:
        """`name`: one of `live.scene.settings.CHANGEABLE`."""
        ...

    def freeze(self, on: bool) -> None:
        """Keep showing the last picture."""
        ...

    def hide(self, on: bool) -> None:
        """Show the card at once; nothing of the performer leaves until switched off."""
        ...

    def record(self, path: Path | None) -> Path | None:
        """Start a recording; None: under a name with the date."""
        ...

    def stop_recording(self) -> Path | None:
        """End the recording; returns the file."""
        ...

    def calibrate(self, on: bool) -> None:
        """Start or cancel the wizard."""
        ...

    def show_me(self, on: bool) -> None:
        """Set whether `viewfinder.frame` is filled. `hide` switches it off until asked again."""
        ...

    def stop(self) -> None:
        """End the run."""
        ...
