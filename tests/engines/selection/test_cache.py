"""The cache of engines: what is found again, what never is, and who else may use it at the same time."""

import dataclasses
import json
import math
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from engines.selection import cache as cache_module
from engines.selection.cache import Cache, Entry, Key
from engines.selection.compare import Verdict
from engines.system.user_folders import cache_folder

KEY = {"model": "abc", "backend": "openvino", "backend version": "1", "backend device": "cpu", "precision": "int8"}
VERDICT = Verdict(300, 0.1, 0.2, 41.5, math.inf, 1.0, 8.0, 60.0)
JUDGED = dataclasses.asdict(VERDICT) | {"figure_db": "inf"}


def stored(cache: Cache, key: Key = KEY, content: bytes = b"network") -> Entry:
    with cache.building(key) as folder:
        (folder / "network.onnx").write_bytes(content)
        return cache.store(key, Entry(folder / "network.onnx", VERDICT, 1.5))


def test_what_is_stored_is_found_by_another_process_s_cache(tmp_path: Path) -> None:
    kept = stored(Cache(tmp_path))
    assert Cache(tmp_path).find(KEY) == kept
    assert kept.artifact is not None
    assert kept.artifact.read_bytes() == b"network"
    assert kept.verdict == VERDICT


def test_a_verdict_alone_is_kept_where_the_model_itself_is_run(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.store(KEY, Entry(None, VERDICT, 0.0)) == cache.find(KEY) == Entry(None, VERDICT, 0.0)


@pytest.mark.parametrize("changed", ["model", "backend version", "backend device", "precision"])
def test_another_version_device_model_or_precision_is_another_engine(tmp_path: Path, changed: str) -> None:
    cache = Cache(tmp_path)
    stored(cache)
    assert cache.find({**KEY, changed: "another"}) is None
    assert cache.find({**KEY, "driver": "new"}) is None


@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_flipped_byte_is_seen_and_the_engine_made_again(tmp_path: Path, place: int) -> None:
    cache = Cache(tmp_path)
    artifact = stored(cache).artifact
    assert artifact is not None
    content = bytearray(artifact.read_bytes())
    content[place] ^= 1
    artifact.write_bytes(content)
    assert cache.find(KEY) is None
    stored(cache, content=b"again")
    found = cache.find(KEY)
    assert found is not None and found.artifact is not None
    assert found.artifact.read_bytes() == b"again"


def test_a_file_that_is_half_written_or_gone_is_not_loaded(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    artifact = stored(cache).artifact
    assert artifact is not None
    artifact.write_bytes(b"netw")
    assert cache.find(KEY) is None
    artifact.unlink()
    assert cache.find(KEY) is None


@pytest.mark.parametrize("kept", [0, 1, 40, -2])
def test_a_sidecar_that_is_cut_short_counts_as_none(tmp_path: Path, kept: int) -> None:
    cache = Cache(tmp_path)
    stored(cache)
    (sidecar,) = tmp_path.glob("*/entry.json")
    sidecar.write_text(sidecar.read_text()[:kept])
    assert cache.find(KEY) is None


@pytest.mark.parametrize(
    "change",
    [
        *({"key": {}}, {"verdict": {}}, {"verdict": None}, {"file": "../../x"}, {"build_s": "soon"}, {"sha256": ""}),
        *({"build_s": number} for number in (-1, math.nan, math.inf, 10**400, True)),
        *({"verdict": JUDGED | {name: math.nan}} for name in JUDGED),
        *({"verdict": JUDGED | {name: -1e9}} for name in JUDGED),
        *({"verdict": JUDGED | {name: "inf"}} for name in ("single_mean", "median_ms", "frames")),
        *({"verdict": JUDGED | {name: 0}} for name in ("frames", "median_ms", "reference_ms", "growth")),
        {"verdict": JUDGED | {"more": 1}},
    ],
)
def test_a_sidecar_of_something_else_counts_as_none(tmp_path: Path, change: dict[str, object]) -> None:
    cache = Cache(tmp_path)
    stored(cache)
    (sidecar,) = tmp_path.glob("*/entry.json")
    whole = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps(whole | {"verdict": JUDGED}))
    assert cache.find(KEY) is not None
    sidecar.write_text(json.dumps(whole | change))
    assert cache.find(KEY) is None


@pytest.mark.parametrize("text", ["[" * 100_000, '{"key": "\\ud800"}', " " * (1 << 20), "null", "[]"])
def test_a_sidecar_that_no_reader_of_json_survives_counts_as_none(tmp_path: Path, text: str) -> None:
    cache = Cache(tmp_path)
    stored(cache)
    (sidecar,) = tmp_path.glob("*/entry.json")
    sidecar.write_text(text)
    assert cache.find(KEY) is None


def test_a_process_that_died_while_building_leaves_nothing_that_is_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(RuntimeError), cache.building(KEY) as folder:
        (folder / "network.onnx").write_bytes(b"half")
        raise RuntimeError
    assert cache.find(KEY) is None
    assert not list(tmp_path.glob("*/network.onnx"))


def build_once(folder: Path, started: str, counter: Path) -> None:
    """What a process does: look, wait for its turn, look again, build."""
    cache = Cache(folder)
    Path(started).touch()
    with cache.building(KEY) as work:
        if cache.find(KEY) is None:
            with counter.open("a") as file:
                file.write("built\n")
            time.sleep(0.05)
            (work / "network.onnx").write_bytes(b"network")
            cache.store(KEY, Entry(work / "network.onnx", VERDICT, 1.0))


def test_of_two_processes_at_once_one_builds_and_both_have_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    folder, counter = tmp_path / "cache", tmp_path / "count"
    children = [
        context.Process(target=build_once, args=(folder, str(tmp_path / f"started{n}"), counter)) for n in range(2)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0]
    assert counter.read_text() == "built\n"
    assert Cache(folder).find(KEY) is not None


@pytest.mark.parametrize("blocked", ["read-only", "a file in its place"])
def test_a_folder_that_cannot_be_written_is_replaced_for_this_run_and_that_is_said(
    tmp_path: Path, blocked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    if blocked == "read-only":
        folder.mkdir()
        refuse_writing(monkeypatch, folder)
    else:
        folder.write_text("")
    said: list[str] = []
    cache = Cache(folder, say=said.append)
    assert not cache.lasts
    kept = stored(cache)
    assert cache.find(KEY) == kept
    assert len(said) == 1
    assert f"engines cannot be saved in {folder}" in said[0]
    assert not folder.is_dir() or not list(folder.iterdir())


def refuse_writing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """As on a read-only disk; permissions alone would not stop the super-user that tests may run as."""
    real = cache_module.tempfile.TemporaryFile

    def temporary_file(*arguments: object, **options: object) -> object:
        if options.get("dir") == folder:
            raise OSError(30, "Read-only file system")
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(cache_module.tempfile, "TemporaryFile", temporary_file)


def test_entries_of_a_read_only_cache_are_still_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = stored(Cache(tmp_path))
    refuse_writing(monkeypatch, tmp_path)
    cache = Cache(tmp_path)
    assert cache.find(KEY) == kept
    assert not cache.lasts
    assert cache.find(KEY) == kept


def test_the_folder_is_the_platform_s_unless_the_environment_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert os.environ["EDL_CACHE"] == "off", "the tests' own setting"
    assert cache_folder() is None
    monkeypatch.setenv("EDL_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("EDL_CACHE")
    folder = cache_folder()
    assert folder is not None
    assert folder.parts[-2:] == ("everybody-dance-live", "engines")


def test_a_cache_that_is_off_keeps_things_for_this_run_and_says_nothing() -> None:
    said: list[str] = []
    cache = Cache(say=said.append)
    kept = stored(cache)
    assert (cache.find(KEY), cache.lasts, said) == (kept, False, [])
    assert Cache().find(KEY) is None
