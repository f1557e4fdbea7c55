"""`Wizard`: measures a performer, step by step, hands-free. It goes by the poses' own time."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from calib import steps
from calib.camera_check import CameraCheck, CountFaces
from calib.faces import FaceCounter
from calib.hold import Hold
from calib.outcome import Outcome, conclude
from calib.pace import StepPace
from calib.profiles import default_name, save_profile
from calib.sight import Sight, Stillness, look
from calib.steps import Known, Step, StepInput
from live.control.wizard_port import WizardView
from live.performer.profile import Profile, profile_path
from live.puppet.errors import PuppetError
from live.puppet.values import Frame, Pose
from live.scene.target import Target

AWAY_S = 60.0  # nobody in view for this long means the performer has left
SCORE_S = 4.0  # how long the score is shown before the profile is saved
NOTICE_S = 3.0  # how long a notice about a step that was not followed is shown
# Seen only from the waist up for this long, at the first pose, means that is how they will perform.
WAIST_UP_S, WAIST_UP_HALF_S = 8.0, 2.0
MOST_POSES = 9000  # five minutes at 30 a second
LAST = ("score", "save")


class Wizard:
    """Takes the steps in order. Each is shown, held and measured, and tried again or skipped if nobody follows it.

    `save` writes the profile; nothing is written before all is measured. A failure to measure or save ends the wizard,
    and the last view says why. `count_faces`: see CameraCheck. Not thread-safe, except for `cancel`.
    """

    def __init__(
        self,
        target: Target,
        *,
        name: str,
        performer: str,
        camera: str,
        save: Callable[[Profile], object],
        count_faces: CountFaces | None = None,
    ) -> None:
        self._target, self._name, self._performer, self._camera = target, name, performer, camera
        self._save = save
        self._check, self._stillness, self._hold = CameraCheck(count_faces), Stillness(), Hold()
        self._plan: tuple[Step, ...] = steps.WHOLE
        self._index = self._tries = 0
        self._pace: StepPace | None = None
        self._holds: dict[str, tuple[Pose, ...]] = {}
        self._known = Known()
        self._outcome: Outcome | None = None
        self._notice, self._notice_until_s = "", 0.0
        self._cancelled = False
        self._last: WizardView | None = None
        self.poses: list[Pose] = []  # copies of all poses so far

    @property
    def followed(self) -> bool:
        """Whether the performer stood still with both arms out, which nobody does by chance."""
        return "arms" in self._holds

    def cancel(self) -> None:
        """See `CalibrationWizard`."""
        self._cancelled = True

    def step(self, pose: Pose, frame: Frame) -> WizardView:
        """Take in one captured frame; see `CalibrationWizard`. After the end, the last view stays."""
        if self._last is not None and (self._last.finished or self._last.cancelled):
            return replace(self._last, sound="")
        try:
            self._last = self._step(pose, frame)
        except PuppetError as error:
            self._last = self._ended(str(error))
        return self._last

    def _step(self, pose: Pose, frame: Frame) -> WizardView:
        if self._cancelled:
            return self._ended("Cancelled. Nothing was saved.")
        if self.poses and pose.image_size != self.poses[0].image_size:
            return self._ended("The size of the camera's picture has changed. Start again.")
        now, sight = pose.t_capture_s, look(pose)
        if self._pace is None:
            self._pace = StepPace(now, now)
        if self._outcome is not None:
            return self._show_score(self._outcome, now - self._pace.began_s)
        pose = pose.copy()
        if len(self.poses) < MOST_POSES:
            self.poses.append(pose)
        still = self._stillness.step(pose, sight.torso_px)
        wrong = self._wrong(pose, frame, sight, now - self._pace.began_s)
        self._pace.take(now, sight, idle=still and wrong is not None)
        if now - self._pace.seen_s > AWAY_S:
            return self._ended("Nobody was in view for a minute. Nothing was saved.")
        return self._go_on(self._pace, pose, wrong, still or self._now is steps.CAMERA)

    def _go_on(self, pace: StepPace, pose: Pose, wrong: str | None, still: bool) -> WizardView:
        """The view after this pose: the next step, another try, the waist-up plan, or a filling meter."""
        now, step = pose.t_capture_s, self._now
        meter = self._hold.step(pose, wrong is None and still)
        if meter.poses is not None:
            if step is not steps.CAMERA:
                self._holds[step.name] = meter.poses
                self._known = Known.of(self._holds)
            return self._next(now)
        over = now - pace.began_s > step.limit_s and meter.countdown_s is None
        waist_up_s = WAIST_UP_HALF_S if self._target.framing == "half" else WAIST_UP_S
        if step is steps.STAND and (now - pace.whole_s > waist_up_s or (over and pace.mostly_waist_up)):
            self._plan = steps.HALF
            self._begin(now)
            return self._say(now, "Only your upper body is in view, so only that is measured.")
        if step.unless_s is not None and now - pace.busy_s > step.unless_s:
            return self._next(now)
        if over:
            return self._timed_out(now, wrong or "")
        hint = steps.HOLD_STILL if wrong is None and not still else wrong or ""
        return self._view(
            hint=self._notice if now < self._notice_until_s else hint,
            progress=meter.progress,
            countdown_s=meter.countdown_s,
            sound="tick" if meter.tick else "",
        )

    @property
    def _now(self) -> Step:
        return self._plan[min(self._index, len(self._plan) - 1)]

    def _wrong(self, pose: Pose, frame: Frame, sight: Sight, passed_s: float) -> str | None:
        """None if this is the pose that the step asks for, else what to change."""
        if self._now is not steps.CAMERA:
            return self._now.wrong(StepInput(pose, sight, passed_s, self._known))
        self._check.add(pose, frame)
        return self._check.problem() or (None if self._check.enough else "")

    def _begin(self, now: float) -> None:
        """Start the current step over."""
        assert self._pace is not None
        self._pace = StepPace(now, self._pace.seen_s)
        self._hold.reset()

    def _next(self, now: float, *, sound: str = "done") -> WizardView:
        """Go to the next step, or after the last one, measure."""
        self._tries, self._notice_until_s = 0, 0.0
        self._begin(now)
        self._index += 1
        if self._index < len(self._plan):
            return self._view(sound=sound)
        self._outcome = conclude(self._target, self._holds, self.poses, half=self._plan is steps.HALF)
        return self._show_score(self._outcome, 0.0, sound=sound)

    def _timed_out(self, now: float, hint: str) -> WizardView:
        """Try again; after the last try go to the next step, or end if this one is needed."""
        self._tries += 1
        if self._tries < self._now.tries:
            self._begin(now)
            return self._say(now, f"Once more. {hint or self._now.text}", sound="fail")
        if self._now.needed:
            return self._ended(f"Nobody stood still for a second. {hint} Nothing was saved.".replace("  ", " "))
        return self._next(now, sound="fail")

    def _show_score(self, outcome: Outcome, passed_s: float, *, sound: str = "") -> WizardView:
        if passed_s < SCORE_S:
            shown = self._view(text=outcome.score.sentence(), progress=passed_s / SCORE_S, sound=sound)
        else:
            self._save(outcome.profile(name=self._name, performer=self._performer, camera=self._camera))
            self._index = len(self._plan) + 1
            shown = self._view(text=outcome.score.sentence(), progress=1.0, sound="done", finished=True)
            shown = replace(shown, saved=self._name, stats=outcome.shown)
        return replace(shown, score=outcome.score.to_json(), lines=outcome.lines)

    def _say(self, now: float, notice: str, *, sound: str = "") -> WizardView:
        self._notice, self._notice_until_s = notice, now + NOTICE_S
        return self._view(hint=notice, sound=sound)

    def _ended(self, why: str) -> WizardView:
        """The last view of a wizard that saved nothing."""
        return self._view(title="Not calibrated", text=why, hint=why, sound="fail", cancelled=True)

    def _view(
        self,
        *,
        title: str | None = None,
        text: str | None = None,
        hint: str = "",
        progress: float = 0.0,
        countdown_s: float | None = None,
        sound: str = "",
        finished: bool = False,
        cancelled: bool = False,
    ) -> WizardView:
        names = (*(step.name for step in self._plan), *LAST)
        titles = (*(step.title for step in self._plan), "How well you fit", "Saved")
        return WizardView(
            step=names[self._index],
            index=self._index,
            steps=names,
            title=titles[self._index] if title is None else title,
            text=self._now.text if text is None else text,
            hint=hint,
            progress=progress,
            countdown_s=countdown_s,
            sound=sound,
            finished=finished,
            cancelled=cancelled,
            lines=self._known.lines,
        )


def open_wizard(
    target: Target, camera: str, *, performer: str = "me", name: str | None = None, folder: Path | None = None
) -> Wizard:
    """A wizard for the target that is shown and the camera of this name. `folder`: of the profiles; None: the default.

    It saves as `name`, by default made from performer and camera. Raises CalibrationError for an invalid name.
    """
    name = default_name(performer, camera) if name is None else name
    profile_path(name, folder)  # reject a bad name before anybody stands up
    return Wizard(
        target,
        name=name,
        performer=performer,
        camera=camera,
        save=lambda profile: save_profile(profile, folder),
        count_faces=FaceCounter(),
    )
