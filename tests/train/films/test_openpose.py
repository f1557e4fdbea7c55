import json
from pathlib import Path

import numpy as np
import pytest

from live.puppet import topology as top
from tests.live.puppet.figure import figure
from tests.train.picture_set import person
from train.errors import TrainError
from train.films.openpose import read_openpose

LARGE, SMALL = figure(floor=400, height=350, x=200), figure(floor=300, height=200, x=500)


def read(tmp_path: Path, *people: dict[str, object]) -> object:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"people": people}))
    return read_openpose(path)


def test_the_body_is_read_and_what_is_absent_scores_0(tmp_path: Path) -> None:
    found = read(tmp_path, person(LARGE))
    assert np.allclose(found.points_px[top.BODY], LARGE[top.BODY], atol=1e-3) and not found.several
    assert (found.scores[top.BODY] == np.float32(0.9)).all() and not found.scores[top.BODY.stop :].any()


def test_hands_are_read_where_they_are(tmp_path: Path) -> None:
    found = read(tmp_path, person(LARGE, hands=True))
    assert np.allclose(found.points_px[top.R_HAND], LARGE[top.R_HAND], atol=1e-3)
    assert (found.scores[top.R_HAND] > 0).all() and (found.scores[top.L_HAND] > 0).all()


def test_of_several_people_the_largest_and_surest_is_taken_and_it_is_said(tmp_path: Path) -> None:
    for people in ((LARGE, SMALL), (SMALL, LARGE)):
        found = read(tmp_path, *(person(points) for points in people))
        assert np.allclose(found.points_px[top.NOSE], LARGE[top.NOSE], atol=1e-3) and found.several
    found = read(tmp_path, person(LARGE, confidence=0.2), person(SMALL, confidence=0.9))
    assert np.allclose(found.points_px[top.NOSE], SMALL[top.NOSE], atol=1e-3)


def test_scraps_of_a_second_person_do_not_count(tmp_path: Path) -> None:
    scraps = SMALL.copy()
    scraps[4:25] = 0
    assert not read(tmp_path, person(LARGE), person(scraps)).several


def test_nobody_is_a_value(tmp_path: Path) -> None:
    assert not read(tmp_path).scores.any()
    assert not read(tmp_path, person(np.zeros((137, 2), np.float32))).scores.any()


def test_points_that_are_no_numbers_are_not_seen(tmp_path: Path) -> None:
    points = LARGE.copy()
    points[top.R_WRIST] = np.nan
    found = read(tmp_path, person(points))
    assert found.scores[top.R_WRIST] == 0 and np.isfinite(found.points_px).all()


@pytest.mark.parametrize(
    "text",
    [
        "not JSON",
        "[]",
        "{}",
        '{"people": 3}',
        '{"people": [7]}',
        '{"people": [{"pose_keypoints_2d": "abc"}]}',
        '{"people": [{"pose_keypoints_2d": [1, 2, "x"]}]}',
        json.dumps({"people": [person(LARGE, joints=18)]}),
        "\xff",
    ],
)
def test_another_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TrainError, match=r"not an OpenPose file: odd\.json; got: .+; wanted: .+25 points"):
        read_openpose(path)
