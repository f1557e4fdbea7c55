"""`FaceCounter`: counts the faces in a picture, with MediaPipe's face detector, whose model comes with the package."""

from typing import Any

import numpy as np

from engines.arrays import U8
from live.estimator.quiet import without_chatter

FULL_RANGE = 1  # MediaPipe's model for faces up to 5 m away
SURE = 0.6


class FaceCounter:
    """Opens its model at the first picture, as that takes a moment. Not thread-safe."""

    def __init__(self) -> None:
        self._model: Any = None

    def __call__(self, image: U8) -> int:
        """The number of faces in an RGB picture (H, W, 3)."""
        if self._model is None:
            with without_chatter():
                from mediapipe.python.solutions.face_detection import FaceDetection

                self._model = FaceDetection(min_detection_confidence=SURE, model_selection=FULL_RANGE)
                self._model.process(np.zeros((64, 64, 3), np.uint8))
        found = self._model.process(np.ascontiguousarray(image)).detections
        return len(found) if found else 0

    def close(self) -> None:
        """Free the model."""
        if self._model is not None:
            self._model.close()
            self._model = None
