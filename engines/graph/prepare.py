"""Turns a bundle's fp32 ONNX file into a faster one for CPUs that draws the same pictures; quantized if asked."""

from collections.abc import Callable
from pathlib import Path

from engines.backend import Feeds
from engines.engine import Engine, EngineSpec
from engines.errors import EngineError
from engines.graph.borders import take_cells_as_they_are
from engines.graph.edit import Graph
from engines.graph.enlarge import fuse_enlargements
from engines.graph.pools import split_pools
from engines.graph.quantize import quantizable, write_int8
from engines.graph.shuffles import order_shuffles
from engines.graph.stem import turn_stems
from engines.graph.tables import divide_first, split_joined
from engines.messages import Say

OpenEngine = Callable[[Path, EngineSpec], Engine]

RECIPE = 3  # raise it when files prepared by older versions must no longer be used


def write_prepared(
    model: Path, spec: EngineSpec, out: Path, feeds: Feeds, *, int8_after: OpenEngine | None, say: Say
) -> Path:
    """Writes the file to `out`, and returns it. Raises EngineError.

    `int8_after` opens the fp32 reference that int8 is calibrated with, over `feeds`; None: stay in fp32.
    """
    graph = Graph(model)
    check_folded(graph)
    layers = quantizable(graph)
    rewrite(graph)
    graph.write(out)
    if int8_after is not None:
        reference = int8_after(model, spec)
        plain = out.with_name("plain.onnx")
        out.replace(plain)
        try:
            write_int8(plain, spec, out, feeds, reference, layers=layers, say=say)
        finally:
            reference.close()
            plain.unlink()
    return out


def check_folded(graph: Graph) -> None:
    """Raises EngineError if a batch norm is left: the export folds them into the convolutions before them."""
    left = [node.name for node in graph.nodes if node.op_type == "BatchNormalization"]
    if left:
        raise EngineError(
            "the network still has batch norms", got=", ".join(left), do="export the target again with this version"
        )


def rewrite(graph: Graph) -> None:
    """All rewrites. Together they change one value in 100,000 of a picture by 1 level of 255, and no more."""
    fuse_enlargements(graph)
    order_shuffles(graph)
    divide_first(graph)
    split_joined(graph)
    turn_stems(graph)
    split_pools(graph)
    take_cells_as_they_are(graph)
