import os
from pathlib import Path

import pytest

from engines.system.same_file import collision, lies_in, same_file


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    (tmp_path / "clip.mp4").write_bytes(b"mine")
    return tmp_path / "clip.mp4"


def test_a_file_is_known_by_links_of_either_kind_and_in_another_spelling(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "soft").symlink_to(clip)
    os.link(clip, tmp_path / "hard")
    (tmp_path / "folder").symlink_to(tmp_path)
    for other in ("soft", "hard", "folder/clip.mp4", "../" + tmp_path.name + "/clip.mp4", "./folder/soft"):
        assert same_file(clip, tmp_path / other), other
    assert not same_file(clip, tmp_path / "other.mp4")


def test_of_two_that_are_not_there_yet_case_and_composition_count_for_nothing(clip: Path, tmp_path: Path) -> None:
    assert same_file(tmp_path / "New.mp4", tmp_path / "new.MP4")
    assert same_file(tmp_path / "caf\u00e9.mp4", tmp_path / "cafe\u0301.mp4")
    assert not same_file(tmp_path / "a.mp4", tmp_path / "b.mp4")
    assert not same_file(clip, tmp_path / "CLIP.MP4") or os.path.exists(tmp_path / "CLIP.MP4")


def test_what_lies_in_a_folder_is_known_through_links(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert lies_in(tmp_path / "link" / "x" / "y", tmp_path) and lies_in(tmp_path, tmp_path / "link")
    assert not lies_in(tmp_path, tmp_path / "x")


def test_a_link_that_leads_nowhere_is_the_file_that_would_be_made(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "new.mp4")
    assert same_file(tmp_path / "link", tmp_path / "new.mp4")


def test_reading_and_writing_one_place_is_a_collision(clip: Path, tmp_path: Path) -> None:
    source, target = ("the source", clip), ("the target", tmp_path / "target")
    fine = ("--sink", tmp_path / "out.mp4")
    assert collision([source], [fine], closed=[target]) is None
    assert "overwrite the source" in (collision([source], [("--sink", clip)]) or "")
    assert "overwrite the source" in (collision([source], [("--out", tmp_path)]) or "")
    assert "lies in the target" in (collision([], [("--log", tmp_path / "target" / "a")], closed=[target]) or "")
    assert "each other's way" in (collision([], [fine, ("--report", tmp_path / "out.mp4")]) or "")
