"""The selector: what is opened first, what later, what never, and what it says."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.backend import Feeds
from engines.backends.host_engine import Arrays, HostEngine, Step
from engines.backends.onnxruntime_engine import OnnxRuntimeBackend
from engines.bundle import GeneratorNetwork
from engines.engine import EngineSpec
from engines.errors import EngineError
from engines.messages import Say
from engines.selection.cache import Cache
from engines.selection.candidates import BACKENDS, Candidate
from engines.selection.selector import Opened, Selector
from tests.engines.tiny_model import tiny_feeds, tiny_spec

FEEDS = [tiny_feeds(seed) for seed in range(12)]


@dataclass
class Imitation:
    """A backend that draws what the reference draws, `off` levels brighter; takes `slow` times as long."""

    name: str
    off: int = 0
    version: str = "1"
    prepared: int = 0
    fails: str = ""
    precisions: tuple[str, ...] = ("fp32",)
    opened: list[Path] = field(default_factory=list)

    __hash__ = object.__hash__

    def available(self) -> str:
        return ""

    def unsupported_reason(self, precision: str) -> str:
        return ""

    def identity(self) -> dict[str, str]:
        return {"version": self.version}

    def prepare(self, model: Path, spec: EngineSpec, precision: str, folder: Path, feeds: Feeds, say: Say) -> Path:
        if self.fails:
            raise EngineError(self.fails)
        self.prepared += 1
        (folder / "made.onnx").write_bytes(model.read_bytes())
        return folder / "made.onnx"

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
        self.opened.append(artifact)
        inner = OnnxRuntimeBackend().open(artifact, spec, precision="fp32", threads=1)

        def prepare(inputs: Arrays, outputs: Arrays) -> Step:
            def step() -> None:
                inner.load_state({"previous": inputs["previous"]})
                frame = inner.run({name: inputs[name] for name in ("pose_map", "doll")})["frame"]
                outputs["frame"][:] = np.minimum(frame.astype(int) + self.off, 255)

            return step

        return HostEngine(spec, prepare, backend=self.name, device="CPU", precision=precision, detail="imitated")


REFERENCE = Candidate(BACKENDS["onnxruntime"], "fp32")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def shop(tiny_network: Path, cache: Cache, said: list[str]) -> Selector:
    return Selector(GeneratorNetwork(tiny_network, tiny_spec()), FEEDS, cache, threads=1, say=said.append)


def opened(shop: Selector, *allowed: Any) -> Opened:
    found = shop.open_best([one if isinstance(one, Candidate) else Candidate(one, "fp32") for one in allowed])
    found.engine.close()
    return found


def test_with_nothing_prepared_the_reference_is_opened_and_the_rest_named(shop: Selector) -> None:
    new = Imitation("new")
    found = opened(shop, new, REFERENCE)
    assert (found.candidate, found.why) == (REFERENCE, "the reference")
    assert [str(candidate) for candidate in found.worth_preparing] == ["new fp32"]
    assert found.passed_over == ("new fp32: not prepared yet",)
    assert not new.opened


def test_what_was_built_and_passed_is_opened_next_time_from_the_cache(
    shop: Selector, tiny_network: Path, cache: Cache
) -> None:
    new = Imitation("new")
    assert not shop.build(Candidate(new, "fp32")).verdict.refusal
    again = Selector(GeneratorNetwork(tiny_network, tiny_spec()), FEEDS, cache, threads=1, say=lambda _: None)
    found = opened(again, new, REFERENCE)
    assert (found.candidate.backend.name, found.prepared, found.worth_preparing) == ("new", True, ())
    assert new.prepared == 1
    assert new.opened[-1].name == "made.onnx"
    again.build(Candidate(new, "fp32"))
    assert new.prepared == 1


def test_a_refused_engine_is_never_opened_and_its_figures_are_told(shop: Selector) -> None:
    wrong = Imitation("wrong", off=25)
    entry = shop.build(Candidate(wrong, "fp32"))
    assert "dB" in entry.verdict.refusal
    found = opened(shop, wrong, REFERENCE)
    assert found.candidate == REFERENCE
    assert found.passed_over[0].startswith("wrong fp32: refused: ")
    with pytest.raises(EngineError, match="wrong fp32 is not used for network.onnx.*dB against the reference"):
        shop.open(Candidate(wrong, "fp32"), entry)
    with pytest.raises(EngineError, match="no engine can run network.onnx; got: wrong fp32: refused"):
        opened(shop, wrong)
    assert wrong.prepared == 1, "a refusal is remembered"


def test_another_version_of_the_runtime_is_judged_anew(shop: Selector) -> None:
    new = Imitation("new")
    shop.build(Candidate(new, "fp32"))
    new.version = "2"
    assert shop.judged(Candidate(new, "fp32")) is None
    shop.build(Candidate(new, "fp32"))
    assert new.prepared == 2


def test_one_that_was_named_is_built_on_the_spot(shop: Selector, said: list[str]) -> None:
    new = Imitation("new")
    assert opened(shop, new).candidate.backend.name == "new"
    assert "new fp32: comparing it with the reference" in said


def test_one_that_fails_is_passed_over_and_when_all_do_every_reason_is_told(shop: Selector) -> None:
    broken, absent = Imitation("broken", fails="no room"), Candidate(Imitation("absent"), "fp32", "no such device")
    with pytest.raises(EngineError, match=r"absent fp32: no such device \| broken fp32: no room|no room \| absent"):
        opened(shop, broken, absent)


def test_of_those_that_passed_the_fastest_is_taken_and_the_slower_told(
    shop: Selector, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = {"slow": 9.0, "fast": 3.0}
    real = shop._compare

    def timed(candidate: Candidate, artifact: Path, *, frames: int | None) -> Any:
        from dataclasses import replace

        return replace(real(candidate, artifact, frames=frames), median_ms=times[candidate.backend.name])

    monkeypatch.setattr(shop, "_compare", timed)
    slow, fast = Imitation("slow"), Imitation("fast")
    for one in (slow, fast):
        shop.build(Candidate(one, "fp32"))
    found = opened(shop, slow, fast, REFERENCE)
    assert found.candidate.backend.name == "fast"
    assert found.passed_over[0].startswith("slow fp32: slower (9.0 ms when the reference took ")


def test_openvino_begins_at_once_with_the_bundle_s_own_file_after_a_few_frames(shop: Selector) -> None:
    found = opened(shop, Candidate(BACKENDS["openvino"], "int8"), Candidate(BACKENDS["openvino"], "fp32"), REFERENCE)
    assert (str(found.candidate), found.prepared) == ("openvino fp32", False)
    assert found.why.startswith("compared over 4 frames: ")
    assert [str(candidate) for candidate in found.worth_preparing] == ["openvino int8", "openvino fp32"]


def test_an_engine_opened_at_once_that_draws_otherwise_is_refused_too(
    shop: Selector, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Imitation("openvino", off=25)
    found = opened(shop, wrong, REFERENCE)
    assert found.candidate == REFERENCE
    assert "openvino fp32 is not used" in found.passed_over[0]


def test_what_another_process_built_while_this_one_waited_is_taken(
    shop: Selector, tiny_network: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, theirs = Candidate(Imitation("new"), "fp32"), Imitation("new")
    real = cache.building
    other = Selector(GeneratorNetwork(tiny_network, tiny_spec()), FEEDS, cache, threads=1, say=lambda _: None)

    def wait_for_the_other(key: Any) -> Any:
        monkeypatch.setattr(cache, "building", real)
        other.build(Candidate(theirs, "fp32"))
        return real(key)

    monkeypatch.setattr(cache, "building", wait_for_the_other)
    assert not shop.build(new).verdict.refusal
    assert (new.backend.prepared, theirs.prepared) == (0, 1)  # type: ignore[attr-defined]


def test_a_full_disk_while_an_engine_is_prepared_is_told_and_leaves_nothing(
    shop: Selector, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Imitation("full")
    monkeypatch.setattr(full, "prepare", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(EngineError, match="cannot be prepared; got: .*No space left.*make room"):
        shop.build(Candidate(full, "fp32"))
    assert not [path for path in tmp_path.rglob("*.part")]
