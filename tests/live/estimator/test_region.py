"""Regions: what a model sees, and where what it saw lies in the picture."""

from math import cos, hypot, pi, sin

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import F32
from live.estimator.region import (
    DOWN,
    UP,
    Region,
    aligned,
    of_body,
    of_face,
    of_face_found,
    of_face_on,
    of_hand,
    of_hand_on,
    whole,
)

coordinates = st.floats(-4000, 4000, width=32)
regions = st.builds(
    Region, coordinates, coordinates, st.floats(1, 5000, width=32), st.floats(-pi, pi, allow_subnormal=False)
)
points_of = {
    "hand": (of_hand, 21),
    "face": (of_face, 478),
    "face found": (of_face_found, 6),
    "face on body": (of_face_on, 33),
    "left hand on body": (lambda points: of_hand_on(points, "left"), 33),
    "right hand on body": (lambda points: of_hand_on(points, "right"), 33),
}


def somewhere(count: int, seed: int, size: float = 100.0) -> F32:
    return np.random.default_rng(seed).uniform(0, size, (count, 2)).astype(np.float32)


def turned(points: F32, angle: float) -> F32:
    """Clockwise as seen, round the origin."""
    c, s = cos(angle), sin(angle)
    return (points @ np.array([[c, s], [-s, c]])).astype(np.float32)


@given(regions, st.integers(0, 99))
def test_there_and_back_is_where_one_was(region: Region, seed: int) -> None:
    points = somewhere(7, seed, 1.0)
    back = region.from_picture(region.to_picture(points))
    assert np.allclose(back, points, atol=2e-3 * max(1.0, 4000 / region.side_px))


@given(regions, st.sampled_from([128, 192, 224, 256]))
def test_the_matrix_of_a_cut_and_to_picture_tell_the_same(region: Region, size: int) -> None:
    pixels = np.array([[0, 0], [size, 0], [size / 2, size / 2], [3, 17]], np.float32)
    by_matrix = pixels @ region.matrix(size)[:, :2].T + region.matrix(size)[:, 2]
    assert np.allclose(by_matrix, region.to_picture(pixels / size), atol=0.05)


@given(regions)
def test_a_regions_corners_are_its_side_apart(region: Region) -> None:
    corners = region.to_picture(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)).astype(np.float64)
    sides = np.hypot(*(corners - np.roll(corners, 1, axis=0)).T)
    assert np.allclose(sides, region.side_px, atol=0.01)


@pytest.mark.parametrize("name", points_of)
@given(seed=st.integers(0, 99), angle=st.floats(-3, 3), grow=st.floats(0.1, 20), shift=st.floats(-3000, 3000))
def test_a_region_grows_and_moves_with_its_points(
    name: str, seed: int, angle: float, grow: float, shift: float
) -> None:
    find, count = points_of[name]
    points = somewhere(count, seed)
    before, after = find(points), find((points * np.float32(grow) + np.float32(shift)).astype(np.float32))
    assert after.side_px == pytest.approx(before.side_px * grow, rel=1e-2, abs=0.1)
    assert (after.x_px - shift) / grow == pytest.approx(before.x_px, abs=2 + 0.01 * before.side_px / grow)
    assert abs((after.turn - before.turn + pi) % (2 * pi) - pi) < 0.05


@given(seed=st.integers(0, 99), angle=st.floats(-3, 3))
def test_a_hand_that_is_turned_turns_its_region_with_it(seed: int, angle: float) -> None:
    points = somewhere(21, seed)
    before, after = of_hand(points), of_hand(turned(points, angle))
    assert abs((after.turn - before.turn - angle + pi) % (2 * pi) - pi) < 1e-3
    assert after.side_px == pytest.approx(before.side_px, rel=1e-4)
    assert np.allclose(before.from_picture(points), after.from_picture(turned(points, angle)), atol=1e-3)


@given(st.floats(-pi, pi), st.floats(5, 2000))
def test_a_body_stands_upright_in_its_region_however_it_lies_in_the_picture(angle: float, reach: float) -> None:
    hips = np.array([400, 300], np.float32)
    end = (hips + reach * np.array([cos(angle), sin(angle)])).astype(np.float32)
    region = of_body(hips, end)
    middle, above = region.from_picture(np.stack([hips, end]))
    assert np.allclose(middle, 0.5, atol=1e-3)
    assert above[0] == pytest.approx(0.5, abs=1e-3) and above[1] == pytest.approx(0.1, abs=1e-3)  # 0.5 - 0.5 / 1.25


def test_up_is_up_and_down_is_down() -> None:
    here, above = np.array([50, 50], np.float32), np.array([50, 30], np.float32)
    assert aligned(here, above, UP, scale=1.0) == Region(50, 50, 40, 0.0)
    assert abs(aligned(here, above, DOWN, scale=1.0).turn) == pytest.approx(pi)


def test_the_shift_goes_down_the_regions_own_axis() -> None:
    start, end = np.array([50, 50], np.float32), np.array([70, 50], np.float32)  # what is right is to be up
    region = aligned(start, end, UP, scale=1.0, shift=-0.1)
    assert (region.x_px, region.y_px) == pytest.approx((54, 50)) and region.turn == pytest.approx(pi / 2)


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (1, 1), (3840, 2160)])
def test_the_whole_picture_lies_in_its_region(size: tuple[int, int]) -> None:
    corners = np.array([[0, 0], size], np.float32)
    inside = whole(size).from_picture(corners)
    assert (inside >= -1e-6).all() and (inside <= 1 + 1e-6).all() and whole(size).side_px == max(size)


@pytest.mark.parametrize(
    "region",
    [
        Region(np.nan, 0, 10, 0),
        Region(0, np.inf, 10, 0),
        Region(0, 0, 0, 0),
        Region(0, 0, 1e9, 0),
        Region(0, 0, 9, np.nan),
    ],
)
def test_what_cannot_be_cut_is_not_usable(region: Region) -> None:
    assert not region.usable and Region(0, 0, 10, 0).usable


def test_points_on_one_place_make_no_usable_region() -> None:
    for find, count in points_of.values():
        assert not find(np.full((count, 2), 7, np.float32)).usable


def test_a_mark_in_a_turned_region_is_cut_out_where_from_picture_says() -> None:
    picture = np.zeros((200, 300), np.uint8)
    cv2.circle(picture, (180, 90), 3, 255, -1)
    region = Region(170, 100, 80, 0.7)
    cut = cv2.warpAffine(picture, region.matrix(128), (128, 128), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    rows, columns = np.nonzero(cut > 128)
    expected = region.from_picture(np.array([[180, 90]], np.float32))[0] * 128
    assert hypot(columns.mean() - expected[0], rows.mean() - expected[1]) < 1.0
