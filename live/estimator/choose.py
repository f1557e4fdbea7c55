"""Opens an estimator, and tells which poses are alike."""

from engines.errors import EngineError
from engines.messages import Say
from live.estimator.estimator import PoseEstimator
from live.estimator.holistic import HolisticEstimator
from live.estimator.landmark_estimator import LandmarkEstimator

# One and the same models: a target that was trained on the poses of one follows those of the other.
_ALIKE = {HolisticEstimator.name, LandmarkEstimator.name}


def open_estimator(kind: str, say: Say) -> PoseEstimator:
    """`kind`: one of `live.specs.ESTIMATORS`. "auto" says so and opens Holistic where "openvino" does not open; that
    alone raises EngineError.
    """
    if kind == "holistic":
        return HolisticEstimator()
    try:
        return LandmarkEstimator()
    except EngineError as error:
        if kind != "auto":
            raise
        say(f"{error}; going on with MediaPipe Holistic, which is slower")
        return HolisticEstimator()


def alike(one: str, other: str) -> bool:
    """Whether poses by two estimators, by their names, are the same but for a pixel or two."""
    return one == other or {one, other} <= _ALIKE
