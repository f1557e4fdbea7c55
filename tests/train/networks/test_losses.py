import numpy as np
import pytest
import torch

from train.networks import losses

ONE = torch.ones(2)
BLACK, WHITE = torch.zeros(2, 3, 1, 1), torch.ones(2, 3, 1, 1)


def figure(colour: float, matte: float) -> torch.Tensor:
    """(2, 4, 8, 8): a flat colour with a flat matte."""
    picture = torch.full((2, 4, 8, 8), colour)
    picture[:, 3] = matte
    return picture


def test_equal_pictures_cost_nothing() -> None:
    real = torch.rand(2, 4, 8, 8)
    assert losses.composite_l1(real, real, WHITE, ONE) == 0
    assert losses.matte_l1(real, real, ONE) == 0
    assert losses.foreground_l1(real, real, ONE) == 0
    assert losses.feature_l1([real], [real], ONE) == 0


def test_the_composite_is_what_is_seen_over_the_background() -> None:
    ours, theirs = torch.rand(2, 4, 8, 8), torch.rand(2, 4, 8, 8)
    seen = (losses.composite_over(ours, WHITE) - losses.composite_over(theirs, WHITE)).abs().mean()
    assert torch.isclose(losses.composite_l1(ours, theirs, WHITE, ONE), seen)


def test_colours_behind_the_matte_cost_nothing() -> None:
    assert losses.composite_l1(figure(0.2, 0.0), figure(0.9, 0.0), WHITE, ONE) == 0
    assert losses.foreground_l1(figure(0.2, 0.0), figure(0.9, 0.0), ONE) == 0


def test_a_black_hole_in_the_matte_is_seen_over_white() -> None:
    hole, whole = figure(0.0, 0.0), figure(0.0, 1.0)
    assert losses.composite_l1(hole, whole, BLACK, ONE) == 0
    assert losses.composite_l1(hole, whole, WHITE, ONE) == 1


def test_a_small_figure_counts_as_much_as_a_large_one() -> None:
    small, large = figure(0.5, 0.0), figure(0.5, 1.0)
    small[:, 3, :2, :2] = 1
    wrong = figure(0.7, 1.0)
    assert torch.isclose(losses.foreground_l1(wrong, small, ONE), losses.foreground_l1(wrong, large, ONE))


def test_a_sample_of_weight_0_costs_nothing_and_does_not_raise_the_other() -> None:
    ours, theirs = torch.rand(2, 4, 8, 8), torch.rand(2, 4, 8, 8)
    first = torch.tensor([1.0, 0.0])
    alone = losses.matte_l1(ours[:1], theirs[:1], ONE[:1])
    assert torch.isclose(losses.matte_l1(ours, theirs, first), alone / 2)
    ours[1] = float("inf")
    assert losses.least_squares(torch.ones(2, 1, 4, 4), 1.0, first) == 0


def test_features_count_by_their_own_size() -> None:
    ours, theirs = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    plain = losses.feature_l1([ours], [theirs], ONE)
    assert losses.feature_l1([ours * 50], [theirs * 50], ONE) == pytest.approx(float(plain), rel=1e-4)


def test_least_squares_is_the_squared_distance_from_what_is_wanted() -> None:
    assert losses.least_squares(torch.full((2, 1, 4, 4), 0.5), 1.0, ONE) == 0.25


def test_layer_weights_add_up_plain_distances() -> None:
    ours, theirs = [torch.full((2, 3, 4, 4), 1.0), torch.full((2, 3, 2, 2), 3.0)], [torch.zeros(2, 3, 4, 4)] * 2
    theirs[1] = torch.zeros(2, 3, 2, 2)
    assert losses.feature_l1(ours, theirs, ONE, (0.5, 2.0)) == pytest.approx(0.5 + 6.0)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"), [("lsgan", (1.0, 0.0), (0.0, 1.0)), ("hinge", (1.0, -1.0), (-1.0, 1.0))]
)
def test_the_discriminator_pays_for_what_it_judges_wrong_and_the_generator_for_being_found_out(
    kind: str, right: tuple[float, float], wrong: tuple[float, float]
) -> None:
    def patches(score: float) -> torch.Tensor:
        return torch.full((2, 1, 4, 4), score)

    assert losses.discriminator_loss(kind, patches(right[0]), patches(right[1]), ONE) == 0
    assert losses.discriminator_loss(kind, patches(wrong[0]), patches(wrong[1]), ONE) >= 1
    assert losses.generator_loss(kind, patches(right[1]), ONE) > losses.generator_loss(kind, patches(wrong[1]), ONE)


def test_a_swing_that_comes_back_as_it_went_costs_nothing() -> None:
    there = torch.rand(2, 3, 4, 8, 8)
    same = torch.cat([there, there[:, :-1].flip(1)], 1)
    assert losses.ping_pong(same, ONE) == 0
    same[:, -1] += 0.1
    assert losses.ping_pong(same, ONE) > 0


def test_detail_that_is_blurred_costs_and_detail_that_is_shifted_hardly_does() -> None:
    sharp = torch.rand(2, 4, 64, 64, generator=torch.Generator().manual_seed(0))
    sharp[:, 3] = 1
    blurred = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(sharp, (1, 1, 1, 1), mode="replicate"), 3, 1)
    same, shifted, lost = (float(losses.detail_l1(p, sharp, ONE)) for p in (sharp, sharp.roll(1, 3), blurred))
    assert same == 0 and shifted < 0.15 < 0.5 < lost


def test_grain_is_no_detail_for_the_eyes_of_a_face_that_is_seen_at_half_its_size() -> None:
    eyes = torch.nn.functional.interpolate(
        torch.rand(1, 4, 16, 16, generator=torch.Generator().manual_seed(0)), scale_factor=4
    )
    eyes[:, 3] = 1
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    grain = torch.full_like(eyes, 0.5)
    grain[:, :3] += 0.05 * ((x + y) % 2 * 2 - 1)
    grain[:, 3] = 1
    assert float(losses.detail_l1(grain, eyes, ONE)) > 0.6


def test_what_moves_as_the_film_does_costs_nothing_however_far_off_it_is() -> None:
    film = torch.rand(1, 3, 4, 8, 8) * 0.5
    film[:, :, 3] = 1
    off = film.clone()
    off[:, :, :3] += 0.25
    assert float(losses.motion_l1(off, film, ONE)) == pytest.approx(0, abs=1e-7)
    flickering = film.clone()
    flickering[:, 1, :3] += 0.25
    assert float(losses.motion_l1(flickering, film, ONE)) == pytest.approx(0.25 * 3 / 4)  # both changes, no matte


def test_a_teacher_is_compared_by_what_is_seen() -> None:
    ours, taught = figure(0.2, 0.0), figure(0.9, 0.0)
    assert losses.seen_l1(ours, taught, ONE) == 0
    assert losses.seen_l1(figure(0.2, 1.0), taught, ONE) > 0


def test_around_marks_a_square_about_each_spot_that_is_seen() -> None:
    nothing = float("nan")
    spots = torch.tensor([[[4.0, 3.0], [nothing, nothing]], [[nothing, nothing], [nothing, nothing]]])
    marked = losses.box_mask(spots, 4, (10, 12))
    assert marked.shape == (2, 1, 10, 12)
    rows, columns = np.nonzero(marked[0, 0].numpy())
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (1, 4, 2, 5) and len(rows) == 16
    assert not marked[1].any()
