"""The looks at models, engines, graphics card, screen and telemetry, on fakes: good, wrong, absent."""

import base64
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engines.backend import Feeds
from engines.backends.fake_engine import FakeBackend, open_fake
from engines.backends.host_engine import HostEngine
from engines.backends.openvino_engine import OpenVINOBackend
from engines.bundle import GeneratorNetwork
from engines.engine import EngineSpec
from engines.errors import EngineError
from engines.selection.cache import Cache, Entry
from engines.selection.candidates import BACKENDS, Candidate
from engines.selection.compare import Verdict
from engines.selection.selector import Selector
from live.doctor.exams import graphics_card
from live.doctor.exams.graphics_card import examine_card
from live.doctor.exams.models import damaged, find_dancer
from live.doctor.exams.parity import StillFeeds, compared
from live.doctor.exams.screen import examine_screen
from live.doctor.exams.telemetry import left_behind, reporting
from live.doctor.finding import Finding
from live.puppet.values import Frame, Pose
from tests.engines.tiny_model import tiny_spec, write_tiny_model
from tests.live.tiny_target import walking

REFERENCE = Candidate(BACKENDS["onnxruntime"], "fp32")
OPENVINO = Candidate(BACKENDS["openvino"], "fp32")


def package(folder: Path, content: bytes, noted: bytes) -> None:
    """A library `tiny_models` with a model of this content, for which pip wrote down the hash of `noted`."""
    (folder / "tiny_models").mkdir()
    (folder / "tiny_models" / "pose.tflite").write_bytes(content)
    info = folder / "tiny_models-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-models\nVersion: 1.0\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(noted).digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"tiny_models/pose.tflite,sha256={digest},{len(noted)}\n")


def test_whole_models_are_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, b"model", b"model")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert damaged("tiny-models") == []


@pytest.mark.parametrize("content", [b"mo", b"nodel", b""])
def test_a_model_that_is_not_what_pip_brought_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    package(tmp_path, content, b"model")
    monkeypatch.syspath_prepend(str(tmp_path))
    (finding,) = damaged("tiny-models")
    assert finding.mark == "bad" and finding.text == "damaged or missing: pose.tflite" and finding.do
    (tmp_path / "tiny_models" / "pose.tflite").unlink()
    assert damaged("tiny-models") == [finding]


def test_models_that_are_not_installed_are_bad() -> None:
    assert damaged("no-such-models")[0].mark == "bad"


@dataclass
class FakeEstimator:
    """Finds somebody in frame number `at`."""

    at: int
    name: str = "fake"
    closed: bool = False

    def estimate(self, frame: Frame) -> Pose:
        return walking(1)[0] if frame.frame_id == self.at else Pose.empty(frame.frame_id, 0.0, (8, 8))

    def reset(self) -> None:
        return None

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("at", "mark"), [(0, "ok"), (2, "ok"), (9, "bad")])
def test_the_dancer_has_to_be_found_in_one_of_the_pictures(at: int, mark: str) -> None:
    estimator = FakeEstimator(at)
    frames = [Frame(number, 0.0, np.zeros((8, 8, 3), np.uint8)) for number in range(3)]
    assert find_dancer(frames, lambda: estimator).mark == mark
    assert estimator.closed


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> GeneratorNetwork:
    pytest.importorskip("onnx")
    return GeneratorNetwork(write_tiny_model(tmp_path_factory.mktemp("tiny") / "tiny.onnx"), tiny_spec())


def feeds(generator: GeneratorNetwork) -> Feeds:
    return StillFeeds(generator.spec, np.full((64, 64, 3), 128, np.uint8))


class WrongBackend(OpenVINOBackend):
    """Draws something else than the model."""

    name = "wrong"

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
        return open_fake(artifact, spec, precision=precision, threads=threads)


class RaisingBackend(FakeBackend):
    """Cannot be opened."""

    name = "raising"

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
        raise EngineError("it cannot be opened", do="install it again")


def test_engines_that_draw_the_same_are_ok_and_the_absent_are_named(
    generator: GeneratorNetwork, tmp_path: Path
) -> None:
    absent = Candidate(BACKENDS["tensorrt"], "fp16", "TensorRT is not installed")
    found = compared(generator, feeds(generator), [absent, OPENVINO, REFERENCE], Cache(tmp_path))
    assert [finding.mark for finding in found] == ["ok", "absent"]
    assert "openvino fp32 draws the same as the reference" in found[0].text and "tensorrt" in found[1].text


def test_one_that_draws_otherwise_or_cannot_be_opened_is_a_warning(generator: GeneratorNetwork, tmp_path: Path) -> None:
    wrong, raising = Candidate(WrongBackend(), "fp32"), Candidate(RaisingBackend(), "uint8")
    found = compared(generator, feeds(generator), [wrong, raising, REFERENCE], Cache(tmp_path))
    assert [finding.mark for finding in found] == ["warning", "warning"]
    assert "draws differently" in found[0].text and found[1].do == "install it again"


