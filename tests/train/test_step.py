from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from train import step
from train.config import LossWeights, RunConfig
from train.step import Trainer

CHANNELS = 5
CONFIG = RunConfig("data", steps=100, batch=2, crop=(64, 64), gan_start=0, precision="fp32")


def batch(seed: int = 0, *, length: int = 2, weight: float = 1.0) -> SimpleNamespace:
    rng = np.random.default_rng(seed)

    def noise(*shape: int) -> np.ndarray:
        return rng.integers(0, 256, (2, length, *shape), dtype=np.uint8)

    return SimpleNamespace(
        pose_map=noise(16, 16, CHANNELS),
        doll=noise(64, 64, 4),
        real=noise(64, 64, 4),
        weight=np.full(2, weight, np.float32),
    )


def weights(trainer: Trainer, part: str = "generator") -> torch.Tensor:
    network = getattr(trainer, part)
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_no_parameter_is_listed_twice() -> None:
    trainer = Trainer(CONFIG, CHANNELS)
    for optimizer in (trainer.generator_optimizer, trainer.discriminator_optimizer):
        listed = [id(p) for group in optimizer.param_groups for p in group["params"]]
        assert len(listed) == len(set(listed))


def test_a_batch_is_learned_by_heart() -> None:
    trainer = Trainer(replace(CONFIG, gan_start=10**6), CHANNELS)
    first = trainer.step(batch(), 0.0)
    for _ in range(120):  # batch norm starts slowly on a batch of pure noise
        last = trainer.step(batch(), 0.0)
    assert last.total < 0.9 * first.total


def test_frames_follow_their_own_spoilt_detached_predecessor(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(CONFIG, CHANNELS)
    seen: list[torch.Tensor] = []
    whole = trainer.generator.forward

    def forward(pose_map: torch.Tensor, doll: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        seen.append(previous)
        return whole(pose_map, doll, previous)

    monkeypatch.setattr(trainer.generator, "forward", forward)
    monkeypatch.setattr(step, "ZERO_SHARE", 0.0)
    monkeypatch.setattr(step, "NOISE_LEVELS", 0.0)
    data = batch(length=3)
    frames = trainer.roll_out(torch.from_numpy(data.pose_map).float(), torch.from_numpy(data.doll).float())
    assert frames.shape == (2, 3, 4, 64, 64)
    assert not seen[0].any()
    for t in (1, 2):
        fed_back = step.from_cells(seen[t]).permute(0, 3, 1, 2)
        assert not fed_back.requires_grad
        assert torch.equal(fed_back, (frames[:, t - 1].detach() * 255).round())


def test_the_fed_back_frame_is_noisy_and_at_times_nothing() -> None:
    trainer = Trainer(CONFIG, CHANNELS)
    cells = torch.full((200, 1, 1, 64), 0.5)
    back = trainer._fed_back(cells)
    gone = (back == 0).flatten(1).all(1).float().mean()
    assert 0.05 < gone < 0.3
    assert 1 < back[(back != 0).flatten(1).any(1)].std() < 2 * step.NOISE_LEVELS


def test_the_average_follows_quickly_at_first() -> None:
    trainer = Trainer(CONFIG, CHANNELS)
    start = weights(trainer)
    for seed in range(3):
        trainer.step(batch(seed), 0.0)
    moved = (weights(trainer) - start).norm()
    assert (weights(trainer, "average") - weights(trainer)).norm() < 0.5 * moved


def test_the_discriminator_joins_at_its_step_and_grows_in() -> None:
    trainer = Trainer(replace(CONFIG, gan_start=2), CHANNELS)
    reports = [trainer.step(batch(seed), 0.0) for seed in range(4)]
    assert [report.adversarial > 0 for report in reports] == [False, False, True, True]
    assert [report.discriminator > 0 for report in reports] == [False, False, True, True]
    trainer.steps_done = 2 + step.RAMP_STEPS
    assert trainer._adversarial_share() == 1.0


def test_the_generator_is_not_touched_by_the_discriminators_step() -> None:
    quiet = LossWeights(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    trainer = Trainer(replace(CONFIG, weights=quiet), CHANNELS)
    before, judged = weights(trainer), weights(trainer, "discriminator")
    trainer.step(batch(), 0.0)
    assert torch.equal(weights(trainer), before)
    assert not torch.equal(weights(trainer, "discriminator"), judged)


def test_a_batch_of_weight_0_teaches_nothing() -> None:
    trainer = Trainer(CONFIG, CHANNELS)
    before = weights(trainer)
    trainer.step(batch(weight=0.0), 0.0)
    assert torch.allclose(weights(trainer), before)


def test_a_loss_that_is_not_a_number_leaves_the_weights_alone() -> None:
    trainer = Trainer(CONFIG, CHANNELS)
    before = weights(trainer), weights(trainer, "discriminator"), weights(trainer, "average")
    report = trainer.step(batch(weight=float("nan")), 0.0)
    assert np.isnan(report.total)
    after = weights(trainer), weights(trainer, "discriminator"), weights(trainer, "average")
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))


def test_the_rate_warms_up_and_ends_low() -> None:
    trainer = Trainer(CONFIG, CHANNELS)

    def rate(steps_done: int, progress: float) -> float:
        trainer.steps_done = steps_done
        trainer._set_rates(progress)
        return float(trainer.generator_optimizer.param_groups[0]["lr"])

    assert rate(0, 0.0) == pytest.approx(CONFIG.learning_rate / step.WARM_UP_STEPS)
    assert rate(step.WARM_UP_STEPS, 0.0) == pytest.approx(CONFIG.learning_rate)
    assert rate(10**4, 1.0) == pytest.approx(CONFIG.learning_rate * step.FINAL_RATE)


def test_equal_seeds_give_equal_bits_and_a_loaded_state_goes_on_alike() -> None:
    one, other = Trainer(CONFIG, CHANNELS), Trainer(CONFIG, CHANNELS)
    for seed in range(2):
        one.step(batch(seed), 0.1)
        other.step(batch(seed), 0.1)
    resumed = Trainer(replace(CONFIG, seed=9), CHANNELS)
    resumed.load_state(other.state())
    reports = [trainer.step(batch(5), 0.5) for trainer in (one, resumed)]
    assert reports[0] == reports[1]
    for part in ("generator", "average", "discriminator"):
        assert torch.equal(weights(one, part), weights(resumed, part))
