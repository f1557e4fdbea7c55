import json
from typing import Any

import pytest

from train.errors import TrainError
from train.training.config import LossWeights, RunConfig


def test_a_configuration_comes_back_from_json() -> None:
    config = RunConfig("data", steps=5, crop=(64, 96), weights=LossWeights(matte=2.0))
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"steps": 5, "minutes": 1.0},
        {"steps": -1},
        {"steps": 5, "preset": "huge"},
        {"steps": 5, "batch": 0},
        {"steps": 5, "threads": 0},
        {"steps": 5, "crop": (100, 64)},
        {"steps": 5, "precision": "fp8"},
        {"steps": 5, "gan": "wgan"},
        {"steps": 5, "devices": 0},
        {"steps": 5, "validate_every": 0},
        {"steps": 5, "batch": 4, "devices": 3},
    ],
)
def test_what_cannot_be_trained_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TrainError, match=r"got|at least 1"):
        RunConfig("data", **wrong)


def test_json_of_another_version_is_refused() -> None:
    values = RunConfig("data", steps=5).to_json()
    for broken in ({**values, "news": 1}, {k: v for k, v in values.items() if k != "crop"}):
        with pytest.raises(TrainError, match="another version"):
            RunConfig.from_json(broken)


def test_rollouts_double_by_schedule_and_batches_halve() -> None:
    config = RunConfig("data", steps=5, batch=4, lengthen_at=(0.5, 0.8))
    assert [config.rollout(progress) for progress in (0.0, 0.49, 0.5, 0.79, 0.8, 1.0)] == [
        (2, 4),
        (2, 4),
        (4, 2),
        (4, 2),
        (8, 1),
        (8, 1),
    ]


def test_a_batch_is_never_smaller_than_the_number_of_processes() -> None:
    config = RunConfig("data", steps=5, batch=6, devices=2)
    assert [config.batch_of(length) for length in (2, 4, 8)] == [6, 4, 2]


@pytest.mark.parametrize(("native", "used"), [(True, "bf16"), (False, "fp32"), (None, "fp32")])
def test_bf16_is_chosen_only_where_the_cpu_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, native: bool | None, used: str
) -> None:
    monkeypatch.setattr("train.training.config.cpu_bf16", lambda: native)
    assert RunConfig("data", steps=5).arithmetic == used
    assert RunConfig("data", steps=5, precision="bf16").arithmetic == "bf16"
    assert RunConfig("data", steps=5, precision="fp32").arithmetic == "fp32"


@pytest.mark.parametrize(("native", "used"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_is_asked_whether_it_computes_in_bf16(monkeypatch: pytest.MonkeyPatch, native: bool, used: str) -> None:
    monkeypatch.setattr("train.training.config.cpu_bf16", lambda: not native)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr(
        "torch.cuda.is_bf16_supported", lambda *, including_emulation: native and not including_emulation
    )
    assert RunConfig("data", steps=5, device="cuda").arithmetic == used
