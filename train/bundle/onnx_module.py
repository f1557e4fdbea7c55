"""`OnnxModule`: a bundle's ONNX file as a torch module, node by node, for builders that need torch: torch2trt."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from engines.graph.edit import Graph
from train.errors import TrainError

_TYPES = {TensorProto.FLOAT: torch.float32, TensorProto.FLOAT16: torch.float16, TensorProto.UINT8: torch.uint8}


class OnnxModule(nn.Module):
    """The network of the ONNX file `model`, with its weights as buffers. Raises TrainError for an unsupported node.

    `forward(*inputs)` takes and returns tensors in the file's order. With `uint8=False`, for builders without uint8,
    inputs and outputs are float32 holding whole numbers 0..255 in the same layout. Casts then do nothing on the way in
    and round down, as a cast to uint8 does, on the way out.
    """

    def __init__(self, model: Path, *, uint8: bool = True) -> None:
        super().__init__()
        graph = onnx.load(model).graph
        self.input_names = [value.name for value in graph.input]
        self.input_shapes = [tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in graph.input]
        self.output_names = [value.name for value in graph.output]
        self.uint8 = uint8
        self._nodes = [(n.op_type, list(n.input), n.output[0], Graph.attributes(n)) for n in graph.node]
        unknown = sorted({op for op, *_ in self._nodes} - _OPERATIONS.keys() - {"Cast"})
        if unknown:
            raise TrainError(
                f"{model.name} has unsupported operations", got=", ".join(unknown), wanted="only those of our networks"
            )
        # Sizes and scales stay Python numbers, not tensors: an exporter cannot trace a shape taken from a tensor.
        scales = {name for n in graph.node if n.op_type == "Resize" for name in n.input[1:]}
        self._constants: dict[str, list[float]] = {}
        self._buffer_of: dict[str, str] = {}
        for place, weight in enumerate(graph.initializer):
            values = numpy_helper.to_array(weight)
            if values.dtype == np.int64 or weight.name in scales:
                self._constants[weight.name] = values.tolist()
            else:
                self._buffer_of[weight.name] = f"weight_{place}"
                self.register_buffer(f"weight_{place}", torch.from_numpy(np.array(values)))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        values: dict = {"": None, **self._constants}
        values |= dict(zip(self.input_names, inputs, strict=True))
        values |= {name: getattr(self, buffer) for name, buffer in self._buffer_of.items()}
        for op, names, output, attributes in self._nodes:
            given = [values[name] for name in names]
            values[output] = self._cast(given[0], attributes) if op == "Cast" else _OPERATIONS[op](given, attributes)
        return tuple(values[name] for name in self.output_names)

    def _cast(self, value: Tensor, attributes: dict) -> Tensor:
        to = _TYPES[attributes["to"]]
        if self.uint8 or to != torch.uint8:
            return value.to(to)
        return torch.floor(value)


def _padding(attributes: dict) -> tuple[int, int]:
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if (top, left) != (bottom, right):
        raise TrainError("a layer is padded unevenly", got=str(attributes["pads"]), wanted="the same on both sides")
    return top, left


def _conv(given: list, a: dict) -> Tensor:
    x, weight, bias = (*given, None)[:3]
    strides, dilations = a.get("strides", (1, 1)), a.get("dilations", (1, 1))
    return functional.conv2d(x, weight, bias, tuple(strides), _padding(a), tuple(dilations), a.get("group", 1))


def _conv_transpose(given: list, a: dict) -> Tensor:
    x, weight, bias = (*given, None)[:3]
    extra = tuple(a.get("output_padding", (0, 0)))
    return functional.conv_transpose2d(
        x, weight, bias, tuple(a.get("strides", (1, 1))), _padding(a), extra, a.get("group", 1)
    )


def _average_pool(given: list, a: dict) -> Tensor:
    counts = bool(a.get("count_include_pad", 0))
    return functional.avg_pool2d(given[0], a["kernel_shape"], a.get("strides"), _padding(a), count_include_pad=counts)


def _slice(given: list, _: dict) -> Tensor:
    x, starts, ends, axes, steps = (*given, None)[:5]
    for start, end, axis, step in zip(starts, ends, axes, steps or [1] * len(starts), strict=True):
        index = [slice(None)] * x.ndim
        index[axis] = slice(start, min(end, x.shape[axis]), step)
        x = x[tuple(index)]
    return x


def _resize(given: list, a: dict) -> Tensor:
    """Nearest-neighbour enlargement by a whole number, the only kind that a bundle's networks use."""
    sizes = given[3] if len(given) > 3 and given[3] is not None else None
    scales = [int(size) // old for size, old in zip(sizes, given[0].shape, strict=True)] if sizes else given[2]
    if a.get("mode", b"nearest") != b"nearest" or scales[:2] != [1, 1] or scales[2] != scales[3] or scales[2] % 1:
        raise TrainError("unsupported kind of resize", got=f"{a}, scales {scales}", wanted="nearest, by a whole number")
    return functional.interpolate(given[0], scale_factor=float(scales[2]), mode="nearest")


def _depth_to_space(given: list, a: dict) -> Tensor:
    if a.get("mode", b"DCR") != b"CRD":
        raise TrainError("unsupported order in DepthToSpace", got=str(a.get("mode")), wanted="CRD")
    return functional.pixel_shuffle(given[0], a["blocksize"])


def _clip(given: list, _: dict) -> Tensor:
    x, low, high = (*given, None, None)[:3]
    x = x if low is None else torch.maximum(x, low)
    return x if high is None else torch.minimum(x, high)


_OPERATIONS = {
    "Add": lambda g, a: g[0] + g[1],
    "AveragePool": _average_pool,
    "Clip": _clip,
    "Concat": lambda g, a: torch.cat(g, a["axis"]),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "DepthToSpace": _depth_to_space,
    "Div": lambda g, a: g[0] / g[1],
    "Exp": lambda g, a: torch.exp(g[0]),
    "LeakyRelu": lambda g, a: functional.leaky_relu(g[0], a.get("alpha", 0.01)),
    "MatMul": lambda g, a: torch.matmul(g[0], g[1]),
    "MaxPool": lambda g, a: functional.max_pool2d(g[0], a["kernel_shape"], a.get("strides"), _padding(a)),
    "Min": lambda g, a: torch.minimum(g[0], g[1]),
    "Max": lambda g, a: torch.maximum(g[0], g[1]),
    "Mul": lambda g, a: g[0] * g[1],
    "Neg": lambda g, a: -g[0],
    "Relu": lambda g, a: functional.relu(g[0]),
    "Reshape": lambda g, a: g[0].reshape(g[1]),
    "Resize": _resize,
    "Sigmoid": lambda g, a: torch.sigmoid(g[0]),
    "Slice": _slice,
    "Sub": lambda g, a: g[0] - g[1],
    "Tanh": lambda g, a: torch.tanh(g[0]),
    "Transpose": lambda g, a: g[0].permute(a["perm"]),
}
