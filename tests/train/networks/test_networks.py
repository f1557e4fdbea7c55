import numpy as np
import pytest
import torch

from train.errors import TrainError
from train.networks.networks import (
    CELLS,
    SHAPES,
    ClampStraightThrough,
    DeployedGenerator,
    Generator,
    ResidualComposer,
    count_flops,
    from_cells,
    to_cells,
)

SIDE, POSE_CHANNELS = 64, 5


def pictures(seed: int, *, opaque: float = 0.5) -> torch.Tensor:
    """(1, SIDE, SIDE, 4) uint8: noise, its alpha 0 outside a middle square."""
    picture = torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (1, SIDE, SIDE, 4), dtype=np.uint8))
    edge = round(SIDE * (1 - opaque) / 2)
    middle = torch.zeros_like(picture[..., 3])
    middle[:, edge : SIDE - edge, edge : SIDE - edge] = 1
    picture[..., 3] *= middle
    return picture


def pose_map(seed: int) -> torch.Tensor:
    noise = np.random.default_rng(seed).integers(0, 256, (1, SIDE // 4, SIDE // 4, POSE_CHANNELS), dtype=np.uint8)
    return torch.from_numpy(noise)


def trained(preset: str = "lite") -> Generator:
    """A generator whose zero weights are random, as after training."""
    torch.manual_seed(0)
    generator = Generator(POSE_CHANNELS, preset)
    with torch.no_grad():
        for weights in generator.parameters():
            if not weights.any():
                weights.normal_(0, 0.05)
    return generator.eval()


def test_a_new_network_shows_the_doll_to_the_bit() -> None:
    doll = pictures(1)
    doll[0, 20:40, 20:40, 3] = torch.arange(400).reshape(20, 20) % 256  # every alpha, the faintest too
    with torch.no_grad():
        frame = DeployedGenerator(Generator(POSE_CHANNELS))(pose_map(2), doll, pictures(3))
    drawn = doll[..., 3] > 0
    assert torch.equal(frame[..., 3], doll[..., 3])
    assert torch.equal(frame[drawn], doll[drawn])


def test_cells_hold_a_picture_without_loss() -> None:
    picture = pictures(1)
    cells = to_cells(picture)
    assert cells.shape == (1, SIDE // 4, SIDE // 4, CELLS)
    assert torch.equal(cells[0, 1, 2].reshape(4, 4, 4), picture[0, 4:8, 8:12])
    assert torch.equal(from_cells(cells), picture)


def test_what_lies_outside_the_matte_of_the_previous_frame_is_never_seen() -> None:
    network, previous = DeployedGenerator(trained()), pictures(3)
    garbage = previous.clone()
    garbage[..., :3][garbage[..., 3] == 0] = 255
    with torch.no_grad():
        frames = [network(pose_map(2), pictures(1), p) for p in (previous, garbage)]
    assert not torch.equal(previous, garbage)
    assert torch.equal(*frames)


def test_the_previous_frame_is_seen_where_it_shows() -> None:
    network = DeployedGenerator(trained())
    with torch.no_grad():
        frames = [network(pose_map(2), pictures(1), p) for p in (pictures(3), torch.zeros_like(pictures(3)))]
    assert not torch.equal(*frames)


def test_the_matte_stays_near_the_doll() -> None:
    generator = trained()
    with torch.no_grad():
        generator.head.bias += 20  # type: ignore[misc]  # a network that wants to fill the canvas
        frame = DeployedGenerator(generator)(pose_map(2), pictures(1, opaque=0.25), pictures(3))
    matte = frame[0, ..., 3]
    assert matte[SIDE // 2, SIDE // 2] > 200
    assert matte[0].max() == 0 and matte[:, -1].max() == 0


def test_an_empty_doll_gives_an_empty_matte() -> None:
    with torch.no_grad():
        frame = DeployedGenerator(trained())(pose_map(2), torch.zeros(1, SIDE, SIDE, 4, dtype=torch.uint8), pictures(3))
    assert frame[..., 3].max() == 0


def test_colours_bleed_out_of_the_doll_and_are_grey_far_from_it() -> None:
    doll = torch.zeros(1, 128, 128, 4)
    doll[:, 60:68, 60:68] = torch.tensor([200.0, 100.0, 50.0, 255.0])
    base = from_cells(ResidualComposer().lay_on(to_cells(doll), torch.zeros(1, 32, 32, CELLS)))[0, ..., :3] * 255
    assert torch.allclose(base[64, 72], torch.tensor([200.0, 100.0, 50.0]), atol=3)
    assert torch.allclose(base[0, 0], torch.full((3,), 127.5), atol=1)


def test_a_wild_residual_stays_finite() -> None:
    generator = trained()
    with torch.no_grad():
        generator.head.weight *= 1e4
    doll = to_cells(pictures(1).float()).requires_grad_()
    out = generator(pose_map(2).float(), doll, to_cells(pictures(3).float()))
    out.sum().backward()
    assert torch.isfinite(out).all() and torch.isfinite(doll.grad).all()


def test_clamping_cuts_only_the_gradient_that_leads_further_out() -> None:
    values = torch.tensor([-0.1, -0.1, 0.5, 1.1, 1.1], requires_grad=True)
    ClampStraightThrough.apply(values).backward(torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0]))
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, -1.0, 1.0, 1.0, 0.0]


def test_lite_takes_at_most_6_gflop_and_256_channels_at_512() -> None:
    cells = torch.zeros(1, 128, 128, CELLS)
    flops = count_flops(Generator(20), torch.zeros(1, 128, 128, 20), cells, cells)
    assert 1e9 < flops <= 6e9
    assert max(SHAPES["lite"].widths) <= 256


def test_flops_are_twice_the_multiply_accumulates() -> None:
    assert count_flops(torch.nn.Conv2d(3, 5, 3, padding=1), torch.zeros(1, 3, 8, 8)) == 2 * 3 * 5 * 9 * 64


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(TrainError, match="huge.*lite"):
        Generator(POSE_CHANNELS, "huge")
