"""Rewrites a generator's ONNX file for another canvas, for timing: the same layers over more or fewer pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.engine import EngineSpec, TensorSpec
from engines.errors import EngineError, reason
from engines.graph.edit import Array, Graph


def write_resized(model: Path, spec: EngineSpec, size: int, out: Path) -> EngineSpec:
    """Writes the file for a square canvas of `size` pixels to `out`; returns its tensors.

    Scales only what a generator has: its ports, and the canvas and cell sizes in its reshapes. The result is a network
    that was trained for another size. Raises EngineError if the model is of another kind.
    """
    sides = {side for tensor in spec.inputs for side in tensor.shape[1:3]}
    canvas = max(sides)
    if any(canvas % side or size * side % canvas for side in sides):
        raise EngineError("this network cannot be given another size", got=str(size), wanted="a multiple of 32")
    scaled = {side: size * side // canvas for side in sides}
    graph = Graph(model)
    for node in [node for node in graph.nodes if node.op_type == "Reshape"]:
        sizes = graph.constants.get(node.input[1])
        if sizes is None:
            raise EngineError("this network cannot be given another size", got=f"{node.name} computes its shape")
        node.input[1] = graph.constant(np.array([_scaled(sizes, place, scaled) for place in range(len(sizes))]))
    resized = EngineSpec(_resized(spec.inputs, scaled), _resized(spec.outputs, scaled), spec.state)
    for tensor in (*resized.inputs, *resized.outputs):
        graph.reshape_port(tensor.name, tensor.shape)
    try:
        graph.write(out)
    except EngineError as error:
        raise EngineError("this network cannot be given another size", got=reason(error)) from error
    return resized


def _scaled(sizes: Array, place: int, scaled: dict[int, int]) -> int:
    """Entry `place` of `sizes`, scaled if it is a picture's size: on neither the first axis nor the last."""
    value = int(sizes[place])
    return scaled.get(value, value) if 0 < place < len(sizes) - 1 else value


def _resized(tensors: tuple[TensorSpec, ...], scaled: dict[int, int]) -> tuple[TensorSpec, ...]:
    return tuple(
        replace(t, shape=(t.shape[0], *(scaled.get(side, side) for side in t.shape[1:3]), *t.shape[3:]))
        for t in tensors
    )
