"""By types alone: what comes from a camera cannot be given to an output."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SNIPPET = """
from live.puppet.values import Frame, PuppetFrame
from live.sinks.base import Sink
from live.sinks.outlet import Outlet
from live.sinks.several import Sinks

def right(sinks: Sinks, outlet: Outlet, sink: Sink, puppet: PuppetFrame) -> None:
    sinks.send(puppet, 0)
    outlet.put(puppet, 0)
    sink.send(puppet, 0)

def wrong(sinks: Sinks, outlet: Outlet, sink: Sink, frame: Frame) -> None:
    sinks.send(frame, 0)
    outlet.put(frame, 0)
    sink.send(frame, 0)
"""


def test_a_frame_of_the_camera_cannot_be_given_to_a_sink(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(snippet)]
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    wrong = SNIPPET.splitlines().index("def wrong(sinks: Sinks, outlet: Outlet, sink: Sink, frame: Frame) -> None:") + 1
    assert [int(line.split(":")[1]) - wrong for line in errors] == [1, 2, 3], done.stdout + done.stderr
    assert all('incompatible type "Frame"; expected "PuppetFrame"' in line for line in errors)
