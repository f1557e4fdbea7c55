"""What OpenVINO compiled is kept for an equal question, under its own hash, and no more than a folder should hold."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.backends import compiled_blob
from engines.backends.compiled_blob import kept_or_compiled
from engines.backends.openvino_core import core, cpu_settings
from engines.backends.openvino_engine import OpenVINOBackend
from tests.engines.tiny_model import tiny_feeds, tiny_spec

SETTINGS = cpu_settings("f32", threads=1)


class Compiler:
    """Compiles the file each time it is called, and counts."""

    def __init__(self, model: Path) -> None:
        self.model, self.calls = model, 0

    def __call__(self) -> Any:
        self.calls += 1
        return core().compile_model(str(self.model), "CPU", SETTINGS)


@pytest.fixture
def compiler(tiny_network: Path) -> Compiler:
    pytest.importorskip("openvino")
    return Compiler(tiny_network)


def test_an_equal_question_is_compiled_once_and_another_anew(compiler: Compiler, tmp_path: Path) -> None:
    for _ in range(3):
        kept_or_compiled(tmp_path, ("a", (1, 32)), compiler, SETTINGS)
    assert compiler.calls == 1
    kept_or_compiled(tmp_path, ("a", (1, 64)), compiler, SETTINGS)
    kept_or_compiled(tmp_path, ("a", (1, 32)), compiler, cpu_settings("f32", threads=2))
    assert compiler.calls == 3


def test_without_a_folder_nothing_is_kept(compiler: Compiler) -> None:
    for _ in range(2):
        kept_or_compiled(None, "a", compiler, SETTINGS)
    assert compiler.calls == 2


def test_one_that_was_changed_is_compiled_anew(compiler: Compiler, tmp_path: Path) -> None:
    kept_or_compiled(tmp_path, "a", compiler, SETTINGS)
    [place] = tmp_path.iterdir()
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.write_bytes(content)
    kept_or_compiled(tmp_path, "a", compiler, SETTINGS)
    assert compiler.calls == 2


def test_the_oldest_are_removed(compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_blob, "_MOST", 2)
    for what in "abcd":
        kept_or_compiled(tmp_path, what, compiler, SETTINGS)
    assert len(list(tmp_path.iterdir())) == 2
    kept_or_compiled(tmp_path, "d", compiler, SETTINGS)
    assert compiler.calls == 4


def test_an_engine_that_was_kept_draws_the_same(
    tiny_network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setenv("EDL_CACHE", str(tmp_path))
    drawn = []
    for _ in range(2):
        engine = OpenVINOBackend().open(tiny_network, tiny_spec(), precision="fp32", threads=1)
        drawn.append([engine.run(tiny_feeds(seed))["frame"].copy() for seed in range(3)])
        engine.close()
    assert len(list((tmp_path / "compiled").iterdir())) == 1
    assert np.array_equal(*drawn)
