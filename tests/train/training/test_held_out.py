from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from train.report import sheet
from train.training.held_out import GREY, HeldOut

SIDE = 64


class Copy(nn.Module):
    """A generator that draws the doll, 8 levels brighter for each frame that it has been through."""

    def forward(self, pose_map: torch.Tensor, doll: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        return (torch.maximum(doll, previous) + 8) / 255


def batch(seed: int, *, real: int = 0, weight: float = 1.0) -> Any:
    """Two rollouts of two frames; the doll is opaque grey 100, the real picture differs from it by `real` levels."""
    rng = np.random.default_rng(seed)
    doll = np.full((2, 2, SIDE, SIDE, 4), 100, np.uint8)
    doll[..., 3] = 200
    return SimpleNamespace(
        pose_map=rng.integers(0, 256, (2, 2, SIDE // 4, SIDE // 4, 5), dtype=np.uint8),
        doll=doll,
        real=doll + np.uint8(16 + real),
        weight=np.full(2, weight, np.float32),
        spots=np.full((2, 2, 3, 2), np.nan, np.float32),
    )


def trainer(**changes: Any) -> Any:
    weights = SimpleNamespace(matte=5.0, foreground=3.0, perceptual=2.0)
    parts = {"average": Copy(), "device": torch.device("cpu"), "perceptual": None, "steps_done": 7}
    return SimpleNamespace(**{**parts, "config": SimpleNamespace(weights=weights), **changes})


def test_the_last_frame_is_made_in_closed_loop_from_zeros() -> None:
    found = HeldOut([batch(0)]).validate(trainer())
    assert (found.matte, found.foreground, found.loss) == (0, 0, 0)  # twice 8 levels brighter, as the real ones are


def test_the_loss_is_the_weighed_sum_over_all_batches() -> None:
    found = HeldOut([batch(0), batch(1, real=20)]).validate(trainer())
    assert found.matte == pytest.approx(10 / 255) and found.foreground == pytest.approx(10 / 255, rel=1e-4)
    assert found.loss == pytest.approx(5 * found.matte + 3 * found.foreground) and found.perceptual == 0


def test_a_rollout_of_weight_0_is_not_counted() -> None:
    assert HeldOut([batch(0, real=20, weight=0.0)]).validate(trainer()).loss == 0


def test_the_perceptual_distance_counts_where_there_is_one() -> None:
    class Features(nn.Module):
        layer_weights = (1.0,)

        def forward(self, picture: torch.Tensor) -> list[torch.Tensor]:
            return [picture]

    found = HeldOut([batch(0, real=20)]).validate(trainer(perceptual=Features()))
    assert found.perceptual > 0.01
    assert found.loss == pytest.approx(5 * found.matte + 3 * found.foreground + 2 * found.perceptual)


def test_the_sample_shows_a_face_where_there_is_one() -> None:
    seen = batch(0)
    seen.doll[1] += 50
    without = HeldOut([seen]).sample(trainer())
    seen.spots[1, -1, 0] = 10
    assert not np.array_equal(HeldOut([seen]).sample(trainer()), without)


def test_the_sheet_shows_four_rows_and_the_sample_is_its_first_generated_picture() -> None:
    held_out = HeldOut([batch(0)])
    picture, sample = held_out.sheet(trainer()), held_out.sample(trainer())
    height = SIDE + sheet.LABEL_PX
    assert picture.shape == (4 * height, 2 * (SIDE + sheet.GAP_PX), 3) and sample.shape == (SIDE, SIDE, 3)
    generated = picture[2 * height + sheet.LABEL_PX : 3 * height, :SIDE]
    assert np.array_equal(generated, sample)
    expected = sheet.composite_over(batch(0).real[0, 1], GREY)
    assert np.array_equal(sample, expected) and np.array_equal(picture[3 * height + sheet.LABEL_PX :, :SIDE], expected)
