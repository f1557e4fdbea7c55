from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from live.puppet.drawing.face_map import CHANNELS, SIDE
from live.puppet.geometry.face_box import FaceSquare
from live.render.face import FEATHER, RIM_PX, crop_face, paste_face
from train.training import face_step
from train.training import optim as schedule
from train.training.config import RunConfig
from train.training.face import WHOLE
from train.training.face_step import FaceTrainer, as_pasted
from train.training.faces import FaceBatch

RUN = RunConfig("data", steps=100, precision="fp32")


def batch(seed: int = 0, *, weight: float = 1.0) -> FaceBatch:
    """Two pairs of flat grey faces whose real ones are blue, on a matte that is whole."""
    rng = np.random.default_rng(seed)
    face_map = rng.integers(0, 256, (2, 2, SIDE, SIDE, CHANNELS), np.uint8)
    generated = rng.integers(90, 110, (2, 2, SIDE, SIDE, 4), np.uint8)
    real = generated.copy()
    real[..., 2] += 60
    generated[..., 3] = real[..., 3] = 255
    return FaceBatch(face_map, generated, real, np.full((2, 2), SIDE, np.float32), np.full(2, weight, np.float32))


def weights(trainer: FaceTrainer, part: str = "network") -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in getattr(trainer, part).parameters()])


def test_no_parameter_is_listed_twice() -> None:
    trainer = FaceTrainer(RUN)
    for optimizer in (trainer.optimizer, trainer.discriminator_optimizer):
        listed = [id(p) for group in optimizer.param_groups for p in group["params"]]
        assert len(listed) == len(set(listed))


def test_a_batch_is_learned_and_the_average_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "WARM_UP_STEPS", 1)
    monkeypatch.setattr(face_step, "DETAIL", 0.0)  # a colour is to be learned, under grain that is right already
    trainer = FaceTrainer(RUN)
    first = trainer.step(batch(), 0.0)
    before = weights(trainer, "average")
    for _ in range(10):
        last = trainer.step(batch(), 0.0)
    assert last.l1 < 0.85 * first.l1
    assert not torch.equal(before, weights(trainer, "average"))
    assert first.adversarial > 0 and first.discriminator > 0 and 0 <= last.scores_right <= 1


def test_bf16_learns_too_with_its_own_rounding() -> None:
    trainer, exact = FaceTrainer(replace(RUN, precision="bf16")), FaceTrainer(RUN)
    before = weights(trainer)
    report = trainer.step(batch(), 0.0)
    assert np.isfinite(report.total) and not torch.equal(weights(trainer), before)
    assert 0 < abs(report.discriminator - exact.step(batch(), 0.0).discriminator) < 0.05


def test_a_face_of_no_weight_teaches_nothing() -> None:
    trainer = FaceTrainer(RUN)
    before = weights(trainer)
    trainer.step(batch(weight=0.0), 0.0)
    assert torch.equal(before, weights(trainer))


def test_the_discriminator_counts_only_after_its_start() -> None:
    early = FaceTrainer(RUN).step(batch(), 0.0)
    expected = face_step.L1 * early.l1
    assert abs(early.total - expected) < 1e-5
    trainer = FaceTrainer(RUN)
    trainer.steps_done = face_step.GAN_START + schedule.RAMP_STEPS
    late = trainer.step(batch(), 0.0)
    extra = face_step.FEATURE_MATCHING * late.feature_matching + face_step.ADVERSARIAL * late.adversarial
    assert abs(late.total - face_step.L1 * late.l1 - extra) < 1e-4 and extra > 0


def test_what_the_losses_see_is_what_live_pastes() -> None:
    trainer, given = FaceTrainer(RUN), batch()
    with torch.no_grad():
        trainer.network.head.bias += 0.2  # type: ignore[misc]
        shown = trainer._shown(given)
    painted = (shown.painted.permute(0, 2, 3, 1).numpy() * 255).round().astype(int)
    crop = given.generated.reshape(-1, SIDE, SIDE, 4)[0]
    face = np.clip(crop[..., :3].astype(int) + 51, 0, 255).astype(np.uint8)
    pasted = crop.copy()
    paste_face(pasted, WHOLE, crop, face)
    assert np.abs(painted[0] - pasted[..., :3]).max() <= 1
    assert (painted[0][0] == crop[0, :, :3]).all(), "nothing changes at the border"
    assert FEATHER[RIM_PX, RIM_PX] == 1


@pytest.mark.parametrize("side", [40.0, 61.5, 90.0])
def test_what_a_small_face_cannot_keep_the_losses_do_not_see(side: float) -> None:
    rng = np.random.default_rng(3)
    coarse = cv2.resize(rng.uniform(-60, 60, (9, 9, 3)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    change = coarse + rng.normal(0, 25, (SIDE, SIDE, 3)).astype(np.float32)
    change *= FEATHER[..., None]
    kept = as_pasted(torch.from_numpy(change[None]), np.array([side], np.float32))[0].numpy()
    # The same by way of the canvas: pasted into grey, and cut out again.
    canvas, square = np.full((256, 256, 4), 128, np.uint8), FaceSquare(30.0, 20.0, side)
    crop = crop_face(canvas, square)
    face = np.clip(np.round(crop[..., :3] + change), 0, 255).astype(np.uint8)
    paste_face(canvas, square, crop, face)
    through = crop_face(canvas, square)[..., :3].astype(np.float32) - 128
    assert np.abs(kept - through).mean() < 0.6 * np.abs(change - through).mean()


def test_a_face_larger_than_its_crop_keeps_all_of_a_change() -> None:
    change = torch.rand(1, SIDE, SIDE, 3)
    assert torch.equal(as_pasted(change, np.array([140.0], np.float32)), change)


def test_where_the_mattes_disagree_colours_do_not_count() -> None:
    given = batch()
    real, generated = given.real.copy(), given.generated.copy()
    real[:, :, :64, :, 3] = 0
    generated[:, :, 64:, :64, 3] = 0
    cut = replace(given, real=real, generated=generated)
    spoilt = real.copy()
    spoilt[:, :, :64, :, :3] = 255  # behind the matte
    spoilt[:, :, 64:, :64, :3] = 255
    a, b = FaceTrainer(RUN).step(cut, 0.0), FaceTrainer(RUN).step(replace(cut, real=spoilt), 0.0)
    assert a == b


def test_the_state_goes_on_bit_for_bit() -> None:
    whole, parts = FaceTrainer(RUN), FaceTrainer(RUN)
    for i in range(2):
        whole.step(batch(i), i / 4)
        parts.step(batch(i), i / 4)
    taken_up = FaceTrainer(replace(RUN, seed=9))
    taken_up.load_state(parts.state())
    assert whole.step(batch(2), 0.5) == taken_up.step(batch(2), 0.5)
    assert torch.equal(weights(whole), weights(taken_up))
