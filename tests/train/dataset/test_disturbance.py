import numpy as np
import pytest

from live.puppet import topology as T
from tests.train.dataset_folder import write_dataset
from train.dataset import disturbance
from train.dataset.disturbance import BONES, LOSABLE, draw_stretch, zoomed
from train.dataset.loader import open_dataset
from train.dataset.take import Take

COUNT = 40


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    """Its refined poses lie half a pixel beside the found ones."""
    return open_dataset(write_dataset(tmp_path_factory.mktemp("data") / "paper", COUNT)).takes["full"]


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing is disturbed, unless a test switches it on."""
    monkeypatch.setattr(disturbance, "REFINED", 1.0)
    monkeypatch.setattr(disturbance, "FOUND", 0.0)
    monkeypatch.setattr(disturbance, "DISTURBED", 0.0)
    monkeypatch.setattr(disturbance, "STRIDE_SHARES", (1.0, 0.0, 0.0))
    monkeypatch.setattr(disturbance, "LOSABLE", ())
    return monkeypatch


def draw(take: Take, seed: int = 0, *, start: int = 3, length: int = 4) -> disturbance.Stretch:
    return draw_stretch(take, start, length, 32, np.random.default_rng(seed))


def test_undisturbed_poses_are_the_refined_ones(take: Take, calm: pytest.MonkeyPatch) -> None:
    stretch = draw(take)
    assert stretch.frames == (3, 4, 5, 6)
    for frame, pose in zip(stretch.frames, stretch.poses, strict=True):
        assert np.array_equal(pose.points_px, take.placed(frame, refined=True).points_px)


def test_found_poses_are_those_of_live(take: Take, calm: pytest.MonkeyPatch) -> None:
    calm.setattr(disturbance, "REFINED", 0.0)
    calm.setattr(disturbance, "FOUND", 1.0)
    assert np.array_equal(draw(take).poses[1].points_px, take.placed_px[4])


def test_disturbed_poses_carry_the_estimators_own_error(take: Take, calm: pytest.MonkeyPatch) -> None:
    calm.setattr(disturbance, "REFINED", 0.0)
    calm.setattr(disturbance, "DISTURBED", 1.0)
    calm.setattr(disturbance, "BONE_SPREAD", 0.0)
    stretch = draw(take)
    for frame, pose in zip(stretch.frames, stretch.poses, strict=True):
        error = take.placed_px[frame] - take.registered_px[frame]  # the same in all frames of this take
        assert np.abs(error).min() > 0.4
        assert np.allclose(pose.points_px, take.placed(frame, refined=True).points_px + error, atol=0.05)


def test_bones_grow_outward_and_keep_their_direction(take: Take) -> None:
    pose = take.placed(3, refined=True)
    factors = np.ones(len(BONES))
    factors[0] = 1.1  # right upper arm
    longer = disturbance._with_bones([pose], factors)[0].points_px
    before, after = (p[T.R_ELBOW] - p[T.R_SHOULDER] for p in (pose.points_px, longer))
    assert np.allclose(after, 1.1 * before, atol=1e-3)
    moved = longer - pose.points_px
    assert np.allclose(moved[T.R_WRIST], moved[T.R_ELBOW]) and np.allclose(moved[T.R_HAND], moved[T.R_ELBOW])
    assert not moved[T.L_WRIST].any() and not moved[T.R_SHOULDER].any()


def test_what_is_lost_stays_lost_to_the_end(take: Take, calm: pytest.MonkeyPatch) -> None:
    calm.setattr(disturbance, "LOSABLE", LOSABLE)
    gone = np.array([[pose.scores[T.R_HAND].max() == 0 for pose in draw(take, seed).poses] for seed in range(400)])
    assert (np.diff(gone.astype(int), axis=1) >= 0).all()
    assert 0.03 < gone[:, -1].mean() < 0.12  # with its arm, or alone


def test_a_lost_arm_takes_its_hand_along_and_leaves_the_shoulder() -> None:
    arm = next(points for _, points in LOSABLE if T.R_ELBOW in points)
    assert T.R_WRIST in arm and np.isin(np.arange(137)[T.R_HAND], arm).all()
    assert T.R_SHOULDER not in arm and not np.isin(np.arange(137)[T.L_HAND], arm).any()


def test_a_stride_never_leaves_the_split(take: Take, calm: pytest.MonkeyPatch) -> None:
    calm.setattr(disturbance, "STRIDE_SHARES", (0.0, 0.0, 1.0))
    assert draw(take).frames == (3, 6, 9, 12)
    assert draw(take, start=26).frames == (26, 27, 28, 29) and draw(take, start=24).frames == (24, 26, 28, 30)


def test_zooming_keeps_the_centre_and_scales_the_figure(take: Take) -> None:
    pose = take.placed(3, refined=True)
    centre = pose.points_px[T.NECK].astype(np.float64)
    large = zoomed(pose, 1.5, centre)
    assert np.allclose(large.points_px[T.NECK], centre) and large.size_px == pytest.approx(1.5 * pose.size_px)
    assert np.allclose(large.points_px - centre, 1.5 * (pose.points_px - centre), atol=1e-3)


def test_no_group_of_points_is_empty() -> None:
    assert all(len(points) > 0 for _, points in LOSABLE)


def test_equal_seeds_disturb_alike(take: Take) -> None:
    one, other = draw(take, 5), draw(take, 5)
    assert one.frames == other.frames
    assert all(np.array_equal(a.points_px, b.points_px) for a, b in zip(one.poses, other.poses, strict=True))
