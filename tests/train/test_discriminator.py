import torch

from train.discriminator import TemporalDiscriminator, pairs


def test_pairs_are_each_frame_and_the_next() -> None:
    sequence = torch.arange(3.0).reshape(1, 3, 1, 1, 1).expand(2, 3, 4, 8, 8)
    both = pairs(sequence)
    assert both.shape == (4, 8, 8, 8)
    assert both[:, 0, 0, 0].tolist() == [0, 1, 0, 1] and both[:, 4, 0, 0].tolist() == [1, 2, 1, 2]


def test_two_scales_each_end_in_patch_scores() -> None:
    found = TemporalDiscriminator(5)(torch.rand(2, 10, 16, 16), torch.rand(2, 8, 64, 64))
    assert [scale[-1].shape for scale in found] == [(2, 1, 8, 8), (2, 1, 4, 4)]


def test_both_frames_and_both_poses_are_judged() -> None:
    torch.manual_seed(0)
    judge = TemporalDiscriminator(5)
    poses, frames = torch.rand(1, 10, 16, 16, requires_grad=True), torch.rand(1, 8, 64, 64, requires_grad=True)
    sum(scale[-1].sum() for scale in judge(poses, frames)).backward()  # type: ignore[union-attr]
    assert poses.grad is not None and frames.grad is not None
    assert (poses.grad.abs().sum((0, 2, 3)) > 0).all() and (frames.grad.abs().sum((0, 2, 3)) > 0).all()
