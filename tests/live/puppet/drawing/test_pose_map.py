"""The golden map is renewed, after a change that is meant, by `python -m tests.live.puppet.drawing.test_pose_map`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import U8
from live.puppet import topology as top
from live.puppet.config import PuppetConfig
from live.puppet.drawing import pose_map as maps
from live.puppet.drawing.pose_map import CHANNELS, draw_pose_map
from live.puppet.golden_pose import golden_pose
from live.puppet.values import PlacedPose
from tests.live.puppet.figure import figure, without

CONFIG = PuppetConfig(canvas_px=(256, 256))
GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "pose_map.npz"
SIZE = 60.0
STANDING = figure(floor=230, height=200, x=128, arms=0.6)
wild = st.floats(-(2.0**127), 2.0**127, width=32) | st.floats(-600, 900, width=32)


def draw(placed: PlacedPose, config: PuppetConfig = CONFIG) -> U8:
    out = np.full((*config.pose_map_shape, CHANNELS), 77, np.uint8)  # old content must not shine through
    draw_pose_map(placed, config, out)
    return out


def standing(*missing: int) -> PlacedPose:
    return PlacedPose(0, 0.0, STANDING.copy(), without(*missing), SIZE)


def golden_map() -> U8:
    pose = golden_pose(0)
    points = np.round(pose.points_px * np.float32(0.4) * 2) / 2
    scores = np.where(np.arange(top.K) % 3 == 0, np.float32(0.6), np.float32(1))
    return draw(PlacedPose(0, 0.0, points.astype(np.float32), scores, 61.0))


def test_the_golden_pose_gives_the_golden_bytes() -> None:
    with np.load(GOLDEN, allow_pickle=False) as data:
        assert golden_map().tobytes() == data["pose_map"].tobytes()


def test_the_golden_pose_draws_in_every_channel() -> None:
    assert golden_map().any(axis=(0, 1)).all()


@pytest.mark.parametrize(("score", "drawn"), [(0.29, False), (0.31, True), (0.0, False)])
def test_a_joint_below_the_valid_score_draws_nothing(score: float, drawn: bool) -> None:
    scores = without()
    scores[top.R_ELBOW] = score  # it ends both bones of the arm
    out = draw(replace(standing(), scores=scores))
    assert out[..., maps.R_ARM : maps.R_ARM + 3].any() == drawn


def test_coverage_carries_the_smaller_score_of_the_bone() -> None:
    scores = without()
    scores[top.L_ELBOW], scores[top.L_WRIST] = 0.8, 0.4
    out = draw(replace(standing(), scores=scores))
    for a, b, score in ((top.L_SHOULDER, top.L_ELBOW, 0.8), (top.L_ELBOW, top.L_WRIST, 0.4)):
        x, y = ((0.3 * STANDING[a] + 0.7 * STANDING[b]) / 4).astype(int)
        assert out[y, x, maps.L_ARM] == round(255 * score)


@pytest.mark.parametrize(
    ("joints", "own", "other"),
    [
        ((top.R_SHOULDER, top.R_ELBOW, top.R_WRIST), maps.R_ARM, maps.L_ARM),
        ((top.R_HIP, top.R_KNEE, top.R_ANKLE), maps.R_LEG, maps.L_LEG),
        (tuple(range(top.R_HAND.start, top.R_HAND.stop)), maps.R_FINGERS, maps.L_FINGERS),
    ],
)
def test_left_and_right_go_to_different_channels(joints: tuple[int, ...], own: int, other: int) -> None:
    only_right = draw(replace(standing(), scores=1 - without(*joints)))
    assert only_right[..., own].any() and not only_right[..., other].any()
    mirrored = tuple(int(top.MIRROR[j]) for j in joints)
    only_left = draw(replace(standing(), scores=1 - without(*mirrored)))
    assert only_left[..., other].any() and not only_left[..., own].any()


def test_position_grows_along_the_limb_and_changes_sign_across_it() -> None:
    points = np.zeros((top.K, 2), np.float32)
    points[[top.R_SHOULDER, top.R_ELBOW, top.R_WRIST]] = (128, 60), (128, 120), (128, 180)
    scores = 1 - without(top.R_SHOULDER, top.R_ELBOW, top.R_WRIST)
    out = draw(PlacedPose(0, 0.0, points, scores, SIZE)).astype(int)
    along = out[16:44, 31, maps.R_ARM + 1]
    assert (np.diff(along) >= 0).all() and along[0] < 75 and along[-1] > 240
    across = out[30, 30:34, maps.R_ARM + 2]
    assert (np.diff(across) > 0).all() or (np.diff(across) < 0).all()
    assert abs(across[1] + across[2] - 256) <= 2  # the bone lies between two columns


@given(dx=st.integers(-10, 10), dy=st.integers(-5, 5))
def test_four_canvas_pixels_are_one_of_the_map(dx: int, dy: int) -> None:
    points = np.round(STANDING)
    here = draw(replace(standing(), points_px=points))
    there = draw(replace(standing(), points_px=points + np.array([4 * dx, 4 * dy], np.float32)))
    inner, moved = here[8:-8, 12:-12], there[8 + dy : 56 + dy, 12 + dx : 52 + dx]
    assert inner.any() and np.array_equal(inner, moved)


@given(data=st.data())
def test_drawing_is_clipped_at_the_canvas_whatever_the_points(data: st.DataObject) -> None:
    points = STANDING.copy()
    for joint in data.draw(st.lists(st.integers(0, top.K - 1), max_size=12)):
        points[joint] = data.draw(wild), data.draw(wild)
    size = data.draw(st.floats(0.01, 5000))
    height, width = CONFIG.pose_map_shape
    around = np.full((height + 2, width + 2, CHANNELS), 77, np.uint8)
    draw_pose_map(PlacedPose(0, 0.0, points, without(), size), CONFIG, around[1:-1, 1:-1])
    around[1:-1, 1:-1] = 77
    assert (around == 77).all()


def test_a_figure_outside_the_canvas_draws_nothing() -> None:
    for shift in ((-3000, 0), (3000, 0), (0, -3000), (0, 3000)):
        assert not draw(replace(standing(), points_px=STANDING + np.array(shift, np.float32))).any()


def test_a_figure_cut_by_the_edge_is_drawn_as_far_as_the_edge() -> None:
    whole = draw(standing())
    cut = draw(replace(standing(), points_px=STANDING + np.float32([-128, 0])))
    assert np.array_equal(cut[:, :28], whole[:, 32:60]) and cut[:, 0].any()


if __name__ == "__main__":
    np.savez_compressed(GOLDEN, pose_map=golden_map())
