"""One thread for torch: the same bits on every machine, and no fight over the cores. Drift is watched for a moment."""

import pytest
import torch

from train.measure import drift

torch.set_num_threads(1)


@pytest.fixture
def short_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    """`evaluate` holds a pose for 12 frames, not 300: for tests of what is around it."""
    monkeypatch.setattr(drift, "RUN_UP", 2)
    monkeypatch.setattr(drift, "WATCHED", 3)
    monkeypatch.setattr(drift.held_drift, "__kwdefaults__", {**drift.held_drift.__kwdefaults__, "frames": 12})  # type: ignore[dict-item]
