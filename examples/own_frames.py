"""Sends frames of your own to a sink: a disc that crosses the picture, into a video file.

pip install -e . && python examples/own_frames.py disc.mp4

Anything else that `--sink` takes works too, except `browser`: python examples/own_frames.py window
"""

import sys

import numpy as np

from live.puppet.values import PuppetFrame
from live.sinks.choose import make_sink
from live.specs import sink_error

FPS, SIDE, COUNT = 30, 256, 60


def disc(number: int) -> PuppetFrame:
    """Frame `number`. `matte` is 255 where the puppet is and 0 where only the background is."""
    y, x = np.mgrid[:SIDE, :SIDE]
    inside = (x - number * SIDE / COUNT) ** 2 + (y - SIDE / 2) ** 2 < 40**2
    matte = np.where(inside, 255, 0).astype(np.uint8)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)  # height, width, (red, green, blue)
    image[:] = 30, 30, 40
    image[inside] = 250, 200, 40
    return PuppetFrame(number, number / FPS, image, matte)


def main(spec: str) -> None:
    """Send two seconds of it, without waiting between frames: in a real run `live.session.pump` keeps the time."""
    if problem := sink_error(spec):
        sys.exit(problem)
    sink = make_sink(spec)
    sink.open((SIDE, SIDE), FPS)
    complete = False
    try:
        for number in range(COUNT):
            if not sink.send(disc(number), tick=number):  # False: the user closed the window
                break
        complete = True
    finally:
        sink.close(complete=complete)  # only a complete file replaces an older one of the same name


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "disc.mp4")
