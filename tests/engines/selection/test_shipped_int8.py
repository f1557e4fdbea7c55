"""The int8 version that a bundle ships: opened at once, preferred, remembered; refused if it draws otherwise here."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from engines.bundle import GeneratorNetwork
from engines.errors import EngineError
from engines.selection.cache import Cache
from engines.selection.candidates import Candidate
from engines.selection.selector import Opened, Selector
from tests.engines.selection.test_selector import FEEDS, REFERENCE, Imitation
from tests.engines.tiny_model import tiny_spec


class OpenVINO(Imitation):
    """Draws like the reference, in two precisions; `off`: in int8 it does not."""

    def __init__(self, off: int = 0) -> None:
        super().__init__("openvino", precisions=("int8", "fp32"))
        self.off_in_int8 = off

    def open(self, artifact: Path, spec: Any, *, precision: str, threads: int) -> Any:
        self.off = self.off_in_int8 if precision == "int8" else 0
        return super().open(artifact, spec, precision=precision, threads=threads)


@pytest.fixture
def int8(tiny_network: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(tiny_network, tmp_path / "network.int8.onnx"))


@pytest.fixture
def shop(tiny_network: Path, int8: Path, tmp_path: Path) -> Selector:
    network = GeneratorNetwork(tiny_network, tiny_spec(), int8)
    return Selector(network, FEEDS, Cache(tmp_path / "cache"), threads=1, say=lambda _: None)


def best(shop: Selector, *backends: Imitation) -> Opened:
    found = shop.open_best([*(Candidate(one, p) for one in backends for p in one.precisions), REFERENCE])
    found.engine.close()
    return found


def test_it_is_opened_at_once_and_nothing_is_worth_preparing(shop: Selector, int8: Path) -> None:
    openvino = OpenVINO()
    found = best(shop, openvino)
    assert (str(found.candidate), found.worth_preparing) == ("openvino int8", ())
    assert found.why.startswith("compared over 4 frames: ")
    assert openvino.opened == [int8], "the engine that was compared is the one that is used"
    assert openvino.prepared == 0


def test_the_engine_that_was_compared_begins_anew(shop: Selector) -> None:
    found = shop.open_best([Candidate(OpenVINO(), "int8"), REFERENCE])
    assert not found.engine.state()["previous"].any()
    found.engine.close()


def test_the_next_start_compares_nothing(shop: Selector, int8: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = OpenVINO()
    best(shop, openvino)
    monkeypatch.setattr(shop, "_compare", lambda *_, **__: pytest.fail("compared once more"))
    assert str(best(shop, openvino).candidate) == "openvino int8"
    assert openvino.opened[-1] == int8


def test_it_is_preferred_to_what_was_prepared_on_the_same_engine_but_not_to_a_better_engine(shop: Selector) -> None:
    openvino, gpu = OpenVINO(), Imitation("gpu")
    shop.build(Candidate(openvino, "fp32"))
    assert str(best(shop, openvino).candidate) == "openvino int8"
    assert str(best(shop, openvino).candidate) == "openvino int8", "also when both are ready"
    shop.build(Candidate(gpu, "fp32"))
    assert str(best(shop, gpu, openvino).candidate) == "gpu fp32"


def test_a_better_engine_is_still_worth_preparing(shop: Selector) -> None:
    found = best(shop, Imitation("gpu"), OpenVINO(), Imitation("slow"))
    assert str(found.candidate) == "openvino int8"
    assert [str(candidate) for candidate in found.worth_preparing] == ["gpu fp32"]


def test_if_it_draws_otherwise_here_the_original_is_opened_and_it_is_not_tried_again(shop: Selector) -> None:
    openvino = OpenVINO(off=25)
    found = best(shop, openvino)
    assert str(found.candidate) == "openvino fp32"
    assert "openvino int8 is not used" in found.passed_over[0]
    assert [str(candidate) for candidate in found.worth_preparing] == ["openvino fp32"]
    opened = len(openvino.opened)
    assert "refused" in best(shop, openvino).passed_over[0]
    assert [path.name for path in openvino.opened[opened:]] == ["network.onnx"]


def test_building_it_compares_all_frames_and_makes_nothing(shop: Selector, int8: Path) -> None:
    openvino = OpenVINO()
    entry = shop.build(Candidate(openvino, "int8"))
    assert (entry.artifact, entry.verdict.frames, openvino.prepared) == (None, len(FEEDS), 0)
    shop.open(Candidate(openvino, "int8"), entry).close()
    assert openvino.opened[-1] == int8


def test_another_file_is_compared_anew(shop: Selector, tiny_network: Path, int8: Path, tmp_path: Path) -> None:
    openvino = OpenVINO()
    best(shop, openvino)
    int8.write_bytes(int8.read_bytes() + b"\x72\x00")  # an empty field of the model
    network = GeneratorNetwork(tiny_network, tiny_spec(), int8)
    again = Selector(network, FEEDS, Cache(tmp_path / "cache"), threads=1, say=lambda _: None)
    assert again.judged(Candidate(openvino, "int8")) is None
    assert shop.judged(Candidate(openvino, "int8")) is not None


def test_a_file_that_no_runtime_may_open_is_refused(tiny_network: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.int8.onnx"
    wrong.write_bytes(b"not a network")
    with pytest.raises(EngineError, match="wrong.int8.onnx is not a network"):
        Selector(
            GeneratorNetwork(tiny_network, tiny_spec(), wrong), FEEDS, Cache(tmp_path), threads=1, say=lambda _: None
        )
