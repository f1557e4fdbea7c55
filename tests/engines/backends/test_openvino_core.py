"""One OpenVINO a process: engines are opened and closed in any thread, at once too, and Ctrl-C stays harmless."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_OPEN = """
import signal, sys, threading
from pathlib import Path
from engines.backends.openvino_engine import OpenVINOBackend
from tests.engines.tiny_model import tiny_spec

def opened():
    return OpenVINOBackend().open(Path(sys.argv[1]), tiny_spec(), precision="fp32", threads=1)

def elsewhere(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
"""
_CLOSED_BY_ANOTHER = """
engine = opened()
elsewhere(lambda: (opened().close(), engine.close())).join()
del engine
came = []
signal.signal(signal.SIGINT, lambda *_: came.append(1))
signal.raise_signal(signal.SIGINT)
sys.exit(0 if came else "no signal came")
"""
_AT_ONCE = """
import openvino
gate = threading.Barrier(4)
for _ in range(2):
    elsewhere(lambda: [sum(range(100)) for _ in iter(int, 1)])
threads = [elsewhere(lambda: (gate.wait(), opened())) for _ in range(4)]
for thread in threads:
    thread.join()
"""


@pytest.fixture
def model(tiny_model: Path) -> Path:
    pytest.importorskip("openvino")
    return tiny_model


def started(code: str, model: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-X", "faulthandler", "-c", _OPEN + code, str(model)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_ctrl_c_is_harmless_after_another_thread_has_closed_the_engine(model: Path) -> None:
    with started(_CLOSED_BY_ANOTHER, model) as child:
        _, told = child.communicate(timeout=60)
    assert child.returncode == 0, told


def test_engines_that_are_opened_at_once_do_not_wait_for_each_other_for_ever(model: Path) -> None:
    children = [started(_AT_ONCE, model) for _ in range(3)]  # the first opening is what hung, one in two
    try:
        assert [child.communicate(timeout=60) and child.returncode for child in children] == [0, 0, 0]
    finally:
        for child in children:
            child.kill()
            child.communicate()
