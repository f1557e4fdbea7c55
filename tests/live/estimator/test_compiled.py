"""The models' files: whole or refused; what was compiled is kept, and never trusted when it is damaged."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engines.arrays import F32
from engines.errors import EngineError
from live.estimator import choose, compiled
from live.estimator.hashes import SHA256
from live.estimator.network import Network
from live.estimator.region import whole

SMALL = "hand_recrop"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what is compiled."""
    monkeypatch.setattr(compiled, "USER", SimpleNamespace(user_cache_path=tmp_path / "cache"))
    return tmp_path / "cache" / "pose-models"


def answer() -> F32:
    picture = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    return Network(compiled.compiled(SMALL, (0,))).run(picture, whole((80, 60)))[0].copy()


def test_every_model_has_its_hash_and_every_hash_its_model() -> None:
    assert {path.stem for path in compiled.MODELS.glob("*.tflite")} == set(SHA256)


def test_a_model_that_was_kept_says_the_same(cache: Path) -> None:
    fresh = answer()
    [kept] = cache.iterdir()
    written = kept.stat().st_ino
    assert np.array_equal(answer(), fresh) and kept.stat().st_ino == written


@pytest.mark.parametrize("start", ["compiled", "kept"])
def test_it_runs_on_one_thread_in_the_precision_that_is_told(cache: Path, start: str) -> None:
    for _ in range(1 + (start == "kept")):
        model = compiled.compiled(SMALL, (0,))
    assert model.get_property("INFERENCE_NUM_THREADS") == 1
    told = {"f32": "fp32", "bf16": "bf16"}[model.get_property("INFERENCE_PRECISION_HINT").get_type_name()]
    assert told == compiled.precision()


@pytest.mark.parametrize("damage", ["cut short", "changed", "empty"])
def test_what_was_kept_and_is_damaged_is_compiled_anew(cache: Path, damage: str) -> None:
    fresh = answer()
    [kept] = cache.iterdir()
    whole_one = kept.read_bytes()
    changed = bytearray(whole_one)
    changed[len(changed) // 2] ^= 255
    kept.write_bytes({"cut short": whole_one[:1000], "changed": bytes(changed), "empty": b""}[damage])
    assert np.array_equal(answer(), fresh)
    content = kept.read_bytes()
    assert hashlib.sha256(content[32:]).digest() == content[:32]


def test_without_room_for_it_it_works_all_the_same(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    assert answer().shape == (1, 1, 1, 4)


@pytest.mark.parametrize("content, said", [(b"TFL3 but no more", "is damaged"), (None, "cannot be opened")])
def test_a_damaged_or_missing_model_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, said: str
) -> None:
    monkeypatch.setattr(compiled, "MODELS", tmp_path)
    if content is not None:
        (tmp_path / f"{SMALL}.tflite").write_bytes(content)
    with pytest.raises(EngineError, match=said):
        Network(compiled.compiled(SMALL, (0,)))


def test_auto_says_why_it_goes_on_with_holistic_and_openvino_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "MODELS", tmp_path)
    monkeypatch.setattr(choose, "HolisticEstimator", lambda: "holistic")
    said: list[object] = []
    assert choose.open_estimator("auto", said.append) == "holistic"  # type: ignore[comparison-overlap]
    assert len(said) == 1 and "cannot be opened" in str(said[0]) and "Holistic" in str(said[0])
    with pytest.raises(EngineError):
        choose.open_estimator("openvino", said.append)
    assert len(said) == 1
