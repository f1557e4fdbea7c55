"""The secret in the address for OBS."""

import os
import sys
from pathlib import Path

import pytest

from live.room.entry.stage_token import stage_token


def test_it_is_the_same_in_every_run_and_its_owners_alone(tmp_path: Path, said: list[str]) -> None:
    file = tmp_path / "settings" / "stage-token"
    first = stage_token(said.append, file)
    assert len(first) == 22 and stage_token(said.append, file) == first and said == []
    assert sys.platform == "win32" or file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kept", [b"", b"short", b"\xff" * 22, b"../../../../../../../etc", b"x" * 100_000])
def test_a_file_with_something_else_is_made_anew(tmp_path: Path, said: list[str], kept: bytes) -> None:
    file = tmp_path / "stage-token"
    file.write_bytes(kept)
    token = stage_token(said.append, file)
    assert len(token) == 22 and file.read_text() == token and said == []


def test_where_it_cannot_be_kept_it_is_for_this_run_alone(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_text("")
    token = stage_token(said.append, tmp_path / "file" / "stage-token")
    assert len(token) == 22 and len(said) == 1 and "change with the next run" in said[0]
    assert os.listdir(tmp_path) == ["file"]
