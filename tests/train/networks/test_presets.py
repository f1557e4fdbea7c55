import pytest
import torch

from train.errors import TrainError
from train.networks.networks import CELLS, Generator, count_flops
from train.networks.pix2pixhd import GlobalGenerator
from train.networks.presets import BASELINE, PRESETS, build_generator

CHANNELS = 20


def flops(preset: str) -> float:
    """GFLOP at 512x512, counted at 128x128: convolutions cost by area."""
    with torch.device("meta" if preset == BASELINE else "cpu"):
        cells = torch.zeros(1, 32, 32, CELLS)
        network = build_generator(preset, CHANNELS).eval()
        return 16 * count_flops(network, torch.zeros(1, 32, 32, CHANNELS), cells, cells) / 1e9


def test_the_presets_keep_their_budgets_at_512() -> None:
    assert flops("lite") <= 6
    assert 20 < flops("full") <= 40
    assert flops(BASELINE) >= 50 * flops("lite")


def test_each_preset_is_its_own_network() -> None:
    assert isinstance(build_generator("full", 5), Generator)
    with torch.device("meta"):
        assert isinstance(build_generator(BASELINE, 5), GlobalGenerator)
    assert PRESETS[0] == "lite"


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(TrainError, match="lite or full or pix2pixhd"):
        build_generator("huge", 5)
