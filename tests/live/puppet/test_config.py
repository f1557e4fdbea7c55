import json
from typing import Any

import pytest

from live.puppet.config import PuppetConfig
from live.puppet.errors import TargetError


def test_json_gives_the_same_config_back() -> None:
    config = PuppetConfig(canvas_px=(256, 512), valid_score=0.25, hold_s=0.2)
    assert PuppetConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_the_pose_map_is_a_quarter_of_the_canvas_height_first() -> None:
    assert PuppetConfig(canvas_px=(256, 512)).pose_map_shape == (128, 64)


@pytest.mark.parametrize("canvas", [(500, 512), (512, 500), (32, 512), (512, 2080), (0, 0), (-64, 64)])
def test_a_canvas_that_the_generator_cannot_draw_is_refused(canvas: tuple[int, int]) -> None:
    with pytest.raises(TargetError, match="multiples of 32"):
        PuppetConfig(canvas_px=canvas)


@pytest.mark.parametrize("canvas", [(64, 64), (2048, 96)])
def test_the_smallest_and_largest_canvas_are_taken(canvas: tuple[int, int]) -> None:
    assert PuppetConfig(canvas_px=canvas).canvas_px == canvas


@pytest.mark.parametrize(
    "change",
    [
        {"valid_score": "much"},
        {"valid_score": None},
        {"canvas_px": [512]},
        {"canvas_px": [512, 512, 3]},
        {"canvas_px": 512},
        {"canvas_px": [512, 512.5]},
        {"canvas_px": [512, float("inf")]},
        {"hold_s": 10**400},
        {"of_another_version": 1.0},
    ],
)
def test_json_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TargetError, match="do not fit this version"):
        PuppetConfig.from_json({**PuppetConfig().to_json(), **change})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 1e300])
@pytest.mark.parametrize("field", sorted(PuppetConfig().to_json().keys() - {"canvas_px"}))
def test_a_number_that_compiled_code_cannot_use_is_refused(field: str, value: float) -> None:
    with pytest.raises(TargetError, match=f"{field} is out of range"):
        PuppetConfig.from_json({**PuppetConfig().to_json(), field: value})


@pytest.mark.parametrize("field", PuppetConfig().to_json())
def test_json_without_a_field_is_refused(field: str) -> None:
    data = PuppetConfig().to_json()
    del data[field]
    with pytest.raises(TargetError, match=field):
        PuppetConfig.from_json(data)
