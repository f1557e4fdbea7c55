import numpy as np
import pytest
import torch

from train.networks.discriminator import FACE, FACE_PX, HAND_PX, Discriminators, PatchDiscriminator, View, windows_of

NOWHERE = [float("nan"), float("nan")]


def view(count: int = 2, side: int = 192) -> View:
    """Pictures whose first two channels are their own pixels' x and y."""
    y, x = torch.meshgrid(torch.arange(float(side)), torch.arange(float(side)), indexing="ij")
    frames = torch.stack([x, y, *torch.rand(6, side, side)])[None].expand(count, -1, -1, -1)
    poses = torch.rand(count, 10, side // 4, side // 4)
    return View(poses, frames.clone(), frames.clone(), torch.tensor([1.0, 0.5])[:count])


def spots(*each: list[float]) -> torch.Tensor:
    return torch.tensor(each)


def test_windows_in_time_are_each_frame_and_those_that_follow() -> None:
    sequence = torch.arange(3.0).reshape(1, 3, 1, 1, 1).expand(2, 3, 4, 8, 8)
    both, single = windows_of(sequence, 2), windows_of(sequence, 1)
    assert both.shape == (4, 8, 8, 8) and single.shape == (6, 4, 8, 8)
    assert both[:, 0, 0, 0].tolist() == [0, 1, 0, 1] and both[:, 4, 0, 0].tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize("frames", [1, 2])
def test_patches_are_scored_at_an_eighth(frames: int) -> None:
    found = PatchDiscriminator(5, 8, frames)(torch.rand(2, 5 * frames, 16, 16), torch.rand(2, 4 * frames, 64, 64))
    assert found[-1].shape == (2, 1, 8, 8) and len(found) == 5


def test_both_frames_and_both_poses_are_judged() -> None:
    torch.manual_seed(0)
    poses, frames = torch.rand(1, 10, 16, 16, requires_grad=True), torch.rand(1, 8, 64, 64, requires_grad=True)
    PatchDiscriminator(5, 8)(poses, frames)[-1].sum().backward()  # type: ignore[no-untyped-call, unused-ignore]
    assert poses.grad is not None and frames.grad is not None
    assert (poses.grad.abs().sum((0, 2, 3)) > 0).all() and (frames.grad.abs().sum((0, 2, 3)) > 0).all()


def test_a_cut_lies_around_its_spot_and_stays_inside() -> None:
    cut = view().cut(spots([100.0, 60.0], [2.0, 190.0]), 64)
    assert cut.real.shape == (2, 8, 64, 64) and cut.pose_maps.shape == (2, 10, 16, 16)
    assert cut.real[0, 0, 0, 0] == 68 and cut.real[0, 1, 0, 0] == 28
    assert cut.real[1, 0, 0, 0] == 0 and cut.real[1, 1, -1, -1] == 191


def test_pose_map_and_frames_are_cut_at_one_place() -> None:
    whole = view()
    cut = whole.cut(spots([100.0, 60.0], [2.0, 190.0]), 64)
    assert torch.equal(cut.pose_maps[0], whole.pose_maps[0, :, 7:23, 17:33])
    assert torch.equal(cut.generated[0], whole.generated[0, :, 28:92, 68:132])


def test_a_spot_that_is_not_seen_weighs_nothing() -> None:
    assert view().cut(spots(NOWHERE, [50.0, 50.0]), 64).weight.tolist() == [0.0, 0.5]


def test_there_is_one_for_the_whole_the_half_the_face_and_both_hands() -> None:
    places = np.tile([[60.0, 60.0]], (2, 3, 1)).astype(np.float32)
    places[0, FACE] = np.nan
    views = Discriminators.views(view(), torch.from_numpy(places))
    assert [v.real.shape[-1] for v in views] == [192, 96, FACE_PX, HAND_PX]
    assert [len(v.weight) for v in views] == [2, 2, 2, 4]
    assert views[2].weight.tolist() == [0.0, 0.5] and views[3].weight.tolist() == [1.0, 0.5, 1.0, 0.5]
    assert len(Discriminators(5).scales) == len(views)


def test_windows_fit_a_picture_that_is_smaller() -> None:
    small = view(side=64).cut(spots([30.0, 30.0], [30.0, 30.0]), FACE_PX)
    assert small.real.shape[-1] == 64 and small.pose_maps.shape[-1] == 16
