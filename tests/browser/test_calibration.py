"""The wizard hands-free in the page: raised hands start it, a recorded person follows it, and a profile is saved."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calib.raised_hands import RaisedHands
from calib.wizard import open_wizard
from live.performer.profile import read_profile
from live.performer.recording import save_poses
from live.puppet import topology as T
from live.puppet.values import Pose
from tests.browser.conftest import OpenPage
from tests.browser.live_run import FastClock, live_run, reaches
from tests.browser.looking import connected
from tests.calib.follower import FPS, Follower, scheduled
from tests.calib.test_real_clips import estimated, straightest

TIMES = 2.0  # as fast as life: the recording is over a minute long
RAISED_S = 6.0  # the page is opened meanwhile
ESTIMATOR = "mediapipe-holistic-0.10.21/openpose137"


def hands_up(pose: Pose) -> Pose:
    """The same pose with both hands above the head."""
    points = pose.points_px.copy()
    head = points[T.NECK, 1] - points[T.NOSE, 1]
    for side, elbow, wrist in ((-1, T.R_ELBOW, T.R_WRIST), (1, T.L_ELBOW, T.L_WRIST)):
        points[elbow] = points[T.NOSE] + (side * 2 * head, 0)
        points[wrist] = points[T.NOSE] + (side * 2 * head, -3 * head)
    return replace(pose, points_px=points, scores=np.ones_like(pose.scores))


def recorded(base: Pose, path: Path) -> Path:
    """A recording of one who stands as `base`, raises the hands, and then goes through the steps."""
    first = [replace(hands_up(base), frame_id=i, t_capture_s=i / FPS) for i in range(round(RAISED_S * FPS))]
    then = [
        replace(pose, frame_id=pose.frame_id + len(first), t_capture_s=pose.t_capture_s + RAISED_S)
        for pose in scheduled(Follower(base))
    ]
    save_poses(path, [*first, *then], estimator=ESTIMATOR)
    return path


@pytest.mark.clips
def test_raised_hands_start_the_wizard_and_a_profile_is_saved(open_page: OpenPage, clips: Path, tmp_path: Path) -> None:
    base = straightest(estimated(clips / "full_body_dance_static.mp4", every=6))
    poses = recorded(base, tmp_path / "performer.npz")
    with live_run(
        source=str(poses),
        open_wizard=lambda target, camera: open_wizard(target, camera, name="me", folder=tmp_path),
        gesture=RaisedHands().step,
        clock=FastClock(TIMES),
    ) as run:
        page = open_page(run.room.url)
        connected(page)
        page.wait_for_selector("#wizard[open]")
        page.wait_for_selector("#wizard-title:has-text('Arms out')")
        page.wait_for_selector("#wizard-score:has-text('me')")
        profile = read_profile(tmp_path / "me.json")
        page.wait_for_function("() => !document.getElementById('wizard-title').textContent.includes('Not')")
        reaches(page, run, lambda state: state["profile"] == "me")
    assert profile.mode == "wizard" and profile.stats.has_legs
    assert profile.after_px is not None and profile.before_px is not None and profile.after_px < profile.before_px
