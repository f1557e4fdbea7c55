import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calib.profiles import save_profile
from live.performer.profile import (
    Profile,
    find_profiles,
    fitted,
    load_profile,
    mirror_stats,
    profile_path,
    profiles_folder,
)
from live.puppet.errors import CalibrationError
from tests.live.puppet.figure import walker

STATS = walker(near=850, far=750, near_height=640, far_height=520, x=500)
SEATED = replace(STATS, near_y=0, far_y=0, near_height=0, far_height=0, has_legs=False)
ME = Profile("desk", "me", "Webcam", "wizard", STATS, seated=SEATED)


def changed(folder: Path, **changes: Any) -> Path:
    """A saved profile whose JSON was changed by hand."""
    path = save_profile(ME, folder)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path


def test_none_is_no_profile(tmp_path: Path) -> None:
    assert load_profile("none", folder=tmp_path) is None


def test_a_profile_is_found_by_name_and_by_file(tmp_path: Path) -> None:
    path = save_profile(ME, tmp_path)
    assert load_profile("desk", folder=tmp_path) == ME == load_profile("DESK", folder=tmp_path)
    assert load_profile(str(path)) == ME


def test_a_name_that_is_not_there_says_which_are(tmp_path: Path) -> None:
    save_profile(ME, tmp_path)
    with pytest.raises(CalibrationError, match="of that name: dsk; got: profiles here: desk"):
        load_profile("dsk", folder=tmp_path)


def test_auto_takes_the_newest_of_this_camera(tmp_path: Path) -> None:
    for age, profile in enumerate((replace(ME, name="new"), ME, replace(ME, name="other", camera="Capture"))):
        os.utime(save_profile(profile, tmp_path), (1000 - age, 1000 - age))
    chosen = load_profile("auto", camera="Webcam", folder=tmp_path)
    assert chosen is not None and chosen.name == "new"
    assert load_profile("auto", camera="Phone", folder=tmp_path) is None
    assert load_profile("auto", folder=tmp_path) is None
    assert load_profile("auto", camera="Webcam", folder=tmp_path / "none yet") is None


def test_auto_knows_a_camera_that_got_another_number_and_prefers_the_same_one(tmp_path: Path) -> None:
    for age, (name, camera) in enumerate((("left", 'camera 0 "Logi"'), ("right", 'camera 2 "Logi"'))):
        os.utime(save_profile(replace(ME, name=name, camera=camera), tmp_path), (1000 - age, 1000 - age))
    for camera, wanted in (('camera 2 "Logi"', "right"), ('camera 4 "Logi"', "left"), ('camera 0 "Other"', None)):
        found = load_profile("auto", camera=camera, folder=tmp_path)
        assert (None if found is None else found.name) == wanted
    assert load_profile("auto", camera="clip.mp4", folder=tmp_path) is None


def test_auto_tells_of_what_it_cannot_use_and_goes_on(tmp_path: Path) -> None:
    changed(tmp_path, format=99)
    said: list[str] = []
    assert load_profile("auto", camera="Webcam", folder=tmp_path, say=said.append) is None
    assert len(said) == 1 and "another version" in said[0] and "format 99" in said[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 0}, "another version.*format 0.*calibrate again"),
        ({"topology": "coco17"}, "another topology.*coco17"),
        ({"stats": {"torso": 1}}, "does not fit this version"),
        ({"stats": 3}, "not a calibration profile"),
        ({"seated": {"torso": 1}}, "does not fit this version"),
        ({"noise": {"wind_px": 1}}, "does not fit this version"),
        ({"noise": 3}, "does not fit this version"),
        ({"face": {"points": [[1]]}}, "does not fit this version"),
        ({"after_px": "much"}, "does not fit this version"),
    ],
)
def test_an_old_or_foreign_profile_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    changed(tmp_path, **changes)
    with pytest.raises(CalibrationError, match=reason):
        load_profile("desk", folder=tmp_path)
    good, refused = find_profiles(tmp_path)
    assert good == [] and len(refused) == 1


@pytest.mark.parametrize("name", ["", "--", "none", "auto", "a/b", "a\\b", "me.json"])
def test_a_name_that_would_be_taken_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(CalibrationError, match="not a name"):
        profile_path(name)


def test_profiles_live_in_the_settings_folder_of_the_platform() -> None:
    assert profiles_folder().parts[-2:] == ("everybody-dance-live", "profiles")


def test_the_half_framing_takes_the_seated_measures(tmp_path: Path) -> None:
    save_profile(ME, tmp_path)
    profile = load_profile("desk", folder=tmp_path)
    assert profile is not None and profile.stats_for("half") == SEATED
    assert profile.stats_for("full") == STATS
    assert replace(ME, seated=None).stats_for("half") == STATS


def test_the_measures_are_brought_to_another_size_of_the_same_picture() -> None:
    small = fitted(STATS, (640, 480))
    assert small.image_size == (640, 480)
    assert (small.near_y, small.torso) == pytest.approx((STATS.near_y / 2, STATS.torso / 2))
    assert fitted(STATS, STATS.image_size) is STATS
    assert fitted(replace(STATS, image_size=(1280, 720)), (854, 480)).image_size == (854, 480)


def test_a_picture_of_another_shape_is_refused() -> None:
    with pytest.raises(CalibrationError, match="another shape.*1280x720.*1280x960"):
        fitted(STATS, (1280, 720))


def test_mirrored_measures_stand_on_the_other_side() -> None:
    other = mirror_stats(STATS)
    assert other.hip_x == 1279 - STATS.hip_x and other.neck_x == 1279 - STATS.neck_x
    assert mirror_stats(other) == STATS
