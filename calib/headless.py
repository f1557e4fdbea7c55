"""Calibration without the live loop: a source, the estimator, the wizard and a screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calib.clip import clip_profile
from calib.faces import FaceCounter
from calib.profiles import default_name, save_profile
from calib.terminal import Screen
from calib.wizard import Wizard, open_wizard
from engines.messages import Say
from live.clock import SystemClock
from live.config import LiveConfig
from live.estimator.choose import open_estimator
from live.estimator.estimator import PoseEstimator
from live.estimator.recorded import RecordedEstimator
from live.performer.profile import Profile
from live.puppet.errors import CalibrationError
from live.puppet.values import Pose
from live.scene.target import Target
from live.sources.base import Source
from live.sources.choose import OpenedSource, open_source

PERFORMER = "me"


def calibrate(source: str, target: Target, *, name: str | None, folder: Path | None, screen: Screen) -> str:
    """Measure whoever is in `source` (as typed after --source) and save the profile; returns its name.

    A camera, or a clip of somebody who follows the steps, goes through the wizard; a clip of somebody who just dances
    is measured from whatever it shows. Raises PuppetError, and CalibrationError if nothing was saved. A
    KeyboardInterrupt at any time leaves the old profile as it was.
    """
    opened = open_source(LiveConfig(target.bundle.name, source, ("null",)), SystemClock(), screen.say)
    try:
        camera = opened.source.name
        name = default_name(PERFORMER, camera) if name is None else name
        wizard = open_wizard(target, camera, performer=PERFORMER, name=name, folder=folder)
        with _estimator(opened, screen.say) as estimator:
            if opened.source.live:
                _follow(opened.source, estimator, wizard, screen)
            else:
                screen.say(f"Watching {camera}. This takes about as long as the clip.")
                save_profile(_from_clip(opened.source, estimator, target, name, screen), folder)
    finally:
        opened.source.close()
    return name


def _follow(camera: Source, estimator: PoseEstimator, wizard: Wizard, screen: Screen) -> None:
    """Run the wizard with a camera to its end. It saves by itself."""
    with screen:
        while (frame := camera.read()) is not None:
            view = wizard.step(estimator.estimate(frame), frame)
            screen.show(view)
            if view.cancelled:
                raise CalibrationError("not calibrated", got=view.text, do="start again when you are ready")
            if view.finished:
                return
    raise CalibrationError("not calibrated", got="no more pictures from the camera", do="check it and start again")


def _from_clip(clip: Source, estimator: PoseEstimator, target: Target, name: str, screen: Screen) -> Profile:
    """The wizard's profile if the clip follows the steps, else the profile from all its poses."""
    profiles: list[Profile] = []
    poses: list[Pose] = []
    camera, faces = clip.name, FaceCounter()
    wizard = Wizard(target, name=name, performer=PERFORMER, camera=camera, save=profiles.append, count_faces=faces)
    try:
        while (frame := clip.read()) is not None and not (profiles and wizard.followed):
            pose = estimator.estimate(frame)
            poses.append(pose.copy())
            wizard.step(pose, frame)
    finally:
        faces.close()
    if profiles and wizard.followed:
        screen.say("The clip follows the steps, so it was measured from the held poses.")
        return profiles[0]
    screen.say("Nobody in the clip follows the steps, so it is measured from whatever it shows (clip mode).")
    return clip_profile(poses, target, name=name, performer=PERFORMER, camera=camera)


@contextmanager
def _estimator(opened: OpenedSource, say: Say) -> Iterator[PoseEstimator]:
    estimator: PoseEstimator
    if opened.poses is not None:
        estimator = RecordedEstimator(opened.poses, opened.estimator or "")
    else:
        estimator = open_estimator("auto", say)
    try:
        yield estimator
    finally:
        estimator.close()
