"""The looks at folders, the cache and the targets, in made-up ones: good, damaged, absent."""

import json
import shutil
from pathlib import Path

import pytest

from engines.bundle import SHIPPED
from live.doctor.exams import disk
from live.doctor.exams.caches import examine_engines, examine_kernels
from live.doctor.exams.disk import examine_folders
from live.doctor.exams.targets import examine_targets
from live.doctor.finding import Finding
from tests.live.tiny_target import write_target


def test_folders_that_can_be_written_are_one_line_and_none_is_made(tmp_path: Path) -> None:
    found = examine_folders({"the cache": lambda: tmp_path / "a" / "b", "this folder": lambda: tmp_path})
    assert [finding.mark for finding in found] == ["ok"]
    assert "the cache, this folder: writable" in found[0].text and "GB free" in found[0].text
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_be_written_is_a_warning_with_what_is_lost(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (finding,) = examine_folders({"the cache": lambda: tmp_path / "file"})
    assert finding.mark == "warning"
    assert finding.text.startswith("the cache: cannot write there (") and "each start takes longer" in finding.text


def test_no_home_and_a_folder_that_is_gone_are_warnings() -> None:
    def gone() -> Path:
        raise FileNotFoundError(2, "No such file or directory")

    found = examine_folders({"your settings": lambda: Path("~/.config"), "this folder": gone})
    assert [finding.mark for finding in found] == ["warning", "warning"]
    assert "no home folder" in found[0].text and found[1].do == "start it from another folder"


def test_a_full_disk_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=200 << 20)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: usage)
    assert examine_folders({"the cache": lambda: tmp_path}) == [
        Finding("warning", "the cache: 0.2 GB free", "free some space on that disk")
    ]


def entry(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "entry.json").write_text(text)


def test_prepared_engines_are_counted(tmp_path: Path) -> None:
    entry(tmp_path, "one", json.dumps({"file": "network.onnx"}))
    (tmp_path / "one" / "network.onnx").write_bytes(bytes(3 << 20))
    entry(tmp_path, "two", json.dumps({"file": None}))
    finding = examine_engines(tmp_path)
    assert (finding.mark, finding.text) == ("ok", "engines prepared: 2, 3 MB")


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", '{"file": "gone.onnx"}'])
def test_damaged_ones_are_a_warning(tmp_path: Path, text: str) -> None:
    entry(tmp_path, "one", text)
    finding = examine_engines(tmp_path)
    assert finding.mark == "warning" and "damaged: 1" in finding.text


def test_none_yet_is_no_fault(tmp_path: Path) -> None:
    assert examine_engines(tmp_path / "none").mark == "absent"
    assert "EDL_CACHE is off" in examine_engines(None).text
    assert examine_kernels(tmp_path).mark == "absent"
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "doll.draw-1.py311.nbi").write_bytes(b"")
    assert examine_kernels(tmp_path).mark == "ok"


def test_whole_targets_are_a_line_and_the_users_names_private(tmp_path: Path) -> None:
    write_target(tmp_path / "shipped" / "knight")
    write_target(tmp_path / "own" / "my_ex")
    assert examine_targets(tmp_path / "shipped", tmp_path / "own") == [
        Finding("ok", "intact: knight"),
        Finding("ok", "intact, your own: my_ex", private=("my_ex",)),
    ]


def test_a_damaged_one_is_bad_where_it_came_with_the_program(tmp_path: Path) -> None:
    for path in (write_target(tmp_path / "shipped" / "knight"), write_target(tmp_path / "own" / "my_ex")):
        (path / "atlas.npz").write_bytes(b"cut short")
    shipped, own = examine_targets(tmp_path / "shipped", tmp_path / "own")
    assert (shipped.mark, own.mark, own.private) == ("bad", "warning", ("my_ex",))
    assert "knight is damaged" in shipped.text and "atlas.npz" in shipped.text and shipped.do


def test_no_target_at_all_is_bad(tmp_path: Path) -> None:
    (finding,) = examine_targets(tmp_path / "shipped", tmp_path / "own")
    assert finding.mark == "bad"


def test_those_that_are_shipped_are_whole() -> None:
    (finding,) = examine_targets(SHIPPED, Path("/no/such/folder"))
    assert finding.mark == "ok"
