"""For tests of the command line: what a run left behind, and what it said."""

from pathlib import Path

import av
import numpy as np
import pytest

import run_live

ROOT = Path(__file__).resolve().parents[2]


def pictures(path: str) -> list[np.ndarray]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def failed(capsys: pytest.CaptureFixture[str], *flags: str, code: int = 1) -> str:
    """Run, expect `code`, and give the last line on stderr."""
    try:
        found = run_live.main(flags)
    except SystemExit as exit_:
        found = int(exit_.code or 0)
    captured = capsys.readouterr()
    assert found == code, captured.err
    assert "Traceback" not in captured.err
    return captured.err.strip().splitlines()[-1]
