"""A camera whose pictures become of another size in mid-stream: the puppet stays as large as it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from live.performer.profile import Profile
from live.puppet.values import Pose
from tests.live.fakes import Collector, ColourSource, ListedEstimator, fake_loop
from tests.live.patience import until
from tests.live.scenery import Show, write_scenery
from tests.live.tiny_target import stats, walking


def grown(poses: list[Pose], start: int) -> list[Pose]:
    """The same person, from `start` on in pictures of twice the size."""
    twice = np.float32(2)
    return [
        pose
        if i < start
        else replace(pose, points_px=pose.points_px * twice, depth_px=pose.depth_px * twice, image_size=(1280, 1280))
        for i, pose in enumerate(poses)
    ]


def test_who_is_measured_while_they_move_is_measured_anew(tiny: Path) -> None:
    shown = []
    for poses in (walking(240), grown(walking(240), 180)):
        sink = Collector()
        fake_loop(ColourSource(240), ListedEstimator(poses), tiny, sinks=[sink])[0].run()
        shown.append(sink.images[-1].astype(int))
    assert np.abs(shown[0] - shown[1]).mean() < 3


def test_a_calibration_is_brought_to_the_new_size(tmp_path: Path) -> None:
    scenery = write_scenery(tmp_path)
    measured = Profile("me", "me", "cam", "wizard", replace(stats(), image_size=(640, 640)))
    show = Show(
        scenery,
        {
            5: lambda director: director._switcher.wish(performer=measured),
            30: lambda director: until(lambda: show.parts.scenes.current.cut == 1),
        },
        poses=grown(walking(60), 20),
        frames=60,
    )
    show.parts.director._context.opener.picture_size = (640, 640)
    show.run()
    used = show.parts.scenes.current.conditioner.performer
    assert used is not None and used.image_size == (1280, 1280)
    assert used.size == pytest.approx(2 * measured.stats.size)
