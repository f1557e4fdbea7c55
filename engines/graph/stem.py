"""Turns the tables that lead into the convolutions into 1x1 convolutions, channels first, with nothing in between."""

from typing import TYPE_CHECKING

import numpy as np

from engines.graph.edit import Graph

if TYPE_CHECKING:
    import onnx

_TO_CHANNELS_FIRST = [0, 3, 1, 2]
_ACTIVATIONS = ("LeakyRelu", "Relu")


def turn_stems(graph: Graph) -> int:
    """Replaces tables (MatMul), their sums and activation, and a Transpose to channels first by Conv, with each part
    transposed first. A CPU keeps channels last in memory anyway, so these transposes cost nothing, and a convolution
    fuses with what follows. Equal but for the order of sums. Returns the number of stems.
    """
    stems = [node for node in graph.nodes if node.op_type == "Transpose" and _is_stem(graph, node)]
    for stem in stems:
        graph.put_in_place(stem.output[0], _turned(graph, stem.input[0]))
    return len(stems)


def _is_stem(graph: Graph, transpose: "onnx.NodeProto") -> bool:
    before = graph.producer(transpose.input[0])
    to_first = list(graph.attributes(transpose).get("perm", ())) == _TO_CHANNELS_FIRST
    return to_first and before is not None and before.op_type in _ACTIVATIONS and _can_turn(graph, before.input[0])


def _can_turn(graph: Graph, name: str) -> bool:
    """Whether `name` is a table's product or a sum of such, with or without a bias, and is read by only one node."""
    node = graph.producer(name)
    if node is None or len(graph.shapes.get(name, ())) != 4 or graph.only_reader(name) is None:
        return False
    if node.op_type == "MatMul":
        table = graph.constants.get(node.input[1])
        return table is not None and table.ndim == 2
    if node.op_type != "Add":
        return False
    constant = [graph.constants[x] for x in node.input if x in graph.constants]
    others = [x for x in node.input if x not in graph.constants]
    return all(value.ndim == 1 for value in constant) and len(others) > 0 and all(_can_turn(graph, x) for x in others)


def _turned(graph: Graph, name: str) -> str:
    """The tensor `name`, channels first."""
    node = graph.producer(name)
    assert node is not None
    n, height, width, channels = graph.shapes[name]
    shape = (n, channels, height, width)
    if node.op_type in _ACTIVATIONS:
        return graph.add(node.op_type, [_turned(graph, node.input[0])], shape, **graph.attributes(node))
    if node.op_type == "MatMul":
        return _convolution(graph, node, shape)
    bias = next((x for x in node.input if x in graph.constants), None)
    parts = [x for x in node.input if x not in graph.constants]
    product = graph.producer(parts[0])
    if bias is not None and product is not None and product.op_type == "MatMul":
        return _convolution(graph, product, shape, bias)
    turned = [_turned(graph, part) for part in parts]
    if bias is not None:
        turned.append(graph.constant(np.reshape(graph.constants[bias], (-1, 1, 1))))
    return graph.add("Add", turned, shape)


def _convolution(graph: Graph, product: "onnx.NodeProto", shape: tuple[int, ...], *bias: str) -> str:
    n, height, width, channels = graph.shapes[product.input[0]]
    first = graph.add("Transpose", [product.input[0]], (n, channels, height, width), perm=_TO_CHANNELS_FIRST)
    weights = np.ascontiguousarray(graph.constants[product.input[1]].T[:, :, None, None])
    return graph.add("Conv", [first, graph.constant(weights), *bias], shape, kernel_shape=[1, 1])
