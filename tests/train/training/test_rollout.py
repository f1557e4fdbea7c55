import pytest
import torch

from train.networks.networks import Generator, from_cells, to_cells
from train.training import rollout
from train.training.rollout import fed_back, roll_out, there_and_back

CHANNELS = 5


def noise() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_frames_follow_their_own_spoilt_detached_predecessor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "ZERO_SHARE", 0.0)
    monkeypatch.setattr(rollout, "NOISE_LEVELS", 0.0)
    network, seen = Generator(CHANNELS), []
    network.register_forward_pre_hook(lambda _, given: seen.append(given[2]))
    pose_maps, dolls = torch.rand(2, 3, 16, 16, CHANNELS) * 255, torch.rand(2, 3, 64, 64, 4) * 255
    frames = roll_out(network, pose_maps, dolls, noise())
    assert frames.shape == (2, 3, 4, 64, 64)
    assert not seen[0].any()
    for t in (1, 2):
        back = from_cells(seen[t]).permute(0, 3, 1, 2)
        assert not back.requires_grad
        assert torch.equal(back, (frames[:, t - 1].detach() * 255).round())


def test_the_fed_back_frame_is_noisy_and_at_times_nothing() -> None:
    back = fed_back(torch.full((200, 1, 1, 64), 0.5), noise())
    gone = (back == 0).flatten(1).all(1).float().mean()
    assert 0.05 < gone < 0.3
    assert 1 < back[(back != 0).flatten(1).any(1)].std() < 2 * rollout.NOISE_LEVELS


def test_a_network_that_sees_no_previous_frame_gives_equal_frames_for_equal_poses() -> None:
    torch.manual_seed(0)
    network = Generator(CHANNELS, temporal=False).eval()
    torch.nn.init.normal_(network.head.weight, 0, 0.05)
    pose_maps, dolls = torch.rand(1, 1, 16, 16, CHANNELS) * 255, torch.rand(1, 1, 64, 64, 4) * 255
    with torch.no_grad():
        frames = roll_out(network, pose_maps.expand(-1, 3, -1, -1, -1), dolls.expand(-1, 3, -1, -1, -1), noise())
    assert torch.equal(frames[:, 0], frames[:, 2]) and not torch.equal(frames[0, 0], to_picture(dolls))


def to_picture(dolls: torch.Tensor) -> torch.Tensor:
    return from_cells(to_cells(dolls[:, 0]))[0].permute(2, 0, 1) / 255


def test_there_and_back_ends_where_it_began() -> None:
    swing = there_and_back(torch.arange(4.0)[None, :, None].expand(2, -1, 3))
    assert swing[0, :, 0].tolist() == [0, 1, 2, 3, 2, 1, 0]
