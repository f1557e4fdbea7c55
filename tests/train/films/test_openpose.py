import json
from pathlib import Path

import numpy as np
import pytest

from live.puppet import topology as top
from tests.live.puppet.figure import figure
from tests.train.picture_set import person
from train.errors import TrainError
from train.films.openpose import Person, are_normalised, read_openpose
from train.films.track import track

LARGE, SMALL = figure(floor=400, height=350, x=200), figure(floor=300, height=200, x=500)


def read(tmp_path: Path, *people: dict[str, object], encoding: str = "utf-8") -> list[Person]:
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps({"people": people}).encode(encoding))
    return read_openpose(path)


def keypoints(numbers: str) -> str:
    return f'{{"people": [{{"pose_keypoints_2d": [{numbers}]}}]}}'


def test_the_body_is_read_and_what_is_absent_scores_0(tmp_path: Path) -> None:
    (found,) = read(tmp_path, person(LARGE))
    assert np.allclose(found.points_px[top.BODY], LARGE[top.BODY], atol=1e-3)
    assert (found.scores[top.BODY] == np.float32(0.9)).all() and not found.scores[top.BODY.stop :].any()


def test_hands_are_read_where_they_are(tmp_path: Path) -> None:
    (found,) = read(tmp_path, person(LARGE, hands=True))
    assert np.allclose(found.points_px[top.R_HAND], LARGE[top.R_HAND], atol=1e-3)
    assert (found.scores[top.R_HAND] > 0).all() and (found.scores[top.L_HAND] > 0).all()


def test_several_people_come_the_largest_and_surest_first(tmp_path: Path) -> None:
    for people in ((LARGE, SMALL), (SMALL, LARGE)):
        found = read(tmp_path, *(person(points) for points in people))
        assert np.allclose(found[0].points_px[top.NOSE], LARGE[top.NOSE], atol=1e-3) and len(found) == 2
    found = read(tmp_path, person(LARGE, confidence=0.2), person(SMALL, confidence=0.9))
    assert np.allclose(found[0].points_px[top.NOSE], SMALL[top.NOSE], atol=1e-3)


def test_scraps_of_a_second_person_do_not_count(tmp_path: Path) -> None:
    scraps = SMALL.copy()
    scraps[4:25] = 0
    assert len(read(tmp_path, person(LARGE), person(scraps))) == 1


def test_nobody_is_a_value(tmp_path: Path) -> None:
    assert read(tmp_path) == []
    assert read(tmp_path, person(np.zeros((137, 2), np.float32))) == []


@pytest.mark.parametrize("odd", [np.nan, np.inf, 1e300, -1e9])
@pytest.mark.filterwarnings("error")
def test_points_that_are_no_numbers_or_absurd_are_not_seen(tmp_path: Path, odd: float) -> None:
    entry = person(LARGE)
    entry["pose_keypoints_2d"][3 * top.R_WRIST] = odd
    (found,) = read(tmp_path, entry)
    assert found.scores[top.R_WRIST] == 0 and np.isfinite(found.points_px).all()


@pytest.mark.parametrize(("odd", "score"), [(-3.0, 0), (7.0, 1), (np.nan, 0), (np.inf, 0), (1e300, 0)])
def test_scores_lie_from_0_to_1(tmp_path: Path, odd: float, score: float) -> None:
    entry = person(LARGE)
    entry["pose_keypoints_2d"][3 * top.R_WRIST + 2] = odd
    (found,) = read(tmp_path, entry)
    assert found.scores[top.R_WRIST] == score


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_byte_order_mark_and_other_unicode_are_read(tmp_path: Path, encoding: str) -> None:
    assert len(read(tmp_path, person(LARGE), encoding=encoding)) == 1


@pytest.mark.parametrize("key", ["pose_keypoints", "pose_keypoints_2d"])
def test_the_18_joints_of_old_files_are_refused_by_their_name(tmp_path: Path, key: str) -> None:
    old = {key: person(LARGE, joints=18)["pose_keypoints_2d"]}
    with pytest.raises(TrainError, match=r"a\.json; got: .*18 joints of COCO, without feet; .*--model_pose BODY_25"):
        read(tmp_path, old)


def test_the_same_one_of_several_is_followed() -> None:
    """The other one comes nearer, and is the larger at the end."""
    seen = np.full(137, 0.9, np.float32)
    ours, other = figure(floor=400, height=300, x=200), figure(floor=400, height=200, x=500)
    clip = []
    for i in range(20):
        two = [Person(ours + np.float32(i), seen), Person((other * np.float32(1 + i / 20)), seen)]
        clip.append(sorted(two, key=lambda person: -person.rank))
    clip[7] = []
    clip[8] = [Person(ours + np.float32(8), seen)]
    found = track(clip)
    assert found[7] is None
    assert [float(p.points_px[top.NOSE, 0]) - i for i, p in enumerate(found) if p] == [float(ours[top.NOSE, 0])] * 19


def test_normalised_points_are_told_from_pixels() -> None:
    seen = np.full(137, 0.9, np.float32)
    pixels, unit = Person(LARGE, seen), Person(LARGE / np.float32(640), seen)
    assert not are_normalised([[pixels], []], "set") and are_normalised([[unit], [], [unit]], "set")
    assert np.allclose(unit.scaled((640, 480)).points_px, LARGE * [1, 480 / 640], atol=1e-2)
    with pytest.raises(TrainError, match="points of set are normalised, not pixels; got: -1 to 1;.*keypoint_scale 0"):
        are_normalised([[Person(LARGE / np.float32(320) - 1, seen)]], "set")
    with pytest.raises(TrainError, match="normalised, not pixels; got: 1 of 2 files normalised"):
        are_normalised([[unit], [pixels]], "set")


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
        json.dumps({"people": [person(LARGE, joints=23)]}),
        json.dumps({"people": [person(LARGE)]})[:-9],
        "\xff",
        "",
        "[" * 100_000,
        '{"people": ' + "[" * 100_000,
        keypoints(", ".join(["1" + "0" * 400] * 75)),
        keypoints(", ".join(["[1]"] * 75)),
        keypoints(", ".join(["{}"] * 75)),
        json.dumps({"people": [{"pose_keypoints_2d": "1" * 75}]}),
        json.dumps({"people": [{}] * 1001}),
        " " * (5 << 20),
    ],
)
def test_another_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TrainError, match=r"not an OpenPose file: odd\.json; got: .+; wanted: .+25 points"):
        read_openpose(path)
