import json
from typing import Any

import pytest

from train.config import LossWeights, RunConfig
from train.errors import TrainError


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
    ],
)
def test_what_cannot_be_trained_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TrainError, match=r"got|start at 1"):
        RunConfig("data", **wrong)


def test_json_of_another_version_is_refused() -> None:
    values = RunConfig("data", steps=5).to_json()
    for broken in ({**values, "news": 1}, {k: v for k, v in values.items() if k != "crop"}):
        with pytest.raises(TrainError, match="another version"):
            RunConfig.from_json(broken)
