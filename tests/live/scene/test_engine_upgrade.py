"""Upgrades: the loop begins with what is ready, better engines are prepared beside it and taken over, or are not."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import engines
from engines.bundle import GeneratorNetwork
from engines.selection.cache import Cache
from engines.selection.candidates import BACKENDS, Candidate
from engines.selection.selector import Selector
from live.scene import engine_selector as engine_opener
from live.scene import engine_upgrade as upgrade
from live.scene.engine_selector import EngineSelector
from live.scene.engine_upgrade import EngineUpgrade, prepare_in_child
from live.scene.settings import SceneSettings
from tests.engines.tiny_model import tiny_feeds, tiny_spec
from tests.engines.tiny_network import write_tiny_network

LOOK = SceneSettings("tiny", "full", engine="openvino", precision="fp32")
FEEDS = [tiny_feeds(seed) for seed in range(12)]


class Stage:
    """A scene with a generator that takes engines, on an opener whose networks are rehearsed on noise."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.network = GeneratorNetwork(write_tiny_network(folder / "network.onnx"), tiny_spec())
        self.cache = Cache(folder / "cache")
        self.opener = EngineSelector(1, self.said.append, cache=self.cache)
        self.taken = threading.Event()
        self.generator = SimpleNamespace(engine=None, face=None, take_engine=self.take)
        self.settings = LOOK
        self.scenes: Any = SimpleNamespace(current=self)
        self.target = SimpleNamespace(generator=self.network, face=None)
        self.prepared: list[str] = []
        self.asked = threading.Event()

    def take(self, engine: Any) -> None:
        engine.load_state(self.generator.engine.state())
        self.generator.engine.close()
        self.generator.engine = engine
        self.taken.set()

    def begin(self) -> None:
        self.generator.engine = self.opener.open(self.network, self.settings)

    def prepare(self, target: str, candidate: Candidate, threads: int, stop: threading.Event) -> str:
        self.prepared.append(f"{target} {candidate}")
        Selector(self.network, FEEDS, self.cache, threads=1, say=lambda _: None).build(candidate)
        self.asked.set()
        return ""

    def upgrade(self, prepare: Callable[..., str] | None = None) -> EngineUpgrade:
        return EngineUpgrade(self.opener, self.scenes, self.said.append, prepare=prepare or self.prepare)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    pytest.importorskip("onnx")
    monkeypatch.setattr(engine_opener, "_feeds", lambda network, settings: FEEDS)
    stage = Stage(tmp_path)
    yield stage
    if stage.generator.engine is not None:
        stage.generator.engine.close()


def test_the_loop_begins_at_once_and_takes_over_what_was_prepared_with_its_state(stage: Stage) -> None:
    stage.begin()
    first = stage.generator.engine
    frame = first.run(tiny_feeds(1))["frame"].copy()
    running = stage.upgrade()
    running.start()
    assert stage.taken.wait(60)
    running.close()
    assert stage.prepared == ["tiny openvino fp32"]
    assert stage.generator.engine is not first
    assert np.array_equal(stage.generator.engine.state()["previous"], frame)
    assert stage.said[0].startswith("engine: openvino fp32: compared over 4 frames: ")
    assert "preparing openvino fp32 for tiny in the background; this is done once" in stage.said
    assert stage.said[-1].startswith("engine: now openvino fp32: ")


def test_the_next_run_begins_with_it_and_prepares_nothing(stage: Stage) -> None:
    stage.prepare("tiny", Candidate(BACKENDS["openvino"], "fp32"), 1, threading.Event())
    stage.begin()
    assert not stage.opener.could_be_better.is_set()
    assert stage.opener.take_unprepared(LOOK) is None
    assert " over 12 frames" in stage.said[0]


def test_where_preparing_fails_the_loop_goes_on_as_it_was(stage: Stage) -> None:
    failed = threading.Event()

    def fail(*_: object) -> str:
        failed.set()
        return "no room on the disk"

    stage.begin()
    first = stage.generator.engine
    running = stage.upgrade(fail)
    running.start()
    assert failed.wait(60)
    running.close()
    assert stage.generator.engine is first
    assert not stage.taken.is_set()


def test_a_look_that_changed_meanwhile_is_left_alone(stage: Stage) -> None:
    stage.begin()

    def change_meanwhile(*arguments: Any) -> str:
        stage.settings = SceneSettings("another", "full")
        return stage.prepare(*arguments)

    running = stage.upgrade(change_meanwhile)
    running.start()
    assert stage.asked.wait(60)
    running.close()
    assert not stage.taken.is_set()


def test_each_engine_is_prepared_but_once_in_a_run(stage: Stage) -> None:
    for _ in range(2):
        stage.opener.open(stage.network, LOOK).close()
    assert str(stage.opener.take_unprepared(LOOK)) == "openvino fp32"
    assert stage.opener.take_unprepared(LOOK) is None


def test_nothing_is_prepared_where_it_cannot_be_kept(stage: Stage) -> None:
    stage.opener.cache = Cache()  # off, in tests
    stage.begin()
    running = stage.upgrade()
    running.start()
    running.close()
    assert stage.prepared == []


def test_the_end_of_the_run_ends_the_child(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    started = threading.Event()
    real = upgrade.subprocess.Popen

    def endless(command: list[str], **options: Any) -> Any:
        assert command[1:5] == ["-m", "engines", "build", "--background"]
        child = real([sys.executable, "-c", "import time; time.sleep(600)"], **options)
        started.set()
        return child

    monkeypatch.setattr(upgrade.subprocess, "Popen", endless)
    stage.begin()
    running = stage.upgrade(prepare_in_child)
    running.start()
    assert started.wait(60)
    running.close()
    assert not stage.taken.is_set()
    running.close()


@pytest.mark.parametrize(
    ("code", "problem"), [("", ""), ("import sys; sys.exit('error: no such target')", "error: no")]
)
def test_what_a_child_says_at_its_end_is_the_problem(monkeypatch: pytest.MonkeyPatch, code: str, problem: str) -> None:
    real = upgrade.subprocess.Popen
    monkeypatch.setattr(
        upgrade.subprocess, "Popen", lambda command, **options: real([sys.executable, "-c", code], **options)
    )
    told = prepare_in_child("tiny", Candidate(BACKENDS["openvino"], "int8"), 1, threading.Event())
    assert told.startswith(problem) and bool(told) == bool(problem)


def test_a_child_finds_the_program_from_every_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    code = "import os, sys; sys.exit(os.path.join(os.environ['PYTHONPATH'].split(os.pathsep)[0], 'engines'))"
    real = upgrade.subprocess.Popen
    monkeypatch.setattr(
        upgrade.subprocess, "Popen", lambda command, **options: real([sys.executable, "-c", code], **options)
    )
    told = prepare_in_child("tiny", Candidate(BACKENDS["openvino"], "int8"), 1, threading.Event())
    assert Path(told) == Path(engines.__file__).resolve().parent
