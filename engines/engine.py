"""The `Engine` protocol, and the tensors that an engine takes and gives."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engines.arrays import U8
from engines.errors import EngineError

Fits = Callable[[tuple[int, ...], tuple[object, ...]], object]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One tensor of a model: its name, its fixed shape (NHWC, batch 1 in a bundle), its dtype (always uint8)."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "uint8"

    def __post_init__(self) -> None:
        if not self.name or not self.shape or any(size < 1 for size in self.shape):
            raise EngineError(
                "a tensor's description is wrong", got=str(self), wanted="a name and a fixed shape of positive sizes"
            )
        if self.dtype != "uint8":
            raise EngineError(f"tensor {self.name!r} has a dtype that no engine takes", got=self.dtype, wanted="uint8")

    def __str__(self) -> str:
        return f"{self.name} {self.dtype}{list(self.shape)}"


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """The tensors of a model. `state` pairs an output name with the name of the input that it becomes in the next run.

    `figure`: the feed, a picture (1, H, W, 4) with alpha, far from which the model draws nothing, "" if it draws
    everywhere. Raises EngineError when a name occurs twice, a pair names a missing tensor or two of different shapes,
    or `figure` is no such feed.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    state: tuple[tuple[str, str], ...] = ()
    figure: str = ""

    def __post_init__(self) -> None:
        _names_once("inputs", [tensor.name for tensor in self.inputs])
        _names_once("outputs", [tensor.name for tensor in self.outputs])
        _names_once("state outputs", [output for output, _ in self.state])
        _names_once("state inputs", [into for _, into in self.state])
        outputs = {tensor.name: tensor.shape for tensor in self.outputs}
        inputs = {tensor.name: tensor.shape for tensor in self.inputs}
        for output, into in self.state:
            if outputs.get(output) is None or outputs.get(output) != inputs.get(into):
                raise EngineError(
                    f"state pair {output} -> {into} does not fit",
                    got=f"{output} {outputs.get(output)}, {into} {inputs.get(into)}",
                    wanted="an output and an input of the same shape",
                )
        pictures = [tensor.name for tensor in self.feeds if len(tensor.shape) == 4 and tensor.shape[3] == 4]
        if self.figure and self.figure not in pictures:
            raise EngineError("the figure is no picture with alpha", got=self.figure, wanted=_listed(pictures))

    @property
    def feeds(self) -> tuple[TensorSpec, ...]:
        """The inputs that a caller gives to `run`: all but the state."""
        kept = {into for _, into in self.state}
        return tuple(tensor for tensor in self.inputs if tensor.name not in kept)

    @property
    def state_inputs(self) -> tuple[TensorSpec, ...]:
        """The inputs that the engine itself keeps."""
        kept = {into for _, into in self.state}
        return tuple(tensor for tensor in self.inputs if tensor.name in kept)


class Engine(Protocol):
    """A model opened on one device. Methods may be called from any thread; calls wait for each other.

    Two engines of the same file share nothing. After `close`, every method but `close` raises EngineError.
    """

    spec: EngineSpec
    backend: str  # "openvino", "onnxruntime", "fake"
    device: str  # "CPU"
    precision: str  # what it actually computes in: "fp32", "bf16", ...

    def run(self, feeds: Mapping[str, U8]) -> Mapping[str, U8]:
        """One frame. `feeds` are `spec.feeds` by name, uint8, in any memory layout; they are copied, never kept.

        The outputs are read-only, C-contiguous, owned by the engine and valid until the next `run` or `close`; copy
        them to keep them. Raises EngineError on a wrong name, shape or dtype, or when the runtime fails; the state is
        then unchanged.
        """

    def reset(self) -> None:
        """Sets the state to zeros: from here on the engine behaves like a new one."""

    def state(self) -> dict[str, U8]:
        """A copy of the state by input name, as another engine's `load_state` takes it."""

    def load_state(self, state: Mapping[str, U8]) -> None:
        """Copies a state in. Raises EngineError, and changes nothing, if it does not fit `spec.state_inputs`."""

    def describe(self) -> str:
        """One line for people: backend, device, precision, threads, and why these. At any time, from any thread."""

    def frames_by_size(self) -> dict[tuple[int, int], int]:
        """How many frames it drew in windows of each (width, height) in px; empty if it has no windows."""

    def close(self) -> None:
        """Frees the model; may be called twice."""


def check_arrays(what: str, wanted: Mapping[str, TensorSpec], given: Mapping[str, U8]) -> None:
    """Raises EngineError unless `given` is exactly the `wanted` names, each an array of that shape and dtype."""
    if given.keys() != wanted.keys():
        raise EngineError(f"the {what} have wrong names", got=_listed(given), wanted=_listed(wanted))
    for name, spec in wanted.items():
        array = given[name]
        if not isinstance(array, np.ndarray):
            raise EngineError(f"the {what} are not all arrays", got=f"{name}: {type(array).__name__}", wanted=str(spec))
        if array.shape != spec.shape or array.dtype != spec.dtype:
            raise EngineError(
                f"the {what} do not fit the model", got=f"{name} {array.dtype}{list(array.shape)}", wanted=str(spec)
            )


def check_ports(
    side: str,
    wanted: Iterable[TensorSpec],
    found: Mapping[str, tuple[str, tuple[object, ...]]],
    *,
    fits: Fits = operator.eq,
) -> None:
    """Raises EngineError unless a model's own ports (`found`: name -> dtype, shape) are those that its bundle names.

    `fits(shape, port)`: whether a port of that shape will do for a tensor of `shape`; by default only the same shape.
    """
    expected = {tensor.name: (tensor.dtype, tensor.shape) for tensor in wanted}
    if expected.keys() != found.keys() or any(
        found[name][0] != dtype or not fits(shape, found[name][1]) for name, (dtype, shape) in expected.items()
    ):
        raise EngineError(
            f"the model's {side} differ from its description",
            got=_ports(found),
            wanted=_ports(expected),
            do="export the target again; its model and manifest do not belong together",
        )


def _names_once(what: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise EngineError(f"a model's {what} name a tensor twice", got=", ".join(names), wanted="each name once")


def _listed(names: Iterable[object]) -> str:
    return ", ".join(sorted(str(name) for name in names)) or "nothing"


def _ports(ports: Mapping[str, tuple[str, tuple[object, ...]]]) -> str:
    return ", ".join(f"{name} {dtype}{list(shape)}" for name, (dtype, shape) in sorted(ports.items())) or "nothing"
