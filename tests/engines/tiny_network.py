"""A miniature of a bundle's generator, with the tensors of the tiny model and everything that `engines.graph` rewrites:

pictures that become cells, tables at both ends, convolutions with a skip, an enlargement, pools, a division.
"""

from pathlib import Path
from typing import Any

import numpy as np

from tests.engines.tiny_model import POSE_CHANNELS, tiny_spec

CELL = 4
WIDTH = 16
_CELLS = CELL * CELL * 4


class _Writer:
    """Nodes and constants under numbered names."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}

    def op(self, op: str, *inputs: "str | np.ndarray", **attributes: Any) -> str:
        from onnx import helper

        names = [self.constant(x) if isinstance(x, np.ndarray) else x for x in inputs]
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, names, [name], name=f"n{len(self.nodes)}", **attributes))
        return name

    def constant(self, value: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def weights(self, *shape: int, scale: float = 1.0) -> np.ndarray:
        return (self.rng.normal(size=shape) * scale / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    def conv(self, x: str, size: int = 3, stride: int = 1) -> str:
        pads = [size // 2] * 4
        bias = self.weights(WIDTH, scale=0.1)
        weights = self.weights(WIDTH, WIDTH, size, size, scale=1.2)
        return self.op("Conv", x, weights, bias, kernel_shape=[size, size], pads=pads, strides=[stride, stride])


def write_tiny_network(path: Path, size: int = 32, *, seed: int = 0) -> Path:
    """Writes it to `path` for a canvas of `size`, a multiple of 8."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    w = _Writer(seed)
    doll, previous = (_cells_of(w, name, size) for name in ("doll", "previous"))
    x = _body(w, w.op("Concat", _cast(w, "pose_map"), doll, previous, axis=3))
    drawn = w.op("MatMul", x, w.weights(_CELLS, WIDTH, scale=25).T.copy())
    near = _near(w, doll)
    painted = w.op("Add", w.op("Mul", doll, np.float32([0.6])), w.op("Mul", near, np.float32([40])))
    trace = w.op("Add", w.op("Mul", previous, np.float32([0.3])), drawn)
    levels = w.op("Clip", w.op("Add", painted, trace), np.array(0, np.float32), np.array(255, np.float32))
    rows = w.op("Reshape", levels, np.array([1, size // CELL, size // CELL, CELL, CELL * 4]))
    rows = w.op("Transpose", rows, perm=[0, 1, 3, 2, 4])
    picture = w.op("Reshape", rows, np.array([1, size, size, 4]))
    w.nodes.append(helper.make_node("Cast", [picture], ["frame"], name="last", to=TensorProto.UINT8))
    spec = tiny_spec(size)
    graph = helper.make_graph(
        w.nodes,
        "tiny network",
        [helper.make_tensor_value_info(t.name, TensorProto.UINT8, t.shape) for t in spec.inputs],
        [helper.make_tensor_value_info(t.name, TensorProto.UINT8, t.shape) for t in spec.outputs],
        [numpy_helper.from_array(value, name) for name, value in w.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


def _cast(w: _Writer, name: str) -> str:
    from onnx import TensorProto, helper

    w.nodes.append(helper.make_node("Cast", [name], [f"{name}_f"], name=f"cast_{name}", to=TensorProto.FLOAT))
    return f"{name}_f"


def _cells_of(w: _Writer, name: str, size: int) -> str:
    cells = size // CELL
    rows = w.op("Reshape", _cast(w, name), np.array([1, cells, CELL, cells, CELL * 4]))
    rows = w.op("Transpose", rows, perm=[0, 1, 3, 2, 4])
    return w.op("Reshape", rows, np.array([1, cells, cells, _CELLS]))


def _body(w: _Writer, seen: str) -> str:
    """Stem table, convolutions with a skip, down, up by nearest x2 and by shuffle, a skip; (1, h, w, WIDTH)."""
    seen = w.op("Mul", seen, np.array(1 / 255, np.float32))
    x = w.op("MatMul", seen, w.weights(WIDTH, POSE_CHANNELS + 2 * _CELLS, scale=4).T.copy())
    x = w.op("LeakyRelu", w.op("Add", x, w.weights(WIDTH, scale=0.1)), alpha=0.1)
    x = first = w.op("Transpose", x, perm=[0, 3, 1, 2])
    x = w.op("Add", w.conv(w.op("LeakyRelu", w.conv(x), alpha=0.1)), x)
    x = w.op("LeakyRelu", w.conv(x, stride=2), alpha=0.1)
    grown = w.op("Conv", x, w.weights(4 * WIDTH, WIDTH, 1, 1), w.weights(4 * WIDTH, scale=0.1), kernel_shape=[1, 1])
    shuffled = w.op("DepthToSpace", grown, blocksize=2, mode="CRD")
    x = w.op("Resize", x, "", np.float32([1, 1, 2, 2]), mode="nearest")
    x = w.op("Add", w.op("LeakyRelu", w.conv(x), alpha=0.1), shuffled)
    x = w.op("Add", x, first)
    return w.op("Transpose", w.conv(x), perm=[0, 2, 3, 1])


def _near(w: _Writer, doll: str) -> str:
    """Colours of the cells around by alpha, tables as the generator has them; (1, h, w, 64), about 0..1."""
    channel = np.arange(_CELLS) % 4
    mean = (channel[:, None] == np.arange(4)).astype(np.float32) / (255 * CELL * CELL)
    x = w.op("Transpose", w.op("MatMul", doll, mean), perm=[0, 3, 1, 2])
    window: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [1, 1]}
    x = w.op("Add", w.op("AveragePool", x, count_include_pad=1, **window), w.op("MaxPool", x, **window))
    numbers = w.op("Add", w.op("Transpose", x, perm=[0, 2, 3, 1]), np.float32([0.01, 0.01, 0.01, 0.02]))
    matte = channel == 3
    colours = ((np.arange(4)[:, None] == channel) & ~matte).astype(np.float32)
    alpha = ((np.arange(4) == 3)[:, None] & ~matte).astype(np.float32)
    above = w.op("Add", w.op("MatMul", numbers, colours), (0.5 * matte).astype(np.float32))
    below = w.op("Add", w.op("MatMul", numbers, alpha), matte.astype(np.float32))
    return w.op("Div", above, below)
