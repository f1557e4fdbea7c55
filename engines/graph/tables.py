"""Reorders products with tables (1x1 convolutions, channels last) so that they cost a CPU least."""

from typing import TYPE_CHECKING

import numpy as np

from engines.graph.edit import Array, Graph

if TYPE_CHECKING:
    import onnx


def split_joined(graph: Graph) -> int:
    """Splits a table over joined channels into a sum of tables over the parts, as joining costs more than summing.
    Equal but for the order of the sum. Returns the number of tables that were split.
    """
    done = 0
    for product in [node for node in graph.nodes if node.op_type == "MatMul"]:
        scale, joined = _unscaled(graph, product.input[0])
        table = graph.constants.get(product.input[1])
        if joined is None or table is None or table.ndim != 2 or not _joins_last_axis(graph, joined):
            continue
        bias = graph.only_reader(product.output[0])
        has_bias = bias is not None and bias.op_type == "Add" and _constant_input(graph, bias) is not None
        total, start, scaled = "", 0, (table * table.dtype.type(scale))
        shape = graph.shapes[product.output[0]]
        for part in joined.input:
            channels = graph.shapes[part][-1]
            own = graph.add("MatMul", [part, graph.constant(scaled[start : start + channels])], shape)
            start += channels
            if has_bias and not total:
                own = graph.add("Add", [own, str(_constant_input(graph, bias))], shape)
            total = graph.add("Add", [own, total], shape) if total else own
        graph.put_in_place(bias.output[0] if has_bias and bias is not None else product.output[0], total)
        done += 1
    return done


def divide_first(graph: Graph) -> int:
    """Replaces the division of two tables over the same few numbers by one table over the divided numbers.

    Only where each column of the lower table picks the same number `r`, or is 0 with a bias of 1, and each column of
    the upper one picks one number, or is 0 with any bias. Equal but for the last bit. Returns the number of divisions.
    """
    done = 0
    for division in [node for node in graph.nodes if node.op_type == "Div"]:
        upper, lower = (_table_with_bias(graph, name) for name in division.input)
        if upper is None or lower is None or upper[0] != lower[0]:
            continue
        single = _single_table(upper[1:], lower[1:])
        if single is None:
            continue
        numbers, (by, table) = upper[0], single
        shape = graph.shapes[numbers]
        ends = [graph.constant(np.array([value], np.int64)) for value in (by, by + 1, len(shape) - 1)]
        lowest = graph.add("Slice", [numbers, *ends], (*shape[:-1], 1))
        divided = graph.add("Div", [numbers, lowest], shape)
        new = graph.add("MatMul", [divided, graph.constant(table)], graph.shapes[division.output[0]])
        graph.put_in_place(division.output[0], new)
        done += 1
    return done


def _single_table(upper: tuple[Array, Array], lower: tuple[Array, Array]) -> tuple[int, Array] | None:
    """(r, the single table) if the two tables, with their biases, can be divided first; otherwise None."""
    (above, bias), (below, ones) = upper, lower
    picks = below.any(axis=0)  # columns that divide by the number r
    rows = np.flatnonzero(below.any(axis=1))
    if len(rows) != 1 or not (below[rows[0]] == picks).all() or not (ones == ~picks).all():
        return None
    numbers = above.any(axis=0)
    if not np.isin(above, (0, 1)).all() or (above.sum(axis=0) > 1).any() or (bias[numbers] != 0).any():
        return None
    if not (numbers == picks).all():
        return None
    table = above.copy()
    table[rows[0], ~picks] = bias[~picks]
    return int(rows[0]), table


def _table_with_bias(graph: Graph, name: str) -> tuple[str, Array, Array] | None:
    """(what is multiplied, table, bias) if `name` is a product with a table plus a bias; otherwise None."""
    add = graph.producer(name)
    bias = None if add is None or add.op_type != "Add" else _constant_input(graph, add)
    if add is None or bias is None:
        return None
    product = graph.producer(next(other for other in add.input if other != bias))
    table = None if product is None or product.op_type != "MatMul" else graph.constants.get(product.input[1])
    if product is None or table is None or table.ndim != 2:
        return None
    return product.input[0], table, np.broadcast_to(graph.constants[bias], table.shape[1:])


def _unscaled(graph: Graph, name: str) -> "tuple[float, onnx.NodeProto | None]":
    """(s, the node) such that `name` is s times the node's output, which nobody else reads."""
    node, scale = graph.producer(name), 1.0
    if node is not None and node.op_type == "Mul" and graph.only_reader(name) is not None:
        factors = [(graph.scalar(a), b) for a, b in (node.input, reversed(node.input))]
        known = [(value, other) for value, other in factors if value is not None]
        if known and graph.only_reader(known[0][1]) is node:
            scale, node = known[0][0], graph.producer(known[0][1])
    return scale, node


def _joins_last_axis(graph: Graph, node: "onnx.NodeProto") -> bool:
    if node.op_type != "Concat" or not all(graph.shapes.get(name) for name in node.input):
        return False
    rank = len(graph.shapes[node.input[0]])
    return bool(graph.attributes(node)["axis"] in (-1, rank - 1))


def _constant_input(graph: Graph, add: "onnx.NodeProto | None") -> str | None:
    return None if add is None else next((name for name in add.input if name in graph.constants), None)
