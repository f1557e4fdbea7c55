import torch

from train.networks.networks import CELL, CELLS, count_flops
from train.networks.pix2pixhd import GlobalGenerator

CHANNELS = 5


def small() -> GlobalGenerator:
    torch.manual_seed(0)
    return GlobalGenerator(CHANNELS, width=8, downs=2, blocks=1)


def inputs(side: int = 64) -> tuple[torch.Tensor, ...]:
    cells = torch.rand(2, side // CELL, side // CELL, CELLS) * 255
    return torch.rand(2, side // CELL, side // CELL, CHANNELS) * 255, cells, cells


def test_it_gives_pictures_as_our_own_networks_do() -> None:
    cells = small()(*inputs())
    assert cells.shape == (2, 16, 16, CELLS) and 0 <= cells.min() and cells.max() <= 1


def test_it_looks_at_the_pose_map_alone() -> None:
    network, (pose_map, cells, _) = small(), inputs()
    zeros = torch.zeros_like(cells)
    assert torch.equal(network(pose_map, cells, cells), network(pose_map, zeros, zeros))
    assert not torch.equal(network(pose_map, cells, cells), network(1 - pose_map, cells, cells))


def test_it_has_the_size_and_arithmetic_of_the_published_network() -> None:
    with torch.device("meta"):
        network = GlobalGenerator(3)
        zeros = torch.zeros(1, 128, 128, CELLS)
        flops = count_flops(network, torch.zeros(1, 128, 128, 3), zeros, zeros)
    assert 180e6 < sum(p.numel() for p in network.parameters()) < 185e6  # 182.5 M with three channels in and out
    assert 430e9 < flops < 480e9
