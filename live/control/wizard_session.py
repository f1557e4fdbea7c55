"""`WizardSession`: starts, feeds and cancels the calibration wizard in the loop, and delivers what it measured."""

import threading

from engines.messages import Say
from live.control.wizard_port import CalibrationWizard, WizardFactory, WizardView
from live.faults.fault_policy import describe
from live.performer.profile import Profile, load_profile
from live.puppet.errors import CalibrationError, PuppetError
from live.puppet.values import Frame, Pose
from live.scene.target import Target


class WizardSession:
    """`start` and `cancel` from any thread; `step` from the estimating one. `view`: what the wizard said last; each new
    title also goes to `say`, for runs without a page.

    `problem`: why the last one could not start or broke off; "" if it did not.
    """

    def __init__(self, factory: WizardFactory | None, say: Say, *, camera: str) -> None:
        self._factory, self._say, self._camera = factory, say, camera
        self._lock = threading.Lock()
        self._coach: CalibrationWizard | None = None
        self._round = 0  # counts starts and cancels: a wizard opened for an older round is discarded
        self._opening = False
        self.view: WizardView | None = None
        self.problem = ""

    @property
    def running(self) -> bool:
        """Whether a wizard runs or is being opened."""
        return self._opening or self._coach is not None

    def start(self, target: Target) -> None:
        """Start, or start over if one is running. Returns at once. Raises CalibrationError if there is no wizard."""
        if self._factory is None:
            raise CalibrationError("this run cannot calibrate", do="python -m calib")
        with self._lock:
            round_ = self._drop()
            self._opening, self.problem = True, ""
        threading.Thread(target=self._open, args=(self._factory, target, round_), name="wizard", daemon=True).start()

    def cancel(self) -> None:
        """Give up and save nothing."""
        with self._lock:
            self._drop()

    def step(self, pose: Pose, frame: Frame) -> Profile | None:
        """Take in one captured frame; the frame that completes the calibration returns what was measured."""
        wizard = self._coach
        if wizard is None:
            return None
        try:
            view = wizard.step(pose, frame)
        except Exception as error:  # of any kind: the show goes on without a wizard
            with self._lock:
                if self._coach is wizard:
                    self._drop()
                    self.problem = _told(error)
            return None
        with self._lock:
            if self._coach is not wizard:  # cancelled meanwhile
                return None
            before, self.view = self.view, view
            if view.finished or view.cancelled:
                self._coach = None
                self.view = view if view.finished else None
        if before is None or before.title != view.title:
            self._say(f"calibration {view.index + 1}/{len(view.steps)}: {view.title} {view.text}".rstrip())
        return self._measured(view) if view.finished else None

    def _open(self, factory: WizardFactory, target: Target, round_: int) -> None:
        wizard, problem = None, ""
        try:
            wizard = factory(target, self._camera)
        except Exception as error:
            problem = _told(error)
        with self._lock:
            if self._round == round_:
                self._coach, self._opening, self.problem = wizard, False, problem
                return
        if wizard is not None:
            wizard.cancel()

    def _drop(self) -> int:
        """Forget the wizard that is running or being opened. Returns the number of the new round."""
        if self._coach is not None:
            self._coach.cancel()
        self._coach, self._opening, self.view = None, False, None
        self._round += 1
        return self._round

    def _measured(self, view: WizardView) -> Profile | None:
        """The complete saved profile; if there is none, just the measures, for this run."""
        if view.stats is None:
            return None
        plain = Profile(view.saved or "this run", "", self._camera, "wizard", view.stats)
        if view.saved is None:
            return plain
        try:
            return load_profile(view.saved) or plain
        except CalibrationError:  # saved in another place than the profiles folder
            return plain


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, PuppetError) else f"the calibration broke off: {describe(error)}"
