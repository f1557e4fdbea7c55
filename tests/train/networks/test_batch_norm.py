import torch
from torch import nn

from train.networks.batch_norm import BatchNorm


def test_alone_it_is_batch_norm_to_the_bit() -> None:
    ours, theirs = BatchNorm(5, momentum=0.02), nn.BatchNorm2d(5, momentum=0.02)
    x = torch.randn(4, 5, 6, 7, generator=torch.Generator().manual_seed(0))
    for training in (True, False):
        ours.train(training), theirs.train(training)
        assert torch.equal(ours(x), theirs(x))
    assert torch.equal(ours.running_var, theirs.running_var)


def test_its_state_has_the_names_of_batch_norm() -> None:
    nn.BatchNorm2d(5).load_state_dict(BatchNorm(5).state_dict(), strict=True)
