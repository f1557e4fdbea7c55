"""The bar chart of `bench`: milliseconds per frame, one bar per engine, one group per size."""

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from engines.arrays import U8
from engines.errors import EngineError
from engines.system.whole_file import write_whole
from engines.tools.bench import Timing

_WIDTH, _ROW, _LEFT, _RIGHT, _TOP = 1100, 28, 330, 110, 50
_INK = (40, 40, 40)
# By precision, as (blue, green, red): the fewer bits, the warmer.
_COLOURS = {"int8": (60, 110, 235), "bf16": (90, 170, 90), "fp16": (150, 150, 60)}
_OTHER = (190, 130, 80)


def write_chart(timings: Sequence[Timing], title: str, path: Path) -> Path:
    """Draws the timings that have numbers as the picture `path`. Each size has its own scale: its slowest bar is as
    long as there is room. Raises EngineError.
    """
    groups: dict[int, list[Timing]] = {}
    for timing in sorted(timings, key=lambda t: (t.size, t.median_ms)):
        if not math.isnan(timing.median_ms):
            groups.setdefault(timing.size, []).append(timing)
    if not groups:
        raise EngineError("there is nothing to draw", got="no engine was timed")
    rows = sum(len(group) + 2 for group in groups.values())
    picture = np.full((_TOP + _ROW * rows, _WIDTH, 3), 255, np.uint8)
    _text(picture, title, 20, 30, size=0.65)
    y = _TOP
    for size, group in groups.items():
        _text(picture, f"{size} x {size}", 20, y + 20, size=0.55)
        for timing in group:
            y += _ROW
            _bar(picture, timing, y, slowest_ms=group[-1].median_ms)
        y += 2 * _ROW
    wrong = EngineError("the chart cannot be written", got=str(path), wanted="a .png in a folder that exists")
    if not path.suffix or not cv2.haveImageWriter(path.name):
        raise wrong
    try:
        write_whole(path, cv2.imencode(path.suffix, picture)[1].tobytes(), shared=True)
    except OSError as error:
        raise wrong from error
    return path


def _bar(picture: U8, timing: Timing, y: int, *, slowest_ms: float) -> None:
    end = _LEFT + max(1, round((_WIDTH - _LEFT - _RIGHT) * timing.median_ms / slowest_ms))
    cv2.rectangle(picture, (_LEFT, y + 4), (end, y + _ROW - 4), _COLOURS.get(timing.precision, _OTHER), -1, cv2.LINE_AA)
    _text(picture, f"{timing.name} {timing.precision}", 40, y + 19)
    _text(picture, f"{timing.median_ms:.1f} ms", end + 8, y + 19)


def _text(picture: U8, text: str, x: int, y: int, *, size: float = 0.48) -> None:
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)
