"""Pushes frames of your own through a sink: a disc that crosses the picture, into a video file.

pip install -e . && python examples/own_frames.py disc.mp4

Any other text that `--sink` takes works too, but for `browser`: python examples/own_frames.py window
"""

import sys

import numpy as np

from live.puppet.values import PuppetFrame
from live.sinks.choose import make_sink
from live.specs import sink_error

FPS, SIDE, COUNT = 30, 256, 60


def disc(number: int) -> PuppetFrame:
    """Frame `number`. `matte` says where the puppet is, 255, and where only background is, 0."""
    y, x = np.mgrid[:SIDE, :SIDE]
    inside = (x - number * SIDE / COUNT) ** 2 + (y - SIDE / 2) ** 2 < 40**2
    matte = np.where(inside, 255, 0).astype(np.uint8)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)  # height, width, and red, green, blue
    image[:] = 30, 30, 40
    image[inside] = 250, 200, 40
    return PuppetFrame(number, number / FPS, image, matte)


def main(spec: str) -> None:
    """Two seconds of it. The program waits for nothing: `live.session.pump` keeps time in a real run."""
    if problem := sink_error(spec):
        sys.exit(problem)
    sink = make_sink(spec)
    sink.open((SIDE, SIDE), FPS)
    complete = False
    try:
        for number in range(COUNT):
            if not sink.send(disc(number), tick=number):  # False: the user has closed the window
                break
        complete = True
    finally:
        sink.close(complete=complete)  # only a complete file replaces an older one of its name


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "disc.mp4")
