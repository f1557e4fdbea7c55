"""`HostEngine`: an engine whose tensors lie in the CPU's memory. The backends give it one thing, how to compute."""

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from engines.base import EngineSpec, U8Array, check_arrays
from engines.errors import EngineError, reason

Arrays = dict[str, U8Array]
Step = Callable[[], None]


class HostEngine:
    """Implements `engines.base.Engine` over `prepare(inputs, outputs) -> step`.

    `prepare` is called twice, with all inputs and all outputs by name (C-contiguous uint8 arrays that live as long as
    the engine), and gives a function that computes these outputs from these inputs. Each state has two arrays that swap
    roles from run to run, so an output becomes the next input without a copy.

    `device`, `precision` and `detail` (threads and why) describe what was opened.
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
    ) -> None:
        self.spec, self.backend, self.device, self.precision, self.detail = spec, backend, device, precision, detail
        self._lock = threading.Lock()
        self._feed_specs = {tensor.name: tensor for tensor in spec.feeds}
        self._state_specs = {tensor.name: tensor for tensor in spec.state_inputs}
        self._feeds: Arrays = {tensor.name: np.zeros(tensor.shape, np.uint8) for tensor in spec.feeds}
        both = [{t.name: np.zeros(t.shape, np.uint8) for t in spec.state_inputs} for _ in range(2)]
        self._states: list[Arrays] = both
        into = dict(spec.state)
        plain: Arrays = {t.name: np.zeros(t.shape, np.uint8) for t in spec.outputs if t.name not in into}
        self._steps: list[Step] = []
        self._results: list[Mapping[str, U8Array]] = []
        for current in range(2):
            written = {
                t.name: both[1 - current][into[t.name]] if t.name in into else plain[t.name] for t in spec.outputs
            }
            self._steps.append(prepare(self._feeds | both[current], written))
            self._results.append(MappingProxyType({name: _read_only(array) for name, array in written.items()}))
        self._current = 0  # which of the two states the next run reads
        self._shown = 0  # which of the two states the last run's caller may still be looking at

    def run(self, feeds: Mapping[str, U8Array]) -> Mapping[str, U8Array]:
        """See `Engine.run`."""
        with self._lock:
            self._check_open()
            check_arrays("feeds", self._feed_specs, feeds)
            for name, array in self._feeds.items():
                np.copyto(array, feeds[name])
            try:
                self._steps[self._current]()
            except Exception as error:  # a runtime raises what it likes
                raise EngineError(f"{self.backend} failed to compute a frame", got=reason(error)) from error
            results = self._results[self._current]
            self._current = self._shown = 1 - self._current
            return results

    def reset(self) -> None:
        """See `Engine.reset`."""
        with self._lock:
            self._check_open()
            for array in self._fresh_state().values():
                array.fill(0)

    def state(self) -> Arrays:
        """See `Engine.state`."""
        with self._lock:
            self._check_open()
            return {name: array.copy() for name, array in self._states[self._current].items()}

    def load_state(self, state: Mapping[str, U8Array]) -> None:
        """See `Engine.load_state`."""
        with self._lock:
            self._check_open()
            check_arrays("state arrays", self._state_specs, state)
            for name, array in self._fresh_state().items():
                np.copyto(array, state[name])

    def describe(self) -> str:
        """See `Engine.describe`."""
        return f"{self.backend} {self.device} {self.precision}, {self.detail}"

    def close(self) -> None:
        """See `Engine.close`."""
        with self._lock:
            self._steps, self._results, self._states, self._feeds = [], [], [], {}

    def _fresh_state(self) -> Arrays:
        """Makes the state that nobody looks at the one that the next run reads, and gives it for writing."""
        self._current = 1 - self._shown
        return self._states[self._current]

    def _check_open(self) -> None:
        if not self._steps:
            raise EngineError(f"this {self.backend} engine is closed", do="open it again")


def _read_only(array: U8Array) -> U8Array:
    view = array.view()
    view.flags.writeable = False  # the output is the next run's state: a caller who draws on it would feed that back
    return view
