"""Engines opened ahead: taken by whoever asks for the same, freed when nobody does, silent about a missing target."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.errors import EngineError
from engines.selection.cache import Cache
from engines.selection.candidates import BACKENDS, Candidate
from engines.selection.selector import Opened
from live.scene.engine_selector import EngineSelector
from live.scene.settings import SceneSettings
from live.scene.target import open_target

SETTINGS = SceneSettings("human", "full", "plate", False, "auto", "auto", True)
OTHER = SceneSettings("human", "full", "plate", False, "openvino", "fp32", True)


class Opening(EngineSelector):
    """Opens engines that only know whether they were closed; `gate` holds them up. Fails for "broken" engines."""

    def __init__(self, folder: Path) -> None:
        super().__init__(1, lambda _: None, cache=Cache(folder))
        self.engines: list[Any] = []
        self.gate = threading.Event()
        self.gate.set()
        self.fails = False

    def best(self, network: Any, settings: SceneSettings) -> Opened:
        assert self.gate.wait(20)
        if self.fails:
            raise EngineError("it cannot be opened")
        engine = SimpleNamespace(closed=threading.Event(), file=network.file)
        engine.close = engine.closed.set
        self.engines.append(engine)
        return Opened(engine, Candidate(BACKENDS["fake"], "uint8"), False, "", (), ())


@pytest.fixture
def selector(tmp_path: Path) -> Opening:
    return Opening(tmp_path)


def test_what_was_opened_ahead_is_taken_once(selector: Opening) -> None:
    target = open_target("human", "full")
    assert target.generator is not None and target.face is not None
    selector.open_ahead(SETTINGS)
    taken: Any = [selector.open(network, SETTINGS) for network in (target.generator, target.face)]
    assert [engine.file for engine in taken] == [target.generator.file, target.face.file]
    assert len(selector.engines) == 2
    selector.open(target.generator, SETTINGS)
    assert len(selector.engines) == 3
    selector.close()
    assert not any(engine.closed.is_set() for engine in selector.engines)


def test_for_other_settings_another_engine_is_opened_and_the_first_is_freed(selector: Opening) -> None:
    target = open_target("human", "full")
    assert target.generator is not None
    selector.open_ahead(SETTINGS)
    engine: Any = selector.open(target.generator, OTHER)
    selector.close()
    left = [one for one in selector.engines if one is not engine]
    assert all(one.closed.wait(20) for one in left) and not engine.closed.is_set()


def test_one_that_is_still_being_opened_at_the_end_is_freed_when_it_is_open(selector: Opening) -> None:
    selector.gate.clear()
    selector.open_ahead(SETTINGS)
    selector.close()
    selector.gate.set()
    selector._pool.shutdown(wait=True)
    assert all(engine.closed.wait(20) for engine in selector.engines)


def test_what_went_wrong_ahead_is_told_to_whoever_asks(selector: Opening) -> None:
    target = open_target("human", "full")
    assert target.generator is not None
    selector.fails = True
    selector.open_ahead(SETTINGS)
    with pytest.raises(EngineError, match="it cannot be opened"):
        selector.open(target.generator, SETTINGS)
    selector.close()


def test_a_missing_target_is_left_to_whoever_opens_it(selector: Opening) -> None:
    selector.open_ahead(SceneSettings("nobody", "full", "plate", False, "auto", "auto", True))
    selector.close()
    assert not selector.engines
