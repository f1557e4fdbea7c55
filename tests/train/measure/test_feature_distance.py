from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.live.puppet.paper import blotches
from tests.train.backbone import write_backbone
from train.errors import TrainError
from train.measure.feature_distance import FeatureDistance, open_feature_distance
from train.training.config import RunConfig


@pytest.fixture
def features(tmp_path: Path) -> FeatureDistance:
    opened = open_feature_distance(RunConfig("x", steps=1), str(write_backbone(tmp_path / "small.npz")))
    assert opened is not None
    return opened


def test_the_distance_of_a_picture_grows_with_what_is_done_to_it(features: FeatureDistance) -> None:
    picture = blotches(50, 70, seed=1)
    real = features.look(picture)
    blurred = [features.look(cv2.GaussianBlur(picture, (0, 0), sigma)) for sigma in (0.7, 3.0)]
    little, much = (features.between(real, one) for one in blurred)
    assert features.between(real, features.look(picture)) == 0
    assert 0 < little < much
    assert features.between(blurred[0], real) == pytest.approx(little)


def test_brightness_of_an_activation_does_not_count(features: FeatureDistance) -> None:
    seen = features.look(blotches(32, 32, seed=2))
    assert all(np.allclose(f.square().sum(1).numpy()[f.square().sum(1).numpy() > 0.5], 1, atol=1e-4) for f in seen)


def test_without_weights_nothing_is_measured_and_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert open_feature_distance(RunConfig("x", steps=1)) is None
    assert open_feature_distance(RunConfig("x", steps=1, perceptual="mobilenet_v2:/not/here.npz")) is None
    assert capsys.readouterr().out.count("--backbone") == 2


def test_weights_that_were_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"nothing\.npz"):
        open_feature_distance(RunConfig("x", steps=1), str(tmp_path / "nothing.npz"))
