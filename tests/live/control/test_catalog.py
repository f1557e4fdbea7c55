"""What there is to choose from: looked for once, in a thread that does not outlive the run."""

import threading
from pathlib import Path

import pytest

from live.control import catalog as choices
from live.control.catalog import Catalog
from tests.live.patience import PATIENCE_S
from tests.live.scenery import write_scenery


def looked(found: Catalog) -> Catalog:
    found.look()
    for thread in threading.enumerate():
        if thread.name == "choices":
            thread.join(PATIENCE_S)
    return found


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_scenery(tmp_path)
    (folder / "blue" / "half.png").write_bytes(b"damaged")
    monkeypatch.setattr(choices, "find_targets", lambda: {name: folder / name for name in ("blue", "red")})
    return folder


def test_targets_with_their_framings_and_without_the_damaged(installed: Path) -> None:
    found = looked(Catalog())
    assert found.targets == [{"name": "red", "title": "Tiny", "poster": False, "framings": ["full", "half"]}]
    assert found.framings("red") == ["full", "half"] and found.framings("blue") == []


def test_engines_say_why_they_are_not_ready_and_the_one_for_tests_is_none(installed: Path) -> None:
    found = looked(Catalog())
    assert {"openvino", "onnxruntime", "tensorrt"} <= {engine["backend"] for engine in found.engines}
    assert all(engine["ready"] == (engine["why"] == "") for engine in found.engines)
    assert "fake" not in {engine["backend"] for engine in found.engines}
    assert found.has("onnxruntime", "fp32") and found.has("onnxruntime", "auto") and found.has("auto", "fp16")
    assert not found.has("onnxruntime", "bf16")


def test_closed_before_anybody_looked_it_never_looks(installed: Path) -> None:
    found = Catalog()
    found.close()
    assert looked(found).targets == []
