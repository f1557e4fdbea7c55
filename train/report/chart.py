"""Line charts of a run's curves, drawn by hand: as SVG for the report, and as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np

from engines.arrays import F64, U8

WIDTH, HEIGHT = 360, 200  # of one chart, px
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 30, 24  # margins around the plot, px
POINTS = 150  # at most per line; more are averaged
WIDE_RANGE = 12.0  # the axis is logarithmic above this ratio of largest to smallest value
COLOURS = {"training": (42, 120, 214), "held out": (222, 110, 20)}  # RGB; distinct to the colour-blind too
PAPER, INK, GRID = 255, 60, 225  # grey levels of the picture


@dataclass(frozen=True, slots=True)
class Line:
    """`kind`: a key of COLOURS. `steps`, `values`: (N,); values that are not finite are left out."""

    kind: str
    steps: F64
    values: F64


@dataclass(frozen=True, slots=True)
class Chart:
    """One titled plot over steps."""

    title: str
    lines: tuple[Line, ...]


def svg(chart: Chart) -> str:
    """One `<svg>` element. Colours come from CSS variables (--ink, --grid, --training, --held-out) with fallbacks."""
    axes, parts = _Axes(chart), []
    for x, y, text in axes.row_ticks():
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    for x, y, text in axes.column_ticks():
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text}</text>')
    for line in axes.lines:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in axes.places(line))
        parts.append(f'<polyline class="{line.kind.replace(" ", "-")}" points="{points}"/>')
        if len(line.steps) == 1:
            x, y = axes.places(line)[0]
            parts.append(f'<circle class="{line.kind.replace(" ", "-")}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>')
    title = escape(chart.title)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{title}">'
        f'<text class="title" x="{LEFT}" y="18">{title}</text>{"".join(parts)}</svg>'
    )


def picture(charts: Sequence[Chart], *, columns: int = 3) -> U8:
    """(H, W, 3) uint8 RGB: all charts in a grid, twice the size of the SVG."""
    cells = [_draw(chart) for chart in charts]
    cells += [np.full_like(cells[0], PAPER)] * (-len(cells) % columns)
    return np.concatenate([np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)])


def _draw(chart: Chart) -> U8:
    axes, scale = _Axes(chart), 2
    canvas = np.full((HEIGHT * scale, WIDTH * scale, 3), PAPER, np.uint8)

    def write(
        text: str, x: float, y: float, *, anchor: float = 0.0, size: float = 0.65, colour: tuple = (INK,) * 3
    ) -> None:
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
        at = (round(x * scale - anchor * width), round(y * scale))
        cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)

    write(chart.title, LEFT, 18, size=0.8)
    for x, y, text in axes.row_ticks():
        row = round(y * scale)
        cv2.line(canvas, (LEFT * scale, row), ((WIDTH - RIGHT) * scale, row), (GRID,) * 3, 1)
        write(text, x, y + 4, anchor=1.0)
    for x, y, text in axes.column_ticks():
        write(text, x, y, anchor=0.5)
    for place, line in enumerate(axes.lines):
        write(line.kind, WIDTH - RIGHT - 70 * place, 18, anchor=1.0, colour=COLOURS[line.kind])
        points = np.round(np.array(axes.places(line)) * scale).astype(np.int32)
        cv2.polylines(canvas, [points], False, COLOURS[line.kind], 2, cv2.LINE_AA)
        if len(points) == 1:
            cv2.circle(canvas, points[0].tolist(), 5, COLOURS[line.kind], -1, cv2.LINE_AA)
    return canvas


class _Axes:
    """Where steps and values lie on a chart, in px from its left and top."""

    def __init__(self, chart: Chart) -> None:
        self.lines = [line for line in map(_thinned, chart.lines) if len(line.steps)]
        values = np.concatenate([line.values for line in self.lines] or [np.array([0.0, 1.0])])
        low, high = float(values.min()), float(values.max())
        self.is_log = low > 0 and high / low > WIDE_RANGE
        pad = 0.05 * (high - low) or abs(high) * 0.1 or 1.0
        self.low, self.high = (low / 1.1, high * 1.1) if self.is_log else (low - pad, high + pad)
        self.last = max([float(line.steps[-1]) for line in self.lines], default=1.0)

    def places(self, line: Line) -> list[tuple[float, float]]:
        """(x, y) of each point."""
        return [(self._x(step), self._y(value)) for step, value in zip(line.steps, line.values, strict=True)]

    def row_ticks(self) -> list[tuple[float, float, str]]:
        """(right end of the text, y, text) of each labelled value."""
        ticks = _log_ticks(self.low, self.high) if self.is_log else _ticks(self.low, self.high)
        return [(LEFT - 6, self._y(value), f"{value:.4g}") for value in ticks]

    def column_ticks(self) -> list[tuple[float, float, str]]:
        """(middle of the text, baseline, text) of each labelled step."""
        return [(self._x(step), HEIGHT - 8, _short(step)) for step in _ticks(0, self.last) if step <= self.last]

    def _x(self, step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / max(self.last, 1.0)

    def _y(self, value: float) -> float:
        low, high, at = (
            np.log([self.low, self.high, value]) if self.is_log else (self.low, self.high, value)
        ).__iter__()
        return float(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (at - low) / (high - low))


def _thinned(line: Line) -> Line:
    """The finite values only, reduced to at most POINTS points by averaging neighbours."""
    fine = np.isfinite(line.values)
    steps, values = line.steps[fine], line.values[fine]
    if len(steps) <= POINTS:
        return Line(line.kind, steps, values)
    each = -(-len(steps) // POINTS)
    bins = [slice(first, first + each) for first in range(0, len(steps), each)]
    return Line(line.kind, np.array([steps[b].mean() for b in bins]), np.array([values[b].mean() for b in bins]))


def _ticks(low: float, high: float) -> list[float]:
    """Three to six round values between `low` and `high`."""
    unit = 10 ** np.floor(np.log10((high - low) / 3))
    step = max((unit * size for size in (1, 2, 5) if (high - low) / (unit * size) >= 3), default=unit)
    return [float(round(k * step, 12)) for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Round values between `low` and `high`, both above 0: powers of ten; if few, also 3, or 2 and 5, times them."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for sizes in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        ticks = [size * 10.0**power for power in powers for size in sizes if low <= size * 10.0**power <= high]
        if len(ticks) >= 3:
            return ticks
    return ticks


def _short(step: float) -> str:
    return f"{step / 1000:g}k" if step >= 1000 else f"{step:g}"
