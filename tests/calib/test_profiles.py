import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from calib.profiles import default_name, delete_profile, rename_profile, save_profile
from live.performer.profile import FaceShape, PoseNoise, Profile, find_profiles, load_profile, read_profile
from live.puppet.errors import CalibrationError
from tests.live.puppet.figure import walker

STATS = walker(near=850, far=750, near_height=640, far_height=520)
ME = Profile(
    "desk",
    "me",
    "Webcam C920",
    "wizard",
    STATS,
    seated=replace(STATS, near_y=0, far_y=0, near_height=0, far_height=0, has_legs=False),
    face=FaceShape(tuple((i / 70, -i / 70) for i in range(70)), 0.01, 0.4),
    noise=PoseNoise(1.0, 0.2, 0.7),
    before_px=21.5,
    after_px=2.5,
)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    path = save_profile(ME, tmp_path / "new" / "profiles")
    assert read_profile(path) == ME == load_profile("desk", folder=path.parent)
    data = json.loads(path.read_text())
    assert (data["format"], data["topology"]) == (1, "openpose137")


WORDS = {"name": "desk", "performer": "me", "camera": "Webcam C920"}


@pytest.mark.parametrize(
    "change",
    [
        *({name: value} for name in WORDS for value in (3, None, ["x"], "two\nlines", "x" * 1000)),
        *({"mode": value} for value in ("magic", None, 3)),
        *({"noise": {"body_px": value, "face_px": 0.2, "hands_px": 0.7}} for value in (-1, "1", True, None)),
        *({"noise": value} for value in ([], {"body_px": 1.0}, 3)),
        *({"before_px": value} for value in (-0.5, "3", 10**30)),
        *({"face": value} for value in ([], {"points": []}, {"points": [[0, 0]] * 70, "rest_gap": -1, "open_gap": 1})),
        {"face": {"points": [[0, 0]] * 69, "rest_gap": 0, "open_gap": 1}},
        *({"stats": value} for value in ([], 3, None)),
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_profile_with_a_value_that_cannot_be_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    path = save_profile(ME, tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CalibrationError):
        read_profile(path)


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity", "9" * 5000])
def test_a_profile_with_a_number_that_is_none_is_refused(number: str, tmp_path: Path) -> None:
    path = save_profile(ME, tmp_path)
    path.write_text(path.read_text().replace("21.5", number))
    with pytest.raises(CalibrationError, match="not a calibration profile"):
        read_profile(path)


def test_a_link_into_nowhere_hides_no_profile(tmp_path: Path) -> None:
    save_profile(ME, tmp_path)
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    good, refused = find_profiles(tmp_path)
    assert [profile.name for profile in good] == ["desk"] and len(refused) == 1


def test_a_profile_without_extras_is_read_back(tmp_path: Path) -> None:
    plain = Profile("x", "me", "cam", "clip", STATS)
    assert read_profile(save_profile(plain, tmp_path)) == plain


class Stop(BaseException):
    """A Ctrl-C at the worst moment."""


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), Stop(), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["replace", "fsync"])
def test_whatever_goes_wrong_the_old_profile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, where: str
) -> None:
    save_profile(ME, tmp_path)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, where, fail)
    with pytest.raises(CalibrationError if isinstance(error, OSError) else type(error)):
        save_profile(replace(ME, camera="another"), tmp_path)
    monkeypatch.undo()
    assert files(tmp_path) == ["desk.json"]
    assert load_profile("desk", folder=tmp_path) == ME


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CalibrationError, match="cannot save the calibration.*do this"):
        save_profile(ME, tmp_path / "file" / "profiles")


def test_renaming_keeps_everything_but_the_name(tmp_path: Path) -> None:
    save_profile(ME, tmp_path)
    rename_profile("desk", "Living Room", tmp_path)
    assert files(tmp_path) == ["living-room.json"]
    assert load_profile("Living Room", folder=tmp_path) == replace(ME, name="Living Room")


def test_renaming_never_overwrites(tmp_path: Path) -> None:
    save_profile(ME, tmp_path)
    save_profile(replace(ME, name="stage"), tmp_path)
    with pytest.raises(CalibrationError, match="already exists"):
        rename_profile("desk", "stage", tmp_path)
    assert files(tmp_path) == ["desk.json", "stage.json"]


def test_renaming_to_another_spelling_keeps_the_file(tmp_path: Path) -> None:
    save_profile(ME, tmp_path)
    rename_profile("desk", "Desk", tmp_path)
    assert [profile.name for profile in find_profiles(tmp_path)[0]] == ["Desk"]


def test_deleting_removes_also_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{")
    delete_profile("old", tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "change", [lambda folder: delete_profile("no", folder), lambda f: rename_profile("no", "x", f)]
)
def test_a_profile_that_is_not_there_is_told(tmp_path: Path, change: object) -> None:
    with pytest.raises(CalibrationError, match="no calibration profile of that name: no"):
        change(tmp_path)  # type: ignore[operator]


def test_the_default_name_is_made_of_performer_and_camera() -> None:
    assert default_name("me", "HD Webcam (046d:0825) / left") == "me-hd-webcam-046d-0825-left"
    assert default_name("", "///") == "profile"


def test_another_program_s_file_is_neither_replaced_nor_deleted(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "precious"}')
    save_profile(ME, tmp_path)
    for change in (
        lambda: save_profile(replace(ME, name="package"), tmp_path),
        lambda: delete_profile("package", tmp_path),
        lambda: rename_profile("desk", "package", tmp_path),
    ):
        with pytest.raises(CalibrationError):
            change()
    assert files(tmp_path) == ["desk.json", "package.json"]
    assert (tmp_path / "package.json").read_text() == '{"name": "precious"}'


def test_a_planted_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    folder = tmp_path / "profiles"
    folder.mkdir()
    for name in ("desk.json", "desk.json.part", ".desk.json-"):
        (folder / name).symlink_to(tmp_path / "mine")
    save_profile(ME, folder)
    assert (tmp_path / "mine").read_text() == "precious" and not (folder / "desk.json").is_symlink()


def test_what_a_killed_calibration_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    for name, age_s in ((".desk.json-0a1b2c3d", 600), (".desk.json-11111111", 0), (".desk.json-backup", 600)):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    save_profile(ME, tmp_path)
    assert files(tmp_path) == [".desk.json-11111111", ".desk.json-backup", "desk.json"]


@pytest.mark.parametrize("name", ["x" * 201, "../desk", "a/b", "", "-", "none"])
def test_a_path_or_an_endless_name_is_no_name_of_a_profile(tmp_path: Path, name: str) -> None:
    with pytest.raises(CalibrationError, match="not a name"):
        save_profile(replace(ME, name=name), tmp_path / "profiles")
    assert not list(tmp_path.iterdir()) and len(default_name("me", "x" * 300)) <= 60
