"""`HostEngine`: an engine whose tensors are in the CPU's memory. A backend only tells it how to compute."""

import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np

from engines.arrays import U8, read_only
from engines.cells import Border
from engines.engine import EngineSpec, TensorSpec, check_arrays
from engines.errors import EngineError, reason

Arrays = dict[str, U8]
Step = Callable[[], None]
Ports = Mapping[str, tuple[int, ...]]


class HostEngine:
    """Implements `engines.engine.Engine` over `prepare(inputs, outputs) -> step`.

    `prepare` is called twice, with all inputs and all outputs by name (C-contiguous uint8 arrays that live as long as
    the engine), and returns a function that computes these outputs from these inputs. Each state has two arrays that
    swap roles from run to run, so an output becomes the next input without a copy.

    `ports`: the shapes of those arrays that hold a picture as cells (see `engines.cells`) instead of in the spec's
    shape. `device`, `precision` and `detail` (threads and why) describe what was opened.
    """

    def __init__(
        self,
        spec: EngineSpec,
        prepare: Callable[[Arrays, Arrays], Step],
        *,
        backend: str,
        device: str,
        precision: str,
        detail: str,
        ports: Ports | None = None,
    ) -> None:
        self.spec, self.backend, self.device, self.precision, self.detail = spec, backend, device, precision, detail
        self._lock = threading.Lock()
        self._feed_specs = {tensor.name: tensor for tensor in spec.feeds}
        self._state_specs = {tensor.name: tensor for tensor in spec.state_inputs}
        self._feeds = _borders(spec.feeds, ports)
        self._states = [_borders(spec.state_inputs, ports) for _ in range(2)]
        into = dict(spec.state)
        plain = _borders([tensor for tensor in spec.outputs if tensor.name not in into], ports)
        self._runs: list[_Run] = []
        for current in range(2):
            written = {
                t.name: self._states[1 - current][into[t.name]] if t.name in into else plain[t.name]
                for t in spec.outputs
            }
            step = prepare(_arrays(self._feeds | self._states[current]), _arrays(written))
            self._runs.append(_Run(step, written, spec.outputs))
        self._current = 0  # which of the two states the next run reads
        self._shown = 0  # which of the two states the last run's caller may still be looking at

    def run(self, feeds: Mapping[str, U8]) -> Mapping[str, U8]:
        """See `Engine.run`."""
        with self._lock:
            self._check_open()
            check_arrays("feeds", self._feed_specs, feeds)
            for name, border in self._feeds.items():
                border.write(feeds[name])
            try:
                results = self._runs[self._current].compute()
            except Exception as error:  # a runtime may raise anything
                raise EngineError(f"{self.backend} failed to compute a frame", got=reason(error)) from error
            self._current = self._shown = 1 - self._current
            return results

    def reset(self) -> None:
        """See `Engine.reset`."""
        with self._lock:
            self._check_open()
            for border in self._fresh_state().values():
                border.array.fill(0)

    def state(self) -> Arrays:
        """See `Engine.state`."""
        with self._lock:
            self._check_open()
            copies = {name: np.empty(tensor.shape, np.uint8) for name, tensor in self._state_specs.items()}
            for name, border in self._states[self._current].items():
                border.read(copies[name])
            return copies

    def load_state(self, state: Mapping[str, U8]) -> None:
        """See `Engine.load_state`."""
        with self._lock:
            self._check_open()
            check_arrays("state arrays", self._state_specs, state)
            for name, border in self._fresh_state().items():
                border.write(state[name])

    def describe(self) -> str:
        """See `Engine.describe`."""
        return f"{self.backend} {self.device} {self.precision}, {self.detail}"

    def frames_by_size(self) -> dict[tuple[int, int], int]:
        """See `Engine.frames_by_size`."""
        return {}

    def close(self) -> None:
        """See `Engine.close`."""
        with self._lock:
            self._runs, self._states, self._feeds = [], [], {}

    def _fresh_state(self) -> dict[str, Border]:
        """Lets the next run read the state that no caller is looking at, and returns that state for writing."""
        self._current = 1 - self._shown
        return self._states[self._current]

    def _check_open(self) -> None:
        if not self._runs:
            raise EngineError(f"this {self.backend} engine is closed", do="open it again")


class _Run:
    """One of the two ways to compute a frame: which of the two states it reads, and where its results are."""

    def __init__(self, step: Step, written: Mapping[str, Border], outputs: tuple[TensorSpec, ...]) -> None:
        self._step = step
        # A picture that the model writes as cells gets its own array; any other is shown as a view of the state.
        pictures = {t.name: np.zeros(t.shape, np.uint8) for t in outputs if written[t.name].shuffled}
        self._to_read = [(written[name], picture) for name, picture in pictures.items()]
        shown = {t.name: read_only(pictures.get(t.name, written[t.name].array)) for t in outputs}
        self._results: Mapping[str, U8] = MappingProxyType(shown)

    def compute(self) -> Mapping[str, U8]:
        self._step()
        for border, picture in self._to_read:
            border.read(picture)
        return self._results


def _borders(tensors: Iterable[TensorSpec], ports: Ports | None) -> dict[str, Border]:
    return {tensor.name: Border(tensor, (ports or {}).get(tensor.name, tensor.shape)) for tensor in tensors}


def _arrays(borders: Mapping[str, Border]) -> Arrays:
    return {name: border.array for name, border in borders.items()}
