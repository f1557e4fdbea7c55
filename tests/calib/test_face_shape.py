from dataclasses import replace

import numpy as np
import pytest

from calib.face_shape import OPEN_BY, face_shape, has_face, mouth_gap
from live.puppet import topology as T
from tests.calib.follower import mouth_open
from tests.calib.people import standing

FACE = standing()
OPEN = replace(FACE, points_px=mouth_open(FACE.points_px))


def test_the_shape_is_the_same_wherever_and_however_large_the_face_is() -> None:
    near = replace(FACE, points_px=(FACE.points_px * np.float32(1.7) + np.float32(40)))
    here, there = face_shape((FACE,) * 5, None), face_shape((near,) * 5, None)
    assert here is not None and there is not None
    assert np.allclose(here.points, there.points, atol=1e-3) and len(here.points) == 70
    assert here.open_gap is None


def test_the_open_mouth_is_told_from_the_closed_one() -> None:
    assert mouth_gap(OPEN) - mouth_gap(FACE) > OPEN_BY
    shape = face_shape((FACE,) * 5, (OPEN,) * 5)
    assert shape is not None and shape.open_gap is not None
    assert shape.rest_gap == pytest.approx(mouth_gap(FACE)) and shape.open_gap == pytest.approx(mouth_gap(OPEN))


def test_without_a_face_there_is_no_shape() -> None:
    scores = FACE.scores.copy()
    scores[T.FACE] = 0
    hidden = replace(FACE, scores=scores)
    assert not has_face(hidden) and face_shape((hidden,), None) is None
