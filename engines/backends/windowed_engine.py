"""`WindowedEngine`: one network, opened for several sizes; a frame is drawn in the smallest that holds the figure."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engines.arrays import U8, read_only
from engines.engine import Engine, EngineSpec, TensorSpec, check_arrays
from engines.errors import EngineError

# Sides and corners of windows: a generator halves its picture five times, and draws the same only if it is moved by
# whole cells of its coarsest level.
STEP_PX = 32
# Around the figure's box. At a window's edge a network sees zeros where it would see more of the picture: with 24 px
# the figure is 48 to 52 dB from the whole canvas's, with none 45 (docs/measurements.md).
_MARGIN_PX = 24
# A larger window than needed is kept until a smaller one would have done for this many frames: another one draws the
# figure's edges a little differently, and the eye sees that only when it happens often.
_PATIENCE = 15
# Of the canvas: (width, height). Of all sets of three these leave the least area to draw on 512x512, over three people
# whole and seated and three targets (docs/measurements.md).
_SHARES = ((1 / 2, 15 / 16), (9 / 16, 1.0), (11 / 16, 1.0))

Size = tuple[int, int]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the canvas, in px: its left upper corner (x, y) and its size."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, box: Box) -> bool:
        """Whether `box` (left, top, right, bottom; the last two exclusive) lies inside."""
        left, top, right, bottom = box
        return self.x <= left and self.y <= top and right <= self.x + self.width and bottom <= self.y + self.height


class WindowedEngine:
    """An `Engine` for networks that draw nothing far from the figure; see `EngineSpec.figure`.

    `open_size` opens the network for one (width, height). All sizes are opened at once. The state moves with the
    window; outside of the window the outputs are 0. Raises what `open_size` raises.
    """

    def __init__(self, spec: EngineSpec, open_size: Callable[[EngineSpec], Engine]) -> None:
        self.spec, self._lock = spec, threading.Lock()
        self._canvas = _canvas_of(spec)
        self._feeds = {tensor.name: tensor for tensor in spec.feeds}
        self._engines: dict[Size, Engine] = {}
        try:
            for size in (*window_sizes(self._canvas), self._canvas):
                self._engines[size] = open_size(_spec_for(spec, size))
        except BaseException:
            self.close()
            raise
        whole = self._engines[self._canvas]
        self.backend, self.device, self.precision = whole.backend, whole.device, whole.precision
        windows = ", ".join(f"{width}x{height}" for width, height in self._engines)
        self._description = f"{whole.describe()}, windows {windows}"
        self._window = self._whole = Window(0, 0, *self._canvas)
        self._begun, self._too_large_for = False, 0  # whether a window was chosen; frames
        self._outputs = {tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in spec.outputs}
        self._shown = {name: read_only(array) for name, array in self._outputs.items()}
        self._frames = dict.fromkeys(self._engines, 0)

    def run(self, feeds: Mapping[str, U8]) -> Mapping[str, U8]:
        """See `Engine.run`."""
        with self._lock:
            self._check_open()
            check_arrays("feeds", self._feeds, feeds)
            self._move(self._choose(feeds[self.spec.figure][0]))
            window = self._window
            results = self._engine.run({name: self._cut(feed, window) for name, feed in feeds.items()})
            self._frames[window.width, window.height] += 1
            if window == self._whole:
                return results
            for name, result in results.items():
                np.copyto(self._cut(self._outputs[name], window), result)
            return self._shown

    def reset(self) -> None:
        """See `Engine.reset`."""
        with self._lock:
            self._check_open()
            self._engines[self._canvas].reset()
            self._window, self._begun = self._whole, False

    def state(self) -> dict[str, U8]:
        """See `Engine.state`."""
        with self._lock:
            self._check_open()
            return self._state()

    def load_state(self, state: Mapping[str, U8]) -> None:
        """See `Engine.load_state`."""
        with self._lock:
            self._check_open()
            self._engines[self._canvas].load_state(state)
            self._window, self._begun = self._whole, False

    def describe(self) -> str:
        """See `Engine.describe`."""
        return self._description

    @property
    def window(self) -> Window:
        """Where the last frame was drawn."""
        return self._window

    def frames_by_size(self) -> dict[Size, int]:
        """See `Engine.frames_by_size`."""
        return {size: count for size, count in self._frames.items() if count}

    def close(self) -> None:
        """See `Engine.close`."""
        with self._lock:
            for engine in self._engines.values():
                engine.close()
            self._engines = {}

    @property
    def _engine(self) -> Engine:
        return self._engines[self._window.width, self._window.height]

    def _choose(self, figure: U8) -> Window:
        box = figure_box(figure)
        if box is None:
            return self._window
        near = _grown(box, _MARGIN_PX, self._canvas)
        smallest = self._smallest(near)
        too_large = smallest.width * smallest.height < self._window.width * self._window.height
        self._too_large_for = self._too_large_for + 1 if too_large else 0
        if self._begun and self._window.holds(near) and self._too_large_for < _PATIENCE:
            return self._window
        self._begun, self._too_large_for = True, 0
        return smallest

    def _smallest(self, box: Box) -> Window:
        """The smallest window that holds `box`, with the box as near to its middle as whole steps allow."""
        for width, height in self._engines:
            x, y = _start(box[0], box[2], width, self._canvas[0]), _start(box[1], box[3], height, self._canvas[1])
            if (window := Window(x, y, width, height)).holds(box):
                return window
        return self._whole

    def _move(self, window: Window) -> None:
        """Continue in `window`, with that part of the state which lies in it."""
        if window == self._window:
            return
        state = self._state()
        part = {name: np.ascontiguousarray(self._cut(array, window)) for name, array in state.items()}
        self._engines[window.width, window.height].load_state(part)
        self._window = window
        for output in self._outputs.values():
            output.fill(0)

    def _state(self) -> dict[str, U8]:
        own = self._engine.state()
        if self._window == self._whole:
            return own
        whole = {tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in self.spec.state_inputs}
        for name, array in own.items():
            np.copyto(self._cut(whole[name], self._window), array)
        return whole

    def _cut(self, array: U8, window: Window) -> U8:
        """A view of the window's part of `array` (1, H, W, C), which may be smaller than the canvas."""
        step_x, step_y = self._canvas[0] // array.shape[2], self._canvas[1] // array.shape[1]
        rows = slice(window.y // step_y, (window.y + window.height) // step_y)
        return array[:, rows, window.x // step_x : (window.x + window.width) // step_x]

    def _check_open(self) -> None:
        if not self._engines:
            raise EngineError(f"this {self.backend} engine is closed", do="open it again")


def window_sizes(canvas: Size) -> list[Size]:
    """The (width, height) in px of the windows on a `canvas`, the smallest first, without the canvas itself."""
    sizes = {(_whole_steps(canvas[0] * across), _whole_steps(canvas[1] * down)) for across, down in _SHARES}
    return sorted((size for size in sizes if size != canvas), key=lambda size: size[0] * size[1])


def figure_box(figure: U8) -> Box | None:
    """(left, top, right, bottom) of what has any alpha in `figure`, (H, W, 4) uint8; None if nothing has."""
    pixels = np.ascontiguousarray(figure).view("<u4")[:, :, 0]  # alpha comes last: the highest byte
    rows, columns = (np.flatnonzero(pixels.max(axis) > 0x00FFFFFF) for axis in (1, 0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def can_be_windowed(spec: EngineSpec) -> bool:
    """Whether `spec` names its figure, and its canvas is made of whole steps."""
    return bool(spec.figure) and not any(side % STEP_PX for side in _canvas_of(spec))


def _canvas_of(spec: EngineSpec) -> Size:
    _, height, width, _ = next(tensor.shape for tensor in spec.inputs if tensor.name == spec.figure)
    return width, height


def _spec_for(spec: EngineSpec, size: Size) -> EngineSpec:
    canvas = _canvas_of(spec)

    def part(tensor: TensorSpec) -> TensorSpec:
        n, height, width, channels = tensor.shape
        return replace(tensor, shape=(n, height * size[1] // canvas[1], width * size[0] // canvas[0], channels))

    return replace(spec, inputs=tuple(map(part, spec.inputs)), outputs=tuple(map(part, spec.outputs)))


def _grown(box: Box, by: int, canvas: Size) -> Box:
    left, top, right, bottom = box
    return max(left - by, 0), max(top - by, 0), min(right + by, canvas[0]), min(bottom + by, canvas[1])


def _start(low: int, high: int, length: int, whole: int) -> int:
    """Where a window of `length` px begins that has low..high near its middle."""
    start = round((low + high - length) / 2 / STEP_PX) * STEP_PX
    start = min(start, low // STEP_PX * STEP_PX)
    return min(max(start, 0), whole - length)


def _whole_steps(length: float) -> int:
    return max(round(length / STEP_PX), 1) * STEP_PX
