import numpy as np
import pytest

from live.puppet.values import Frame, Pose
from tests.train.backbone import write_backbone
from tests.train.dataset_folder import write_dataset
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.measure.feature_distance import open_feature_distance
from train.measure.scores import SAMPLE_EVERY, Eye, Scorer, Scores, Witness
from train.training.config import RunConfig


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(write_dataset(tmp_path_factory.mktemp("data") / "paper"))


@pytest.fixture(scope="module")
def eye(tmp_path_factory: pytest.TempPathFactory) -> Eye:
    path = write_backbone(tmp_path_factory.mktemp("weights") / "small.npz")
    return Eye(open_feature_distance(RunConfig("x", steps=1), str(path)))


class At:
    """An estimator that finds every joint at the same place."""

    name = "at"

    def __init__(self, x: float, unseen: slice = slice(0)) -> None:
        self.x, self.unseen, self.frames = x, unseen, 0

    def estimate(self, frame: Frame) -> Pose:
        self.frames += 1
        height, width = frame.image.shape[:2]
        scores = np.ones(137, np.float32)
        scores[self.unseen] = 0
        return Pose(0, 0.0, np.full((137, 2), (self.x, 0), np.float32), scores * 0, scores, (width, height))

    def reset(self) -> None:
        return None

    def close(self) -> None:
        return None


def scored(dataset: Dataset, eye: Eye, change, *, frames: range = range(20), real=None, own=None) -> Scores:  # type: ignore[no-untyped-def]
    """Scores of the real frames after `change(frame, number)`."""
    take = dataset.takes["full"]
    witness, scorer = Witness(take.plate, real, eye), Scorer(own, eye)
    for index in frames:
        conditioning = dataset.draw(take.placed(index, refined=False))
        frame = np.asarray(take.frames[index])
        scorer.see(witness.look(index, frame, conditioning), change(frame.copy(), index))
    return scorer.scores()


def test_the_real_frames_score_full_marks(dataset: Dataset, eye: Eye) -> None:
    scores = scored(dataset, eye, lambda frame, _: frame)
    assert (scores.sharpness, scores.sharpness_face, scores.matte_iou) == (1, 1, 1)
    assert (scores.flicker_figure, scores.flicker_background) == (1, 0)
    assert scores.ssim_box == pytest.approx(1, abs=1e-4) and scores.ssim_face == pytest.approx(1, abs=1e-4)
    assert (scores.feature_box, scores.feature_face, scores.tof_px, scores.tlp_features) == (0, 0, 0, 0)
    assert np.isnan(scores.body_error_px)


def test_a_spoilt_face_shows_in_the_face_scores(dataset: Dataset, eye: Eye) -> None:
    take = dataset.takes["full"]

    def blurred(frame: np.ndarray, index: int) -> np.ndarray:
        box = dataset.draw(take.placed(index, refined=False)).face_box
        assert box is not None
        face = frame[box.y0 : box.y1, box.x0 : box.x1, :3]
        face[:] = face.mean(axis=(0, 1))
        return frame

    spoilt = scored(dataset, eye, blurred)
    assert spoilt.ssim_face < 0.9 < spoilt.ssim_box and spoilt.sharpness_face < 0.5
    assert spoilt.feature_face > spoilt.feature_box > 0


def test_a_flickering_background_is_found(dataset: Dataset, eye: Eye) -> None:
    def flashing(frame: np.ndarray, index: int) -> np.ndarray:
        frame[:8] = 255 if index % 2 else frame[:8]
        return frame

    assert scored(dataset, eye, flashing).flicker_background > 1


def test_a_trembling_figure_flickers_more_than_the_film_and_a_frozen_one_less(dataset: Dataset, eye: Eye) -> None:
    still = np.asarray(dataset.takes["full"].frames[0])
    assert scored(dataset, eye, lambda frame, i: np.roll(frame, 2 * (i % 2), axis=1)).flicker_figure > 1.3
    assert scored(dataset, eye, lambda frame, _: still).flicker_figure < 0.1


def test_a_jumping_figure_shows_in_the_optical_flow(dataset: Dataset, eye: Eye) -> None:
    def jumping(frame: np.ndarray, index: int) -> np.ndarray:
        return np.roll(frame, 3 * (index % 2), axis=1)

    shaken = scored(dataset, eye, jumping)
    assert shaken.tof_px > 0.3 and shaken.tlp_features > 0


def test_poses_are_found_in_every_fifth_frame_and_given_at_512_pixels(dataset: Dataset, eye: Eye) -> None:
    real, own = At(0, unseen=slice(95, 116)), At(2, unseen=slice(5))
    scores = scored(dataset, eye, lambda frame, _: frame, real=real, own=own)
    assert own.frames == real.frames == 20 // SAMPLE_EVERY
    assert scores.body_error_px == scores.hands_error_px == pytest.approx(2 * 512 / 128)
    assert scores.body_missed == pytest.approx(5 / 25)
    assert scores.hands_missed == 0  # the hand that the real picture does not show is not counted


def test_without_weights_there_are_no_features_but_there_is_flow(dataset: Dataset) -> None:
    scores = scored(dataset, Eye(None), lambda frame, _: frame)
    assert np.isnan(scores.feature_box) and np.isnan(scores.tlp_features) and scores.tof_px == 0
