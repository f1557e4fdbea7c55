import dataclasses

import numpy as np
import pytest

from live.puppet.config import PuppetConfig
from live.puppet.drawing import parts, pose_map
from live.puppet.fingerprint import fingerprint
from live.puppet.geometry import retarget
from live.puppet.golden_pose import golden_pose

CONFIG = PuppetConfig(canvas_px=(128, 128))


def test_the_same_settings_give_the_same_16_digits() -> None:
    first = fingerprint(CONFIG)
    assert fingerprint(PuppetConfig(canvas_px=(128, 128))) == first
    assert len(first) == 16 and int(first, 16) >= 0


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(PuppetConfig)])
def test_every_setting_changes_it(field: str) -> None:
    value: object = (128, 160) if field == "canvas_px" else getattr(CONFIG, field) * 1.01
    assert fingerprint(dataclasses.replace(CONFIG, **{field: value})) != fingerprint(CONFIG)


def test_a_channel_drawn_elsewhere_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before, segments = fingerprint(CONFIG), pose_map._SEGMENTS.copy()
    segments[5, 2] = pose_map.L_ARM
    monkeypatch.setattr(pose_map, "_SEGMENTS", segments)
    assert fingerprint(CONFIG) != before


def test_another_drawing_order_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(CONFIG)
    monkeypatch.setattr(parts, "_DRAW_FRONT", np.ascontiguousarray(parts._DRAW_FRONT[::-1]))
    assert fingerprint(CONFIG) != before


def test_another_way_to_place_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(CONFIG)
    monkeypatch.setattr(retarget, "RATIO_RANGE", (1.0, 1.0))
    assert fingerprint(CONFIG) != before


def test_the_golden_pose_shows_every_joint_and_moves() -> None:
    first, second = golden_pose(0), golden_pose(1)
    assert (first.scores == 1).all() and not np.array_equal(first.points_px, second.points_px)
    assert ((first.points_px > 0) & (first.points_px < 640)).all()
