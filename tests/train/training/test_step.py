from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from train.errors import TrainError
from train.training import optim as schedule
from train.training.config import LossWeights, RunConfig
from train.training.step import Trainer

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
        spots=np.full((2, length, 3, 2), 30, np.float32),
        weight=np.full(2, weight, np.float32),
    )


def weights(trainer: Trainer, part: str = "generator") -> torch.Tensor:
    network = trainer.adversary.networks if part == "discriminator" else getattr(trainer, part)
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_no_parameter_is_listed_twice() -> None:
    trainer = Trainer(CONFIG, CHANNELS)
    for optimizer in (trainer.generator_optimizer, trainer.adversary.optimizer):
        listed = [id(p) for group in optimizer.param_groups for p in group["params"]]
        assert len(listed) == len(set(listed))


def test_a_batch_is_learned_by_heart() -> None:
    film = LossWeights(hands=0.0)  # doll and film of this batch are noise that contradicts each other
    trainer = Trainer(replace(CONFIG, gan_start=10**6, weights=film, learning_rate=6e-3), CHANNELS)
    first = trainer.step(batch(), 0.0)
    for _ in range(70):  # batch norm starts slowly on a batch of pure noise
        last = trainer.step(batch(), 0.0)
    assert last.total < 0.9 * first.total


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
    assert schedule.adversarial_share(2 + schedule.RAMP_STEPS, 2) == 1.0


def test_the_generator_is_not_touched_by_the_discriminators_step() -> None:
    quiet = LossWeights(*[0.0] * len(fields(LossWeights)))
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

    assert rate(0, 0.0) == pytest.approx(CONFIG.learning_rate / schedule.WARM_UP_STEPS)
    assert rate(schedule.WARM_UP_STEPS, 0.0) == pytest.approx(CONFIG.learning_rate)
    assert rate(10**4, 1.0) == pytest.approx(CONFIG.learning_rate * schedule.FINAL_RATE)


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


def test_the_way_back_is_taken_only_for_the_ping_pong_loss() -> None:
    plain, swinging = (Trainer(replace(CONFIG, weights=LossWeights(ping_pong=p)), CHANNELS) for p in (0.0, 0.5))
    calls = []
    swinging.generator.register_forward_hook(lambda *_: calls.append(1))
    report = swinging.step(batch(length=3), 0.0)
    assert len(calls) == 5
    assert plain.step(batch(length=3), 0.0).ping_pong == 0
    assert report.ping_pong >= 0 and np.isfinite(report.total)


@pytest.mark.parametrize("name", ["doll", "hands", "detail", "motion"])
def test_a_loss_of_weight_0_is_left_out(name: str) -> None:
    without = Trainer(replace(CONFIG, weights=LossWeights(**{name: 0.0})), CHANNELS)
    assert getattr(without.step(batch(), 0.0), name) == 0 < getattr(Trainer(CONFIG, CHANNELS).step(batch(), 0.0), name)


def test_hands_are_held_to_the_doll_where_they_are_seen() -> None:
    given, config = batch(), replace(CONFIG, gan_start=10**6)
    seen = Trainer(config, CHANNELS).step(given, 0.0)
    given.spots[:, :, 1:] = np.nan
    unseen = Trainer(config, CHANNELS).step(given, 0.0)
    assert seen.hands > 0 == unseen.hands and seen.doll == unseen.doll
    assert unseen.total == pytest.approx(seen.total - CONFIG.weights.hands * seen.hands, rel=1e-5)


def test_a_teacher_is_learned_from() -> None:
    def black(pose_map: torch.Tensor, doll: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(doll)

    class Teacher(torch.nn.Module):
        forward = staticmethod(black)

    only = replace(LossWeights(*[0.0] * len(fields(LossWeights))), distillation=5.0)
    config = replace(CONFIG, gan_start=10**6, weights=only, learning_rate=3e-3)
    trainer = Trainer(config, CHANNELS, teacher=Teacher())
    first = trainer.step(batch(), 0.0)
    for _ in range(30):
        last = trainer.step(batch(), 0.0)
    assert 0 < last.distillation < 0.9 * first.distillation
    assert Trainer(CONFIG, CHANNELS).step(batch(), 0.0).distillation == 0


@pytest.mark.parametrize("changes", [{"temporal": False}, {"doll": False}, {"gan": "hinge"}])
def test_every_kind_of_run_takes_a_step(changes: dict[str, object]) -> None:
    trainer = Trainer(replace(CONFIG, **changes), CHANNELS)  # type: ignore[arg-type]
    report = [trainer.step(batch(seed), 0.0) for seed in range(2)][-1]
    assert np.isfinite(report.total) and report.discriminator > 0


def test_a_run_that_is_not_temporal_is_judged_by_single_frames() -> None:
    trainer = Trainer(replace(CONFIG, temporal=False), CHANNELS)
    frames = torch.rand(2, 3, 4, 64, 64)
    views = trainer.adversary.views(
        torch.rand(2, 3, CHANNELS, 16, 16), frames, frames, torch.zeros(2, 3, 3, 2), torch.ones(2)
    )
    assert views[0].real.shape == (6, 4, 64, 64)


def test_a_run_may_begin_with_the_networks_of_another() -> None:
    old, new = Trainer(CONFIG, CHANNELS), Trainer(replace(CONFIG, seed=9), CHANNELS)
    for seed in range(2):
        old.step(batch(seed), 0.0)
    new.begin_from(old.state())
    assert torch.equal(weights(new), weights(old, "average")) and torch.equal(
        weights(new, "discriminator"), weights(old, "discriminator")
    )
    assert new.steps_done == 0
    with pytest.raises(TrainError, match="the same preset"):
        new.begin_from(Trainer(CONFIG, CHANNELS + 1).state())
