import os
from pathlib import Path

import pytest

from live.kernel_cache import VARIABLE, kernel_folder
from live.puppet.drawing.pose_map import draw_capsules


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "caller.py").write_text("import numba  # calls inner")
    (tmp_path / "inner" / "called.py").write_text("import numba\nX = 1")
    (tmp_path / "other.py").write_text("Y = 1")
    return tmp_path


def test_a_change_in_any_file_with_kernels_gives_another_folder(sources: Path) -> None:
    before = kernel_folder(sources)
    (sources / "inner" / "called.py").write_text("import numba\nX = 2")
    assert kernel_folder(sources) != before
    (sources / "inner" / "called.py").write_text("import numba\nX = 1")
    assert kernel_folder(sources) == before and not before.exists()


def test_a_change_elsewhere_compiles_nothing_anew(sources: Path) -> None:
    before = kernel_folder(sources)
    (sources / "other.py").write_text("Y = 2")
    assert kernel_folder(sources) == before


def test_kernels_that_check_their_bounds_are_kept_apart(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_BOUNDSCHECK", raising=False)
    before = kernel_folder(sources)
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert kernel_folder(sources) != before


def test_the_drawing_code_is_kept_in_that_folder() -> None:
    assert str(draw_capsules.stats.cache_path).startswith(os.environ[VARIABLE])
