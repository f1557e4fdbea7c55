"""Compiled code that cannot be kept, or was kept badly, is compiled anew: never an error of whoever draws."""

import errno
from pathlib import Path
from typing import Any

import pytest

from live.puppet import compiler

_CODE = "from live.puppet.compiler import numba\n@numba.njit(cache=True)\ndef double(x):\n    return 2 * x\n"


@pytest.fixture(autouse=True)
def no_problem_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_problem", "")


def compiled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A kernel in a file of its own, kept in the folder."""
    monkeypatch.setattr(compiler.numba.config, "CACHE_DIR", str(folder / "kept"))
    (folder / "kernel.py").write_text(_CODE)
    names: dict[str, Any] = {"__name__": "kernel"}
    exec(compile(_CODE, str(folder / "kernel.py"), "exec"), names)
    return names["double"]


def test_what_is_kept_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled(tmp_path, monkeypatch)(3) == 6
    again = compiled(tmp_path, monkeypatch)
    assert again(3) == 6 and sum(again.stats.cache_hits.values()) == 1 and compiler.cache_problem() == ""


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("content", [b"", b"half of it"])
def test_what_was_cut_short_is_compiled_and_kept_anew(
    ending: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(tmp_path, monkeypatch)(3)
    (kept,) = (tmp_path / "kept").rglob(f"*.{ending}")
    kept.write_bytes(content)
    assert compiled(tmp_path, monkeypatch)(3) == 6
    again = compiled(tmp_path, monkeypatch)
    assert again(3) == 6 and sum(again.stats.cache_hits.values()) == 1


def test_a_full_disk_is_told_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(compiler.caching.IndexDataCacheFile, "_save_data", full)
    assert compiled(tmp_path, monkeypatch)(3) == 6
    assert compiler.cache_problem() == "No space left on device"


def test_no_folder_to_write_in_is_told_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler._Cache._impl_class, "_locator_classes", [])
    assert compiled(tmp_path, monkeypatch)(3) == 6
    assert compiler.cache_problem() == "no folder can be written"
