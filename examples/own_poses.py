"""Drives a puppet with poses of your own: a waving figure made of numbers. Writes its last picture.

pip install -e . && python examples/own_poses.py wave.png
"""

import math
import sys

import cv2
import numpy as np

from engines.backends.onnxruntime_engine import open_reference
from live.puppet import topology as top
from live.puppet.condition import Conditioner
from live.puppet.values import Pose
from live.render.renderer import Renderer, RenderInput
from live.scene.target import open_target

FPS, SIZE = 30, 640  # pictures a second; width and height, in pixels, of the picture in which our figure stands
# Where the body's joints are: 25 pairs of x and y, in hundredths of that picture, in the order of `top.BODY_NAMES`.
BODY = (
    "50 21 50 28 43 28 38 38 36 48 57 28 64 36 68 46 50 52 46 52 45 70 44 88 54 52 56 70 57 88 48 19 52 19 46 20 54 20 "
    "60 92 61 92 56 90 42 92 41 92 45 90"
)


def waving(number: int) -> Pose:
    """The figure's pose in picture `number`. Left is the person's own left, which is on the right in the picture."""
    points = np.zeros((top.K, 2), np.float32)
    points[top.BODY] = np.array(BODY.split(), np.float32).reshape(25, 2)
    swing = 6 * math.sin(number / 5)
    points[top.L_ELBOW] = 66, 30
    points[top.L_WRIST] = 68 + swing, 18
    scores = np.zeros(top.K, np.float32)  # 0: not seen; our figure has no face and no fingers
    scores[top.BODY] = 1
    depth = np.zeros(top.K, np.float32)
    return Pose(number, number / FPS, points * (SIZE / 100), depth, scores, (SIZE, SIZE))


def main(picture: str) -> None:
    """Draw one second of waving and write the last picture."""
    target = open_target("fortnite", "full")
    assert target.generator is not None  # a target made with `train all --steps 0` has none; it is shown as the doll
    # The conditioner turns a pose into what the network is fed. The renderer runs the network and puts the puppet on
    # the target's background. Both keep state: give them every pose, in order of time.
    conditioner = Conditioner(target.puppet, target=target.stats, atlas=target.atlas)
    engine = open_reference(target.generator.file, target.generator.spec)
    renderer = Renderer(engine, target.plate, gap_reset_s=0.5, mark=True)
    for number in range(FPS):
        pose = waving(number)
        conditioning = conditioner.step(pose)
        frame = renderer.step(RenderInput(pose.frame_id, pose.t_capture_s, conditioning, epoch=0))
    renderer.close()
    cv2.imwrite(picture, cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))  # OpenCV expects blue first


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "wave.png")
