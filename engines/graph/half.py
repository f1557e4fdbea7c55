"""fp32 ONNX -> strongly typed fp16 ONNX. Every tensor states its type, so TensorRT builds the file as it is.

In fp16 are the convolutions, all that leads into one, and the activation right behind the last. What comes after paints
pixels (matte, gamma, clamp to 0..255) and stays in fp32: it is cheap, reaches 65025 (colour times matte; fp16 ends at
65504), and its rounding is what is seen and fed back. The uint8 inputs and outputs stay: their casts change the type.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.errors import EngineError, reason

if TYPE_CHECKING:
    import onnx

CONVOLUTIONS = ("Conv", "ConvTranspose")
_ACTIVATIONS = ("LeakyRelu", "Relu")  # fused with the convolution before them, if of the same type
_FLOAT_BY_RULE = {"Resize": (1, 2)}  # inputs (roi, scales) that ONNX requires in fp32, whatever the picture's type
_LARGEST = float(np.finfo(np.float16).max)


def write_half(model: Path, out: Path) -> Path:
    """Writes the fp16 version of the ONNX file `model` to `out` and returns `out`.

    Raises EngineError if onnx is missing, the file cannot be read or has no convolution, or a weight does not fit.
    """
    try:
        import onnx
    except ImportError as error:
        raise EngineError("onnx is not installed", got=reason(error), do="pip install onnx==1.22.0") from error
    try:
        graph = onnx.load(model)
        onnx.checker.check_model(graph, full_check=True)
    except Exception as error:  # protobuf's and onnx's exceptions share no base
        raise EngineError(
            f"{model.name} is not an ONNX file", got=reason(error), do="export the target again"
        ) from error
    half = to_half(graph)
    onnx.checker.check_model(half, full_check=True)
    onnx.save(half, out)
    return out


def to_half(model: "onnx.ModelProto") -> "onnx.ModelProto":
    """A copy of the fp32 `model` with the nodes of `half_nodes` in fp16. Raises EngineError like `write_half`."""
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    _constants_to_initializers(copy.graph)
    del copy.graph.value_info[:]
    floats = _float_tensors(onnx.shape_inference.infer_shapes(copy, strict_mode=True))
    chosen = half_nodes(copy.graph)
    if not chosen:
        raise EngineError(
            "the network has nothing to compute in fp16", got="no convolution", do="use --precision fp32 for it"
        )
    _Retype(copy.graph, floats, chosen).apply()
    return copy


def half_nodes(graph: "onnx.GraphProto") -> set[int]:
    """The indices of the nodes that compute in fp16 (see the top of this file). `graph` is sorted, as ONNX requires."""
    chosen: set[int] = set()
    wanted: set[str] = set()  # tensors that lead into a convolution
    for place in reversed(range(len(graph.node))):
        node = graph.node[place]
        if node.op_type in CONVOLUTIONS or wanted & set(node.output):
            chosen.add(place)
            wanted |= set(node.input)
    by_half = {name for place in chosen for name in graph.node[place].output}
    for place, node in enumerate(graph.node):
        if node.op_type in _ACTIVATIONS and node.input[0] in by_half:
            chosen.add(place)
    return chosen


class _Retype:
    """Rewrites a graph's nodes and weights; a tensor that is needed in the other type is cast once."""

    def __init__(self, graph: "onnx.GraphProto", floats: set[str], chosen: set[int]) -> None:
        self._graph, self._floats, self._chosen = graph, floats, chosen
        self._weights = {tensor.name: tensor for tensor in graph.initializer}
        self._is_half: dict[str, bool] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._made: dict[tuple[str, bool], str] = {}
        self._used: dict[str, onnx.TensorProto] = {}

    def apply(self) -> None:
        outputs = {value.name for value in self._graph.output}
        for place, node in enumerate(self._graph.node):
            half = place in self._chosen
            fixed = _FLOAT_BY_RULE.get(node.op_type, ())
            for slot, name in enumerate(node.input):
                if name in self._weights or name in self._floats:
                    node.input[slot] = self._typed(name, half=half and slot not in fixed)
            if node.op_type == "Cast":
                self._retype_cast(node, half=half)
            self._nodes.append(node)
            self._is_half |= {name: half for name in node.output if name in self._floats}
        if outputs & {name for name, half in self._is_half.items() if half}:
            raise EngineError("the network has fp16 outputs", wanted="uint8 outputs", do="export the target again")
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(self._nodes)
        self._graph.initializer.extend(self._used.values())

    def _typed(self, name: str, *, half: bool) -> str:
        """The name of the tensor `name` in the wanted type; casts it if needed."""
        from onnx import TensorProto, helper, numpy_helper

        key = (name, half)
        if key not in self._made:
            weight = self._weights.get(name)
            if weight is not None:
                is_float = weight.data_type == TensorProto.FLOAT
                made = name if not (half and is_float) else f"{name}_f16"
                self._used[made] = weight if made == name else numpy_helper.from_array(_halved(weight), made)
            elif self._is_half.get(name, False) == half:
                made = name
            else:
                made = f"{name}_{'f16' if half else 'f32'}"
                to = TensorProto.FLOAT16 if half else TensorProto.FLOAT
                self._nodes.append(helper.make_node("Cast", [name], [made], name=f"{made}_cast", to=to))
            self._made[key] = made
        return self._made[key]

    def _retype_cast(self, node: "onnx.NodeProto", *, half: bool) -> None:
        from onnx import TensorProto

        for attribute in node.attribute:
            if attribute.name == "to" and attribute.i == TensorProto.FLOAT and half:
                attribute.i = TensorProto.FLOAT16


def _halved(weight: "onnx.TensorProto") -> "np.ndarray[tuple[int, ...], np.dtype[np.float16]]":
    from onnx import numpy_helper

    values = numpy_helper.to_array(weight)
    largest = float(np.abs(values).max(initial=0.0))
    if not largest <= _LARGEST:
        raise EngineError(
            f"weight {weight.name} does not fit into fp16",
            got=f"{largest:.4g}",
            wanted=f"at most {_LARGEST:.0f}",
            do="use --precision fp32 for it",
        )
    return values.astype(np.float16)


def _constants_to_initializers(graph: "onnx.GraphProto") -> None:
    """Constant nodes become initializers, where TensorRT wants a convolution's weights."""
    kept = []
    for node in graph.node:
        value = next((a.t for a in node.attribute if a.name == "value"), None) if node.op_type == "Constant" else None
        if value is None:
            kept.append(node)
            continue
        value.name = node.output[0]
        graph.initializer.append(value)
    del graph.node[:]
    graph.node.extend(kept)


def _float_tensors(model: "onnx.ModelProto") -> set[str]:
    from onnx import TensorProto

    values: Iterable[onnx.ValueInfoProto] = (*model.graph.value_info, *model.graph.input, *model.graph.output)
    return {value.name for value in values if value.type.tensor_type.elem_type == TensorProto.FLOAT}