def test_where_there_is_no_other_the_reference_is_run(generator: GeneratorNetwork, tmp_path: Path) -> None:
    (finding,) = compared(generator, feeds(generator), [REFERENCE], Cache(tmp_path))
    assert finding.mark == "ok" and finding.text.startswith("onnxruntime fp32")


def test_without_the_reference_it_is_bad(generator: GeneratorNetwork, tmp_path: Path) -> None:
    gone = Candidate(BACKENDS["onnxruntime"], "fp32", "onnxruntime is not installed")
    (finding,) = compared(generator, feeds(generator), [gone, OPENVINO], Cache(tmp_path))
    assert finding.mark == "bad" and "onnxruntime is not installed" in finding.text


def test_of_one_that_was_prepared_what_is_kept_is_told(generator: GeneratorNetwork, tmp_path: Path) -> None:
    int8, cache = Candidate(BACKENDS["openvino"], "int8"), Cache(tmp_path)
    assert len(compared(generator, feeds(generator), [int8, REFERENCE], cache)) == 1  # not prepared: no line
    key = Selector(generator, feeds(generator), cache, threads=1, say=print)._key(int8)
    cache.store(key, Entry(None, Verdict(300, 0.1, 0.1, 50.0, 40.0, 1.0, 9.0, 30.0), 1.0))
    assert "prepared earlier: 9 ms" in compared(generator, feeds(generator), [int8, REFERENCE], cache)[0].text
    cache.store(key, Entry(None, Verdict(300, 0.1, 0.1, 50.0, 20.0, 1.0, 9.0, 30.0), 1.0))
    assert "is not used: 20.0 dB" in compared(generator, feeds(generator), [int8, REFERENCE], cache)[0].text


@pytest.mark.parametrize(
    ("line", "mark", "told"),
    [
        ("NVIDIA GeForce RTX 4070, 555.42, 12282, 11000", "ok", "RTX 4070, driver 555.42, 10.7 of 12.0 GB free"),
        ("NVIDIA GeForce RTX 4070, 555.42, 12282, 300", "warning", "too little"),
        ("NVIDIA GeForce MX, 470, [N/A], [N/A]", "warning", "answers"),
        ("Unable to determine the device handle", "warning", "answers"),
    ],
)
def test_a_graphics_card_is_judged_by_what_its_driver_says(line: str, mark: str, told: str) -> None:
    finding = examine_card(line)
    assert finding.mark == mark and told in finding.text


def test_no_graphics_card_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphics_card.shutil, "which", lambda tool: None)
    (finding,) = graphics_card.findings()
    assert finding.mark == "absent"


def test_a_driver_that_does_not_answer_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphics_card.shutil, "which", lambda tool: "/usr/bin/nvidia-smi")
    failed = subprocess.CompletedProcess([], 9, "NVIDIA-SMI has failed", "")
    monkeypatch.setattr(graphics_card.subprocess, "run", lambda *words, **more: failed)
    with pytest.raises(EngineError, match="does not answer.*NVIDIA-SMI has failed"):
        graphics_card.findings()


def test_a_card_without_tensorrt_is_a_warning_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise EngineError("TensorRT is not installed", do="pip install it")

    monkeypatch.setattr(graphics_card, "check_tensorrt", missing)
    finding = graphics_card.tensorrt()
    assert (finding.mark, finding.do) == ("warning", "pip install it")


@pytest.mark.parametrize(
    ("desktop", "window", "mark"), [(True, True, "ok"), (True, False, "warning"), (False, False, "absent")]
)
def test_a_screen_is_judged(desktop: bool, window: bool, mark: str) -> None:
    assert examine_screen(desktop=desktop, window=window).mark == mark


OFF = ({"openvino_telemetry": None}, {"ORT_DISABLE_TELEMETRY": "1"})


def test_telemetry_that_is_off_is_no_line() -> None:
    assert reporting(*OFF, there=False) == []


@pytest.mark.parametrize(
    ("modules", "environment", "there", "whose"),
    [
        ({}, OFF[1], True, "Google"),
        ({"openvino_telemetry": object()}, OFF[1], False, "Google"),
        (OFF[0], {}, False, "Microsoft"),
    ],
)
def test_telemetry_that_is_not_off_is_a_warning(
    modules: dict[str, object], environment: dict[str, str], there: bool, whose: str
) -> None:
    (finding,) = reporting(modules, environment, there=there)
    assert finding.mark == "warning" and whose in finding.text


def test_a_client_id_that_lies_in_the_home_folder_is_told(tmp_path: Path) -> None:
    assert left_behind(tmp_path) == left_behind(None) == []
    (tmp_path / "intel").mkdir()
    (tmp_path / "intel" / "openvino_ga_cid").write_text("id")
    assert left_behind(tmp_path)[0].mark == "absent"
    assert isinstance(left_behind(tmp_path)[0], Finding)
