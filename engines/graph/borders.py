"""Moves the shuffle of pictures into cells out of the graph and into the engine (`engines.cells`)."""

from typing import TYPE_CHECKING

from engines.cells import cell_size
from engines.graph.edit import Graph

if TYPE_CHECKING:
    import onnx

_SHUFFLE = [0, 1, 3, 2, 4]  # (n, row of cells, row, cell, row's items) <-> (n, row of cells, cell, row, row's items)


def take_cells_as_they_are(graph: Graph) -> int:
    """If an input is turned into cells first thing, or an output from cells last thing, its port gets the cells' shape.
    Only the shapes of those ports change; the values are the same, bit for bit. Returns the number of ports.
    """
    return sum(_shorten_input(graph, name) for name in graph.inputs) + sum(
        _shorten_output(graph, name) for name in graph.outputs
    )


def _shorten_input(graph: Graph, name: str) -> bool:
    """Cast, Reshape, Transpose, Reshape -> Cast."""
    cast = graph.only_reader(name)
    if cast is None or cast.op_type != "Cast":
        return False
    shuffle = graph.only_reader(cast.output[0])
    last = None if shuffle is None else _end_of_shuffle(graph, shuffle)
    if last is None or cell_size(graph.shapes[name], graph.shapes[last.output[0]]) < 2:
        return False
    shape = graph.shapes[last.output[0]]
    graph.replace(last.output[0], cast.output[0])
    graph.shapes[cast.output[0]] = shape
    graph.reshape_port(name, shape)
    return True


def _shorten_output(graph: Graph, name: str) -> bool:
    """Reshape, Transpose, Reshape, Cast -> Cast."""
    cast = graph.producer(name)
    if cast is None or cast.op_type != "Cast":
        return False
    last = graph.producer(cast.input[0])
    transpose = None if last is None else graph.producer(last.input[0])
    first = None if transpose is None else graph.producer(transpose.input[0])
    if first is None or _end_of_shuffle(graph, first) is not last or graph.only_reader(cast.input[0]) is not cast:
        return False
    if cell_size(graph.shapes[name], graph.shapes[first.input[0]]) < 2:
        return False
    shape = graph.shapes[first.input[0]]
    cast.input[0] = first.input[0]
    graph.reshape_port(name, shape)
    return True


def _end_of_shuffle(graph: Graph, first: "onnx.NodeProto") -> "onnx.NodeProto | None":
    """The last of the three nodes, beginning with `first`, that turn a picture into cells or back."""
    transpose = graph.only_reader(first.output[0])
    if first.op_type != "Reshape" or transpose is None or transpose.op_type != "Transpose":
        return None
    if list(graph.attributes(transpose)["perm"]) != _SHUFFLE or len(graph.shapes.get(first.output[0], ())) != 5:
        return None
    last = graph.only_reader(transpose.output[0])
    return last if last is not None and last.op_type == "Reshape" else None
