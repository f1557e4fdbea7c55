"""Splits a square pool over every pixel into two pools over lines, laid out so that a CPU does many at a time."""

from typing import TYPE_CHECKING

import numpy as np

from engines.graph.edit import Graph

if TYPE_CHECKING:
    import onnx


def split_pools(graph: Graph) -> int:
    """Rewrites every MaxPool (exactly equal) and AveragePool (equal but for the order of the sum) that has a square
    window and keeps the picture's size; returns their number.
    """
    pools = [node for node in graph.nodes if node.op_type in ("MaxPool", "AveragePool") and _is_square(graph, node)]
    for pool in pools:
        _split(graph, pool)
    return len(pools)


def _is_square(graph: Graph, pool: "onnx.NodeProto") -> bool:
    a = graph.attributes(pool)
    size = a["kernel_shape"][0]
    return (
        list(a["kernel_shape"]) == [size, size]
        and size % 2 == 1
        and list(a.get("pads", [0] * 4)) == [size // 2] * 4
        and list(a.get("strides", [1, 1])) == list(a.get("dilations", [1, 1])) == [1, 1]
        and (pool.op_type == "MaxPool" or a.get("count_include_pad", 0) == 1)
        and len(pool.output) == 1
        and all(graph.shapes.get(pool.input[0], (0,)))
    )


def _split(graph: Graph, pool: "onnx.NodeProto") -> None:
    """First along the rows, with columns and channels as channels, last in memory; then the same for columns."""
    n, channels, height, width = graph.shapes[pool.input[0]]
    x = graph.add("Transpose", [pool.input[0]], (n, height, width, channels), perm=[0, 2, 3, 1])
    for lines, others in ((height, width), (width, height)):
        x = _reshape(graph, x, (n, lines, 1, others * channels), (0, 0, 1, -1))
        x = graph.add("Transpose", [x], (n, others * channels, lines, 1), perm=[0, 3, 1, 2])
        x = _pool_lines(graph, pool, x)
        x = graph.add("Transpose", [x], (n, lines, 1, others * channels), perm=[0, 2, 3, 1])
        x = _reshape(graph, x, (n, lines, others, channels), (0, 0, -1, channels))
        x = graph.add("Transpose", [x], (n, others, lines, channels), perm=[0, 2, 1, 3])
    x = graph.add("Transpose", [x], (n, channels, height, width), perm=[0, 3, 1, 2])
    graph.put_in_place(pool.output[0], x)


def _pool_lines(graph: Graph, pool: "onnx.NodeProto", x: str) -> str:
    size = graph.attributes(pool)["kernel_shape"][0]
    extra = {"count_include_pad": 1} if pool.op_type == "AveragePool" else {}
    window = {"kernel_shape": [size, 1], "pads": [size // 2, 0, size // 2, 0], "strides": [1, 1]}
    return graph.add(pool.op_type, [x], graph.shapes[x], **window, **extra)


def _reshape(graph: Graph, x: str, shape: tuple[int, ...], told: tuple[int, ...]) -> str:
    """To `shape`, told in ONNX's terms (0: as before, -1: the rest), so that it also fits a picture of another size."""
    return graph.add("Reshape", [x, graph.constant(np.array(told, np.int64))], shape)
