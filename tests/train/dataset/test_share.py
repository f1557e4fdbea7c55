import torch

from train.dataset.share import WHOLE, Share


def test_the_shares_are_all_rows_in_order() -> None:
    assert list(WHOLE.of(6)) == [row for rank in range(3) for row in Share(rank, 3).of(6)] == list(range(6))


def test_every_process_draws_its_rows_of_one_draw_and_leaves_one_state() -> None:
    noises = [torch.Generator().manual_seed(1) for _ in range(3)]
    whole = WHOLE.draw(torch.randn, (4, 5), noises[0])
    parts = [Share(rank, 2).draw(torch.randn, (2, 5), noise) for rank, noise in enumerate(noises[1:])]
    assert torch.equal(torch.cat(parts), whole)
    assert all(torch.equal(noise.get_state(), noises[0].get_state()) for noise in noises)
    assert torch.equal(whole, torch.randn(4, 5, generator=torch.Generator().manual_seed(1)))
